//! Integration tests of the core.
#![cfg(test)]

mod agents;
mod bulk;
mod cloudfront;
mod domains;
mod dynamo;
mod engines;
mod fixture;
mod links;
mod memory;
#[cfg(feature = "moto")]
mod moto;
mod purges;
mod redirects;
mod regressions;
mod security;
mod sqlite;
mod stats;
