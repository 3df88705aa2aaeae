//! What was asked, when, of whom, and what came of it; and every call that was made on the way.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use jiff::Timestamp;
use shortener_core::link::ShortCode;
use shortener_core::redirect::Resolution;
use shortener_core::table::fault::{Call, Fate, Fault};
use shortener_core::wire::{BatchResult, CreateLink, Created, History, Link, Problem, UpdateLink};

/// The number of an operation: its place in the history.
pub(super) type OpId = usize;

tokio::task_local! {
    /// The operation that a task works for.
    pub(super) static OP: OpId;
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Asked {
    Create(Box<CreateLink>),
    Change { code: ShortCode, change: Change, if_match: Option<u64> },
    Import(Vec<CreateLink>),
    Get(ShortCode),
    History(ShortCode),
    List(Option<String>),
    Click { code: ShortCode, ahead: bool },
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Change {
    Update(Box<UpdateLink>),
    Delete,
    Restore,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Answer {
    /// Nobody was told: its process was killed, or it took too long.
    Lost,
    Refused(Box<Problem>),
    Created(Box<Link>, Created),
    Link(Box<Link>),
    Links(Vec<Link>, bool),
    History(Box<History>),
    Rows(Vec<BatchResult>),
    Resolved(Resolution),
}

/// The earliest and the latest that a process's clock showed during an operation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Shown {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
}

/// One operation.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Op {
    pub(super) asked: Arc<Asked>,
    /// The first attempt of those with one idempotency key and one request; itself otherwise.
    pub(super) first: OpId,
    pub(super) key: Option<String>,
    pub(super) dry: bool,
    pub(super) client: usize,
    pub(super) process: usize,
    pub(super) invoked: u64,
    pub(super) began: Duration,
    pub(super) ended: u64,
    pub(super) done: Duration,
    pub(super) clock: Shown,
    pub(super) answer: Answer,
    pub(super) calls: u32,
    /// Calls that met a fault or a delay.
    pub(super) troubles: u32,
    /// Whether a read of it missed changes.
    pub(super) stale: bool,
    /// Nothing goes wrong any more, and nobody else is at work.
    pub(super) quiet: bool,
}

impl Op {
    pub(super) fn actor(&self) -> String {
        format!("direct:client-{}", self.client)
    }

    /// Whether it asks for the same, though perhaps of another version.
    pub(super) fn asks_as(&self, asked: &Asked) -> bool {
        match (&*self.asked, asked) {
            (Asked::Change { code, change, .. }, Asked::Change { code: other, change: same, .. }) => {
                (code, change) == (other, same)
            }
            (one, other) => one == other,
        }
    }

    /// The code that it is about; none for lists, imports and drawn codes.
    pub(super) fn code(&self) -> Option<&str> {
        match &*self.asked {
            Asked::Create(request) => request.code.as_deref(),
            Asked::Change { code, .. } | Asked::Get(code) | Asked::History(code) | Asked::Click { code, .. } => {
                Some(code.as_str())
            }
            Asked::Import(_) | Asked::List(_) => None,
        }
    }
}

/// One call of the table.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Made {
    pub(super) at: Duration,
    pub(super) op: Option<OpId>,
    pub(super) call: Call,
    pub(super) fate: Fate,
}

/// Everything that is noted while a history runs.
#[derive(Debug, Default)]
pub(super) struct Log {
    notes: Mutex<Notes>,
}

#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) ops: Vec<Op>,
    pub(super) calls: Vec<Made>,
    /// Which operations have sent a link with this create token or change id.
    pub(super) tokens: BTreeMap<String, Vec<OpId>>,
}

impl Log {
    pub(super) fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap()
    }

    pub(super) fn note_call(&self, at: Duration, call: &Call, fate: Fate) {
        let op = OP.try_with(|op| *op).ok();
        let mut notes = self.notes();
        if let Some(op) = op {
            let op = &mut notes.ops[op];
            op.calls += 1;
            op.troubles += u32::from(fate != Fate::default());
            op.stale |= matches!(fate.fault, Some(Fault::Stale(_)));
        }
        notes.calls.push(Made { at, op, call: call.clone(), fate });
    }

    /// Notes that the operation at work has sent `token`.
    pub(super) fn note_token(&self, token: &str) {
        let Ok(op) = OP.try_with(|op| *op) else { return };
        let mut notes = self.notes();
        let ops = notes.tokens.entry(token.to_owned()).or_default();
        if !ops.contains(&op) {
            ops.push(op);
        }
    }
}
