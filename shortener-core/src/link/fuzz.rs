//! Any text as a code, a tag, a moment or a URL.

use jiff::Timestamp;
use url::Url;

use super::{BaseUrl, Domain, ShortCode, Tag, TargetUrl};
use crate::policy::{Refusal, TargetPolicy, is_own_host};
use crate::when::{self, DayEdge};
use crate::wire::PolicyRules;

#[test]
fn a_code_a_tag_and_a_moment_are_what_they_are_written_as() {
    crate::fuzz_target!("code", |input: &[u8]| {
        let Ok(text) = std::str::from_utf8(input) else { return };
        if let Ok(code) = ShortCode::parse(text) {
            assert!(code.as_str() == text && (1..=64).contains(&text.len()) && text.is_ascii());
            assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)));
        }
        if let Ok(tag) = Tag::parse(text) {
            assert_eq!(Tag::parse(tag.as_str()).unwrap(), tag, "a tag is the one that its text names");
        }
        moment(text);
    });
}

fn moment(text: &str) {
    let now: Timestamp = "2026-11-26T12:00:00.5Z".parse().unwrap();
    for edge in [DayEdge::Start, DayEdge::End] {
        let parsed = when::parse(text, now, edge);
        if let Ok(Some(at)) = parsed {
            assert_eq!(at.subsec_nanosecond(), 0);
            assert_eq!(when::parse(&at.to_string(), now, edge).unwrap(), Some(at));
        }
        if let Some(canonical) = when::canonical(text, edge).filter(|canonical| !canonical.is_empty()) {
            assert_eq!(when::parse(&canonical, now, edge), parsed);
            assert_eq!(when::canonical(&canonical, edge).as_ref(), Some(&canonical));
        }
    }
}

#[test]
fn a_url_leads_to_the_host_that_is_judged() {
    crate::fuzz_target!("url", |input: &[u8]| {
        let Ok(text) = std::str::from_utf8(input) else { return };
        let mut lines = text.split('\n');
        let mut next = || lines.next().unwrap_or_default();
        let (target, base, domain, rule, query) = (next(), next(), next(), next(), next());
        let base = base_url(base);
        own_name(domain);
        if let Ok(target) = TargetUrl::parse(target) {
            destination(&target, query);
            judged(&target, rule);
            if let Some(base) = base.filter(|base| base.explicit_port().is_none()) {
                let same = target.host() == base.host().trim_end_matches('.');
                assert_eq!(is_own_host(&target, std::iter::once(&base)), same);
            }
        }
    });
}

/// What a target is stored as leads to the same host in the eyes of whoever reads it by RFC 3986.
fn destination(target: &TargetUrl, query: &str) {
    let text = target.as_str();
    assert!(text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\'), "{text}");
    assert_eq!(TargetUrl::parse(text).as_ref(), Ok(target));
    let rest = text.strip_prefix("http").unwrap();
    let rest = rest.strip_prefix('s').unwrap_or(rest).strip_prefix("://").unwrap();
    let authority = &rest[..rest.find(['/', '?', '#']).unwrap()];
    assert!(!authority.contains('@'), "{text}");
    let port = authority.rfind(':').filter(|at| authority[*at..].find(']').is_none());
    assert_eq!(authority[..port.unwrap_or(authority.len())].trim_end_matches('.'), target.host());
    // Not as a target: the query is a visitor's, and may have backslashes, which mean nothing in it.
    let forwarded = Url::parse(&target.with_query(query)).unwrap();
    let place = (forwarded.scheme(), forwarded.host_str().unwrap().trim_end_matches('.'), forwarded.path());
    assert_eq!(place, (&text[..text.find(':').unwrap()], target.host(), target.path()));
    assert_eq!(forwarded.port_or_known_default(), Some(target.port()));
}

/// A deny rule and an allow rule of the same text cover the same targets, and the host that they spell.
fn judged(target: &TargetUrl, rule: &str) {
    let (one, none) = (vec![rule.to_owned()], Vec::new());
    let Ok(deny) = TargetPolicy::parse(&PolicyRules { deny: one.clone(), allow: none.clone() }) else { return };
    let allow = TargetPolicy::parse(&PolicyRules { allow: one, deny: none }).unwrap();
    let denied = deny.judge(target) == Err(Refusal::Denied);
    assert_eq!(allow.judge(target), if denied { Ok(()) } else { Err(Refusal::NotAllowed) });
    assert!(TargetPolicy::refusing_all().judge(target).is_err());
    if let Ok(meant) = TargetUrl::parse(&format!("https://{}/", rule.trim()))
        && !rule.contains('*')
    {
        assert_eq!(deny.judge(&meant), Err(Refusal::Denied), "{rule} does not cover {meant}");
    }
}

fn base_url(text: &str) -> Option<BaseUrl> {
    let base = BaseUrl::parse(text).ok()?;
    assert_eq!(BaseUrl::parse(&base.to_string()).as_ref(), Ok(&base));
    let short = base.short_url(&ShortCode::parse("a").unwrap());
    assert_eq!(TargetUrl::parse(&short).unwrap().host(), base.host().trim_end_matches('.'));
    Some(base)
}

fn own_name(text: &str) {
    let Ok(domain) = Domain::parse(text) else { return };
    assert_eq!(Domain::parse(domain.as_str()).as_ref(), Ok(&domain));
    assert_eq!(domain.is_default(), text == "-", "{text:?} is not the default domain");
    let base = BaseUrl::of_domain(&domain);
    if !domain.is_default() {
        assert_eq!(base.unwrap().host(), domain.as_str());
    }
}
