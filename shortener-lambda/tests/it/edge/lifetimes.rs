//! How long a shared cache may keep an answer: RFC 9111, section 4.2, and RFC 5861, as the distribution is set up.

use super::habits::{Gone, Habits, OnError, Windows};
use super::message::Response;

/// What the distribution's cache policy and error settings say: nothing is kept that the origin gave no lifetime.
const DEFAULT_SECONDS: i64 = 0;

/// Lifetimes of a stored answer, in seconds of its age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lifetimes {
    fresh: i64,
    revalidate: i64,
    /// None: the origin said nothing, and then CloudFront serves a stale copy as long as it has it.
    if_error: Option<i64>,
}

/// What a cache may do with a stored answer of some age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Usable {
    Fresh,
    WhileRevalidating,
    /// Only if the origin fails.
    OnError,
    Never,
}

impl Lifetimes {
    /// None if the answer must not be stored.
    pub(crate) fn of(response: &Response, habits: Habits) -> Option<Self> {
        let control = response.header("cache-control");
        if ["no-store", "private", "no-cache"].iter().any(|name| has(control, name)) {
            return None;
        }
        let told = seconds(control, "s-maxage").or_else(|| seconds(control, "max-age"));
        let fresh = match response.status {
            200..=399 | 404 | 414 | 500..=504 => told.unwrap_or(DEFAULT_SECONDS),
            400 | 403 | 405 | 412 | 415 => told?,
            410 if habits.gone == Gone::Stored => told?,
            _ => return None,
        };
        let revalidate = seconds(control, "stale-while-revalidate").unwrap_or(0);
        Some(Self { fresh, revalidate, if_error: seconds(control, "stale-if-error") })
    }

    /// What may be done at an age in milliseconds.
    pub(crate) fn usable(self, age_ms: i64, habits: Habits) -> Usable {
        let is_before = |seconds: i64| age_ms < seconds * 1000;
        let error_from = match habits.windows {
            Windows::Together => self.fresh,
            Windows::InTurn => self.fresh + self.revalidate,
        };
        let on_error = match (habits.on_error, self.if_error) {
            (OnError::Always, _) | (_, None) => true,
            (OnError::AsTold, Some(if_error)) => is_before(error_from + if_error),
        };
        match () {
            () if is_before(self.fresh) => Usable::Fresh,
            () if is_before(self.fresh + self.revalidate) => Usable::WhileRevalidating,
            () if on_error => Usable::OnError,
            () => Usable::Never,
        }
    }
}

/// The directives of a `Cache-Control`, with their arguments.
fn directives(control: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    control.split(',').map(str::trim).map(|directive| match directive.split_once('=') {
        Some((name, argument)) => (name, Some(argument)),
        None => (directive, None),
    })
}

fn has(control: &str, name: &str) -> bool {
    directives(control).any(|(directive, _)| directive.eq_ignore_ascii_case(name))
}

/// The argument of a directive, in seconds.
pub(crate) fn seconds(control: &str, name: &str) -> Option<i64> {
    let (_, argument) = directives(control).find(|(directive, _)| directive.eq_ignore_ascii_case(name))?;
    argument?.parse().ok()
}
