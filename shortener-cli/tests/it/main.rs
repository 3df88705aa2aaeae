#![cfg(test)]
//! Tests of the `short` command as people and scripts run it.

mod api;
mod apply;
mod backends;
mod catalogue;
mod configuration;
mod counting;
#[cfg(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64"))]
mod crash;
mod destinations;
mod direct;
#[cfg(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64"))]
mod disk;
mod dry_runs;
mod export;
mod help;
mod import;
mod ingest;
mod limits;
mod migration;
#[cfg(feature = "moto")]
mod moto;
mod outputs;
mod purges;
mod readme;
mod serve;
mod stats;
mod statuses;
mod support;
#[cfg(unix)]
mod terminal;
