//! Opening a file and undoing its compression, which its first bytes tell.

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use super::fault::Fault;

/// Bytes from somewhere.
pub(super) type Bytes = Box<dyn Read + Send>;

/// What a file holds, by its first bytes.
pub(super) enum Content {
    /// Text, if anything; what compressed it is undone.
    Text(Bytes),
    /// A SQLite database.
    Sqlite,
}

/// Opens a file.
///
/// # Errors
/// It is a directory, cannot be opened, is empty, or holds what can never be read.
pub(super) fn open(path: &Path) -> Result<Content, Fault> {
    let mut file = regular_file(path)?;
    let mut head = [0; 16];
    let length = read_full(&mut file, &mut head)?;
    file.seek(SeekFrom::Start(0))?;
    let reader = BufReader::with_capacity(1 << 16, file);
    match &head[..length] {
        [] => Err(Fault::content("is empty", "check the command that wrote it")),
        [0x1f, 0x8b, ..] => {
            Ok(Content::Text(Box::new(Decompressed { inner: MultiGzDecoder::new(reader), name: "gzip" })))
        }
        // The last four bits number the frames that decoders skip.
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
            let inner = zstd::Decoder::with_buffer(reader)?;
            Ok(Content::Text(Box::new(Decompressed { inner, name: "zstd" })))
        }
        b"SQLite format 3\0" => Ok(Content::Sqlite),
        other => refused(other).map_or_else(|| Ok(Content::Text(Box::new(reader))), Err),
    }
}

fn regular_file(path: &Path) -> Result<File, Fault> {
    let cannot = |error: io::Error| {
        let reason = match error.kind() {
            ErrorKind::NotFound => "does not exist".to_owned(),
            ErrorKind::PermissionDenied => "may not be read".to_owned(),
            other => format!("cannot be opened: {other}"),
        };
        Fault::usage(reason, "check the path and its permissions")
    };
    let about = path.metadata().map_err(cannot)?;
    if about.is_dir() {
        return Err(Fault::usage("is a directory", "name a file; import several files one after the other"));
    }
    if !about.is_file() {
        return Err(Fault::usage("is no regular file", "pass it on standard input, as FILE write -"));
    }
    File::open(path).map_err(cannot)
}

/// What is known by its first bytes and not read.
fn refused(head: &[u8]) -> Option<Fault> {
    let (what, hint) = match head {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
            return Some(
                Fault::content("is UTF-16, not UTF-8", "convert it: iconv -f UTF-16 -t UTF-8 FILE > NEW").at(1, 1),
            );
        }
        [b'P', b'K', 3, 4, ..] => ("a ZIP archive or a spreadsheet", "unpack it, or save the sheet as CSV UTF-8"),
        [0xfd, b'7', b'z', b'X', b'Z', ..] => ("compressed with xz", "unpack it first: xz -d"),
        [b'B', b'Z', b'h', ..] => ("compressed with bzip2", "unpack it first: bzip2 -d"),
        _ => return None,
    };
    Some(Fault::content(format!("is {what}"), hint))
}

fn read_full(file: &mut File, head: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    loop {
        match file.read(&mut head[length..])? {
            0 => return Ok(length),
            more => length += more,
        }
    }
}

/// A decoder whose errors say what is wrong.
struct Decompressed<R> {
    inner: R,
    name: &'static str,
}

impl<R: Read> Read for Decompressed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer).map_err(|error| {
            let detail = match error.kind() {
                ErrorKind::Interrupted => return error,
                ErrorKind::UnexpectedEof => format!("the {} data ends early: the file is cut off", self.name),
                _ => format!("the {} data is damaged", self.name),
            };
            Fault::content(detail, "copy or download the file again").into()
        })
    }
}
