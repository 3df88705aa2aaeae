#![cfg(test)]
//! Tests of the `short` command as people and scripts run it.

mod api;
mod backends;
mod catalogue;
mod configuration;
mod direct;
mod help;
mod serve;
mod statuses;
mod support;
