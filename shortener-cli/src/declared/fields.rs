//! The fields of a link as documents write them.

use jiff::Timestamp;
use shortener_core::when::{self, DayEdge};
use shortener_core::wire::CreateLink;

use super::document::Reader;
use super::fault::Position;
use super::tree::{Node, Value};

/// What `[defaults]` may say.
pub(super) const DEFAULT_FIELDS: &[&str] =
    &["title", "tags", "redirect_status", "forward_query", "disabled", "starts_at", "expires_at", "max_clicks"];

/// What a link under its code may say.
pub(super) const LINK_FIELDS: &[&str] = &[
    "target",
    "domain",
    "title",
    "tags",
    "redirect_status",
    "forward_query",
    "disabled",
    "starts_at",
    "expires_at",
    "max_clicks",
];

/// What a link of a list may say.
pub(super) const LISTED_FIELDS: &[&str] = &[
    "code",
    "target",
    "domain",
    "title",
    "tags",
    "redirect_status",
    "forward_query",
    "disabled",
    "starts_at",
    "expires_at",
    "max_clicks",
];

/// What was said of a link so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Spoken {
    pub(super) request: CreateLink,
    /// Where each field stands.
    pub(super) places: Vec<(&'static str, Position)>,
    /// Something of it is wrong, so that what is missing may be no fault of its own.
    pub(super) faulty: bool,
}

/// Sets one field to what a node says; nothing means none, whatever the default.
pub(super) fn set(reader: &mut Reader, request: &mut CreateLink, field: &'static str, node: &Node) {
    let is_null = node.value == Value::Null;
    match field {
        "target" => request.target = reader.text(field, node).unwrap_or_default(),
        "code" => request.code = reader.text(field, node),
        "domain" => request.domain = reader.text(field, node),
        "title" => request.title = reader.text(field, node),
        "tags" => request.tags = reader.texts(field, node),
        "redirect_status" => request.redirect_status = reader.status(field, node),
        "forward_query" => request.forward_query = !is_null && reader.switch(field, node),
        "disabled" => request.disabled = !is_null && reader.switch(field, node),
        "starts_at" => request.starts_at = reader.moment(field, node, DayEdge::Start),
        "expires_at" => request.expires_at = reader.moment(field, node, DayEdge::End),
        _ => request.max_clicks = reader.count(field, node),
    }
}

impl Reader {
    fn wrong_type(&mut self, field: &str, node: &Node, wanted: &str) {
        let quotable = matches!(node.value, Value::Boolean(_) | Value::Integer(_) | Value::Number | Value::Moment(_));
        let hint = (wanted == "text" && quotable).then(|| "write it in quotes".to_owned());
        self.fault(node.at, "type", format!("{field} must be {wanted}, not {}", node.value.kind()), hint);
    }

    /// A text; none is no text.
    pub(super) fn text(&mut self, field: &str, node: &Node) -> Option<String> {
        match &node.value {
            Value::Text(text) => Some(text.clone()),
            Value::Null => None,
            _ => {
                self.wrong_type(field, node, "text");
                None
            }
        }
    }

    fn texts(&mut self, field: &str, node: &Node) -> Vec<String> {
        match &node.value {
            Value::List(nodes) => nodes.iter().filter_map(|node| self.text(field, node)).collect(),
            Value::Null => Vec::new(),
            _ => {
                self.wrong_type(field, node, "a list of texts");
                Vec::new()
            }
        }
    }

    fn status(&mut self, field: &str, node: &Node) -> Option<u16> {
        match node.value {
            Value::Integer(number) if u16::try_from(number).is_ok() => u16::try_from(number).ok(),
            Value::Null => None,
            _ => {
                self.wrong_type(field, node, "301, 302, 303, 307 or 308");
                None
            }
        }
    }

    fn count(&mut self, field: &str, node: &Node) -> Option<u64> {
        match node.value {
            Value::Integer(number) if number >= 0 => u64::try_from(number).ok(),
            Value::Null => None,
            _ => {
                self.wrong_type(field, node, "a whole number from 1 on");
                None
            }
        }
    }

    fn switch(&mut self, field: &str, node: &Node) -> bool {
        if let Value::Boolean(value) = node.value {
            return value;
        }
        self.wrong_type(field, node, "true or false");
        false
    }

    /// A moment that is the same whenever the file is read: a distance from now would never be reached.
    fn moment(&mut self, field: &str, node: &Node, edge: DayEdge) -> Option<String> {
        let text = match &node.value {
            Value::Text(text) | Value::Moment(text) => text,
            Value::Null => return None,
            _ => {
                self.wrong_type(field, node, "a date or a moment");
                return None;
            }
        };
        match fixed(text, edge) {
            Ok(moment) => moment,
            Err(detail) => {
                let hint = "write RFC 3339 with an offset (2026-12-31T09:00:00Z), a date (2026-12-31), or never";
                self.fault(node.at, "when", format!("{field}: {detail}"), Some(hint.to_owned()));
                None
            }
        }
    }
}

/// A moment in RFC 3339, or none for `never`.
///
/// # Errors
/// It is no moment, or depends on when it is read.
pub(super) fn fixed(text: &str, edge: DayEdge) -> Result<Option<String>, String> {
    let Some(canonical) = when::canonical(text, edge) else {
        return Err(format!("'{}' is no moment", text.escape_debug()));
    };
    if canonical.is_empty() {
        return Ok(None);
    }
    if canonical.parse::<Timestamp>().is_err() {
        return Err(format!("'{}' depends on when it is read, so that no run would be the last", text.escape_debug()));
    }
    Ok(Some(canonical))
}
