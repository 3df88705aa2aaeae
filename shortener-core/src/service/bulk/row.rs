//! One create of a batch.

use super::super::ServiceError;
use super::super::create::Plan;
use super::super::record::LinkRecord;
use super::Batch;
use crate::table::{Key, keys};
use crate::wire::{CreateLink, IfExists, Role};

/// A create on its way: the link that it would make with the code of its present attempt.
pub(super) struct Row<'a> {
    /// Its position in the batch.
    pub(super) at: usize,
    pub(super) plan: Plan<'a>,
    pub(super) record: LinkRecord,
    attempt: u8,
    /// Whether its code is looked for before it is inserted.
    pub(super) may_be_there: bool,
    /// Whether it was sent and the answer does not say what became of it.
    pub(super) was_sent: bool,
}

impl Row<'_> {
    pub(super) fn key(&self) -> Key {
        keys::link(&self.record.domain, &self.record.code)
    }
}

impl<'a> Batch<'a> {
    /// Plans one create.
    pub(super) async fn row(&self, at: usize, request: &CreateLink) -> Result<Row<'a>, ServiceError> {
        self.caller.require(Role::Creator)?;
        let draft = self.service.draft(self.caller, request, self.directory)?;
        let identity = self.service.identity(self.caller, request, &draft, self.options).await?;
        let (plan, body) = draft.identified(identity);
        let (attempt, code) = self.service.next_code(self.caller, &plan, 0).await?;
        let record = plan.record(code, body);
        self.require_scope(&record)?;
        // Entries beside the link would be written for nothing if the link is there, and a code that is to be replaced
        // when it is taken probably is.
        let may_be_there = self.is_dry() || plan.if_exists == IfExists::NewCode || record.entries().next().is_some();
        Ok(Row { at, plan, record, attempt, may_be_there, was_sent: false })
    }

    /// Gives a row its next code.
    pub(super) async fn move_on(&self, row: &mut Row<'a>) -> Result<(), ServiceError> {
        let (attempt, code) = self.service.next_code(self.caller, &row.plan, row.attempt + 1).await?;
        row.attempt = attempt;
        row.record.code = code;
        row.may_be_there = true;
        row.was_sent = false;
        self.require_scope(&row.record)
    }

    fn require_scope(&self, record: &LinkRecord) -> Result<(), ServiceError> {
        self.caller.require_for(Role::Creator, &record.domain, &record.code, &record.body.tags)
    }
}
