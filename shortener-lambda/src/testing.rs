//! What tests and benchmarks run a function on: a Runtime API, and events of Function URLs.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what goes wrong here ends a test, and says where")]
#![expect(missing_docs, clippy::return_self_not_must_use, reason = "builders of tests, whose names say what they do")]

mod event;
mod runtime_api;

pub use event::{Event, HOST};
pub use runtime_api::{Outcome, Pending, Reply, RuntimeApi};

/// What Lambda tells every function, by variable.
pub const ENVIRONMENT: [(&str, &str); 10] = [
    ("AWS_LAMBDA_FUNCTION_NAME", "short"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
    ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/short"),
    ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/11/25/[1]0123456789abcdef"),
    ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
    ("AWS_REGION", "eu-central-1"),
    ("AWS_ACCESS_KEY_ID", "testing"),
    ("AWS_SECRET_ACCESS_KEY", "testing-secret"),
    ("AWS_SESSION_TOKEN", "testing-token"),
];
