//! What tests and benchmarks run a function on: a Runtime API, and events of Function URLs.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what goes wrong here ends a test, and says where")]
#![expect(missing_docs, clippy::return_self_not_must_use, reason = "builders of tests, whose names say what they do")]

mod event;
mod runtime_api;

pub use event::{Event, HOST};
pub use runtime_api::{Outcome, Pending, Reply, RuntimeApi};
