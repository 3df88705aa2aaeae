//! Writing our own format.

use std::io::{self, Write};

use flate2::write::GzEncoder;
use jiff::Timestamp;
use serde::Serialize;
use shortener_core::link::{Domain, RedirectStatus, ShortCode, Tag, TargetUrl};
use shortener_core::wire::Link;

use super::COLUMNS;
use super::formula::neutralise;

/// The level of zstd that is its default.
const ZSTD_LEVEL: i32 = 3;

/// Which of its two forms our format has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum OwnForm {
    /// CSV with a header, made so that no cell is a formula
    Csv,
    /// One JSON object a line
    Ndjson,
}

/// How the file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum Compression {
    /// Not at all
    #[default]
    None,
    /// gzip
    Gzip,
    /// Zstandard
    Zstd,
}

/// Writes links in our own format.
pub(crate) struct OwnWriter<W: Write> {
    form: Form<W>,
}

enum Form<W: Write> {
    Csv(Box<csv::Writer<Packed<W>>>),
    Ndjson(Box<Packed<W>>),
}

impl<W: Write> std::fmt::Debug for OwnWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OwnWriter").finish_non_exhaustive()
    }
}

impl<W: Write> OwnWriter<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// The writer fails.
    pub(crate) fn new(writer: W, form: OwnForm, compression: Compression) -> io::Result<Self> {
        let packed = Packed::new(writer, compression)?;
        let form = match form {
            OwnForm::Ndjson => Form::Ndjson(Box::new(packed)),
            OwnForm::Csv => {
                let mut csv = csv::Writer::from_writer(packed);
                csv.write_record(COLUMNS.map(|(name, _)| name)).map_err(unwrapped)?;
                Form::Csv(Box::new(csv))
            }
        };
        Ok(Self { form })
    }

    /// Writes a link.
    ///
    /// # Errors
    /// The writer fails.
    pub(crate) fn write(&mut self, link: &Link) -> io::Result<()> {
        match &mut self.form {
            Form::Ndjson(writer) => {
                serde_json::to_writer(&mut *writer, &Line::of(link))?;
                writer.write_all(b"\n")
            }
            Form::Csv(writer) => {
                for cell in cells(link) {
                    writer.write_field(neutralise(&cell).as_bytes()).map_err(unwrapped)?;
                }
                writer.write_record(None::<&[u8]>).map_err(unwrapped)
            }
        }
    }

    /// Ends the file and gives the writer back.
    ///
    /// # Errors
    /// The writer fails.
    pub(crate) fn finish(self) -> io::Result<W> {
        match self.form {
            Form::Ndjson(packed) => packed.finish(),
            Form::Csv(writer) => writer.into_inner().map_err(csv::IntoInnerError::into_error)?.finish(),
        }
    }
}

/// The failure of the writer below, of which the caller wants to know what it is: a reader that went away is none.
fn unwrapped(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

/// A line of NDJSON, in the order of [`COLUMNS`]. Every key is there, so that an import that updates links also takes back
/// what was set on them.
#[derive(Serialize)]
struct Line<'a> {
    code: &'a ShortCode,
    domain: Option<&'a Domain>,
    target: &'a TargetUrl,
    title: Option<&'a str>,
    tags: &'a [Tag],
    redirect_status: RedirectStatus,
    forward_query: bool,
    disabled: bool,
    starts_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
    max_clicks: Option<u64>,
    imported_clicks: Option<u64>,
    created_at: Timestamp,
}

impl<'a> Line<'a> {
    fn of(link: &'a Link) -> Self {
        Self {
            code: &link.code,
            domain: Some(&link.domain).filter(|domain| !domain.is_default()),
            target: &link.target,
            title: link.title.as_deref(),
            tags: &link.tags,
            redirect_status: link.redirect_status,
            forward_query: link.forward_query,
            disabled: link.disabled,
            starts_at: link.starts_at,
            expires_at: link.expires_at,
            max_clicks: link.max_clicks,
            imported_clicks: link.imported_clicks,
            created_at: link.created_at,
        }
    }
}

/// The cells, in the order of [`COLUMNS`].
fn cells(link: &Link) -> [String; COLUMNS.len()] {
    let text = |value: Option<String>| value.unwrap_or_default();
    [
        link.code.to_string(),
        if link.domain.is_default() { String::new() } else { link.domain.to_string() },
        link.target.to_string(),
        link.title.clone().unwrap_or_default(),
        link.tags.iter().map(Tag::as_str).collect::<Vec<_>>().join(","),
        u16::from(link.redirect_status).to_string(),
        link.forward_query.to_string(),
        link.disabled.to_string(),
        text(link.starts_at.map(|at| at.to_string())),
        text(link.expires_at.map(|at| at.to_string())),
        text(link.max_clicks.map(|count| count.to_string())),
        text(link.imported_clicks.map(|count| count.to_string())),
        link.created_at.to_string(),
    ]
}

/// A writer that may compress.
enum Packed<W: Write> {
    Plain(io::BufWriter<W>),
    Gzip(GzEncoder<W>),
    Zstd(zstd::Encoder<'static, W>),
}

impl<W: Write> Packed<W> {
    fn new(writer: W, compression: Compression) -> io::Result<Self> {
        Ok(match compression {
            Compression::None => Self::Plain(io::BufWriter::new(writer)),
            Compression::Gzip => Self::Gzip(GzEncoder::new(writer, flate2::Compression::default())),
            Compression::Zstd => {
                let mut encoder = zstd::Encoder::new(writer, ZSTD_LEVEL)?;
                encoder.include_checksum(true)?;
                Self::Zstd(encoder)
            }
        })
    }

    fn finish(self) -> io::Result<W> {
        match self {
            Self::Plain(writer) => writer.into_inner().map_err(io::IntoInnerError::into_error),
            Self::Gzip(encoder) => encoder.finish(),
            Self::Zstd(encoder) => encoder.finish(),
        }
    }
}

impl<W: Write> Write for Packed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(writer) => writer.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
            Self::Zstd(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(writer) => writer.flush(),
            Self::Gzip(encoder) => encoder.flush(),
            Self::Zstd(encoder) => encoder.flush(),
        }
    }
}
