//! Domains that links live on, and the base URLs they are reached at.

use std::fmt;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::super::error::InvalidValue;
use super::target::{has_impossible_name, is_host_name, without_root};

/// The domain a link belongs to: a host name in lower-case ASCII (punycode), or `-` for the default domain.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Domain(CompactString);

const DEFAULT: &str = "-";

impl Domain {
    /// The default domain, whose base URL is a setting.
    pub fn default_domain() -> Self {
        Self(CompactString::const_new(DEFAULT))
    }

    /// Parses a host name (any case, Unicode or punycode) or `-`.
    ///
    /// # Errors
    /// [`InvalidValue`] if the text is no host name.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        if text == DEFAULT {
            return Ok(Self::default_domain());
        }
        let invalid = || InvalidValue::new("domain_invalid", format!("'{}' is not a host name", text.escape_debug()));
        // Escapes were undone by whoever read the URL or the body; doing it again would name one host in two ways.
        if text.contains('%') {
            return Err(invalid());
        }
        match Host::parse(text).map_err(|_| invalid())? {
            Host::Domain(name) => {
                // Without two dots at the end, something else could be left: an address, or `-`.
                let name = without_root(&name).to_owned();
                let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.');
                if plain && is_host_name(&name) && name != DEFAULT { Ok(Self(name.into())) } else { Err(invalid()) }
            }
            Host::Ipv4(_) | Host::Ipv6(_) => Err(invalid()),
        }
    }

    /// Whether this is the default domain.
    pub fn is_default(&self) -> bool {
        self.0 == DEFAULT
    }

    /// The domain as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Domain {
    fn default() -> Self {
        Self::default_domain()
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Domain {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, InvalidValue> {
        Self::parse(&text)
    }
}

impl From<Domain> for String {
    fn from(domain: Domain) -> Self {
        domain.0.into()
    }
}

/// Where a domain's links are reached: scheme, host and port, without a path. Shown without a trailing slash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BaseUrl(Url);

impl BaseUrl {
    /// Parses `http://HOST[:PORT]` or `https://…`.
    ///
    /// # Errors
    /// [`InvalidValue`] if it is no such URL, or has a path, a query or user information.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let invalid =
            |why: &str| InvalidValue::new("base_url_invalid", format!("base URL '{}' {why}", text.escape_debug()));
        let url = Url::parse(text).map_err(|_| invalid("is not a URL such as https://go.example.com"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(invalid("must begin with http:// or https://"));
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(invalid("must have no path, query or fragment"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(invalid("must not carry user information"));
        }
        if has_impossible_name(&url) {
            return Err(invalid("must have a host that the DNS can hold"));
        }
        Ok(Self(url))
    }

    /// Host as WHATWG serialises it.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The port, if the URL names one that is not its scheme's default.
    pub fn explicit_port(&self) -> Option<u16> {
        self.0.port()
    }

    /// The short URL of a code.
    pub fn short_url(&self, code: &super::ShortCode) -> String {
        format!("{self}/{code}")
    }

    /// The base URL of a domain that has none set: `https://<domain>`.
    ///
    /// # Errors
    /// As [`Self::parse`], for the default domain.
    pub fn of_domain(domain: &Domain) -> Result<Self, InvalidValue> {
        Self::parse(&format!("https://{domain}"))
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

impl TryFrom<String> for BaseUrl {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, InvalidValue> {
        Self::parse(&text)
    }
}

impl From<BaseUrl> for String {
    fn from(url: BaseUrl) -> Self {
        url.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_lower_case_host_names() {
        for (given, kept) in [
            ("Go.Example.COM", "go.example.com"),
            ("go.example.com.", "go.example.com"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("-", "-"),
        ] {
            assert_eq!(Domain::parse(given).unwrap().as_str(), kept);
        }
        for bad in [
            "",
            "a b",
            "127.0.0.1",
            "[::1]",
            "a/b",
            "a#b",
            "http://x",
            "x:80",
            "g%6f.example",
            "%2D",
            ".",
            "a..b",
            "12..",
            "-.",
        ] {
            assert!(Domain::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_base_url_is_an_origin() {
        assert_eq!(BaseUrl::parse("HTTPS://S.example/").unwrap().to_string(), "https://s.example");
        assert_eq!(BaseUrl::parse("http://127.0.0.1:8080").unwrap().to_string(), "http://127.0.0.1:8080");
        for bad in [
            "s.example",
            "ftp://s.example",
            "https://s.example/a",
            "https://u:p@s.example",
            "https://s.example?x",
            "https://s..example",
            "https://s'.example",
        ] {
            assert!(BaseUrl::parse(bad).is_err(), "{bad}");
        }
    }
}
