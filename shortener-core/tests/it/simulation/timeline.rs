//! The states that each link went through, as they were applied.

use std::collections::BTreeMap;
use std::time::Duration;

use shortener_core::service::LinkRecord;
use shortener_core::table::keys::{self, attribute};
use shortener_core::wire::Link;

use super::history::{Op, Shown};
use super::journal::Applied;

/// What a code had from some moment on.
#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) tick: u64,
    pub(super) at: Duration,
    pub(super) record: Option<LinkRecord>,
    pub(super) purge_at: Option<i64>,
    /// Which of the applied changes made it.
    pub(super) applied: usize,
}

impl State {
    /// Whether a reader may find nothing, because nothing is there or it may be collected.
    pub(super) fn may_be_absent(&self, clock: Shown) -> bool {
        self.record.is_none() || self.purge_at.is_some_and(|at| at <= clock.to.as_second())
    }

    /// The link, if a reader may find one.
    pub(super) fn present(&self, clock: Shown) -> Option<&LinkRecord> {
        self.record.as_ref().filter(|_| self.purge_at.is_none_or(|at| at > clock.from.as_second()))
    }

    pub(super) fn shows(&self, link: &Link) -> bool {
        self.record.as_ref().is_some_and(|record| is_view(record, link))
    }
}

/// Whether `link` shows exactly this record.
pub(super) fn is_view(record: &LinkRecord, link: &Link) -> bool {
    let body = &record.body;
    record.code == link.code
        && body.target == link.target
        && body.title == link.title
        && body.tags == link.tags
        && body.redirect_status == link.redirect_status
        && body.version == link.version
        && (body.created_at, body.updated_at) == (link.created_at, link.updated_at)
        && body.created_by == link.created_by
        && (body.starts_at, body.expires_at) == (link.starts_at, link.expires_at)
        && (body.max_clicks, body.disabled) == (link.max_clicks, link.disabled)
}

/// All states of one code, beginning with nothing.
#[derive(Debug, Clone)]
pub(super) struct Timeline {
    pub(super) states: Vec<State>,
}

impl Timeline {
    /// That of a code that nobody ever had.
    pub(super) fn empty() -> Self {
        let nothing = State { tick: 0, at: Duration::ZERO, record: None, purge_at: None, applied: usize::MAX };
        Self { states: vec![nothing] }
    }

    /// The timelines of all codes.
    pub(super) fn all(applied: &[Applied]) -> BTreeMap<String, Self> {
        let mut all: BTreeMap<String, Self> = BTreeMap::new();
        for (number, applied) in applied.iter().enumerate() {
            for change in &applied.changes {
                let Some((_, code)) = keys::parse_link(&change.key) else { continue };
                let state = State {
                    tick: applied.tick,
                    at: applied.at,
                    record: change.after.as_ref().map(|item| LinkRecord::decode(item).unwrap()),
                    purge_at: change.after.as_ref().and_then(|item| item.number(attribute::PURGE_AT)),
                    applied: number,
                };
                all.entry(code.to_string()).or_insert_with(Self::empty).states.push(state);
            }
        }
        all
    }

    /// The states that were there at some moment from one tick to another.
    pub(super) fn between(&self, from: u64, to: u64) -> &[State] {
        let first = self.states.iter().rposition(|state| state.tick <= from).unwrap_or(0);
        let end = self.states.iter().rposition(|state| state.tick <= to).map_or(0, |last| last + 1);
        &self.states[first..end]
    }

    /// The states that were there at some moment while an operation was under way.
    pub(super) fn during(&self, op: &Op) -> &[State] {
        self.between(op.invoked, op.ended)
    }

    /// The tick of the state that was there at a moment of virtual time.
    pub(super) fn tick_at(&self, at: Duration) -> u64 {
        self.states.iter().rev().find(|state| state.at < at).map_or(0, |state| state.tick)
    }
}

/// One creation or change of a link: the state before, and the state after.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step<'a> {
    pub(super) before: &'a State,
    pub(super) after: &'a State,
}

impl Step<'_> {
    /// Whether the code was given to a link that it was not before.
    pub(super) fn is_creation(&self) -> bool {
        match (&self.before.record, &self.after.record) {
            (None, Some(_)) => true,
            (Some(before), Some(after)) => {
                before.body.create_token != after.body.create_token || after.body.version == after.body.first_version
            }
            _ => false,
        }
    }
}

impl Timeline {
    pub(super) fn steps(&self) -> impl Iterator<Item = Step<'_>> {
        self.states.windows(2).map(|pair| Step { before: &pair[0], after: &pair[1] })
    }
}
