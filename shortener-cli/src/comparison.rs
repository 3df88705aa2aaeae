//! How a link differs from what a row of a file says of it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shortener_core::link::{Tag, TargetUrl};
use shortener_core::when::{self, DayEdge};
use shortener_core::wire::{CreateLink, Link, Patch, UpdateLink};

/// A field of a link that a file can speak of, beside its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Target,
    Title,
    Tags,
    RedirectStatus,
    ForwardQuery,
    Disabled,
    StartsAt,
    ExpiresAt,
    ImportedClicks,
    MaxClicks,
}

/// Which fields a row speaks of. What it does not speak of is left as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Fields(u16);

impl Fields {
    /// Every field: what is absent has its default.
    pub(crate) const ALL: Self = Self(u16::MAX);

    /// These and one more.
    #[must_use]
    pub(crate) fn with(self, field: Field) -> Self {
        Self(self.0 | 1 << field as u16)
    }

    /// These but for one.
    #[must_use]
    pub(crate) const fn without(self, field: Field) -> Self {
        Self(self.0 & !(1 << field as u16))
    }

    /// Whether the row speaks of a field.
    pub(crate) fn contains(self, field: Field) -> bool {
        self.0 & 1 << field as u16 != 0
    }
}

/// One field that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Difference {
    /// Its name on the wire.
    pub(crate) field: &'static str,
    /// What the link has.
    pub(crate) from: Value,
    /// What the row says.
    pub(crate) to: Value,
}

/// What a row says against a link.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Comparison {
    /// The fields that differ.
    pub(crate) differences: Vec<Difference>,
    /// The change that makes the link what the row says.
    pub(crate) update: UpdateLink,
}

impl Comparison {
    /// Compares a link with a row. When a link was created is no part of it, nor is a time that the row gives by its distance
    /// from now.
    pub(crate) fn of(row: &CreateLink, given: Fields, link: &Link) -> Self {
        let mut found = Self::default();
        let target = TargetUrl::parse(&row.target).ok();
        if given.contains(Field::Target) && target.as_ref() != Some(&link.target) {
            found.differ("target", json!(link.target), json!(target.as_ref().map_or(&*row.target, TargetUrl::as_str)));
            found.update.target = Some(row.target.clone());
        }
        let title = row.title.as_deref().map(str::trim).filter(|title| !title.is_empty());
        if given.contains(Field::Title) && title != link.title.as_deref() {
            found.differ("title", json!(link.title), json!(title));
            found.update.title = patch(title.map(str::to_owned));
        }
        let tags = tags(&row.tags);
        if given.contains(Field::Tags) && !tags.iter().eq(link.tags.iter().map(Tag::as_str)) {
            found.differ("tags", json!(link.tags), json!(tags));
            found.update.tags = Some(tags);
        }
        found.switches(row, given, link);
        found.times(row, given, link);
        if given.contains(Field::MaxClicks) && row.max_clicks != link.max_clicks {
            found.differ("max_clicks", json!(link.max_clicks), json!(row.max_clicks));
            found.update.max_clicks = patch(row.max_clicks);
        }
        if given.contains(Field::ImportedClicks) && row.imported_clicks != link.imported_clicks {
            found.differ("imported_clicks", json!(link.imported_clicks), json!(row.imported_clicks));
            found.update.imported_clicks = patch(row.imported_clicks);
        }
        found
    }

    /// Whether the link is what the row says, but for clicks that were counted elsewhere.
    pub(crate) fn is_same_link(&self) -> bool {
        self.differences.iter().all(|difference| difference.field == "imported_clicks")
    }

    fn switches(&mut self, row: &CreateLink, given: Fields, link: &Link) {
        let status = row.redirect_status.unwrap_or(302);
        if given.contains(Field::RedirectStatus) && status != u16::from(link.redirect_status) {
            self.differ("redirect_status", json!(link.redirect_status), json!(status));
            self.update.redirect_status = Some(status);
        }
        if given.contains(Field::ForwardQuery) && row.forward_query != link.forward_query {
            self.differ("forward_query", json!(link.forward_query), json!(row.forward_query));
            self.update.forward_query = Some(row.forward_query);
        }
        if given.contains(Field::Disabled) && row.disabled != link.disabled {
            self.differ("disabled", json!(link.disabled), json!(row.disabled));
            self.update.disabled = Some(row.disabled);
        }
    }

    fn times(&mut self, row: &CreateLink, given: Fields, link: &Link) {
        if given.contains(Field::StartsAt)
            && let Some(at) = fixed(row.starts_at.as_deref(), DayEdge::Start)
            && at != link.starts_at
        {
            self.differ("starts_at", json!(link.starts_at), json!(at));
            self.update.starts_at = patch(at.map(|at| at.to_string()));
        }
        if given.contains(Field::ExpiresAt)
            && let Some(at) = fixed(row.expires_at.as_deref(), DayEdge::End)
            && at != link.expires_at
        {
            self.differ("expires_at", json!(link.expires_at), json!(at));
            self.update.expires_at = patch(at.map(|at| at.to_string()));
        }
    }

    fn differ(&mut self, field: &'static str, from: Value, to: Value) {
        self.differences.push(Difference { field, from, to });
    }
}

fn patch<T>(value: Option<T>) -> Patch<T> {
    value.map_or(Patch::Clear, Patch::Set)
}

/// Tags as a link has them.
fn tags(tags: &[String]) -> Vec<String> {
    let parsed = |tag: &String| Tag::parse(tag).map_or_else(|_| tag.clone(), String::from);
    let mut tags: Vec<String> = tags.iter().map(parsed).collect();
    tags.sort();
    tags.dedup();
    tags
}

/// The moment that a WHEN names whenever it is read, or that it names none; nothing if it depends on now.
#[expect(clippy::option_option, reason = "no moment is an answer")]
fn fixed(text: Option<&str>, edge: DayEdge) -> Option<Option<Timestamp>> {
    let Some(text) = text else { return Some(None) };
    let canonical = when::canonical(text, edge)?;
    if canonical.is_empty() { Some(None) } else { canonical.parse().ok().map(Some) }
}
