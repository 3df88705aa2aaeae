//! What a user agent tells of who clicked.

use super::Kind;

/// What is kept of a user agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agent {
    /// What it is.
    pub kind: Kind,
    /// Family of the browser, without its version.
    pub browser: &'static str,
    /// Family of the operating system, without its version.
    pub os: &'static str,
    /// `desktop`, `mobile`, `tablet`, or `(unknown)`.
    pub device: &'static str,
}

/// Version of the classifier and its list of crawlers: counts made with another one may differ.
pub const CLASSIFIER: &str = "0";

/// The name of what is not known.
pub const UNKNOWN: &str = "(unknown)";

impl Agent {
    /// Reads a user agent as the client sent it, not percent-encoded; empty where there was none.
    pub fn of(user_agent: &str) -> Self {
        let kind = if user_agent.is_empty() { Kind::Client } else { Kind::Person };
        Self { kind, browser: UNKNOWN, os: UNKNOWN, device: UNKNOWN }
    }
}
