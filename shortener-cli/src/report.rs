//! How each document looks in each format.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use shortener_core::link::Tag;
use shortener_core::wire::{
    BatchResponse, BatchResult, CreatedKey, DomainList, DomainSettings, History, HistoryEvent, KeyList, KeyView, Link,
    LinkPage, LinkState, TagList, Whoami,
};

use crate::stats::number;

/// A document that commands print. As JSON it is itself; in the other formats it is made of lines.
pub(crate) trait Report: Serialize {
    /// What has a line of its own.
    type Line: Serialize;
    /// The fields of a line for CSV and TSV, in the order of JSON.
    const FIELDS: &'static [&'static str];
    /// How people see it.
    const SHAPE: Shape;
    /// What people are told of an empty list.
    const NOTHING: &'static str = "nothing to show";
    /// The lines.
    fn lines(&self) -> &[Self::Line];
    /// What people see of one thing beyond its fields, with its name.
    fn beyond(_line: &Self::Line) -> Vec<(&'static str, String)> {
        Vec::new()
    }
    /// The columns that people see of a list.
    fn columns() -> Vec<Column<Self::Line>> {
        Vec::new()
    }
}

/// How people see a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One thing: a line for each field.
    Single,
    /// Several things: a table.
    List,
}

/// A column for people.
#[derive(Debug)]
pub(crate) struct Column<L> {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it shows of a line.
    pub(crate) cell: fn(&L, Moments) -> String,
}

/// How moments are shown.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Moments {
    /// RFC 3339, for programs.
    Exact,
    /// As a distance from now, for people.
    RelativeTo(Timestamp),
}

impl Moments {
    fn show(self, at: Option<Timestamp>, none: &str) -> String {
        match (at, self) {
            (None, Self::Exact) => String::new(),
            (None, Self::RelativeTo(_)) => none.to_owned(),
            (Some(at), Self::Exact) => at.to_string(),
            (Some(at), Self::RelativeTo(now)) => brief(at, now),
        }
    }
}

/// A unit of time.
struct Unit {
    name: &'static str,
    /// Its abbreviation, where space is short.
    short: &'static str,
    seconds: i64,
    /// The distance in seconds from which it says enough.
    from: i64,
}

const SECOND: Unit = Unit { name: "second", short: "s", seconds: 1, from: 1 };

/// The longer units, the longest first.
const UNITS: [Unit; 5] = [
    Unit { name: "year", short: "y", seconds: 31_536_000, from: 63_072_000 },
    Unit { name: "month", short: "mo", seconds: 2_592_000, from: 7_776_000 },
    Unit { name: "day", short: "d", seconds: 86_400, from: 86_400 },
    Unit { name: "hour", short: "h", seconds: 3_600, from: 3_600 },
    Unit { name: "minute", short: "min", seconds: 60, from: 60 },
];

/// How far a moment is from now, in one unit: `in 4 days`, `2 hours ago`.
pub(crate) fn relative(at: Timestamp, now: Timestamp) -> String {
    distance(at, now, span)
}

/// The same for a column of a list: `in 4 d`, `2 h ago`.
fn brief(at: Timestamp, now: Timestamp) -> String {
    distance(at, now, |seconds| {
        let (count, unit) = in_one_unit(seconds);
        format!("{count} {}", unit.short)
    })
}

fn distance(at: Timestamp, now: Timestamp, span: impl Fn(i64) -> String) -> String {
    match at.as_second() - now.as_second() {
        0 => "now".to_owned(),
        seconds @ 1.. => format!("in {}", span(seconds)),
        seconds => format!("{} ago", span(-seconds)),
    }
}

/// A number of seconds in one unit: `4 days`, `2 hours`.
pub(crate) fn span(seconds: i64) -> String {
    let (count, unit) = in_one_unit(seconds);
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {}{plural}", unit.name)
}

fn in_one_unit(seconds: i64) -> (i64, Unit) {
    let unit = UNITS.into_iter().find(|unit| seconds >= unit.from).unwrap_or(SECOND);
    // To the nearest: of 30 days, 30 are left a second later too.
    ((seconds + unit.seconds / 2) / unit.seconds, unit)
}

/// Most names in a sentence.
const NAMED: usize = 10;

/// Names in a sentence: the first few, and how many more there are.
pub(crate) fn listed(names: &[String]) -> String {
    let named = names[..names.len().min(NAMED)].join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

/// The fields of a link, in the order of JSON.
pub(crate) const LINK_FIELDS: &[&str] = &[
    "code",
    "domain",
    "short_url",
    "target",
    "title",
    "tags",
    "redirect_status",
    "forward_query",
    "state",
    "version",
    "created_at",
    "created_by",
    "updated_at",
    "starts_at",
    "expires_at",
    "max_clicks",
];

/// The code, with its domain if that is not the default one.
pub(crate) fn name_of(link: &Link) -> String {
    if link.domain.is_default() { link.code.to_string() } else { format!("{}/{}", link.domain, link.code) }
}

fn tags(tags: &[Tag]) -> String {
    tags.iter().map(Tag::as_str).collect::<Vec<_>>().join(",")
}

impl Report for Link {
    type Line = Self;
    const FIELDS: &'static [&'static str] = LINK_FIELDS;
    const SHAPE: Shape = Shape::Single;

    fn lines(&self) -> &[Self] {
        std::slice::from_ref(self)
    }

    fn beyond(link: &Self) -> Vec<(&'static str, String)> {
        let clicks = link.clicks.map(|clicks| {
            let others = match clicks.total.saturating_sub(clicks.human) {
                0 => String::new(),
                others => format!(" (plus {} by bots)", number(others)),
            };
            ("clicks", number(clicks.human) + &others)
        });
        let used = link.clicks_used.map(|used| ("clicks used", quota(used, link)));
        clicks.into_iter().chain(used).collect()
    }
}

/// How much of a click limit is used, and whether that is all: no state tells it.
fn quota(used: u64, link: &Link) -> String {
    match link.max_clicks {
        Some(most) if used >= most && link.state == LinkState::Active => {
            format!("{} of {}, used up: visitors get 410", number(used), number(most))
        }
        Some(most) => format!("{} of {}", number(used), number(most)),
        None => number(used),
    }
}

impl Report for LinkPage {
    type Line = Link;
    const FIELDS: &'static [&'static str] = LINK_FIELDS;
    const SHAPE: Shape = Shape::List;
    const NOTHING: &'static str = "no links";

    fn lines(&self) -> &[Link] {
        &self.links
    }

    fn columns() -> Vec<Column<Link>> {
        vec![
            Column { name: "CODE", cell: |link, _| name_of(link) },
            Column { name: "TARGET", cell: |link, _| link.target.as_str().to_owned() },
            Column { name: "STATE", cell: |link, _| link.state.as_str().to_owned() },
            Column { name: "TAGS", cell: |link, _| tags(&link.tags) },
            Column { name: "EXPIRES", cell: |link, moments| moments.show(link.expires_at, "never") },
            Column { name: "CREATED", cell: |link, moments| moments.show(Some(link.created_at), "") },
            // Last, so that scripts find the others where they always were.
            Column { name: "CLICKS", cell: clicks },
        ]
    }
}

/// Clicks by people, as far as the service told them.
fn clicks(link: &Link, moments: Moments) -> String {
    match (link.clicks, moments) {
        (None, _) => String::new(),
        (Some(clicks), Moments::Exact) => clicks.human.to_string(),
        (Some(clicks), Moments::RelativeTo(_)) => number(clicks.human),
    }
}

impl Report for BatchResponse {
    type Line = BatchResult;
    const FIELDS: &'static [&'static str] = &["status", "link", "problem"];
    const SHAPE: Shape = Shape::List;

    fn lines(&self) -> &[BatchResult] {
        &self.results
    }
}

impl Report for History {
    type Line = HistoryEvent;
    const FIELDS: &'static [&'static str] = &["at", "actor", "action", "version", "changes"];
    const SHAPE: Shape = Shape::List;
    const NOTHING: &'static str = "no older changes";

    fn lines(&self) -> &[HistoryEvent] {
        &self.events
    }

    fn columns() -> Vec<Column<HistoryEvent>> {
        vec![
            Column { name: "WHEN", cell: |event, moments| moments.show(Some(event.at), "") },
            Column { name: "WHO", cell: |event, _| event.actor.to_string() },
            Column { name: "ACTION", cell: |event, _| format!("{:?}", event.action).to_lowercase() },
            Column { name: "VERSION", cell: |event, _| event.version.to_string() },
            Column { name: "CHANGES", cell: changes },
        ]
    }
}

/// What changed: a line for each field for people, everything in one line for programs.
fn changes(event: &HistoryEvent, moments: Moments) -> String {
    let exact =
        |change: &shortener_core::wire::FieldChange| format!("{}: {} → {}", change.field, change.from, change.to);
    match moments {
        Moments::Exact => event.changes.iter().map(exact).collect::<Vec<_>>().join("; "),
        Moments::RelativeTo(_) => event.changes.iter().map(for_people).collect::<Vec<_>>().join("\n"),
    }
}

/// A change in one line if it is short, else in two, so that a narrow terminal shows something of both values.
fn for_people(change: &shortener_core::wire::FieldChange) -> String {
    let (field, from, to) = (change.field.replace('_', " "), shown(&change.from), shown(&change.to));
    let separator = if field.len() + from.chars().count() + to.chars().count() > 32 { "\n  →" } else { " →" };
    format!("{field}: {from}{separator} {to}")
}

/// A value as people read it.
pub(crate) fn shown(value: &Value) -> String {
    match readable(value) {
        text if text.is_empty() => "none".to_owned(),
        text => text,
    }
}

/// A field of JSON for people: nothing for null and what is empty, yes and no, lists joined by commas.
pub(crate) fn readable(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(readable).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| format!("{} {}", name.replace('_', " "), readable(value));
            fields.iter().filter(|(_, value)| !readable(value).is_empty()).map(field).collect::<Vec<_>>().join("; ")
        }
    }
}

const KEY_FIELDS: &[&str] =
    &["id", "name", "role", "scope", "created_at", "created_by", "expires_at", "revoked_at", "last_used_at"];

impl Report for KeyList {
    type Line = KeyView;
    const FIELDS: &'static [&'static str] = KEY_FIELDS;
    const SHAPE: Shape = Shape::List;
    const NOTHING: &'static str = "no keys";

    fn lines(&self) -> &[KeyView] {
        &self.keys
    }

    fn columns() -> Vec<Column<KeyView>> {
        vec![
            Column { name: "ID", cell: |key, _| key.id.clone() },
            Column { name: "NAME", cell: |key, _| key.name.clone() },
            Column { name: "ROLE", cell: |key, _| key.role.as_str().to_owned() },
            Column { name: "CREATED", cell: |key, moments| moments.show(Some(key.created_at), "") },
            Column { name: "LAST USED", cell: |key, moments| moments.show(key.last_used_at, "never") },
            Column { name: "EXPIRES", cell: |key, moments| moments.show(key.expires_at, "never") },
            Column { name: "REVOKED", cell: |key, moments| moments.show(key.revoked_at, "no") },
        ]
    }
}

impl Report for KeyView {
    type Line = Self;
    const FIELDS: &'static [&'static str] = KEY_FIELDS;
    const SHAPE: Shape = Shape::Single;

    fn lines(&self) -> &[Self] {
        std::slice::from_ref(self)
    }
}

impl Report for CreatedKey {
    type Line = Self;
    const FIELDS: &'static [&'static str] =
        &["key", "id", "name", "role", "scope", "created_at", "created_by", "expires_at", "revoked_at", "last_used_at"];
    const SHAPE: Shape = Shape::Single;

    fn lines(&self) -> &[Self] {
        std::slice::from_ref(self)
    }
}

const DOMAIN_FIELDS: &[&str] = &["domain", "base_url", "code_length", "not_found_target", "edge", "policy", "version"];

impl Report for DomainList {
    type Line = DomainSettings;
    const FIELDS: &'static [&'static str] = DOMAIN_FIELDS;
    const SHAPE: Shape = Shape::List;

    fn lines(&self) -> &[DomainSettings] {
        &self.domains
    }

    fn columns() -> Vec<Column<DomainSettings>> {
        vec![
            Column { name: "DOMAIN", cell: |domain, _| domain.domain.to_string() },
            Column { name: "BASE URL", cell: |domain, _| domain.base_url.to_string() },
            Column { name: "CODE LENGTH", cell: |domain, _| domain.code_length.to_string() },
            Column {
                name: "NOT FOUND",
                cell: |domain, _| domain.not_found_target.as_ref().map(|t| t.as_str().to_owned()).unwrap_or_default(),
            },
        ]
    }
}

impl Report for DomainSettings {
    type Line = Self;
    const FIELDS: &'static [&'static str] = DOMAIN_FIELDS;
    const SHAPE: Shape = Shape::Single;

    fn lines(&self) -> &[Self] {
        std::slice::from_ref(self)
    }
}

impl Report for TagList {
    type Line = Tag;
    const FIELDS: &'static [&'static str] = &["tag"];
    const SHAPE: Shape = Shape::List;
    const NOTHING: &'static str = "no tags";

    fn lines(&self) -> &[Tag] {
        &self.tags
    }

    fn columns() -> Vec<Column<Tag>> {
        vec![Column { name: "TAG", cell: |tag, _| tag.as_str().to_owned() }]
    }
}

impl Report for Whoami {
    type Line = Self;
    const FIELDS: &'static [&'static str] = &["actor", "role", "scope", "expires_at"];
    const SHAPE: Shape = Shape::Single;

    fn lines(&self) -> &[Self] {
        std::slice::from_ref(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_in_one_unit() {
        let now: Timestamp = "2026-01-31T12:00:00Z".parse().unwrap();
        for (at, shown) in [
            ("2026-01-31T12:00:00Z", ["now", "now"]),
            ("2026-01-31T12:00:01Z", ["in 1 second", "in 1 s"]),
            ("2026-02-04T13:00:00Z", ["in 4 days", "in 4 d"]),
            ("2026-03-02T11:59:59Z", ["in 30 days", "in 30 d"]),
            ("2026-01-31T11:59:00.5Z", ["1 minute ago", "1 min ago"]),
            ("2026-01-31T10:00:00Z", ["2 hours ago", "2 h ago"]),
            ("2025-01-01T00:00:00Z", ["13 months ago", "13 mo ago"]),
            ("2024-01-01T00:00:00Z", ["2 years ago", "2 y ago"]),
        ] {
            let at = at.parse().unwrap();
            assert_eq!([relative(at, now), brief(at, now)], shown);
        }
    }

    #[test]
    fn the_fields_of_csv_are_those_of_json() {
        let link = r#"{"code":"a","domain":"-","short_url":"http://x/a","target":"https://example.com/","title":null,
            "tags":[],"redirect_status":302,"forward_query":false,"state":"active","version":1,
            "created_at":"2026-01-01T00:00:00Z","created_by":"key:x","updated_at":"2026-01-01T00:00:00Z",
            "starts_at":null,"expires_at":null,"max_clicks":null}"#;
        let link: Link = serde_json::from_str(link).unwrap();
        let json = serde_json::to_string(&link).unwrap();
        let positions: Vec<_> = LINK_FIELDS.iter().map(|field| json.find(&format!("\"{field}\":")).unwrap()).collect();
        assert!(positions.is_sorted());
        assert_eq!(serde_json::to_value(&link).unwrap().as_object().unwrap().len(), LINK_FIELDS.len());
    }
}
