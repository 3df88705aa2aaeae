//! Where links are, or could be.

use super::callers::OTHER;

/// A place on a domain, and the link there.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) domain: &'static str,
    pub(super) code: String,
    /// The tag of the link there; none if there is no link.
    pub(super) tag: Option<&'static str>,
    pub(super) is_deleted: bool,
    /// Which caller made the link, by number; the first admin if none.
    pub(super) maker: Option<usize>,
}

/// A word of every target, which no refusal may show.
pub(super) const HIDDEN: &str = "hidden-target";

impl Place {
    pub(super) fn target(&self) -> String {
        format!("https://www.example.com/{HIDDEN}/{}", self.code)
    }

    /// Places inside and outside of each kind of scope, with and without a link.
    pub(super) fn all() -> Vec<Self> {
        let mut places = Vec::new();
        for domain in ["-", OTHER] {
            for prefix in ["in", "out"] {
                let place = |name: &str, tag, is_deleted| Self {
                    domain,
                    code: format!("{prefix}-{name}"),
                    tag,
                    is_deleted,
                    maker: None,
                };
                places.push(place("mine", Some("mine"), false));
                places.push(place("other", Some("other"), false));
                places.push(place("gone", Some("mine"), true));
                places.push(place("none", None, false));
            }
        }
        places
    }

    /// A link that a caller made, who may.
    pub(super) fn own(number: usize, domain: &'static str) -> Self {
        Self { domain, code: format!("in-own{number}"), tag: Some("mine"), is_deleted: false, maker: Some(number) }
    }
}
