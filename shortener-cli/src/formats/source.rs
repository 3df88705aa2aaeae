//! Finding out what a file is, and reading it.

use std::io::{BufRead, Chain, Cursor, Read};

use super::bytes::{self, Content};
use super::delimited::{self, Delimited};
use super::fault::Fault;
use super::json::{self, Json};
use super::rejects::RejectsForm;
use super::sql::{self, Sql};
use super::sqlite::Sqlite;
use super::text::Text;
use super::{FileError, Input, Kind, Losses, MAX_RECORD_BYTES, ReadOptions, Record, products};

/// How much of a file is looked at to find out what it is.
const HEAD_BYTES: usize = 1 << 16;

/// What was looked at, and the rest.
pub(super) type TextInput = Chain<Cursor<Vec<u8>>, Text>;

/// How bytes become records.
pub(super) trait Records: Send {
    /// The next one; none at the end.
    fn next(&mut self) -> Result<Option<Record>, Fault>;
    /// What could not be kept so far.
    fn losses(&self) -> Losses;
    /// How records are given back.
    fn rejects_form(&self) -> RejectsForm;
}

/// The records of a file, in order. After an error there are no more.
pub(crate) struct Source {
    file: String,
    kind: Kind,
    records: Box<dyn Records>,
    over: bool,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source").field("file", &self.file).field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Source {
    /// Whose file it is.
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// What could not be kept, of the records read so far.
    pub(crate) fn losses(&self) -> Losses {
        self.records.losses()
    }

    /// How rejected records are given back.
    pub(crate) fn rejects_form(&self) -> RejectsForm {
        self.records.rejects_form()
    }
}

impl Iterator for Source {
    type Item = Result<Record, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let next = self.records.next().map_err(|fault| fault.of_file(&self.file)).transpose();
        self.over = !matches!(next, Some(Ok(_)));
        next
    }
}

/// Opens a file of links.
///
/// # Errors
/// It cannot be read, or nobody knows what it is.
pub(crate) fn open(input: &Input, options: &ReadOptions) -> Result<Source, FileError> {
    let file = input.name();
    let (kind, records) = records(input, options).map_err(|fault| fault.of_file(&file))?;
    Ok(Source { file, kind, records, over: false })
}

fn records(input: &Input, options: &ReadOptions) -> Result<(Kind, Box<dyn Records>), Fault> {
    match bytes::open(input.path())? {
        Content::Sqlite => Ok((Kind::Chhoto, Box::new(Sqlite::new(input.path(), options)?))),
        Content::Text(bytes) => text(Text::new(bytes), options),
    }
}

fn text(mut text: Text, options: &ReadOptions) -> Result<(Kind, Box<dyn Records>), Fault> {
    let mut head = Vec::new();
    more(&mut text, &mut head)?;
    let Some(first) = head.iter().copied().find(|byte| !byte.is_ascii_whitespace()) else {
        return Err(Fault::content("holds nothing but white space", "check the command that wrote it"));
    };
    if sql::is_sql(&head) && !matches!(options.format, Some(kind) if kind != Kind::Yourls) {
        return Ok((Kind::Yourls, Box::new(Sql::new(Cursor::new(head).chain(text), options))));
    }
    if matches!(first, b'{' | b'[') { json(text, head, options) } else { delimited(text, head, options) }
}

fn json(mut text: Text, mut head: Vec<u8>, options: &ReadOptions) -> Result<(Kind, Box<dyn Records>), Fault> {
    let mut whole = false;
    let sniffed = loop {
        if let Some(sniffed) = json::sniff(&head, whole)? {
            break sniffed;
        }
        if head.len() > MAX_RECORD_BYTES {
            return Err(Fault::content("the first record has more than 1 MiB", "check that its JSON is valid").on(1));
        }
        whole = !more(&mut text, &mut head)?;
    };
    let kind = match options.format {
        Some(kind) => products::demand_json(kind)?,
        None => products::of_json(&sniffed, options)?,
    };
    let records = Json::new(Cursor::new(head).chain(text), kind, &sniffed, options);
    Ok((kind, Box::new(records)))
}

fn delimited(text: Text, head: Vec<u8>, options: &ReadOptions) -> Result<(Kind, Box<dyn Records>), Fault> {
    let understood = |names: &[String]| products::of_columns(names).is_some();
    let delimiter = options.delimiter.unwrap_or_else(|| delimited::delimiter_of(&head, understood));
    let names = delimited::names(&head, delimiter);
    let kind = match options.format {
        Some(kind) => products::demand_columns(kind)?,
        None => products::of_columns(&names).unwrap_or(Kind::Csv),
    };
    // Its rejects have a header.
    let implied = products::headerless(kind).filter(|implied| !names.iter().take(implied.len()).eq(*implied));
    let records = Delimited::new(Cursor::new(head).chain(text), (kind, delimiter), implied, options)?;
    Ok((kind, Box::new(records)))
}

/// Reads more of the beginning of a text; answers whether there was more.
fn more(text: &mut Text, head: &mut Vec<u8>) -> Result<bool, Fault> {
    let before = head.len();
    while head.len() < before + HEAD_BYTES {
        let more = text.fill_buf()?;
        if more.is_empty() {
            break;
        }
        head.extend_from_slice(more);
        let length = more.len();
        text.consume(length);
    }
    Ok(head.len() > before)
}
