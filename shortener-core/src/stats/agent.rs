//! What a user agent tells of who clicked.
//!
//! One automaton looks for some 1,900 literals in one pass: the names of crawlers from a maintained list, a list of our
//! own, and the tokens of browsers, systems and devices. The last are a table of our own because the crate for them
//! (woothee 0.13) takes 1.3 MB of the functions' image with its regular expressions and 1.5 µs for each user agent, calls
//! tablets smartphones, and knows none of the apps in which most people open links on phones.

mod families;
mod rules;

use super::Kind;
pub use super::tally::UNKNOWN;
use rules::Rules;

/// What is kept of a user agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agent {
    /// What it is.
    pub kind: Kind,
    /// Family of the browser, without its version.
    pub browser: &'static str,
    /// Family of the operating system, without its version.
    pub os: &'static str,
    /// `desktop`, `mobile`, `tablet`, `tv`, `console`, or `(unknown)`.
    pub device: &'static str,
}

/// Version of the classifier and its list of crawlers: counts made with another one may differ. The number after the
/// slash is raised with every change of our own list or of the rules.
pub const CLASSIFIER: &str = "crawler-user-agents 1.60.0/1";

impl Agent {
    /// Reads a user agent as the client sent it, not percent-encoded; empty where there was none.
    ///
    /// Who names no browser is taken for a program. The first call builds the automaton.
    pub fn of(user_agent: &str) -> Self {
        let nothing = Self { kind: Kind::Client, browser: UNKNOWN, os: UNKNOWN, device: UNKNOWN };
        let Some(found) = Rules::get().map(|rules| rules.find(user_agent)) else { return nothing };
        Self {
            kind: found.kind.unwrap_or(if found.browser.is_some() { Kind::Person } else { Kind::Client }),
            browser: found.browser.unwrap_or(UNKNOWN),
            os: found.system.unwrap_or(UNKNOWN),
            device: found.device.unwrap_or(UNKNOWN),
        }
    }
}
