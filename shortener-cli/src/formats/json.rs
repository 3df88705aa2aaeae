//! JSON documents: a record a line, or arrays of records somewhere in documents, one after the other.

use std::collections::VecDeque;
use std::io::BufRead;

use serde_json::{Map, Value};
use shortener_core::wire::Violation;

use super::fault::Fault;
use super::field::{Meaning, TargetField};
use super::header::normal;
use super::rejects::RejectsForm;
use super::row::{Draft, Lost, Reading};
use super::source::Records;
use super::{IMPORT_ERROR, Kind, Losses, ReadOptions, Record, own, products};

mod documents;
mod lines;
mod scanner;
mod sniff;

use documents::Documents;
pub(crate) use documents::{Container, Place};
use lines::Lines;
pub(super) use sniff::{Sniffed, sniff};

/// A record's text and the line on which it begins.
type Raw = (u64, String);

/// Where the texts of records come from.
enum Texts<R> {
    Lines(Lines<R>),
    Documents(Documents<R>),
}

/// Reads records that are JSON objects.
pub(super) struct Json<R> {
    texts: Texts<R>,
    kind: Kind,
    own: bool,
    mapping: Vec<(String, TargetField)>,
    reading: Reading,
    lost: Lost,
    ready: VecDeque<Record>,
}

impl<R: BufRead> Json<R> {
    /// Reads what was sniffed.
    pub(super) fn new(text: R, kind: Kind, sniffed: &Sniffed, options: &ReadOptions) -> Self {
        let own = kind.is_generic() && own::is_own(&sniffed.keys);
        let texts = if sniffed.lines {
            Texts::Lines(Lines::new(text))
        } else {
            Texts::Documents(Documents::new(text, sniffed.place.clone()))
        };
        Self {
            texts,
            kind,
            own,
            mapping: options.mapping.clone(),
            reading: if own { Reading::own(options) } else { Reading::foreign(options) },
            lost: Lost::default(),
            ready: VecDeque::new(),
        }
    }

    fn read(&mut self, line: u64, raw: String) {
        let object = match serde_json::from_str(&raw) {
            Ok(Value::Object(object)) => object,
            Ok(_) => return self.broken(line, raw, "an object is expected".to_owned()),
            Err(error) => {
                let words = error.to_string();
                // The place is within the record, and would be taken for one in the file.
                let words = words.split(" at line ").next().unwrap_or_default();
                return self.broken(line, raw, format!("no valid JSON: {words}"));
            }
        };
        let raw = if object.contains_key(IMPORT_ERROR) { without_reason(&raw, &object) } else { raw };
        match products::prepare(self.kind, object) {
            products::Prepared::Link(object) => self.link(line, &raw, &object),
            products::Prepared::Skipped(what) => self.lost.count(what),
        }
    }

    fn link(&mut self, line: u64, raw: &str, object: &Map<String, Value>) {
        let (kind, own, mapping) = (self.kind, self.own, &self.mapping);
        let table = |key: &str| meaning(key, kind, own, mapping);
        let mut draft = Draft::new(&self.reading, &mut self.lost);
        draft.take_object(object, &table);
        products::judge(kind, &mut draft);
        let target = object.keys().find(|key| matches!(table(key), Some(Meaning::Is(TargetField::Target))));
        let rows = draft.finish(target.map_or("target", String::as_str));
        self.ready.extend(rows.into_iter().map(|row| Record { line, raw: raw.to_owned(), row }));
    }

    fn broken(&mut self, line: u64, raw: String, detail: String) {
        let violation = Violation { pointer: String::new(), code: "json_invalid".to_owned(), detail };
        self.ready.push_back(Record { line, raw, row: Err(vec![violation]) });
    }
}

fn meaning(key: &str, kind: Kind, own: bool, mapping: &[(String, TargetField)]) -> Option<Meaning> {
    if let Some((_, field)) = mapping.iter().find(|(name, _)| name == key) {
        return Some(Meaning::Is(*field));
    }
    let known = if own {
        own::column(key)
    } else if kind.is_generic() {
        products::column(kind, &normal(key))
    } else {
        products::key(kind, key)
    };
    known.filter(|known| !mapping.iter().any(|(_, field)| matches!(known, Meaning::Is(is) if is == field)))
}

/// The record as it was before it was rejected: without the key that was put at its end, wherever it is now.
fn without_reason(raw: &str, object: &Map<String, Value>) -> String {
    let key = format!("\"{IMPORT_ERROR}\":");
    if let Some((before, after)) = raw.rsplit_once(&key)
        && after.strip_suffix('}').is_some_and(|value| serde_json::from_str::<String>(value).is_ok())
    {
        return format!("{}}}", before.strip_suffix(',').unwrap_or(before));
    }
    let mut object = object.clone();
    object.remove(IMPORT_ERROR);
    serde_json::to_string(&object).unwrap_or_default()
}

impl<R: BufRead + Send> Records for Json<R> {
    fn next(&mut self) -> Result<Option<Record>, Fault> {
        loop {
            if let Some(record) = self.ready.pop_front() {
                return Ok(Some(record));
            }
            let next = match &mut self.texts {
                Texts::Lines(lines) => lines.next()?,
                Texts::Documents(documents) => documents.next()?,
            };
            let Some((line, raw)) = next else { return Ok(None) };
            self.read(line, raw);
        }
    }

    fn losses(&self) -> Losses {
        let mut losses = self.lost.losses();
        if matches!(&self.texts, Texts::Documents(documents) if documents.is_continued()) {
            losses.insert("the links on the pages after the last one in this file".to_owned(), 1);
        }
        losses
    }

    fn rejects_form(&self) -> RejectsForm {
        match &self.texts {
            Texts::Lines(_) => RejectsForm::Lines,
            Texts::Documents(documents) => {
                RejectsForm::Document { place: documents.place().clone(), unique: self.kind == Kind::Bitly }
            }
        }
    }
}
