//! The fields of a link that a caller chooses, checked all at once.

use jiff::{SignedDuration, Timestamp};

use super::directory::{Directory, DomainEntry};
use super::error::target_too_long;
use super::{ServiceError, Settings};
use crate::error::InvalidValue;
use crate::link::{MAX_TAGS, RedirectStatus, Tag, TargetUrl};
use crate::when::{self, DayEdge};
use crate::wire::Violation;

const MAX_TITLE_CHARACTERS: usize = 200;

/// Greatest click limit.
const MOST_CLICKS: u64 = 1_000_000_000_000;

/// Collects every broken rule of a request, so that the caller hears of all at once.
#[derive(Debug)]
pub(super) struct Checks<'a> {
    pub(super) settings: &'a Settings,
    pub(super) directory: &'a Directory,
    pub(super) now: Timestamp,
    violations: Vec<Violation>,
}

impl<'a> Checks<'a> {
    pub(super) fn new(settings: &'a Settings, directory: &'a Directory, now: Timestamp) -> Self {
        Self { settings, directory, now, violations: Vec::new() }
    }

    /// The value, or none and a violation.
    pub(super) fn keep<T>(&mut self, pointer: &str, parsed: Result<T, InvalidValue>) -> Option<T> {
        parsed.map_err(|invalid| self.violations.push(Violation::at(pointer, &invalid))).ok()
    }

    /// A violation unless `holds`.
    pub(super) fn demand(&mut self, holds: bool, pointer: &str, code: &'static str, detail: &'static str) {
        if !holds {
            self.violations.push(Violation::at(pointer, &InvalidValue::new(code, detail)));
        }
    }

    /// # Errors
    /// [`ServiceError::Invalid`] with every violation, if there is one.
    pub(super) fn finish(self) -> Result<(), ServiceError> {
        if self.violations.is_empty() { Ok(()) } else { Err(ServiceError::Invalid(self.violations)) }
    }

    pub(super) fn target(&mut self, text: &str, domain: &DomainEntry) -> Option<TargetUrl> {
        let target = TargetUrl::parse(text).and_then(|target| {
            let max = self.settings.max_target_bytes;
            if target.as_str().len() > max {
                return Err(target_too_long(&target, max));
            }
            self.directory.judge(&target, domain).map_err(|refusal| refusal.violation(&target))?;
            Ok(target)
        });
        self.keep("/target", target)
    }

    pub(super) fn title(&mut self, title: Option<&str>) -> Option<String> {
        let title = title.map(str::trim).filter(|title| !title.is_empty())?;
        let fits = title.chars().count() <= MAX_TITLE_CHARACTERS;
        self.demand(fits, "/title", "title_too_long", "a title has at most 200 characters");
        let plain = !title.chars().any(char::is_control);
        self.demand(plain, "/title", "title_character", "control characters are not allowed in a title");
        Some(title.to_owned())
    }

    /// Tags, sorted and unique.
    pub(super) fn tags(&mut self, pointer: &str, tags: &[String]) -> Vec<Tag> {
        let mut parsed: Vec<Tag> = tags
            .iter()
            .enumerate()
            .filter_map(|(at, tag)| self.keep(&format!("{pointer}/{at}"), Tag::parse(tag)))
            .collect();
        parsed.sort();
        parsed.dedup();
        self.tag_count(pointer, &parsed);
        parsed
    }

    pub(super) fn tag_count(&mut self, pointer: &str, tags: &[Tag]) {
        self.demand(tags.len() <= MAX_TAGS, pointer, "too_many_tags", "a link has at most 20 tags");
    }

    pub(super) fn redirect_status(&mut self, status: u16) -> Option<RedirectStatus> {
        self.keep("/redirect_status", RedirectStatus::try_from(status))
    }

    pub(super) fn starts_at(&mut self, text: &str) -> Option<Timestamp> {
        self.keep("/starts_at", when::parse(text, self.now, DayEdge::Start)).flatten()
    }

    pub(super) fn expires_at(&mut self, text: &str) -> Option<Timestamp> {
        self.keep("/expires_at", when::parse(text, self.now, DayEdge::End)).flatten()
    }

    /// A creation that was elsewhere, and is over; to the millisecond, so that a copy of a table has the order of the
    /// original.
    pub(super) fn created_at(&mut self, text: &str) -> Option<Timestamp> {
        let exact = text.trim().parse().map(when::whole_milliseconds);
        let at = exact.map_or_else(|_| when::parse(text, self.now, DayEdge::Start), |at| Ok(Some(at)));
        let at = self.keep("/created_at", at).flatten();
        let known = at.is_none_or(|at| at <= self.now);
        self.demand(known, "/created_at", "created_in_the_future", "the link would be created in the future");
        at.filter(|_| known)
    }

    /// The expiry of a link that is made now, or comes from elsewhere, where it may be over already.
    pub(super) fn expiry_of_new(&mut self, expires_at: Option<Timestamp>, comes_from_elsewhere: bool) {
        let Some(at) = expires_at else { return };
        let retained = SignedDuration::from_hours(24 * i64::from(self.settings.retention_days));
        self.demand(
            at > self.now || comes_from_elsewhere,
            "/expires_at",
            "expires_in_the_past",
            "the link would be expired from the start",
        );
        self.demand(
            !comes_from_elsewhere || at + retained > self.now,
            "/expires_at",
            "expired_long_ago",
            "the link is over for longer than its code would be kept",
        );
    }

    /// Rules between the fields of the finished link.
    pub(super) fn together(
        &mut self,
        status: RedirectStatus,
        starts_at: Option<Timestamp>,
        expires_at: Option<Timestamp>,
        max_clicks: Option<u64>,
    ) {
        let ends = expires_at.is_some() || max_clicks.is_some();
        self.demand(
            !(status.is_permanent() && ends),
            "/redirect_status",
            "permanent_with_end",
            "browsers keep a permanent redirect for ever, so a link with an expiry or a click limit needs 302, 303 or 307",
        );
        let ordered = !matches!((starts_at, expires_at), (Some(start), Some(end)) if start >= end);
        self.demand(ordered, "/starts_at", "starts_after_expiry", "the link would start at or after its expiry");
        self.demand(
            max_clicks.is_none_or(|clicks| (1..=MOST_CLICKS).contains(&clicks)),
            "/max_clicks",
            "max_clicks_range",
            "a click limit is a number from 1 to 1,000,000,000,000; leave it out for none, or disable the link to stop it",
        );
    }
}
