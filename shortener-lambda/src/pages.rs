//! The public pages: what a visitor sees who is not redirected.
//!
//! Each page holds English and French, without negotiation, because the edge keeps one answer for a host and a path.
//! Pages need no script and load nothing: the style is inline and allowed by its hash.

use std::sync::LazyLock;

use askama::Template;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, RETRY_AFTER, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use axum::middleware::from_fn;
use data_encoding::BASE64;
use sha2::{Digest, Sha256};
use shortener_core::redirect::CacheLifetimes;

use crate::app::{App, Site};
use crate::request_log;

mod preview;
mod site;

pub(crate) use preview::preview;

/// The style of every page; its hash is what the content security policy allows.
pub(crate) const STYLE: &str = include_str!("../templates/style.css");

/// Browsers that were here over TLS insist on it for a year.
pub(crate) const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

const ROBOTS_TAG: HeaderName = HeaderName::from_static("x-robots-tag");

/// A 404 for a path that can lead nowhere; edges may keep it as long as that of an unknown code.
const UNKNOWN_PATH: CacheLifetimes = CacheLifetimes::Edge { fresh: 5, revalidate: 0, if_error: 0 };

static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; img-src 'self' data:; form-action 'none'; base-uri 'none'; \
         frame-ancestors 'none'",
        BASE64.encode(&Sha256::digest(STYLE))
    );
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
});

/// A page that says one thing: a heading and a paragraph in each language.
#[derive(Template)]
#[template(path = "notice.html")]
struct Notice {
    style: &'static str,
    status: u16,
    english: Wording,
    french: Wording,
}

struct Wording {
    title: &'static str,
    text: &'static str,
    advice: &'static str,
}

static NOT_FOUND: LazyLock<Bytes> = LazyLock::new(|| {
    notice(
        404,
        Wording {
            title: "This short link does not exist",
            text: "Nothing is registered at this address.",
            advice: "Check it for typing errors: capital and small letters are different.",
        },
        Wording {
            title: "Ce lien court n’existe pas",
            text: "Aucun lien n’est enregistré à cette adresse.",
            advice: "Vérifiez la saisie : les majuscules et les minuscules sont différentes.",
        },
    )
});

static GONE: LazyLock<Bytes> = LazyLock::new(|| {
    notice(
        410,
        Wording {
            title: "This short link is no longer available",
            text: "It has expired or was switched off.",
            advice: "Ask whoever gave it to you for a new one.",
        },
        Wording {
            title: "Ce lien court n’est plus disponible",
            text: "Il a expiré ou a été désactivé.",
            advice: "Demandez-en un nouveau à la personne qui vous l’a transmis.",
        },
    )
});

static UNAVAILABLE: LazyLock<Bytes> = LazyLock::new(|| {
    notice(
        503,
        Wording {
            title: "This link cannot be opened right now",
            text: "The service is having a problem; the link itself is not lost.",
            advice: "Try again in a moment.",
        },
        Wording {
            title: "Ce lien ne peut pas être ouvert pour le moment",
            text: "Le service rencontre un problème ; le lien lui-même n’est pas perdu.",
            advice: "Réessayez dans un instant.",
        },
    )
});

/// The routes of the public pages. Redirects are not among them: they are the router's fallback.
pub(crate) fn routes() -> Router<App> {
    site::routes().layer(from_fn(request_log::log))
}

/// The page of an unknown code.
pub(crate) fn not_found(site: &Site, cache: CacheLifetimes) -> Response<Body> {
    html(site, StatusCode::NOT_FOUND, cache, NOT_FOUND.clone())
}

/// The page of a path that is neither a route nor could be a code.
pub(crate) async fn unknown_path(State(app): State<App>) -> Response<Body> {
    not_found(app.site(), UNKNOWN_PATH)
}

/// The page of a link that is over.
pub(crate) fn gone(site: &Site, cache: CacheLifetimes) -> Response<Body> {
    html(site, StatusCode::GONE, cache, GONE.clone())
}

/// The page shown while the store fails.
pub(crate) fn unavailable(site: &Site) -> Response<Body> {
    let mut response = html(site, StatusCode::SERVICE_UNAVAILABLE, CacheLifetimes::NoStore, UNAVAILABLE.clone());
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

/// A page with everything that protects its reader.
pub(crate) fn html(site: &Site, status: StatusCode, cache: CacheLifetimes, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    if let Ok(value) = HeaderValue::try_from(cache.header_value()) {
        headers.insert(CACHE_CONTROL, value);
    }
    protect(site, headers);
    response
}

/// Sets the security headers that every answer carries, redirects aside: they have no content to protect.
pub(crate) fn protect(site: &Site, headers: &mut HeaderMap) {
    headers.insert(CONTENT_SECURITY_POLICY, POLICY.clone());
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(ROBOTS_TAG, HeaderValue::from_static("noindex"));
    if site.is_https() {
        headers.insert(STRICT_TRANSPORT_SECURITY, HSTS);
    }
}

/// Renders a template; it cannot fail but by a defect, which is logged and leaves an empty page.
pub(crate) fn render(template: &impl Template) -> String {
    template.render().unwrap_or_else(|error| {
        tracing::error!(error = &error as &dyn std::error::Error, "a page cannot be rendered");
        String::new()
    })
}

fn notice(status: u16, english: Wording, french: Wording) -> Bytes {
    render(&Notice { style: STYLE, status, english, french }).into()
}
