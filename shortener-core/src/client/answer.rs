//! What came back: a document of ours, a problem of ours, or something that is no answer of this API.

use reqwest::Response;
use reqwest::header::{CONTENT_TYPE, HeaderMap, LOCATION, RETRY_AFTER};
use serde::de::DeserializeOwned;

use super::{ApiUrl, transport};
use crate::wire::{Problem, ProblemCode};

/// Largest answer that is read, in bytes: a page of 1,000 links with long targets has under 4 MB.
const MAX_BODY: usize = 32 * 1024 * 1024;

/// A successful answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// Whether an earlier request with the same key had the effect.
    pub(super) replayed: bool,
    /// Whether what was asked for was there already.
    pub(super) existing: bool,
    body: Vec<u8>,
    url: ApiUrl,
}

impl Answer {
    /// Reads a response to its end.
    pub(super) async fn read(mut response: Response, url: &ApiUrl) -> Result<Self, Problem> {
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| transport::broken(&error, url))? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_BODY {
                return Err(foreign(url, status, "more than 32 MB"));
            }
        }
        let headers = response.headers();
        let kind = media_type(headers);
        if (200..300).contains(&status) && (kind == "application/json" || body.is_empty()) {
            let flag = |name: &str| headers.get(name).is_some_and(|value| value == "true");
            let replayed = flag("idempotent-replayed");
            return Ok(Self { status, replayed, existing: flag("x-short-existing"), body, url: url.clone() });
        }
        Err(refusal(url, status, &kind, headers, &body))
    }

    /// The document in the body.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        serde_json::from_slice(&self.body).map_err(|error| {
            tracing::debug!(%error, "unexpected document");
            foreign(&self.url, self.status, "JSON of another shape")
        })
    }
}

/// The problem in an answer that is no success.
fn refusal(url: &ApiUrl, status: u16, kind: &str, headers: &HeaderMap, body: &[u8]) -> Problem {
    let retry_after = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse::<u32>().ok());
    if kind == "application/problem+json"
        && let Ok(mut problem) = serde_json::from_slice::<Problem>(body)
    {
        problem.retry_after_seconds = problem.retry_after_seconds.or(retry_after);
        return problem;
    }
    if (300..400).contains(&status) {
        return redirected(url, status, headers);
    }
    if matches!(status, 429 | 502 | 503 | 504) {
        let mut problem =
            Problem::new(ProblemCode::Unavailable, format!("{url} answered {status}: {}", reason(status)))
                .with_hint("try again later");
        problem.retry_after_seconds = retry_after;
        return problem;
    }
    foreign(url, status, if kind.is_empty() { "without a type" } else { kind })
}

fn reason(status: u16) -> &'static str {
    match status {
        429 => "too many requests",
        502 => "the service behind it cannot be reached",
        504 => "the service behind it does not answer",
        _ => "it is not available",
    }
}

/// Something that is no answer of this API: a wrong URL, a login page, a proxy.
fn foreign(url: &ApiUrl, status: u16, what: &str) -> Problem {
    let detail = format!("{url} answered {status} {what}: this is no short API");
    let mut problem = Problem::new(ProblemCode::Unavailable, detail)
        .with_hint("check the URL given by --api, SHORT_API_URL or the profile");
    // Asking again gets the same page.
    problem.retryable = false;
    problem
}

fn redirected(url: &ApiUrl, status: u16, headers: &HeaderMap) -> Problem {
    let target = headers.get(LOCATION).and_then(|value| value.to_str().ok()).unwrap_or("elsewhere");
    let mut problem = foreign(url, status, &format!("to {target}"));
    problem.hint = Some("use the URL that the service really has, with https:// where it is encrypted".to_owned());
    problem
}

fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}
