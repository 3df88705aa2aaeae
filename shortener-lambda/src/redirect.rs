//! The public click: `GET|HEAD /{code}` and the preview at `/{code}+`.
//!
//! This module may import the resolver, the parsed values of a link, the pages, the counters of outcomes and clicks, the
//! request's deadline and `http`, and nothing else: no JSON, no authentication and no write belong on this path.
//! The one write there is, of a click of a limited link, is the resolver's; counting adds to numbers in memory. It has no
//! middleware either: it is the router's fallback, which spares each click the bookkeeping of a matched route, and it logs
//! at debug level alone.

use std::cell::RefCell;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{ALLOW, CACHE_CONTROL, LOCATION, REFERER, STRICT_TRANSPORT_SECURITY, USER_AGENT};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri};
use shortener_core::link::{ShortCode, TargetUrl};
use shortener_core::redirect::{Answer, Asked, CacheLifetimes, Click, Preview, Redirect, Resolution, Visitor};
use shortener_core::stats::{Hit, Outcome as Counted, Subject};

use crate::app::{App, Edge, Site};
use crate::deadline::Deadline;
use crate::metrics::{self, Outcome};
use crate::pages;

/// Tells the edge from when on it must not serve the answer any more, in seconds since 1970.
const UNTIL: HeaderName = HeaderName::from_static("x-short-until");

/// Tells the edge to append the visitor's query to `Location`.
const FORWARD_QUERY: HeaderName = HeaderName::from_static("x-short-forward-query");

/// How browsers say that they fetch ahead of a click: `prefetch`, or `prefetch;prerender`.
const SEC_PURPOSE: HeaderName = HeaderName::from_static("sec-purpose");
const PURPOSE: HeaderName = HeaderName::from_static("purpose");

/// Answers a click on a link that is in memory, at once: none if there is something to wait for, or another route to find.
///
/// No link that is in memory has the path of another route: its code could not have been taken.
pub(crate) fn at_once<B>(app: &App, request: &Request<B>) -> Option<Response<Body>> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return None;
    }
    let Asked::Redirect(code) = Asked::of(request.uri().path()) else { return None };
    let host = app.site().host(request.uri(), request.headers());
    let answered = app.resolver().recall(host, &code)?;
    let visitor = visitor(request.method(), request.headers());
    Some(finish(app, &code, answered, visitor, request))
}

/// Answers every path that is no other route's.
pub(crate) async fn serve(State(app): State<App>, request: Request<Body>) -> Response<Body> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return method_not_allowed();
    }
    let (uri, headers) = (request.uri(), request.headers());
    let host = app.site().host(uri, headers);
    let deadline = Deadline::of(&request);
    match Asked::of(uri.path()) {
        Asked::Redirect(code) => {
            let visitor = visitor(request.method(), headers);
            let click = Click { host, code: &code, visitor, deadline };
            let answered = app.resolver().answer(&click).await;
            finish(&app, &code, answered, visitor, &request)
        }
        Asked::Preview(code) => match app.resolver().preview_by(deadline, host, &code).await {
            Preview::Link(link) => pages::preview(app.site(), &link),
            Preview::NotFound => pages::not_found(app.site(), CacheLifetimes::NoStore),
            Preview::Gone => pages::gone(app.site(), CacheLifetimes::NoStore),
            Preview::Unavailable => pages::unavailable(app.site()),
        },
        Asked::Nothing => {
            metrics::count_click(Outcome::NotFound);
            pages::unknown_path(State(app)).await
        }
    }
}

/// Counts a click and answers it.
fn finish<B>(
    app: &App,
    code: &ShortCode,
    answered: Answer,
    visitor: Visitor<'_>,
    request: &Request<B>,
) -> Response<Body> {
    let Answer { resolution, subject } = answered;
    if let Some(subject) = subject {
        count(app, subject, &resolution, visitor, request);
    }
    tracing::debug!(%code, ?resolution, "click");
    metrics::count_click(outcome(&resolution));
    answer(app.site(), resolution, request.uri())
}

/// Who clicks. Headers that are no text are none.
fn visitor<'a>(method: &Method, headers: &'a HeaderMap) -> Visitor<'a> {
    let is_ahead =
        |name| headers.get(name).is_some_and(|value: &HeaderValue| value.as_bytes().starts_with(b"prefetch"));
    if *method == Method::HEAD || is_ahead(SEC_PURPOSE) || is_ahead(PURPOSE) {
        return Visitor::Ahead;
    }
    Visitor::Agent(headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default())
}

/// Counts a request, if that is done here.
fn count<B>(app: &App, subject: Subject, resolution: &Resolution, visitor: Visitor<'_>, request: &Request<B>) {
    let Some(counter) = app.counter() else { return };
    let outcome = match (resolution, &subject) {
        (Resolution::Redirect(_), _) => Counted::Click,
        (Resolution::Gone { .. }, _) => Counted::Gone,
        (Resolution::NotFound { .. }, Subject::Site(_)) => Counted::Orphan,
        // A link that has not started, or a store that does not tell.
        (Resolution::NotFound { .. } | Resolution::Unavailable, _) => return,
    };
    let referrer = request.headers().get(REFERER).map(HeaderValue::as_bytes).unwrap_or_default();
    let query = request.uri().query().unwrap_or_default();
    let address = app.site().trusted_proxies().address_of(request);
    counter.count(subject, &Hit { outcome, visitor, referrer, query, address });
}

fn outcome(resolution: &Resolution) -> Outcome {
    match resolution {
        Resolution::Redirect(_) => Outcome::Redirect,
        Resolution::NotFound { .. } => Outcome::NotFound,
        Resolution::Gone { .. } => Outcome::Gone,
        Resolution::Unavailable => Outcome::Unavailable,
    }
}

fn answer(site: &Site, resolution: Resolution, uri: &Uri) -> Response<Body> {
    match resolution {
        Resolution::Redirect(redirect) => redirect_to(site, &redirect, uri),
        Resolution::NotFound { cache, target: Some(target) } => found_instead(site, &target, cache),
        Resolution::NotFound { cache, target: None } => pages::not_found(site, cache),
        Resolution::Gone { cache } => pages::gone(site, cache),
        Resolution::Unavailable => pages::unavailable(site),
    }
}

fn redirect_to(site: &Site, redirect: &Redirect, uri: &Uri) -> Response<Body> {
    let query = uri.query().filter(|query| redirect.forward_query && !query.is_empty());
    let location = match (site.edge(), query) {
        (Edge::None, Some(query)) => HeaderValue::try_from(redirect.target.with_query(query)),
        _ => HeaderValue::try_from(redirect.target.as_str()),
    };
    // WHATWG serialises to ASCII without controls; should that ever fail, nothing hostile may reach a header.
    let Ok(location) = location else { return pages::gone(site, CacheLifetimes::NoStore) };
    let mut response = located(site, location, redirect.cache);
    *response.status_mut() = StatusCode::from_u16(redirect.status.into()).unwrap_or(StatusCode::FOUND);
    let headers = response.headers_mut();
    if let Some(until) = redirect.until {
        headers.insert(UNTIL, HeaderValue::from(until.as_second()));
    }
    if redirect.forward_query && site.edge() == Edge::CloudFront {
        headers.insert(FORWARD_QUERY, HeaderValue::from_static("1"));
    }
    response
}

fn found_instead(site: &Site, target: &TargetUrl, cache: CacheLifetimes) -> Response<Body> {
    match HeaderValue::try_from(target.as_str()) {
        Ok(location) => located(site, location, cache),
        Err(_) => pages::not_found(site, cache),
    }
}

/// A 302 with its cache lifetimes.
fn located(site: &Site, location: HeaderValue, cache: CacheLifetimes) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::FOUND;
    let headers = response.headers_mut();
    headers.insert(LOCATION, location);
    set_cache(headers, cache);
    if site.is_https() {
        headers.insert(STRICT_TRANSPORT_SECURITY, pages::HSTS);
    }
    response
}

fn set_cache(headers: &mut HeaderMap, cache: CacheLifetimes) {
    // Most answers of a thread have the same lifetimes as the one before, and to write them costs more than to find the link.
    thread_local!(static LAST: RefCell<Option<(CacheLifetimes, HeaderValue)>> = const { RefCell::new(None) });
    let value = LAST.with_borrow_mut(|last| match last {
        Some((of, value)) if *of == cache => Some(value.clone()),
        _ => {
            let value = HeaderValue::try_from(cache.header_value()).ok()?;
            Some(last.insert((cache, value)).1.clone())
        }
    });
    if let Some(value) = value {
        headers.insert(CACHE_CONTROL, value);
    }
}

fn method_not_allowed() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_redirect_path_imports_no_json_no_auth_and_no_write() {
        let source = include_str!("redirect.rs");
        let imports = source.lines().filter(|line| line.starts_with("use "));
        for line in imports {
            for banned in ["serde", "api::", "operations", "service", "table", "Session"] {
                assert!(!line.contains(banned), "{line}");
            }
            let allowed = [
                "std::",
                "axum::",
                "shortener_core::link::",
                "shortener_core::redirect::",
                "crate::",
                "super::",
                "shortener_core::stats::{Hit, Outcome as Counted, Subject};",
            ];
            let imported = line.trim_start_matches("use ");
            assert!(allowed.iter().any(|path| imported.starts_with(path)), "{line}");
            let modules = ["crate::app", "crate::deadline", "crate::metrics", "crate::pages"];
            assert!(
                !imported.starts_with("crate::") || modules.iter().any(|path| imported.starts_with(path)),
                "{line}"
            );
        }
    }
}
