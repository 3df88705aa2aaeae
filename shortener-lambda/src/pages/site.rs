//! What a host says about itself: the landing page, the icon, and the files for crawlers and researchers.

use std::sync::LazyLock;

use askama::Template;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, Response, StatusCode};
use axum::routing::get;
use jiff::{SignedDuration, Timestamp};
use shortener_core::redirect::CacheLifetimes;
use shortener_core::routes::public;

use super::{STYLE, html, protect, render, unknown_path};
use crate::app::{App, Site};

/// Codes may be fetched, so that crawlers see their `noindex`; the API and the previews may not.
const ROBOTS: &str = "User-agent: *\nDisallow: /api/\nDisallow: /*+$\nAllow: /\n";

static ICON: &[u8] = include_bytes!("../../templates/favicon.ico");

/// RFC 9116 demands an expiry and recommends less than a year; half of one leaves room for caches.
const SECURITY_EXPIRES: SignedDuration = SignedDuration::from_hours(180 * 24);

#[derive(Template)]
#[template(path = "root.html")]
struct Root {
    style: &'static str,
}

static ROOT: LazyLock<Bytes> = LazyLock::new(|| render(&Root { style: STYLE }).into());

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route(public::ROOT, get(root))
        .route(public::ROBOTS, get(robots))
        .route(public::SECURITY, get(security))
        .route(public::FAVICON, get(favicon))
}

async fn root(State(app): State<App>) -> Response<Body> {
    let cache = CacheLifetimes::Edge { fresh: 300, revalidate: 300, if_error: 86_400 };
    html(app.site(), StatusCode::OK, cache, ROOT.clone())
}

async fn robots(State(app): State<App>) -> Response<Body> {
    file(app.site(), "text/plain; charset=utf-8", "public, max-age=3600", ROBOTS)
}

async fn favicon(State(app): State<App>) -> Response<Body> {
    file(app.site(), "image/x-icon", "public, max-age=604800, immutable", ICON)
}

async fn security(State(app): State<App>) -> Response<Body> {
    match app.site().security_contact() {
        Some(contact) => {
            let text = security_text(contact, app.site());
            file(app.site(), "text/plain; charset=utf-8", "public, max-age=86400", text)
        }
        None => unknown_path(State(app)).await,
    }
}

fn security_text(contact: &str, site: &Site) -> String {
    // Whole days, so that the file does not differ between two requests of one day.
    let day = site.now().as_second().div_euclid(86_400) * 86_400;
    let expires = Timestamp::from_second(day).unwrap_or_else(|_| site.now()) + SECURITY_EXPIRES;
    let canonical = site.canonical();
    let path = public::SECURITY;
    format!("Contact: {contact}\nExpires: {expires}\nPreferred-Languages: en, fr\nCanonical: {canonical}{path}\n")
}

fn file(site: &Site, kind: &'static str, cache: &'static str, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    protect(site, headers);
    response
}
