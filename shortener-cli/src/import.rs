//! Links in bulk: a file is read and judged as a whole, then written batch by batch, each row exactly once.
//!
//! Memory stays the same at any size. What has to be remembered of each row lies on disk: the rows themselves in
//! [`spool`], what is twice in the file in [`duplicates`], what became of each row in [`ledger`].

mod batch;
mod document;
mod driver;
mod duplicates;
mod journal;
mod judge;
mod ledger;
mod outcome;
mod patience;
mod reading;
mod rows;
mod samples;
mod spool;
mod verify;

pub(crate) use batch::Work;
pub(crate) use document::{Plan, Summary, Verified, losses_as_text, sentence};
pub(crate) use driver::{Ended, Pass, drive};
pub(crate) use journal::{Header, Journal, JournalError};
pub(crate) use judge::OnConflict;
pub(crate) use ledger::Ledger;
pub(crate) use outcome::{Outcome, Totals};
pub(crate) use patience::Patience;
pub(crate) use reading::{Additions, Collected, Reading, collect};
pub(crate) use samples::Samples;
pub(crate) use verify::verify;

/// Rows that are sent together: the most that one batch of the API takes.
pub(crate) const BATCH: usize = 500;
