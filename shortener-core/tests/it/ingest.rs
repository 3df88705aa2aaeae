//! Counting access logs: what is stored equals the truth, whatever happens on the way.

mod bad_input;
mod claims;
mod dropped;
mod future;
mod leases;
mod missing;
mod mutants;
mod passes;
mod proof;
mod reissued;
mod requests;
mod rollups;
mod tables;
mod trouble;
mod world;

use std::sync::Arc;

use jiff::Timestamp;
use shortener_core::ingest::testing::logs::MemoryLogs;

/// Logs of the first hour that came at some moment: two clicks on `launch`, one on `edited`, one on nothing.
pub(crate) fn first_hour_log(logs: &Arc<MemoryLogs>, came_at: Timestamp) {
    let requests = [("r1", "/launch", 302), ("r2", "/edited", 302), ("r3", "/nothing", 404)];
    logs.put(&passes::name("1"), came_at, passes::log(&requests));
    logs.put(&passes::name("2"), came_at, passes::log(&[("r1", "/launch", 302), ("r4", "/launch", 302)]));
}
