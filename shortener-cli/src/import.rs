//! Links in bulk: a file is read and judged as a whole, then written batch by batch, each row exactly once.
//!
//! Memory stays the same at any size. What has to be remembered of each row lies on disk: the rows themselves in
//! [`spool`], what is twice in the file in [`duplicates`], what became of each row in [`ledger`].

mod batch;
mod closing;
mod document;
mod driver;
mod duplicates;
mod job;
mod journal;
mod judge;
mod ledger;
mod outcome;
mod patience;
mod place;
mod reading;
mod rejects;
mod rows;
mod samples;
mod settings;
mod source;
mod spool;
mod verify;

pub(crate) use job::Job;
pub(crate) use judge::OnConflict;
pub(crate) use reading::Additions;
pub(crate) use settings::{Sample, Settings};

/// Rows that are sent together: the most that one batch of the API takes.
const BATCH: usize = 500;
