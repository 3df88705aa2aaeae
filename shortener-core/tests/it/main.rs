//! Integration tests of the core.
#![cfg(test)]

mod memory;
