//! Integration tests of the core.
#![cfg(test)]

mod dynamo;
mod memory;
mod sqlite;
