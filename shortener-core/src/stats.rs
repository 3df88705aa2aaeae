//! Click statistics: what is counted, how it is stored, and how it is kept true.
//!
//! Every number is the result of counting something again and storing it with a fenced SET, never of adding to what is
//! stored: a repetition changes nothing, and a later count of more lines replaces an earlier one. Hours are counted from
//! their source (an edge's logs, or a server's own memory); days, months and totals are rolled up from the finer items.

pub mod agent;
pub mod class;
pub mod counter;
#[cfg(test)]
mod fuzz;
pub mod ledger;
pub(crate) mod memo;
pub(crate) mod names;
pub mod period;
pub mod progress;
pub mod salt;
pub mod tally;
pub mod visitors;

pub use class::{Class, Kind};
pub use counter::{ClickCounter, Flusher, Hit, Outcome, Unstored};
pub use ledger::{HourCount, Ledger, People, Recorded, Source, Subject};
pub use period::{Hour, Month, Period};
pub use progress::{Progress, Reached, Sources};
pub use salt::{Salt, Salts};
pub use tally::{Breakdown, Dimension, EdgeResults, Split, Tally};
pub use visitors::Visitors;
