//! Integration tests of the core.
#![cfg(test)]

mod dynamo;
mod fixture;
mod links;
mod memory;
mod redirects;
mod security;
mod sqlite;
