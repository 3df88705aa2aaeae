//! The command in a clean home, and a service that answers what it is told.

mod fake_api;
mod test_cli;

pub(crate) use fake_api::{FakeApi, answer, link, problem};
pub(crate) use test_cli::{Outcome, TestCli};
