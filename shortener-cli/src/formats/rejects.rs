//! Giving back rejected records in the form of the file that they are from.

use std::io::{self, Write};

use serde_json::Value;

use super::IMPORT_ERROR;
use super::json::{Container, Place};

/// The form of a file of rejects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RejectsForm {
    /// Text with delimiters; the reason is one more column.
    Delimited {
        /// The first line.
        header: String,
        /// What separates cells.
        delimiter: u8,
    },
    /// JSON, one object a line.
    Lines,
    /// JSON with the records in one place of a document.
    Document {
        /// Where they are.
        place: Place,
        /// Whether no two records are written the same, so that one which comes twice is one that is several links.
        unique: bool,
    },
    /// An SQL statement for each record, with the reason in a comment.
    Sql,
}

impl RejectsForm {
    /// What the file's name ends with, without a dot.
    pub(crate) fn extension(&self) -> &'static str {
        match self {
            Self::Delimited { delimiter: b'\t', .. } => "tsv",
            Self::Delimited { .. } => "csv",
            Self::Lines => "ndjson",
            Self::Document { .. } => "json",
            Self::Sql => "sql",
        }
    }
}

/// Writes a file of rejects. Without a record it is empty.
#[derive(Debug)]
pub(crate) struct RejectsWriter<W: Write> {
    writer: W,
    form: RejectsForm,
    count: u64,
    /// The record that was written last.
    last: Option<(u64, String)>,
}

impl<W: Write> RejectsWriter<W> {
    /// A file that is empty so far.
    pub(crate) fn new(writer: W, form: RejectsForm) -> Self {
        Self { writer, form, count: 0, last: None }
    }

    /// Writes the record that begins on a line, as it stood in its file, and why it was rejected.
    ///
    /// # Errors
    /// The writer fails.
    pub(crate) fn write(&mut self, line: u64, raw: &str, reason: &str) -> io::Result<()> {
        if self.is_last(line, raw) {
            return Ok(());
        }
        let first = self.count == 0;
        self.count += 1;
        match &self.form {
            RejectsForm::Delimited { header, delimiter } => {
                let separator = char::from(*delimiter);
                if first {
                    writeln!(self.writer, "{header}{separator}{IMPORT_ERROR}")?;
                }
                writeln!(self.writer, "{raw}{separator}{}", cell(reason, separator))
            }
            RejectsForm::Sql => writeln!(self.writer, "-- {IMPORT_ERROR}: {}\n{raw}", one_line(reason)),
            RejectsForm::Lines => writeln!(self.writer, "{}", with_reason(raw, reason)),
            RejectsForm::Document { place, .. } => {
                let opening = if first { opening(place) } else { separator(place).to_owned() };
                let name = if place.container == Container::Object {
                    format!("\"link_{}\":", self.count)
                } else {
                    String::new()
                };
                write!(self.writer, "{opening}{name}{}", with_reason(raw, reason))
            }
        }
    }

    /// Whether it is the record that was written last, which is several links: it is given back once.
    fn is_last(&mut self, line: u64, raw: &str) -> bool {
        let record = match self.form {
            RejectsForm::Delimited { .. } | RejectsForm::Lines => (line, String::new()),
            RejectsForm::Document { unique: true, .. } => (line, raw.to_owned()),
            RejectsForm::Document { unique: false, .. } | RejectsForm::Sql => return false,
        };
        let is_last = self.last.as_ref() == Some(&record);
        self.last = Some(record);
        is_last
    }

    /// Ends the file; answers how many records it has, and gives the writer back.
    ///
    /// # Errors
    /// The writer fails.
    pub(crate) fn finish(mut self) -> io::Result<(u64, W)> {
        if let (RejectsForm::Document { place, .. }, 1..) = (&self.form, self.count) {
            self.writer.write_all(closing(place).as_bytes())?;
        }
        self.writer.flush()?;
        Ok((self.count, self.writer))
    }
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn cell(text: &str, separator: char) -> String {
    let text = one_line(text);
    if text.contains([separator, '"']) || text.is_empty() { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

/// An object with one key more; what is no object stays as it is.
fn with_reason(raw: &str, reason: &str) -> String {
    let (Some(body), true) = (raw.strip_suffix('}'), raw.starts_with('{')) else { return raw.to_owned() };
    let comma = if body[1..].trim().is_empty() { "" } else { "," };
    format!("{}{comma}\"{IMPORT_ERROR}\":{}}}", body, Value::from(reason))
}

fn opening(place: &Place) -> String {
    let mut text = String::new();
    for key in &place.path {
        text.extend(["{", &Value::from(&**key).to_string(), ":"]);
    }
    text.push_str(match place.container {
        Container::None => "",
        Container::Array => "[\n",
        Container::Object => "{\n",
    });
    text
}

fn separator(place: &Place) -> &'static str {
    if place.container == Container::None { "\n" } else { ",\n" }
}

fn closing(place: &Place) -> String {
    let end = match place.container {
        Container::None => "",
        Container::Array => "\n]",
        Container::Object => "\n}",
    };
    format!("{end}{}\n", "}".repeat(place.path.len()))
}
