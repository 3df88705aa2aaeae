//! Records in documents: elements of an array, members of an object, or documents themselves.

use std::io::BufRead;

use serde_json::Value;

use super::Raw;
use super::scanner::Scanner;
use crate::formats::fault::Fault;

/// Where in a document its records are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Place {
    /// The keys that lead to them.
    pub(crate) path: Vec<String>,
    /// What they are in.
    pub(crate) container: Container,
}

/// What holds records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Container {
    /// Nothing: each is a document.
    #[default]
    None,
    /// An array.
    Array,
    /// An object, under keys that mean nothing.
    Object,
}

/// Reads the records of documents, one after the other.
pub(super) struct Documents<R> {
    scanner: Scanner<R>,
    /// Where the next record is; none between documents.
    inside: Option<Place>,
    /// Where the first document with records has them: all that are rejected are given back in this form, whatever others
    /// have.
    place: Place,
    /// Whether that is known, and not only sniffed.
    placed: bool,
    /// Whether a record of this container was read.
    begun: bool,
    /// Whether the last document says that there is another one after it.
    continued: bool,
}

impl<R: BufRead> Documents<R> {
    /// Documents which have their records in this place, as far as is known.
    pub(super) fn new(text: R, place: Place) -> Self {
        Self { scanner: Scanner::new(text), inside: None, place, placed: false, begun: false, continued: false }
    }

    /// Where the records are.
    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// Whether the last document is a page before another one.
    pub(super) fn is_continued(&self) -> bool {
        self.continued
    }

    pub(super) fn next(&mut self) -> Result<Option<Raw>, Fault> {
        loop {
            let record = match self.inside.take() {
                Some(place) => self.record(place)?,
                None => match self.scanner.peek()? {
                    None => return Ok(None),
                    Some(b'[') => self.enter(Vec::new(), Container::Array).map(|()| None)?,
                    Some(b'{') => {
                        self.continued = false;
                        self.object(Vec::new())?
                    }
                    Some(_) => return Err(self.scanner.fault("an object or an array is expected")),
                },
            };
            if record.is_some() {
                return Ok(record);
            }
        }
    }

    /// The next record of a container, or nothing after its last one.
    fn record(&mut self, place: Place) -> Result<Option<Raw>, Fault> {
        let end = if place.container == Container::Array { b']' } else { b'}' };
        let first = !std::mem::replace(&mut self.begun, true);
        if (first && self.scanner.passes(end)?) || (!first && !self.scanner.passes(b',')?) {
            if !first {
                self.scanner.expect(end)?;
            }
            for _ in &place.path {
                self.leave()?;
            }
            return Ok(None);
        }
        if place.container == Container::Object {
            self.scanner.key(&mut Vec::new())?;
        }
        self.scanner.peek()?;
        let line = self.scanner.line();
        let mut raw = Vec::new();
        self.scanner.value(&mut raw)?;
        self.inside = Some(place);
        Ok(Some((line, text(raw))))
    }

    /// An object that leads to a container of records, or is a record if there is none in it.
    fn object(&mut self, path: Vec<String>) -> Result<Option<Raw>, Fault> {
        let line = self.scanner.line();
        self.scanner.expect(b'{')?;
        let mut raw = vec![b'{'];
        if self.scanner.passes(b'}')? {
            raw.push(b'}');
            self.placed = true;
            return Ok(Some((line, text(raw))));
        }
        loop {
            let key = self.scanner.key(&mut raw)?;
            let next = self.scanner.peek()?;
            if let Some(container) = leads_to(&path, &key, next) {
                let mut path = path;
                path.push(key);
                return match container {
                    Container::None => self.object(path),
                    container => self.enter(path, container).map(|()| None),
                };
            }
            let start = raw.len();
            self.scanner.value(&mut raw)?;
            self.continued |= continues(&key, &raw[start..]);
            if !self.scanner.passes(b',')? {
                self.scanner.expect(b'}')?;
                raw.push(b'}');
                self.placed = true;
                return Ok(Some((line, text(raw))));
            }
            raw.push(b',');
        }
    }

    fn enter(&mut self, path: Vec<String>, container: Container) -> Result<(), Fault> {
        self.scanner.expect(if container == Container::Array { b'[' } else { b'{' })?;
        let place = Place { path, container };
        if !std::mem::replace(&mut self.placed, true) {
            self.place = place.clone();
        }
        self.inside = Some(place);
        self.begun = false;
        Ok(())
    }

    /// Passes what follows in the object that held a container.
    fn leave(&mut self) -> Result<(), Fault> {
        while self.scanner.passes(b',')? {
            let key = self.scanner.key(&mut Vec::new())?;
            let mut value = Vec::new();
            self.scanner.value(&mut value)?;
            self.continued |= continues(&key, &value);
        }
        self.scanner.expect(b'}')
    }
}

/// Whether a member of an object holds records: what they are in, or nothing for an object on the way.
fn leads_to(path: &[String], key: &str, next: Option<u8>) -> Option<Container> {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match (path.as_slice(), key, next) {
        ([], "links" | "data" | "Items", Some(b'[')) | (["shortUrls"], "data", Some(b'[')) => Some(Container::Array),
        ([], "links", Some(b'{')) => Some(Container::Object),
        ([], "shortUrls", Some(b'{')) => Some(Container::None),
        _ => None,
    }
}

/// Whether a member of a page says that there is another one after it.
fn continues(key: &str, value: &[u8]) -> bool {
    let value = || serde_json::from_slice::<Value>(value).unwrap_or_default();
    match key {
        "next_cursor" | "LastEvaluatedKey" | "NextToken" => !value().is_null(),
        "list_complete" => value() == Value::Bool(false),
        "pagination" => {
            let value = value();
            let pages = |key: &str| value[key].as_u64();
            pages("currentPage") < pages("pagesCount") || value["next"].as_str().is_some_and(|next| !next.is_empty())
        }
        _ => false,
    }
}

/// The reader below gives nothing but UTF-8.
fn text(raw: Vec<u8>) -> String {
    String::from_utf8(raw).unwrap_or_default()
}
