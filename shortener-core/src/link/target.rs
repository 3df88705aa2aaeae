//! Target URLs.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use url::{Host, Position, Url};

use super::super::error::InvalidValue;

/// Where a link leads: an http or https URL as WHATWG serialises it.
///
/// Parsing refuses user information (a disguise for the host), control characters, backslashes, and other than two slashes
/// before the host (parsers disagree on them), hosts that the DNS cannot hold, and schemes other than http and https.
/// Length is a setting and checked by the service.
///
/// Cheap to clone, and half as large as a parsed URL: servers hold millions.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TargetUrl {
    /// As serialised.
    text: Arc<str>,
    /// Where in it the host is, without a dot at its end.
    host: Span,
    path: Span,
    /// The scheme's own where none is given.
    port: u16,
}

/// A part of a text.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Span {
    start: u32,
    end: u32,
}

impl TargetUrl {
    /// Parses a target URL; spaces around it are dropped.
    ///
    /// # Errors
    /// [`InvalidValue`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let text = text.trim_matches(' ');
        if text.chars().any(|c| c.is_control() || c == '\\') {
            return Err(InvalidValue::new(
                "target_character",
                "control characters and backslashes are not allowed in a target; percent-encode them",
            ));
        }
        let url = Url::parse(text).map_err(|error| match error {
            url::ParseError::RelativeUrlWithoutBase => InvalidValue::new(
                "target_invalid",
                format!("target '{}' is not an absolute URL; begin it with https://", shorten(text)),
            ),
            other => InvalidValue::new("target_invalid", format!("target '{}' is not a URL: {other}", shorten(text))),
        })?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(InvalidValue::new(
                "target_scheme",
                format!("scheme '{}' is not allowed in a target; use http or https", shorten(url.scheme())),
            ));
        }
        let authority = authority(text).ok_or_else(|| {
            InvalidValue::new(
                "target_invalid",
                "in a target, two slashes come before the host, as in https://example.com",
            )
        })?;
        if authority.contains('@') {
            return Err(InvalidValue::new("target_userinfo", "user information is not allowed in a target"));
        }
        if has_impossible_name(&url) {
            return Err(InvalidValue::new(
                "target_host",
                "the host of a target is a name such as www.example.com: letters, digits, hyphens and underscores, at most \
                 63 between two dots and 253 in all",
            ));
        }
        Self::of(&url).ok_or_else(|| InvalidValue::new("target_invalid", "the target is far too long"))
    }

    /// None if it is longer than any URL can be.
    fn of(url: &Url) -> Option<Self> {
        let host = url.host_str().unwrap_or_default();
        let start = url[..Position::BeforeHost].len();
        let path = url[..Position::BeforePath].len()..url[..Position::AfterPath].len();
        Some(Self {
            host: Span::of(start..start + host.trim_end_matches('.').len())?,
            path: Span::of(path)?,
            port: url.port_or_known_default().unwrap_or(0),
            text: url.as_str().into(),
        })
    }

    /// The URL as serialised: ASCII only.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host without a trailing dot: a name in punycode, or an address.
    pub fn host(&self) -> &str {
        self.host.of_text(&self.text)
    }

    /// Whether the host is an address and not a name.
    pub fn host_is_address(&self) -> bool {
        self.address().is_some()
    }

    /// The address, if the host is one.
    pub fn address(&self) -> Option<IpAddr> {
        // What looks like an address of IPv4 is one, or WHATWG refuses it.
        match self.host().strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            Some(address) => address.parse().ok().map(IpAddr::V6),
            None => self.host().parse::<Ipv4Addr>().ok().map(IpAddr::V4),
        }
    }

    /// The part of the host that one registers, by the public suffix list: of `www.bbc.co.uk` it is `bbc.co.uk`.
    /// None for addresses, single names and public suffixes themselves.
    pub fn registrable_domain(&self) -> Option<&str> {
        // The list would take 127.0.0.1 for a name below 1.
        if self.host_is_address() { None } else { psl::domain_str(self.host()) }
    }

    /// Port, the scheme's default where none is given.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Path, beginning with a slash.
    pub fn path(&self) -> &str {
        self.path.of_text(&self.text)
    }

    /// The URL with the pairs of `query` appended to its own query.
    pub fn with_query(&self, query: &str) -> String {
        // What was serialised can be parsed; nothing that is not an URL may be answered should that ever fail.
        let Ok(mut url) = Url::parse(&self.text) else { return self.text.to_string() };
        let joined = match url.query() {
            Some(own) if !own.is_empty() => format!("{own}&{query}"),
            _ => query.to_owned(),
        };
        url.set_query(Some(&joined));
        url.into()
    }
}

impl Span {
    fn of(range: Range<usize>) -> Option<Self> {
        Some(Self { start: u32::try_from(range.start).ok()?, end: u32::try_from(range.end).ok()? })
    }

    fn of_text(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

/// What stands between the two slashes and the path, as given; none where there are not exactly two.
fn authority(text: &str) -> Option<&str> {
    let rest = text.split_once(':')?.1.strip_prefix("//").filter(|rest| !rest.starts_with('/'))?;
    rest.split(['/', '?', '#']).next()
}

/// Whether the host of a URL is a name that the DNS cannot hold.
pub(super) fn has_impossible_name(url: &Url) -> bool {
    matches!(url.host(), Some(Host::Domain(name)) if !is_host_name(without_root(name)))
}

/// Whether the DNS can hold a name, which is given without the dot of the root.
pub(super) fn is_host_name(name: &str) -> bool {
    let plain = |label: &str| label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    name.len() <= 253 && name.split('.').all(|label| (1..=63).contains(&label.len()) && plain(label))
}

/// A name without the dot of the root, which may stand at its end once.
pub(super) fn without_root(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

/// The beginning of a text, for messages: without what may be a password before an `@`, or a token in a query.
fn shorten(text: &str) -> String {
    let text = text.split(['?', '#']).next().unwrap_or_default();
    let text = text.rsplit('@').next().unwrap_or_default();
    let mut shown: String = text.chars().take(80).flat_map(char::escape_debug).collect();
    if text.chars().nth(80).is_some() {
        shown.push('…');
    }
    shown
}

impl fmt::Debug for TargetUrl {
    /// Without query and fragment, which may hold a token: what is shown in this way ends in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (shown, rest) = self.text.split_at(self.path.end as usize);
        write!(f, "TargetUrl({shown}{})", if rest.is_empty() { "" } else { "…" })
    }
}

impl fmt::Display for TargetUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for TargetUrl {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, InvalidValue> {
        Self::parse(&text)
    }
}

impl From<TargetUrl> for String {
    fn from(target: TargetUrl) -> Self {
        target.text.as_ref().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_stored_as_serialised() {
        for (given, kept) in [
            ("https://Example.COM", "https://example.com/"),
            (" https://example.com/a b ", "https://example.com/a%20b"),
            ("HTTP://0x7f.1/", "http://127.0.0.1/"),
            ("https://bücher.example/ü", "https://xn--bcher-kva.example/%C3%BC"),
        ] {
            let target = TargetUrl::parse(given).unwrap();
            assert_eq!(target.as_str(), kept);
            assert_eq!(TargetUrl::parse(target.as_str()).unwrap(), target);
        }
    }

    #[test]
    fn hostile_targets_are_refused_by_name() {
        for (given, code) in [
            ("javascript:alert(1)", "target_scheme"),
            ("data:text/html,x", "target_scheme"),
            ("ftp://example.com", "target_scheme"),
            ("https://user:pw@example.com", "target_userinfo"),
            ("https://google.com@evil.example", "target_userinfo"),
            ("https:\\\\evil.example", "target_character"),
            ("https://example.com/\r\nx: y", "target_character"),
            ("java\tscript:alert(1)", "target_character"),
            ("https://:@evil.example", "target_userinfo"),
            ("https://@evil.example", "target_userinfo"),
            ("http:/evil.example", "target_invalid"),
            ("http:evil.example", "target_invalid"),
            ("http:///evil.example", "target_invalid"),
            ("https://a..example", "target_host"),
            ("https://./", "target_host"),
            ("https://a.example../", "target_host"),
            ("https://a'b.example/", "target_host"),
            ("example.com", "target_invalid"),
            ("https://", "target_invalid"),
            ("", "target_invalid"),
        ] {
            assert_eq!(TargetUrl::parse(given).unwrap_err().code, code, "{given:?}");
        }
    }

    #[test]
    fn what_is_shown_for_logs_has_no_query() {
        let shown = |target: &str| format!("{:?}", TargetUrl::parse(target).unwrap());
        assert_eq!(shown("https://e.example/p?token=1"), "TargetUrl(https://e.example/p…)");
        assert_eq!(shown("https://e.example/p#token=1"), "TargetUrl(https://e.example/p…)");
        assert_eq!(shown("https://e.example:8443/p"), "TargetUrl(https://e.example:8443/p)");
    }

    #[test]
    fn an_address_has_no_registrable_domain() {
        for (target, domain) in [
            ("https://a.b.example.com/", Some("example.com")),
            ("https://www.bbc.co.uk./", Some("bbc.co.uk")),
            ("https://co.uk/", None),
            ("http://localhost/", None),
            ("http://127.0.0.1/", None),
            ("http://[2001:db8::1]/", None),
        ] {
            assert_eq!(TargetUrl::parse(target).unwrap().registrable_domain(), domain, "{target}");
        }
    }

    #[test]
    fn a_forwarded_query_is_appended() {
        let with = |target: &str, query| TargetUrl::parse(target).unwrap().with_query(query);
        assert_eq!(with("https://e.example/p", "a=1"), "https://e.example/p?a=1");
        assert_eq!(with("https://e.example/p?x=1#f", "a=1&b"), "https://e.example/p?x=1&a=1&b#f");
    }
}
