//! Who calls: a session is an argument that only a valid key can fill.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use shortener_core::service::{ServiceError, Session};
use shortener_core::wire::Problem;

use super::failure::Failure;
use crate::app::App;

const API_KEY: &str = "x-api-key";

impl FromRequestParts<App> for Session {
    // Both types of this impl are public, and `Failure` is not.
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        authenticate(&parts.headers, app).await.map_err(Failure::into_response)
    }
}

async fn authenticate(headers: &HeaderMap, app: &App) -> Result<Session, Failure> {
    let key = presented(headers).ok_or(ServiceError::Unauthenticated("no API key was sent"))?;
    let caller = app.service().authenticate(key).await?;
    Ok(Session::new(Arc::clone(app.service()), caller).with_edge_cache(app.site().edge_cache(headers)))
}

/// The key in `X-Api-Key`, or after `Authorization: Bearer`.
///
/// The key has a header of its own because CloudFront signs its requests in `Authorization`.
fn presented(headers: &HeaderMap) -> Option<&str> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    text(API_KEY).or_else(|| {
        let (scheme, token) = text(AUTHORIZATION.as_str())?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    })
}

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        Problem::from(error).into()
    }
}
