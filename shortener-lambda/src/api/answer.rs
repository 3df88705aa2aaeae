//! Answers that are more than a body.

use axum::Json;
use axum::http::header::{ETAG, IF_NONE_MATCH, LOCATION};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use shortener_core::operations::Mode;
use shortener_core::routes::{api, fill};
use shortener_core::wire::{Created, DomainSettings, Link};

use super::failure::conceal_purge;

/// An earlier request with the same idempotency key had the effect.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The link was there before; tells a dry run's answer from that of one which would create.
const EXISTING: HeaderName = HeaderName::from_static("x-short-existing");

const TRUE: HeaderValue = HeaderValue::from_static("true");

/// A thing with its version in the `ETag`.
#[derive(Debug)]
pub(super) struct Versioned<T>(pub(super) T);

/// A link after a change, with what the caller may know of its purge.
#[derive(Debug)]
pub(super) struct Changed(pub(super) Link);

impl IntoResponse for Changed {
    fn into_response(self) -> Response {
        let mut link = self.0;
        conceal_purge(&mut link);
        Versioned(link).into_response()
    }
}

/// A thing that has a version.
pub(super) trait HasVersion {
    /// The version.
    fn version(&self) -> u64;

    /// Whether it can read differently without a new version, because time passes.
    fn changes_with_time(&self) -> bool {
        false
    }
}

impl HasVersion for Link {
    fn version(&self) -> u64 {
        self.version
    }

    fn changes_with_time(&self) -> bool {
        self.starts_at.is_some() || self.expires_at.is_some()
    }
}

impl HasVersion for DomainSettings {
    fn version(&self) -> u64 {
        self.version
    }
}

impl<T: HasVersion + serde::Serialize> IntoResponse for Versioned<T> {
    fn into_response(self) -> Response {
        ([(ETAG, etag(self.0.version()))], Json(self.0)).into_response()
    }
}

impl<T: HasVersion + serde::Serialize> Versioned<T> {
    /// The thing, or 304 if the caller has this version already.
    pub(super) fn unless_known(self, headers: &HeaderMap) -> Response {
        let tag = etag(self.0.version());
        // Weak comparison (RFC 9110, 13.1.2): an edge that compresses makes the tag a weak one.
        let known = !self.0.changes_with_time()
            && headers
                .get_all(IF_NONE_MATCH)
                .iter()
                .filter_map(|value| value.to_str().ok())
                .flat_map(|value| value.split(','))
                .any(|value| matches!(value.trim(), "*") || value.trim().trim_start_matches("W/") == tag);
        if known { (StatusCode::NOT_MODIFIED, [(ETAG, tag)]).into_response() } else { self.into_response() }
    }
}

/// The answer to a create.
#[derive(Debug)]
pub(super) struct NewLink {
    pub(super) link: Link,
    pub(super) created: Created,
    pub(super) mode: Mode,
}

impl IntoResponse for NewLink {
    fn into_response(self) -> Response {
        let Self { link, created, mode } = self;
        let (location, new) = (link_location(&link), created != Created::Existing && mode == Mode::Apply);
        let mut response = Changed(link).into_response();
        if new {
            *response.status_mut() = StatusCode::CREATED;
        }
        let headers = response.headers_mut();
        match (new, HeaderValue::try_from(location)) {
            (true, Ok(location)) => headers.insert(LOCATION, location),
            _ => None,
        };
        match created {
            Created::New => None,
            Created::Replayed => headers.insert(REPLAYED, TRUE),
            Created::Existing => headers.insert(EXISTING, TRUE),
        };
        response
    }
}

/// Where the API shows a link.
fn link_location(link: &Link) -> String {
    let path = fill(api::LINK, &[link.code.as_str()]);
    if link.domain.is_default() { path } else { format!("{path}?domain={}", link.domain) }
}

fn etag(version: u64) -> String {
    format!("\"{version}\"")
}
