//! Everyone who can call: nobody, and each role with each kind of scope.

use serde_json::{Value, json};

/// A domain that is set up beside the default one.
pub(super) const OTHER: &str = "go.test";

/// What a key may do, in rising order; `None` is to have no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    None,
    Reader,
    Creator,
    Editor,
    Admin,
}

/// Which links a key reaches.
#[derive(Debug, Clone, Default)]
pub(super) struct Reach {
    pub(super) domains: &'static [&'static str],
    pub(super) prefixes: &'static [&'static str],
    pub(super) tags: &'static [&'static str],
}

#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub(super) name: String,
    pub(super) rank: Rank,
    pub(super) reach: Reach,
    /// The key; empty for nobody.
    pub(super) key: String,
}

impl Reach {
    pub(super) fn json(&self) -> Value {
        json!({"domains": self.domains, "prefixes": self.prefixes, "tags": self.tags})
    }

    pub(super) fn is_everything(&self) -> bool {
        self.has_whole_domains() && self.domains.is_empty()
    }

    pub(super) fn has_whole_domains(&self) -> bool {
        self.prefixes.is_empty() && self.tags.is_empty()
    }

    pub(super) fn has_domain(&self, domain: &str) -> bool {
        self.domains.is_empty() || self.domains.contains(&domain)
    }

    pub(super) fn has_place(&self, domain: &str, code: &str) -> bool {
        self.has_domain(domain)
            && (self.prefixes.is_empty() || self.prefixes.iter().any(|prefix| code.starts_with(prefix)))
    }

    pub(super) fn has_tag(&self, tag: &str) -> bool {
        self.tags.is_empty() || self.tags.contains(&tag)
    }
}

/// The scopes, each with a name.
pub(super) fn scopes() -> Vec<(&'static str, Reach)> {
    let everything = Reach::default;
    vec![
        ("everything", everything()),
        ("default domain", Reach { domains: &["-"], ..everything() }),
        ("other domain", Reach { domains: &[OTHER], ..everything() }),
        ("prefix", Reach { prefixes: &["in-"], ..everything() }),
        ("tag", Reach { tags: &["mine"], ..everything() }),
        ("all three", Reach { domains: &[OTHER], prefixes: &["in-"], tags: &["mine"] }),
    ]
}

/// The ranks that keys have, with their names on the wire.
pub(super) const ROLES: [(Rank, &str); 4] =
    [(Rank::Reader, "reader"), (Rank::Creator, "creator"), (Rank::Editor, "editor"), (Rank::Admin, "admin")];
