//! Making a request of what a record gives, field by field.

use std::borrow::Cow;

use jiff::tz::TimeZone;
use serde_json::{Map, Value};
use shortener_core::when::DayEdge;
use shortener_core::wire::{CreateLink, Violation};

use crate::comparison::{Field, Fields};

use super::field::{Meaning, TargetField};
use super::value::Given;
use super::{IMPORT_ERROR, Losses, ReadOptions, Row, moment};

mod foreign;
mod place;

/// Whose record it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// Ours: it says exactly what a link has.
    Own,
    /// That of somebody with other rules for tags and titles, which are fitted to ours.
    Foreign,
}

/// How records are understood.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    /// Whose records they are.
    pub(super) manner: Manner,
    /// The zone of times that name none.
    pub(super) zone: TimeZone,
    /// Whether the domains of the file are kept.
    pub(super) keep_domains: bool,
}

impl Reading {
    /// Of our own records.
    pub(super) fn own(options: &ReadOptions) -> Self {
        Self { manner: Manner::Own, zone: options.time_zone.clone(), keep_domains: true }
    }

    /// Of records of others.
    pub(super) fn foreign(options: &ReadOptions) -> Self {
        let mapped = options.mapping.iter().any(|(_, field)| *field == TargetField::Domain);
        let keep_domains = options.keep_domains || mapped;
        Self { manner: Manner::Foreign, zone: options.time_zone.clone(), keep_domains }
    }
}

/// Most kinds of losses that are told apart: a file could have a domain or a key of its own in every record.
const MAX_KINDS: usize = 200;

/// Counts what cannot be kept.
#[derive(Debug, Default)]
pub(super) struct Lost(Losses);

impl Lost {
    /// Once more.
    pub(super) fn count(&mut self, what: &str) {
        if let Some(count) = self.0.get_mut(what) {
            *count += 1;
            return;
        }
        let what = if self.0.len() < MAX_KINDS { what } else { "other things" };
        *self.0.entry(what.to_owned()).or_default() += 1;
    }

    /// All that was counted.
    pub(super) fn losses(&self) -> Losses {
        self.0.clone()
    }
}

/// A record on its way to a request.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    reading: &'a Reading,
    lost: &'a mut Lost,
    request: CreateLink,
    given: Fields,
    short_url: Option<String>,
    aliases: Vec<String>,
    violations: Vec<Violation>,
}

impl<'a> Draft<'a> {
    /// Nothing yet.
    pub(super) fn new(reading: &'a Reading, lost: &'a mut Lost) -> Self {
        Self {
            reading,
            lost,
            request: CreateLink::default(),
            given: Fields::default(),
            short_url: None,
            aliases: Vec::new(),
            violations: Vec::new(),
        }
    }

    /// Takes what an object gives, by a table of keys; what the table lacks is lost.
    pub(super) fn take_object(&mut self, object: &Map<String, Value>, table: &dyn Fn(&str) -> Option<Meaning>) {
        for (key, value) in object {
            match table(key) {
                Some(Meaning::Within(fields)) => {
                    if let Value::Object(inner) = value {
                        let within = |key: &str| fields.iter().find(|(name, _)| *name == key).map(|(_, is)| *is);
                        self.take_object(inner, &within);
                    }
                }
                Some(meaning) => self.take(key, meaning, Given::json(value)),
                None if key == IMPORT_ERROR => {}
                None => self.lose(&format!("key '{key}'"), &Given::json(value)),
            }
        }
    }

    /// Takes what one column or key gives.
    pub(super) fn take(&mut self, name: &str, meaning: Meaning, given: Given<'_>) {
        match meaning {
            Meaning::Is(field) => self.field(name, field, given),
            Meaning::Informational | Meaning::Within(_) => {}
            Meaning::Alias => self.alias(given),
            Meaning::UrlInDirectory => {
                let url = self.text(name, given);
                self.short_url = url.map(|url| place::without_directory(&url));
            }
            Meaning::Enabled => {
                if let Some(enabled) = self.bool(name, &given) {
                    self.disable_if(!enabled);
                }
            }
            Meaning::DisabledIfAny => self.disable_if(given.says_something()),
            Meaning::State => self.state(name, given),
            Meaning::Lost("") => {
                if given.says_something() {
                    self.lost.count(&format!("column '{name}'"));
                }
            }
            Meaning::Lost(sentence) => self.lose(sentence, &given),
            Meaning::Refused(code, detail) => {
                if given.says_something() {
                    self.violation(name, code, detail.to_owned());
                }
            }
        }
    }

    /// Adds a broken rule.
    pub(super) fn violation(&mut self, name: &str, code: &str, detail: String) {
        // RFC 6901 escapes what separates the parts of a pointer.
        let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
        self.violations.push(Violation { pointer, code: code.to_owned(), detail });
    }

    /// The source counts the clicks of before against the limit: only what it has left is the limit here. A link that
    /// has nothing left is switched off, and keeps its limit for whoever switches it on again.
    pub(super) fn limit_to_the_rest(&mut self) {
        let Some(limit) = self.request.max_clicks else { return };
        match limit.saturating_sub(self.request.imported_clicks.unwrap_or_default()) {
            0 => self.disable_if(true),
            rest => self.request.max_clicks = Some(rest),
        }
    }

    /// The source forwards queries of all its links.
    pub(super) fn forwards_query(&mut self) {
        self.given = self.given.with(Field::ForwardQuery);
        self.request.forward_query = true;
    }

    /// The code, if a column of its own has it.
    pub(super) fn code(&self) -> Option<&str> {
        self.request.code.as_deref()
    }

    /// The target as far as it is known.
    pub(super) fn target(&self) -> &str {
        &self.request.target
    }

    /// The rows that the record is: one, and one more for each alias.
    pub(super) fn finish(mut self, target_name: &str) -> Vec<Result<Row, Vec<Violation>>> {
        self.settle_place();
        if self.request.target.is_empty() && self.violations.iter().all(|violation| violation.code != "text_expected") {
            self.violation(target_name, "target_missing", "the target is missing".to_owned());
        }
        if !self.violations.is_empty() {
            return vec![Err(self.violations)];
        }
        let aliases = std::mem::take(&mut self.aliases);
        let row = Row { request: self.request, given: self.given };
        let mut rows = vec![Ok(row)];
        for alias in aliases {
            rows.extend(place::alias_of(&rows, &alias, self.reading).map(Ok));
        }
        rows
    }

    fn field(&mut self, name: &str, field: TargetField, given: Given<'_>) {
        match field {
            TargetField::Target => {
                self.given = self.given.with(Field::Target);
                let target = self.text(name, given).map(Cow::into_owned).unwrap_or_default();
                if !self.request.target.is_empty() && self.request.target != target {
                    let detail = "another key is the target too; map the one that is meant";
                    self.violation(name, "target_ambiguous", detail.to_owned());
                }
                self.request.target = target;
            }
            TargetField::Code => self.take_code(name, given),
            TargetField::ShortUrl => self.short_url = self.text(name, given).map(Cow::into_owned),
            TargetField::Domain => self.domain(name, given),
            TargetField::Title => {
                self.given = self.given.with(Field::Title);
                let title = self.text(name, given);
                self.request.title = title.and_then(|title| self.fitted_title(title));
            }
            TargetField::Tags => {
                self.given = self.given.with(Field::Tags);
                self.tags(name, given);
            }
            TargetField::RedirectStatus => {
                self.given = self.given.with(Field::RedirectStatus);
                let status = self.count(name, &given);
                self.request.redirect_status = status.map(|status| u16::try_from(status).unwrap_or(u16::MAX));
            }
            TargetField::ForwardQuery => {
                self.given = self.given.with(Field::ForwardQuery);
                self.request.forward_query = self.bool(name, &given).unwrap_or_default();
            }
            TargetField::Disabled => {
                let disabled = self.bool(name, &given).unwrap_or_default();
                self.disable_if(disabled);
            }
            TargetField::StartsAt => {
                self.given = self.given.with(Field::StartsAt);
                self.request.starts_at = self.moment(name, given, DayEdge::Start);
            }
            TargetField::ExpiresAt => {
                self.given = self.given.with(Field::ExpiresAt);
                self.request.expires_at = self.moment(name, given, DayEdge::End);
            }
            TargetField::MaxClicks => {
                self.given = self.given.with(Field::MaxClicks);
                self.request.max_clicks = self.count(name, &given);
            }
            TargetField::ImportedClicks => {
                self.given = self.given.with(Field::ImportedClicks);
                self.request.imported_clicks = self.count(name, &given);
            }
            TargetField::CreatedAt => self.request.created_at = self.moment(name, given, DayEdge::Start),
            TargetField::Ignore => {}
        }
    }

    fn disable_if(&mut self, off: bool) {
        self.given = self.given.with(Field::Disabled);
        self.request.disabled |= off;
    }

    fn state(&mut self, name: &str, given: Given<'_>) {
        match given.text().as_deref() {
            Some("deleted") => {
                self.violation(name, "link_deleted", "the link is deleted; restore it instead".to_owned());
            }
            Some("disabled") => self.disable_if(true),
            _ => self.disable_if(false),
        }
    }

    fn lose(&mut self, what: &str, given: &Given<'_>) {
        if given.says_something() {
            self.lost.count(what);
        }
    }

    fn text<'v>(&mut self, name: &str, given: Given<'v>) -> Option<Cow<'v, str>> {
        if given == Given::Nothing {
            return None;
        }
        let text = given.text();
        if text.is_none() {
            self.violation(name, "text_expected", "text is expected".to_owned());
        }
        text
    }

    fn bool(&mut self, name: &str, given: &Given<'_>) -> Option<bool> {
        let value = given.bool();
        if value.is_none() && *given != Given::Nothing {
            self.violation(name, "boolean_invalid", "true or false is expected".to_owned());
        }
        value
    }

    fn count(&mut self, name: &str, given: &Given<'_>) -> Option<u64> {
        let count = given.count();
        if count.is_none() && *given != Given::Nothing {
            self.violation(name, "number_invalid", "a whole number, 0 or more, is expected".to_owned());
        }
        count
    }

    /// A moment. Zero and dates of zeros are how databases say that there is none.
    fn moment(&mut self, name: &str, given: Given<'_>, edge: DayEdge) -> Option<String> {
        let spelled = match &given {
            Given::Nothing | Given::Number(0) => return None,
            Given::Number(number) => moment::from_number(*number),
            Given::Text(text) if text == "0" || text.starts_with("0000-00-00") => return None,
            Given::Text(text) => moment::spelled(text, &self.reading.zone, edge),
            _ => None,
        };
        if spelled.is_none() {
            let shown = given.text().unwrap_or(Cow::Borrowed("this"));
            let shown: String = shown.chars().take(40).flat_map(char::escape_debug).collect();
            self.violation(name, "when_invalid", format!("'{shown}' is no moment that is understood"));
        }
        spelled
    }
}
