//! Which link a person means: a code, or a short URL copied from somewhere.

use shortener_core::link::{Domain, ShortCode};
use shortener_core::operations::{LinkRef, Operations};
use shortener_core::wire::{DomainSettings, Problem, ProblemCode};

use crate::exit::Stopped;

/// A link as it was named: `code`, `host/code`, `https://host/code`, each with a `+` behind it if need be.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Address {
    host: Option<Host>,
    code: ShortCode,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Host {
    name: String,
    port: Option<u16>,
}

impl Address {
    fn parse(text: &str) -> Result<Self, Stopped> {
        let wrong = |why: String| {
            let detail = format!("'{}' names no link: {why}", text.escape_debug());
            Stopped::usage(detail, "give a code, or a short URL such as https://go.example.com/launch")
        };
        let bare = text.strip_suffix('+').unwrap_or(text);
        let parse_code = |code: &str| ShortCode::parse(code).map_err(|error| wrong(error.detail.to_string()));
        let has_scheme = bare.starts_with("http://") || bare.starts_with("https://");
        if !has_scheme && !bare.contains('/') {
            return Ok(Self { host: None, code: parse_code(bare)? });
        }
        let url = if has_scheme { bare.to_owned() } else { format!("https://{bare}") };
        let url = url::Url::parse(&url).map_err(|_| wrong("it is no URL".to_owned()))?;
        let name = url.host_str().ok_or_else(|| wrong("it has no host".to_owned()))?.to_owned();
        let code = parse_code(url.path().trim_start_matches('/').trim_end_matches('+'))?;
        Ok(Self { host: Some(Host { name, port: url.port() }), code })
    }
}

/// Finds the links that are named. Domains are asked for only if a host is.
///
/// # Errors
/// A name is no code and no short URL, its host is no domain of the service, or it contradicts `domain`.
pub(crate) async fn resolve(
    operations: &dyn Operations,
    names: &[String],
    domain: Option<&str>,
) -> anyhow::Result<Vec<LinkRef>> {
    let domain = domain.map(Domain::parse).transpose().map_err(|error| crate::config::invalid(&error))?;
    let addresses: Vec<Address> = names.iter().map(|name| Address::parse(name)).collect::<Result<_, _>>()?;
    let needs_domains = addresses.iter().any(|address| address.host.is_some());
    let domains = if needs_domains { operations.domains().await?.domains } else { Vec::new() };
    addresses.into_iter().map(|address| locate(address, domain.as_ref(), &domains)).collect()
}

fn locate(address: Address, wanted: Option<&Domain>, domains: &[DomainSettings]) -> anyhow::Result<LinkRef> {
    let Some(host) = &address.host else {
        return Ok(LinkRef { domain: wanted.cloned().unwrap_or_default(), code: address.code });
    };
    let Some(domain) = domains.iter().find(|settings| host.reaches(settings)).map(|settings| &settings.domain) else {
        let hint = "see 'short domains list'; the default domain is reached at --base-url";
        let detail = format!("'{}' is no domain of this service", host.name);
        return Err(Problem::new(ProblemCode::NotFound, detail).with_hint(hint).into());
    };
    if wanted.is_some_and(|wanted| wanted != domain) {
        let detail = format!("the short URL of '{}' is not on the domain of --domain", address.code);
        return Err(Stopped::usage(detail, "leave --domain out, or give the code alone").into());
    }
    Ok(LinkRef { domain: domain.clone(), code: address.code })
}

impl Host {
    fn reaches(&self, settings: &DomainSettings) -> bool {
        let at_base = self.name == settings.base_url.host() && self.port == settings.base_url.explicit_port();
        at_base || (self.port.is_none() && self.name == settings.domain.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_named_by_code_or_short_url() {
        for (text, host, code) in [
            ("launch", None, "launch"),
            ("launch+", None, "launch"),
            ("https://S.example/launch", Some(("s.example", None)), "launch"),
            ("https://s.example/launch+", Some(("s.example", None)), "launch"),
            ("s.example/launch", Some(("s.example", None)), "launch"),
            ("127.0.0.1:8080/a", Some(("127.0.0.1", Some(8080))), "a"),
            ("http://127.0.0.1:8080/a?x=1", Some(("127.0.0.1", Some(8080))), "a"),
        ] {
            let address = Address::parse(text).unwrap();
            let found = address.host.as_ref().map(|host| (host.name.as_str(), host.port));
            assert_eq!((found, address.code.as_str()), (host, code), "{text}");
        }
        for bad in ["", "+", "a b", "https://s.example/", "s.example/a/b", "ftp://x/a"] {
            assert!(Address::parse(bad).is_err(), "{bad}");
        }
    }
}
