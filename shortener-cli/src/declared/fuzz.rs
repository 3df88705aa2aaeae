//! Any text as a document that declares links.

use std::sync::Arc;

use super::Declarations;
use super::document::Reader;
use super::fault::Fault;
use super::tree::{Node, Parse, Value};
use super::{toml, yaml};

#[test]
fn a_document_declares_links_or_says_where_it_is_wrong() {
    shortener_core::fuzz_target!("declared", |input: &[u8]| {
        let Some((first, text)) = input.split_first() else { return };
        let Ok(text) = std::str::from_utf8(text) else { return };
        let parse: Parse = if *first == b't' { toml::read } else { yaml::read };
        let lines = text.split('\n').count() as u64 + text.matches('\r').count() as u64;
        match parse(text) {
            Ok(document) => {
                assert!(size(&document) <= 100_000 + 64 * text.len(), "a document is not much larger than its text");
                declared(document, lines);
            }
            Err((at, detail)) => {
                assert!(detail.len() < 1024 + 8 * text.len());
                assert!(at.is_none_or(|at| at.line <= lines + 1));
            }
        }
    });
}

fn declared(document: Node, lines: u64) {
    let mut reader = Reader::new(&Arc::from("f"));
    let (owner, links) = reader.document(document);
    let mut faults: Vec<Fault> = reader.faults;
    assert!(faults.iter().all(|fault| fault.at.is_none_or(|at| (1..=lines + 1).contains(&at.line))));
    let mut declarations = Declarations::default();
    declarations.add(owner, links, &mut faults);
    faults.extend(declarations.duplicates());
    for fault in &faults {
        assert!(!fault.problem().detail.is_empty());
    }
    let (_, links) = declarations.owned();
    assert!(links.iter().all(|link| link.request.code.as_deref() == Some(link.link.code.as_str())));
}

/// Values and bytes of text in a tree.
fn size(node: &Node) -> usize {
    1 + match &node.value {
        Value::Text(text) | Value::Moment(text) => text.len(),
        Value::List(list) => list.iter().map(size).sum(),
        Value::Table(entries) => entries.iter().map(|entry| entry.name.len() + size(&entry.node)).sum(),
        _ => 0,
    }
}
