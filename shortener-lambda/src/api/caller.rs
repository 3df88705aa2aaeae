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
    let key = presented(headers)?.ok_or(ServiceError::Unauthenticated("no API key was sent"))?;
    let caller = app.service().authenticate(key).await?;
    Ok(Session::new(Arc::clone(app.service()), caller).with_edge_cache(app.site().edge_cache(headers)))
}

/// The key in `X-Api-Key`, or without that header after `Authorization: Bearer`.
///
/// The key has a header of its own because CloudFront signs its requests in `Authorization`.
fn presented(headers: &HeaderMap) -> Result<Option<&str>, ServiceError> {
    if let Some(key) = only(headers, API_KEY)? {
        return Ok(Some(key));
    }
    let scheme_and_token = only(headers, AUTHORIZATION.as_str())?.and_then(|value| value.split_once(' '));
    let bearer = scheme_and_token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    Ok(bearer.map(|(_, token)| token.trim()))
}

/// The one value of a header. Of several none is believed: whatever stands in front may have looked at another one, and
/// Lambda joins them.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, ServiceError> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => {
            value.to_str().map(Some).map_err(|_| ServiceError::Unauthenticated("the key is not valid"))
        }
        (Some(_), Some(_)) => Err(ServiceError::Unauthenticated("more than one API key was sent")),
    }
}

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        Problem::from(error).into()
    }
}
