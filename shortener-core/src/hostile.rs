//! URLs made to deceive parsers, people and networks, each with the verdict it must get, for tests of every way in.
//!
//! They are made by rules, and the verdicts come from the rules and not from a parser.

use std::fmt;

mod addresses;
mod characters;
mod hosts;
mod own;
mod schemes;
mod spoofs;

/// The domain without rules, whose base URL must be [`BASE_URL`].
pub const PLAIN: &str = "-";

/// The base URL of the default domain.
pub const BASE_URL: &str = "https://s.example";

/// A domain that must deny [`crate::policy::NamedRule::ALL`].
pub const STRICT: &str = "strict.example";

/// Further domains that must be set up, with their base URLs.
pub const OTHERS: [(&str, &str); 3] = [
    ("go.example", "http://127.0.0.1:8080"),
    ("links.example", "https://links.example:8443"),
    ("xn--bcher-kva.example", "https://xn--bcher-kva.example"),
];

/// What must become of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is refused with this code.
    Refused(&'static str),
    /// It is stored as this.
    Stored(String),
    /// It is stored, as whatever is unambiguous.
    Accepted,
}

/// A target and its verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// What it is an example of.
    pub kind: &'static str,
    /// The domain of the link.
    pub domain: &'static str,
    /// The target as given.
    pub given: String,
    /// What must become of it.
    pub verdict: Verdict,
}

impl Case {
    /// Whether an outcome is the one demanded: the target as stored, or the code of the refusal.
    pub fn is_met_by(&self, outcome: Result<&str, &str>) -> bool {
        match (&self.verdict, outcome) {
            (Verdict::Refused(code), Err(refused)) => *code == refused,
            (Verdict::Stored(kept), Ok(stored)) => kept == stored,
            (Verdict::Accepted, Ok(_)) => true,
            _ => false,
        }
    }

    /// Whether it must be refused.
    pub fn is_refused(&self) -> bool {
        matches!(self.verdict, Verdict::Refused(_))
    }
}

/// Collects cases of one kind after the other.
#[derive(Debug, Default)]
pub(crate) struct Corpus {
    cases: Vec<Case>,
    kind: &'static str,
}

impl Corpus {
    fn kind(&mut self, kind: &'static str) {
        self.kind = kind;
    }

    fn add(&mut self, domain: &'static str, given: impl Into<String>, verdict: Verdict) {
        self.cases.push(Case { kind: self.kind, domain, given: given.into(), verdict });
    }

    fn refused(&mut self, given: impl Into<String>, code: &'static str) {
        self.add(PLAIN, given, Verdict::Refused(code));
    }

    fn stored(&mut self, given: impl Into<String>, kept: impl Into<String>) {
        self.add(PLAIN, given, Verdict::Stored(kept.into()));
    }

    fn accepted(&mut self, given: impl Into<String>) {
        self.add(PLAIN, given, Verdict::Accepted);
    }

    /// Accepted without rules, and denied by those of [`STRICT`].
    fn denied_by_rule(&mut self, given: impl Into<String>) {
        let given = given.into();
        self.add(STRICT, given.clone(), Verdict::Refused("target_denied"));
        self.accepted(given);
    }

    /// Accepted even by the rules of [`STRICT`].
    fn allowed_by_rule(&mut self, given: impl Into<String>) {
        self.add(STRICT, given, Verdict::Accepted);
    }
}

/// All cases, each target once for a domain.
pub fn corpus() -> Vec<Case> {
    let mut corpus = Corpus::default();
    schemes::add(&mut corpus);
    characters::add(&mut corpus);
    hosts::add(&mut corpus);
    addresses::add(&mut corpus);
    own::add(&mut corpus);
    spoofs::add(&mut corpus);
    let mut seen = std::collections::HashSet::new();
    corpus.cases.retain(|case| seen.insert((case.domain, case.given.clone())));
    corpus.cases
}

/// The bytes of a text percent-encoded, all of them.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut all, byte| {
        let _ = fmt::Write::write_fmt(&mut all, format_args!("%{byte:02X}"));
        all
    })
}

/// The letters at which characters are put into a word, one variant for each position.
fn at_each_position(word: &str, change: impl Fn(char) -> Option<String>) -> Vec<String> {
    let places: Vec<char> = word.chars().collect();
    (0..places.len())
        .filter_map(|at| {
            let changed = change(places[at])?;
            Some(
                places.iter().enumerate().map(|(i, c)| if i == at { changed.clone() } else { c.to_string() }).collect(),
            )
        })
        .collect()
}
