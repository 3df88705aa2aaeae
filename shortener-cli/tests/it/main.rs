#![cfg(test)]
//! Tests of the `short` command as people and scripts run it.

mod api;
mod configuration;
mod help;
mod statuses;
mod support;
