#![cfg(test)]
//! Tests of the `short` command as people and scripts run it.

mod api;
mod catalogue;
mod configuration;
mod direct;
mod help;
mod statuses;
mod support;
