//! Reads a file of a log in a fixed amount of memory, whatever is in it.

use std::cell::Cell;
use std::io::{self, BufReader, ErrorKind, Read};

use flate2::bufread::MultiGzDecoder;
use memchr::memchr;

use super::format::LogFormat;
use super::line::{FileReport, LogLine, Rejection};
use super::lines::{LineEnd, Lines};

/// Longest line: CloudFront logs no URL over 8,192 bytes and no headers over 20 KiB, of which encoding makes up to
/// three times as much.
const LONGEST_LINE: usize = 64 * 1024;

/// Text that is read at once, and compressed bytes that are.
const BUFFER: usize = 2 * LONGEST_LINE;
const COMPRESSED_BUFFER: usize = 64 * 1024;

const GZIP: &[u8] = &[0x1f, 0x8b];

/// How files begin that are certainly no text: Parquet, Zstandard, ZIP, bzip2, xz.
const OTHERS: [&[u8]; 5] = [b"PAR1", &[0x28, 0xb5, 0x2f, 0xfd], b"PK\x03\x04", b"BZh", &[0xfd, b'7', b'z', b'X']];

/// Reads a log, compressed or not, in any of the formats, and hands over its lines.
///
/// # Errors
/// The reader failed, other than by what is in the file: the file was not read to its end, and must be read again.
pub fn read_log(reader: &mut dyn Read, each: &mut dyn FnMut(&LogLine<'_>)) -> io::Result<FileReport> {
    read_log_as(&LogFormat::default(), reader, each)
}

/// The same, where logs without a header have another format than the usual one.
///
/// # Errors
/// The same.
pub fn read_log_as(
    format: &LogFormat,
    reader: &mut dyn Read,
    each: &mut dyn FnMut(&LogLine<'_>),
) -> io::Result<FileReport> {
    let failed = Cell::new(false);
    let mut source = Source { reader, failed: &failed };
    let (head, length) = read_head(&mut source)?;
    let head = &head[..length];
    let mut reading = Reading { lines: Lines::new(format), each, report: FileReport::new() };
    if OTHERS.iter().any(|other| head.starts_with(other)) {
        reading.report.break_off(Rejection::Corrupt);
        return Ok(reading.report);
    }
    let whole = head.chain(source);
    if head.starts_with(GZIP) {
        let mut text = MultiGzDecoder::new(BufReader::with_capacity(COMPRESSED_BUFFER, whole));
        reading.all(&mut text, LineEnd::EndOfWhole, &failed)?;
    } else {
        reading.all(&mut { whole }, LineEnd::EndOfFile, &failed)?;
    }
    Ok(FileReport { no_columns: reading.lines.into_no_columns(), ..reading.report })
}

/// The first bytes, by which the kind of a file is known.
fn read_head(source: &mut Source<'_>) -> io::Result<([u8; 4], usize)> {
    let mut head = [0; 4];
    let mut length = 0;
    while length < head.len() {
        match source.read(&mut head[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok((head, length))
}

/// A reader that remembers whether it failed by itself, so that this is told from a fault in the file.
struct Source<'a> {
    reader: &'a mut dyn Read,
    failed: &'a Cell<bool>,
}

impl Read for Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer);
        if read.as_ref().is_err_and(|error| error.kind() != ErrorKind::Interrupted) {
            self.failed.set(true);
        }
        read
    }
}

struct Reading<'a> {
    lines: Lines,
    each: &'a mut dyn FnMut(&LogLine<'_>),
    report: FileReport,
}

impl Reading<'_> {
    /// Reads all text.
    fn all(&mut self, text: &mut dyn Read, last: LineEnd, failed: &Cell<bool>) -> io::Result<()> {
        let mut window = Window::new();
        loop {
            match window.fill(text) {
                Ok(0) => break,
                Ok(_) => self.lines_of(&mut window),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if failed.get() => return Err(error),
                Err(error) => {
                    self.report.break_off(fault(&error));
                    return Ok(());
                }
            }
        }
        self.last_line(&window, last);
        Ok(())
    }

    fn lines_of(&mut self, window: &mut Window) {
        while let Some(line) = window.next_line() {
            if window.skips {
                window.skips = false;
            } else {
                self.line(&window.buffer[line], window.binary);
            }
        }
        if window.rest().len() > LONGEST_LINE && !window.skips {
            self.report.reject(Rejection::TooLong);
            window.skips = true;
        }
        window.make_room();
    }

    fn line(&mut self, line: &[u8], binary: bool) {
        if line.len() > LONGEST_LINE {
            self.report.reject(Rejection::TooLong);
        } else if binary && memchr(0, line).is_some() {
            self.report.reject(Rejection::Corrupt);
        } else {
            match self.lines.read(line, LineEnd::Whole, self.each) {
                Ok(read) => self.report.lines += u64::from(read),
                Err(reason) => self.report.reject(reason),
            }
        }
    }

    /// What is after the last line feed: half a line, unless it is all there.
    fn last_line(&mut self, window: &Window, last: LineEnd) {
        let rest = window.rest();
        if window.skips || rest.is_empty() {
            return;
        }
        if memchr(0, rest).is_some() {
            self.report.break_off(Rejection::Corrupt);
            return;
        }
        match self.lines.read(rest, last, self.each) {
            Ok(read) => self.report.lines += u64::from(read),
            Err(_) => self.report.break_off(Rejection::Truncated),
        }
    }
}

/// What a decoder's error says of the file.
fn fault(error: &io::Error) -> Rejection {
    if error.kind() == ErrorKind::UnexpectedEof { Rejection::Truncated } else { Rejection::Corrupt }
}

/// The part of the text that is in memory.
struct Window {
    buffer: Box<[u8]>,
    /// Text that was not handed over: from `start` to `end`, in which no line feed is before `seen`.
    start: usize,
    seen: usize,
    end: usize,
    /// Whether a zero byte may be in it.
    binary: bool,
    /// Whether what comes up to the next line feed belongs to a line that was rejected.
    skips: bool,
}

impl Window {
    fn new() -> Self {
        Self { buffer: vec![0; BUFFER].into(), start: 0, seen: 0, end: 0, binary: false, skips: false }
    }

    /// Reads more text; 0 at its end.
    fn fill(&mut self, text: &mut dyn Read) -> io::Result<usize> {
        let read = text.read(&mut self.buffer[self.end..])?;
        let new = &self.buffer[self.end..self.end + read];
        self.binary = memchr(0, new).is_some() || (self.binary && self.start < self.end);
        self.end += read;
        Ok(read)
    }

    /// Where the next line is, without its line feed.
    fn next_line(&mut self) -> Option<std::ops::Range<usize>> {
        let Some(at) = memchr(b'\n', &self.buffer[self.seen..self.end]) else {
            self.seen = self.end;
            return None;
        };
        let line = self.start..self.seen + at;
        self.start = line.end + 1;
        self.seen = self.start;
        Some(line)
    }

    fn rest(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Moves the rest to the front, or drops it if it is skipped.
    fn make_room(&mut self) {
        if self.skips {
            self.start = self.end;
        }
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        self.seen = self.end;
    }
}

#[cfg(test)]
mod tests;
