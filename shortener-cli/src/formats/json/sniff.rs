//! What a JSON file holds, by its beginning.

use serde_json::{Map, Value};

use super::documents::{Container, Documents, Place};
use crate::formats::fault::Fault;

/// What is known of a JSON file before it is read.
#[derive(Debug, Default)]
pub(crate) struct Sniffed {
    /// Whether it has a record a line.
    pub(crate) lines: bool,
    /// Where its records are, if it has none a line.
    pub(crate) place: Place,
    /// The keys of the first record; none if there is no record.
    pub(crate) keys: Vec<String>,
    /// The first record.
    pub(crate) first: Map<String, Value>,
}

/// Looks at the beginning of a file, which ends within a record unless it is `whole`.
///
/// # Errors
/// Its JSON is broken before its first record ends.
pub(crate) fn sniff(head: &[u8], whole: bool) -> Result<Option<Sniffed>, Fault> {
    let mut documents = Documents::new(head, Place::default());
    let first = match documents.next() {
        Ok(first) => first,
        Err(fault) if whole => return line(head).map(Some).ok_or(fault),
        Err(_) => return Ok(line(head)),
    };
    let place = documents.place().clone();
    let first: Map<String, Value> = first.and_then(|(_, raw)| serde_json::from_str(&raw).ok()).unwrap_or_default();
    let lines = place.container == Container::None && line(head).is_some();
    Ok(Some(Sniffed { lines, place, keys: first.keys().cloned().collect(), first }))
}

/// What the first lines are, if they are a record each. One of them may be broken: the record, not the file.
fn line(head: &[u8]) -> Option<Sniffed> {
    let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let mut records = lines.by_ref().take(5).take_while(|line| line.starts_with(b"{") && line.ends_with(b"}"));
    let first: Map<String, Value> = records.find_map(|line| serde_json::from_slice(line).ok())?;
    Some(Sniffed { lines: true, place: Place::default(), keys: first.keys().cloned().collect(), first })
}
