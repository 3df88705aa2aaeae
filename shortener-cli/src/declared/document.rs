//! From a document's tree to the links that it declares, with everything that is wrong on the way.

use std::sync::Arc;

use shortener_core::link::{Domain, ShortCode, Tag};
use shortener_core::operations::LinkRef;

use super::fault::{Fault, Position};
use super::fields::{self, DEFAULT_FIELDS, LINK_FIELDS, LISTED_FIELDS, Spoken};
use super::tree::{Entry, Node, Value};
use super::{Declaration, Owner};
use crate::comparison::{Field, Fields};

const TOP_FIELDS: &[&str] = &["owner", "domain", "defaults", "links"];

/// Reads one document and collects its faults.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) file: Arc<str>,
    pub(super) faults: Vec<Fault>,
}

impl Reader {
    pub(super) fn new(file: &Arc<str>) -> Self {
        Self { file: Arc::clone(file), faults: Vec::new() }
    }

    pub(super) fn fault(&mut self, at: Position, code: &'static str, detail: impl Into<String>, hint: Option<String>) {
        self.faults.push(Fault { file: self.file.to_string(), at: Some(at), code, detail: detail.into(), hint });
    }

    /// The owner and the links that a document declares.
    pub(super) fn document(&mut self, document: Node) -> (Option<Owner>, Vec<Declaration>) {
        let Some(entries) = self.table("a document", document, TOP_FIELDS) else { return (None, Vec::new()) };
        let (mut owner, mut defaults, mut links) = (None, Spoken::default(), None);
        for Entry { name, node, .. } in entries {
            match name.as_str() {
                "owner" => owner = self.owner(&node),
                "domain" => self.field(&mut defaults, "domain", &node),
                "defaults" => self.speak(&mut defaults, "defaults", node, DEFAULT_FIELDS),
                _ => links = Some(node),
            }
        }
        // Where a default stands says nothing of where a link is, and what is wrong with it is no fault of a link.
        (defaults.places, defaults.faulty) = (Vec::new(), false);
        (owner, links.map(|links| self.links(links, &defaults)).unwrap_or_default())
    }

    fn owner(&mut self, node: &Node) -> Option<Owner> {
        let text = self.text("owner", node)?;
        match Tag::parse(&text) {
            Ok(owner) => Some(Owner { name: owner.into(), file: Some((Arc::clone(&self.file), node.at)) }),
            Err(invalid) => {
                self.fault(node.at, "owner", format!("owner: {}", invalid.detail), None);
                None
            }
        }
    }

    fn links(&mut self, links: Node, defaults: &Spoken) -> Vec<Declaration> {
        match links.value {
            Value::Null => Vec::new(),
            Value::Table(named) => named.into_iter().filter_map(|entry| self.named(entry, defaults)).collect(),
            Value::List(listed) => listed.into_iter().filter_map(|node| self.listed(node, defaults)).collect(),
            other => {
                let detail = format!("links must be a table or a list, not {}", other.kind());
                self.fault(links.at, "type", detail, Some("write [links.CODE] or [[links]]".to_owned()));
                Vec::new()
            }
        }
    }

    /// A link under its code.
    fn named(&mut self, Entry { name, at, node }: Entry, defaults: &Spoken) -> Option<Declaration> {
        let mut spoken = defaults.clone();
        self.speak(&mut spoken, &name, node, LINK_FIELDS);
        spoken.request.code = Some(name);
        self.declaration(at, spoken)
    }

    /// A link of a list, which names its code itself.
    fn listed(&mut self, node: Node, defaults: &Spoken) -> Option<Declaration> {
        let (at, mut spoken) = (node.at, defaults.clone());
        self.speak(&mut spoken, "a link", node, LISTED_FIELDS);
        self.declaration(at, spoken)
    }

    /// The link, once what is needed of it is there.
    pub(super) fn declaration(&mut self, at: Position, spoken: Spoken) -> Option<Declaration> {
        let Spoken { mut request, places, faulty } = spoken;
        let code = self.code(at, request.code.as_deref(), faulty);
        if request.target.is_empty() && !faulty {
            let name = request.code.as_deref().unwrap_or("the link");
            self.fault(at, "target_missing", format!("{name} has no target"), None);
        }
        let domain = request.domain.as_deref().map_or(Ok(Domain::default_domain()), Domain::parse);
        let domain = domain.map_err(|invalid| {
            let at = places.iter().find(|(name, _)| *name == "domain").map_or(at, |(_, at)| *at);
            self.fault(at, "domain", format!("domain: {}", invalid.detail), None);
        });
        let link = LinkRef { code: code?, domain: domain.ok()? };
        request.domain = (!link.domain.is_default()).then(|| link.domain.to_string());
        (!faulty && !request.target.is_empty()).then(|| Declaration {
            file: Arc::clone(&self.file),
            at,
            places,
            link,
            request,
            given: DECIDED,
        })
    }

    fn code(&mut self, at: Position, code: Option<&str>, faulty: bool) -> Option<ShortCode> {
        let Some(code) = code else {
            if !faulty {
                let hint = Some("every link needs one: it is how the next run finds the link".to_owned());
                self.fault(at, "code_missing", "a link has no code", hint);
            }
            return None;
        };
        match ShortCode::parse(code) {
            Ok(code) => Some(code),
            Err(invalid) => {
                self.fault(at, "code", invalid.detail.to_string(), None);
                None
            }
        }
    }

    /// The entries of a table, each known and named once.
    fn table(&mut self, what: &str, node: Node, known: &[&str]) -> Option<Vec<Entry>> {
        let Value::Table(entries) = node.value else {
            let detail = format!("{what} must be a table, not {}", node.value.kind());
            self.fault(node.at, "type", detail, None);
            return None;
        };
        let mut kept: Vec<Entry> = Vec::with_capacity(entries.len());
        for entry in entries {
            if !known.contains(&entry.name.as_str()) {
                let detail = format!("'{}' is no field of {what}", entry.name.escape_debug());
                self.fault(entry.at, "unknown_field", detail, Some(format!("known are {}", known.join(", "))));
            } else if kept.iter().any(|other| other.name == entry.name) {
                self.fault(entry.at, "duplicate_field", format!("'{}' is said twice", entry.name), None);
            } else {
                kept.push(entry);
            }
        }
        Some(kept)
    }

    /// Takes over what a table says.
    fn speak(&mut self, spoken: &mut Spoken, what: &str, node: Node, known: &[&'static str]) {
        let before = self.faults.len();
        for Entry { name, node, .. } in self.table(what, node, known).unwrap_or_default() {
            let Some(field) = known.iter().copied().find(|known| *known == name) else { continue };
            self.field(spoken, field, &node);
        }
        spoken.faulty |= self.faults.len() > before;
    }

    fn field(&mut self, spoken: &mut Spoken, field: &'static str, node: &Node) {
        spoken.places.push((field, node.at));
        let before = self.faults.len();
        fields::set(self, &mut spoken.request, field, node);
        spoken.faulty |= self.faults.len() > before;
    }
}

/// What a document decides on: everything but the clicks of an import, which are a fact and no setting.
const DECIDED: Fields = Fields::ALL.without(Field::ImportedClicks);

/// The same for a record, which may speak of those clicks.
pub(super) fn decided_by(given: Fields) -> Fields {
    if given.contains(Field::ImportedClicks) { Fields::ALL } else { DECIDED }
}
