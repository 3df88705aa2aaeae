//! The headers that say how a write is to be made.

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::IF_MATCH;
use axum::http::request::Parts;
use serde::Deserialize;
use shortener_core::operations::{Mode, WriteOptions};
use shortener_core::wire::{Problem, ProblemCode};
use utoipa::IntoParams;

use super::failure::Failure;
use crate::app::App;

const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// `Idempotency-Key` and `If-Match` of a request.
#[derive(Debug)]
pub(super) struct Conditions {
    idempotency_key: Option<String>,
    if_match: Option<u64>,
}

/// The idempotency key, for the document.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes a header that the extractor reads by hand")]
pub(super) struct IdempotencyKey {
    /// The same key and request have one effect, however often they are sent: for creates for ever, for changes while they are
    /// among the last 25 of the link. 1 to 255 visible ASCII characters.
    #[param(rename = "Idempotency-Key", pattern = "^[!-~]{1,255}$", example = "0193d9a4-7f1c-7c3e-9c5e-2f8f7d0b6a11")]
    idempotency_key: Option<String>,
}

/// The version demanded, for the document.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes a header that the extractor reads by hand")]
pub(super) struct IfMatch {
    /// Only if the thing still has this version: its `ETag`, or `*` for any.
    #[param(rename = "If-Match", pattern = "^(\\*|(W/)?\"[0-9]{1,19}\")$", example = "\"3\"")]
    if_match: Option<String>,
}

impl Conditions {
    /// The options of a write under these conditions.
    pub(super) fn options(self, mode: Mode) -> WriteOptions {
        WriteOptions { idempotency_key: self.idempotency_key, if_match: self.if_match, mode }
    }
}

impl FromRequestParts<App> for Conditions {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Failure> {
        let idempotency_key = single(&parts.headers, IDEMPOTENCY_KEY)?.map(parse_key).transpose()?;
        let if_match = single(&parts.headers, IF_MATCH.as_str())?.map(parse_version).transpose()?.flatten();
        Ok(Self { idempotency_key, if_match })
    }
}

fn single<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Failure> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    match (value.to_str(), values.next()) {
        (Ok(text), None) => Ok(Some(text)),
        (Err(_), _) => Err(malformed(format!("the header {name} is not ASCII"))),
        (_, Some(_)) => Err(malformed(format!("the header {name} is there more than once"))),
    }
}

fn parse_key(text: &str) -> Result<String, Failure> {
    if (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(text.to_owned());
    }
    Err(malformed("an Idempotency-Key is 1 to 255 visible ASCII characters".to_owned()))
}

/// The version in `"3"`; none for `*`. An edge that compresses makes the tag weak: versions are exact all the same.
fn parse_version(text: &str) -> Result<Option<u64>, Failure> {
    let text = text.trim();
    if text == "*" {
        return Ok(None);
    }
    let tag = text.strip_prefix("W/").unwrap_or(text);
    let digits = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
    let digits = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    digits.and_then(|digits| digits.parse().ok()).map(Some).ok_or_else(|| {
        malformed("If-Match holds one version in quotes, such as \"3\", as the ETag gave it, or *".to_owned())
    })
}

fn malformed(detail: String) -> Failure {
    Problem::new(ProblemCode::Malformed, detail).into()
}
