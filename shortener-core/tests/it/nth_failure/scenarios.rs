//! Every operation, in the ways that differ in what they ask of the table.

use super::scenario::Scenario;

mod admin;
mod changes;
mod clicks;
mod counting;
mod creates;
mod reads;

pub(super) fn all() -> Vec<Scenario> {
    [creates(), changes(), reads(), admin(), counting()].into_iter().flatten().collect()
}

pub(super) fn creates() -> Vec<Scenario> {
    creates::all()
}

pub(super) fn changes() -> Vec<Scenario> {
    changes::all()
}

/// Reads and clicks.
pub(super) fn reads() -> Vec<Scenario> {
    [reads::all(), clicks::all()].into_iter().flatten().collect()
}

pub(super) fn admin() -> Vec<Scenario> {
    admin::all()
}

pub(super) fn counting() -> Vec<Scenario> {
    counting::all()
}
