//! Which targets links may have: rules by domain, and never a host of our own.

use crate::error::InvalidValue;
use crate::link::{BaseUrl, TargetUrl};
use crate::wire::PolicyRules;

mod lookalike;
mod named;
mod private;
mod shorteners;

pub use named::NamedRule;

/// Parsed rules, ready to judge targets at create, edit, import and redirect alike.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TargetPolicy {
    allow: Vec<DomainRule>,
    deny: Vec<DomainRule>,
    denied_kinds: Vec<NamedRule>,
}

/// One rule: a host and its subdomains, or with `*.` only the subdomains.
#[derive(Debug, Clone, PartialEq, Eq)]
struct DomainRule {
    host: String,
    subdomains_only: bool,
}

/// Why a target is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// A deny rule names it.
    Denied,
    /// A deny rule names its kind.
    DeniedKind(NamedRule),
    /// Allow rules exist and none names it.
    NotAllowed,
    /// It is a host that our own short links live on.
    OwnHost,
}

impl Refusal {
    /// The refusal as a broken rule of a request.
    pub fn violation(self, target: &TargetUrl) -> InvalidValue {
        let host = target.host();
        match self {
            Self::Denied => InvalidValue::new("target_denied", format!("the target policy denies '{host}'")),
            Self::DeniedKind(rule) => InvalidValue::new(
                "target_denied",
                format!("the target policy denies '{host}': it is {} ({})", rule.meaning(), rule.name()),
            ),
            Self::NotAllowed => {
                InvalidValue::new("target_not_allowed", format!("the target policy does not allow '{host}'"))
            }
            Self::OwnHost => InvalidValue::new(
                "target_own_host",
                format!("'{host}' serves our own short links; a link must not lead to one"),
            ),
        }
    }
}

impl TargetPolicy {
    /// Parses rules.
    ///
    /// # Errors
    /// [`InvalidValue`] for a rule that is no host, or that is a public suffix such as `co.uk` without `*.`, since its
    /// subdomains belong to unrelated owners.
    pub fn parse(rules: &PolicyRules) -> Result<Self, InvalidValue> {
        if let Some(rule) = rules.allow.iter().chain(&rules.deny).find(|rule| is_public_suffix(rule.trim())) {
            let detail = format!(
                "rule '{rule}' is a public suffix, shared by unrelated owners; write '*.{rule}' to mean them all"
            );
            return Err(InvalidValue::new("rule_invalid", detail));
        }
        Self::parse_stored(rules)
    }

    /// Parses rules that were accepted once. What counts as a public suffix changes with the list; rules do not.
    ///
    /// # Errors
    /// [`InvalidValue`] for a rule that is no host, or has an unknown name.
    pub fn parse_stored(rules: &PolicyRules) -> Result<Self, InvalidValue> {
        let allow = rules.allow.iter().map(|rule| DomainRule::parse(rule)).collect::<Result<_, _>>()?;
        let mut policy = Self { allow, ..Self::default() };
        for rule in &rules.deny {
            if rule.trim().starts_with('@') {
                policy.denied_kinds.push(NamedRule::parse(rule.trim()).ok_or_else(|| unknown_name(rule))?);
            } else {
                policy.deny.push(DomainRule::parse(rule)?);
            }
        }
        Ok(policy)
    }

    /// Refuses every target: for a domain whose rules cannot be read.
    pub fn refusing_all() -> Self {
        // A name that can never be registered (RFC 2606).
        let nothing = DomainRule { host: "invalid".to_owned(), subdomains_only: true };
        Self { allow: vec![nothing.clone()], deny: vec![nothing], denied_kinds: Vec::new() }
    }

    /// Judges a target.
    ///
    /// # Errors
    /// The [`Refusal`].
    pub fn judge(&self, target: &TargetUrl) -> Result<(), Refusal> {
        if self.deny.iter().any(|rule| rule.covers(target)) {
            return Err(Refusal::Denied);
        }
        if let Some(rule) = self.denied_kinds.iter().find(|rule| rule.covers(target)) {
            return Err(Refusal::DeniedKind(*rule));
        }
        if self.allow.is_empty() || self.allow.iter().any(|rule| rule.covers(target)) {
            return Ok(());
        }
        Err(Refusal::NotAllowed)
    }
}

impl DomainRule {
    fn parse(text: &str) -> Result<Self, InvalidValue> {
        let invalid = |why: &str| InvalidValue::new("rule_invalid", format!("rule '{}' {why}", text.escape_debug()));
        if text.trim().starts_with('@') {
            return Err(invalid("names a kind of hosts, which can only be denied"));
        }
        let (host, subdomains_only) = match text.trim().strip_prefix("*.") {
            Some(host) => (host, true),
            None => (text.trim(), false),
        };
        let host =
            match url::Host::parse(host).map_err(|_| invalid("is not a host such as example.com or *.example.com"))? {
                url::Host::Domain(name) => name.trim_end_matches('.').to_owned(),
                address if subdomains_only => {
                    return Err(invalid(&format!("puts a wildcard before the address {address}")));
                }
                address => address.to_string(),
            };
        if host.is_empty() || host.contains('*') {
            return Err(invalid("is not a host such as example.com or *.example.com"));
        }
        Ok(Self { host, subdomains_only })
    }

    fn covers(&self, target: &TargetUrl) -> bool {
        let host = target.host();
        if host == self.host {
            return !self.subdomains_only;
        }
        !target.host_is_address() && is_below(host, &self.host)
    }
}

/// Whether a name is that of a subdomain.
fn is_below(name: &str, domain: &str) -> bool {
    name.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

fn unknown_name(rule: &str) -> InvalidValue {
    let names = NamedRule::ALL.map(NamedRule::name).join(", ");
    InvalidValue::new("rule_invalid", format!("rule '{}' is none of {names}", rule.escape_debug()))
}

fn is_public_suffix(rule: &str) -> bool {
    let Ok(url::Host::Domain(name)) = url::Host::parse(rule) else { return false };
    let host = name.trim_end_matches('.');
    psl::suffix(host.as_bytes()).is_some_and(|suffix| suffix.is_known() && suffix.as_bytes() == host.as_bytes())
}

/// Whether a target leads to one of our own hosts, which would make a loop or a chain.
///
/// A base URL without a port owns its host on every port; one with a port owns that port alone, and if its host is
/// this machine, under every name of this machine.
pub fn is_own_host<'a>(target: &TargetUrl, mut bases: impl Iterator<Item = &'a BaseUrl>) -> bool {
    bases.any(|base| match base.explicit_port() {
        None => same_host(target.host(), base.host()),
        Some(port) => {
            target.port() == port
                && (same_host(target.host(), base.host()) || (is_loopback(target.host()) && is_loopback(base.host())))
        }
    })
}

fn same_host(target: &str, base: &str) -> bool {
    target.eq_ignore_ascii_case(base.trim_end_matches('.'))
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_end_matches('.');
    host == "localhost"
        || host.ends_with(".localhost")
        || host.starts_with("127.")
        || host.starts_with("[::ffff:7f")
        || matches!(host, "[::1]" | "0.0.0.0" | "[::]")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(allow: &[&str], deny: &[&str]) -> TargetPolicy {
        let list = |rules: &[&str]| rules.iter().map(|rule| (*rule).to_owned()).collect();
        TargetPolicy::parse(&PolicyRules { allow: list(allow), deny: list(deny) }).unwrap()
    }

    fn target(url: &str) -> TargetUrl {
        TargetUrl::parse(url).unwrap()
    }

    #[test]
    fn rules_cover_hosts_and_subdomains_but_no_lookalikes() {
        let policy = policy(&["example.com", "*.gov.uk"], &["bad.example.com", "*.zip"]);
        for (url, verdict) in [
            ("https://example.com/x", Ok(())),
            ("https://www.EXAMPLE.com./x", Ok(())),
            ("https://notexample.com/", Err(Refusal::NotAllowed)),
            ("https://example.com.evil.example/", Err(Refusal::NotAllowed)),
            ("https://bad.example.com/", Err(Refusal::Denied)),
            ("https://x.bad.example.com/", Err(Refusal::Denied)),
            ("https://www.gov.uk/", Ok(())),
            ("https://invoice.zip/", Err(Refusal::Denied)),
        ] {
            assert_eq!(policy.judge(&target(url)), verdict, "{url}");
        }
    }

    #[test]
    fn a_public_suffix_needs_a_wildcard() {
        for rule in ["co.uk", "com", "github.io"] {
            let rules = PolicyRules { allow: vec![rule.to_owned()], deny: vec![] };
            assert!(TargetPolicy::parse(&rules).is_err(), "{rule}");
            let rules = PolicyRules { allow: vec![format!("*.{rule}")], deny: vec![] };
            assert!(TargetPolicy::parse(&rules).is_ok(), "*.{rule}");
        }
        assert!(
            TargetPolicy::parse(&PolicyRules { allow: vec!["localhost".into()], deny: vec!["10.0.0.1".into()] })
                .is_ok()
        );
    }

    #[test]
    fn kinds_of_hosts_are_denied_by_name() {
        let policy = policy(&[], &["@private", " @Shorteners", "@lookalikes"]);
        for (url, rule) in [
            ("http://0xa9fea9fe/latest/meta-data", NamedRule::Private),
            ("http://[::ffff:10.0.0.1]/", NamedRule::Private),
            ("http://LOCALHOST./", NamedRule::Private),
            ("https://bit.ly/x", NamedRule::Shorteners),
            ("https://аррӏе.com/", NamedRule::Lookalikes),
        ] {
            assert_eq!(policy.judge(&target(url)), Err(Refusal::DeniedKind(rule)), "{url}");
        }
        assert_eq!(policy.judge(&target("https://bücher.example/")), Ok(()));
        for (allow, deny) in [(["@private"].as_slice(), [].as_slice()), (&[], &["@privat"]), (&[], &["*.@private"])] {
            let list = |rules: &[&str]| rules.iter().map(|rule| (*rule).to_owned()).collect();
            let rules = PolicyRules { allow: list(allow), deny: list(deny) };
            assert_eq!(TargetPolicy::parse(&rules).unwrap_err().code, "rule_invalid", "{rules:?}");
        }
    }

    #[test]
    fn own_hosts_are_known_in_every_spelling() {
        let bases = [BaseUrl::parse("https://s.example").unwrap(), BaseUrl::parse("http://127.0.0.1:8080").unwrap()];
        for own in [
            "https://s.example/x",
            "http://S.EXAMPLE:8443/",
            "https://s.example./x",
            "http://localhost:8080/a",
            "http://0x7f.1:8080/",
            "http://[::1]:8080/",
        ] {
            assert!(is_own_host(&target(own), bases.iter()), "{own}");
        }
        for foreign in ["https://www.s.example/", "http://localhost:9000/", "https://example.com/"] {
            assert!(!is_own_host(&target(foreign), bases.iter()), "{foreign}");
        }
    }
}
