//! Integration tests of the core.
#![cfg(test)]

mod dynamo;
mod memory;
#[cfg(feature = "moto")]
mod moto;
mod sqlite;
