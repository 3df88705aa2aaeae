//! Integration tests of the core.
#![cfg(test)]

mod agents;
mod bulk;
mod cloudfront;
mod destinations;
mod domains;
mod doubts;
mod dynamo;
mod engines;
mod fault_table;
mod fixture;
mod following;
mod ingest;
mod links;
mod logs;
mod memory;
#[cfg(feature = "moto")]
mod moto;
mod nth_failure;
mod purges;
mod quotas;
mod redirects;
mod regressions;
mod requests;
mod security;
mod simulation;
mod sqlite;
mod stats;
mod wire;
