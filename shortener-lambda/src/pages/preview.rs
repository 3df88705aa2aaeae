//! The preview of a link at `/{code}+`: where it leads, before anyone goes there. Never counted.

use askama::Template;
use axum::body::Body;
use axum::http::{Response, StatusCode};
use shortener_core::link::TargetUrl;
use shortener_core::redirect::CacheLifetimes;
use shortener_core::wire::{Link, LinkState};

use super::{STYLE, html, render};
use crate::app::Site;

#[derive(Template)]
#[template(path = "preview.html")]
struct PreviewPage<'a> {
    style: &'static str,
    short_url: &'a str,
    code: &'a str,
    title: Option<&'a str>,
    target: Emphasised<'a>,
    state: State,
    created: String,
    expires: Option<String>,
}

/// A target split around the part that says whose it is.
#[derive(Debug, PartialEq, Eq)]
struct Emphasised<'a> {
    before: &'a str,
    domain: &'a str,
    after: &'a str,
}

struct State {
    english: &'static str,
    french: &'static str,
}

/// The preview page of a link.
pub(crate) fn preview(site: &Site, link: &Link) -> Response<Body> {
    let page = PreviewPage {
        style: STYLE,
        short_url: &link.short_url,
        code: link.code.as_str(),
        title: link.title.as_deref(),
        target: Emphasised::of(&link.target),
        state: State::of(link.state),
        created: link.created_at.strftime("%Y-%m-%d").to_string(),
        expires: link.expires_at.map(|at| at.strftime("%Y-%m-%d %H:%M UTC").to_string()),
    };
    html(site, StatusCode::OK, CacheLifetimes::NoStore, render(&page))
}

impl<'a> Emphasised<'a> {
    fn of(target: &'a TargetUrl) -> Self {
        let text = target.as_str();
        let domain = target.registrable_domain().unwrap_or_else(|| target.host());
        // The host stands right after the scheme, because targets carry no user information.
        let host_at = text.find("://").map_or(0, |at| at + 3);
        let domain_at = host_at + target.host().len() - domain.len();
        let (before, rest) = text.split_at(domain_at);
        let (domain, after) = rest.split_at(domain.len());
        Self { before, domain, after }
    }
}

impl State {
    fn of(state: LinkState) -> Self {
        let (english, french) = match state {
            LinkState::Active => ("active", "actif"),
            LinkState::Scheduled => ("not yet active", "pas encore actif"),
            LinkState::Expired => ("expired", "expiré"),
            LinkState::Disabled => ("switched off", "désactivé"),
            LinkState::Deleted => ("deleted", "supprimé"),
        };
        Self { english, french }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registrable_domain_is_set_off() {
        for (target, before, domain, after) in [
            ("https://example.com/", "https://", "example.com", "/"),
            (
                "https://login.bank.co.uk.evil.example:8443/x?y#z",
                "https://login.bank.co.uk.",
                "evil.example",
                ":8443/x?y#z",
            ),
            ("https://www.bbc.co.uk/news", "https://www.", "bbc.co.uk", "/news"),
            ("http://127.0.0.1:1/x", "http://", "127.0.0.1", ":1/x"),
            ("http://[::1]/", "http://", "[::1]", "/"),
            ("http://localhost/", "http://", "localhost", "/"),
            ("https://www.example.com./x", "https://www.", "example.com", "./x"),
            ("https://xn--bcher-kva.example/", "https://", "xn--bcher-kva.example", "/"),
        ] {
            let parsed = TargetUrl::parse(target).unwrap();
            assert_eq!(Emphasised::of(&parsed), Emphasised { before, domain, after }, "{target}");
        }
    }
}
