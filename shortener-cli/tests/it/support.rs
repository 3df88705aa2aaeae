//! The command in a clean home, and a service that answers what it is told.

mod back_end;
mod connection;
mod fake_api;
mod fake_cloudfront;
mod served;
#[cfg(unix)]
mod terminal;
mod test_cli;

pub(crate) use back_end::BackEnd;
pub(crate) use connection::{Answer, Connection};
pub(crate) use fake_api::{FakeApi, answer, link, problem, read_request};
pub(crate) use fake_cloudfront::{Course, DISTRIBUTION, FakeCloudFront};
pub(crate) use served::{Served, within};
#[cfg(unix)]
pub(crate) use terminal::Terminal;
pub(crate) use test_cli::{Outcome, TestCli, redact_moments};
