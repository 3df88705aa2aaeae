//! A request of each line, whatever the format.

use memchr::memchr;

use super::columns::{Columns, request};
use super::format::LogFormat;
use super::line::{LogLine, NoColumns, Rejection};
use super::moment::Moments;
use super::object::Object;

/// What may stand between fields, in the order in which it is tried. The tab first: a value never holds one, so that no
/// visitor can make another one look right.
const DELIMITERS: [u8; 5] = [b'\t', b' ', b'|', b',', b';'];

/// Where a line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineEnd {
    /// Before a line feed.
    Whole,
    /// At the end of a file whose compression says that it is complete.
    EndOfWhole,
    /// At the end of a file that could be cut off.
    EndOfFile,
}

/// Reads the lines of one file.
#[derive(Debug)]
pub(super) struct Lines {
    columns: Option<Columns>,
    /// Whether the columns are those of a header, and not those of the configuration.
    headed: bool,
    /// What is wrong with the first header or object that is not enough.
    no_columns: NoColumns,
    configured: Option<u8>,
    /// What stands between the fields, once a line has shown it.
    delimiter: Option<u8>,
    moments: Moments,
}

impl Lines {
    pub(super) fn new(format: &LogFormat) -> Self {
        Self {
            columns: Columns::of_names(format.fields.iter().map(String::as_bytes)).ok(),
            headed: false,
            no_columns: NoColumns::default(),
            configured: format.delimiter,
            delimiter: format.delimiter,
            moments: Moments::default(),
        }
    }

    /// Hands over the request of a line, if it is one and no directive. A line has no line feed.
    pub(super) fn read(
        &mut self,
        line: &[u8],
        end: LineEnd,
        each: &mut dyn FnMut(&LogLine<'_>),
    ) -> Result<bool, Rejection> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match line.first() {
            None => return Ok(false),
            Some(b'#') => {
                self.directive(line);
                return Ok(false);
            }
            Some(b'{') => self.object(line, each),
            Some(_) => self.row(line, end).map(|request| each(&request)),
        }?;
        Ok(true)
    }

    /// Why the columns of some lines were not known.
    pub(super) fn into_no_columns(self) -> NoColumns {
        self.no_columns
    }

    fn note(&mut self, why: NoColumns) {
        if self.no_columns == NoColumns::NoHeader {
            self.no_columns = why;
        }
    }

    fn directive(&mut self, line: &[u8]) {
        if let Some(header) = line.strip_prefix(b"#Fields:") {
            let columns = Columns::of_header(header);
            self.columns = columns.map_err(|why| self.note(why)).ok();
        } else if line.starts_with(b"#Version:") {
            // Another log begins; its header follows.
            self.columns = None;
        } else {
            return;
        }
        self.headed = true;
        self.delimiter = self.configured;
    }

    fn object(&mut self, line: &[u8], each: &mut dyn FnMut(&LogLine<'_>)) -> Result<(), Rejection> {
        let object = Object::parse(line).ok_or(Rejection::Malformed)?;
        let missing = object.missing();
        if !missing.is_empty() {
            self.note(NoColumns::Missing(missing));
            return Err(Rejection::NoFields);
        }
        each(&request(&object.values(), &mut self.moments)?);
        Ok(())
    }

    fn row<'a>(&mut self, line: &'a [u8], end: LineEnd) -> Result<LogLine<'a>, Rejection> {
        let columns = self.columns.as_ref().ok_or(Rejection::NoFields)?;
        if end == LineEnd::EndOfFile && !columns.last_may_be_cut() {
            return Err(Rejection::Truncated);
        }
        let unlike = if self.headed { Rejection::Malformed } else { Rejection::NoFields };
        let delimiter = self.delimiter.or_else(|| find_delimiter(columns, line)).ok_or(unlike)?;
        let values = columns.split(line, delimiter).ok_or(unlike)?;
        let request = request(&values, &mut self.moments)?;
        self.delimiter = Some(delimiter);
        Ok(request)
    }
}

fn find_delimiter(columns: &Columns, line: &[u8]) -> Option<u8> {
    if memchr(b'\t', line).is_some() {
        return Some(b'\t');
    }
    DELIMITERS.into_iter().find(|delimiter| columns.fit(line, *delimiter))
}
