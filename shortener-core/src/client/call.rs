//! One logical call: what is sent, how often, and after which pause.

use std::time::Duration;

use data_encoding::HEXLOWER;
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, IF_MATCH};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::answer::Answer;
use super::{ApiClient, transport};
use crate::link::{CodeGenerator, RandomCodes};
use crate::wire::{Problem, ProblemCode};

/// Most attempts of one call.
const ATTEMPTS: u32 = 3;

/// Pause before the second attempt is at most this; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// A service that asks for a longer pause than this is reported instead of waited for.
const LONGEST_PAUSE: Duration = Duration::from_secs(20);

/// When a call may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// Whatever happened: it reads, or it has one effect however often it arrives.
    Freely,
    /// Only if it is certain that it had no effect.
    OnlyIfNotApplied,
}

/// One logical call.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) idempotency_key: Option<String>,
    pub(super) if_match: Option<u64>,
    body: Option<Vec<u8>>,
    repeat: Repeat,
}

impl Call {
    pub(super) fn new(method: Method, path: String, repeat: Repeat) -> Self {
        Self { method, path, query: Vec::new(), idempotency_key: None, if_match: None, body: None, repeat }
    }

    pub(super) fn repeated(self, repeat: Repeat) -> Self {
        Self { repeat, ..self }
    }

    pub(super) fn with_body<T: Serialize>(self, body: &T) -> Result<Self, Problem> {
        let body = serde_json::to_vec(body)
            .map_err(|_| Problem::new(ProblemCode::Internal, "the request cannot be written as JSON"))?;
        Ok(Self { body: Some(body), ..self })
    }

    fn url(&self, base: &str) -> String {
        let mut url = format!("{base}{}", self.path);
        if !self.query.is_empty() {
            url.push('?');
            url.push_str(&url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.query).finish());
        }
        url
    }

    /// Whether the call may be sent again after this problem.
    fn may_repeat(&self, problem: &Problem) -> bool {
        problem.retryable && (self.repeat == Repeat::Freely || problem.code != ProblemCode::OutcomeUnknown)
    }
}

impl ApiClient {
    /// Sends a call until it is answered, refused for good, or tried often enough.
    pub(super) async fn send(&self, call: Call) -> Result<Answer, Problem> {
        let mut attempt = 1;
        loop {
            let problem = match self.attempt(&call).await {
                Ok(answer) => return Ok(answer),
                Err(problem) => problem,
            };
            let Some(pause) = pause(attempt, &problem).filter(|_| call.may_repeat(&problem)) else {
                return Err(problem);
            };
            let pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
            tracing::debug!(attempt, pause_ms, problem = problem.detail, "trying again");
            tokio::time::sleep(pause).await;
            attempt += 1;
        }
    }

    async fn attempt(&self, call: &Call) -> Result<Answer, Problem> {
        let mut request = self.http.request(call.method.clone(), call.url(&self.url.to_string()));
        if let Some(key) = &self.key {
            let mut value = reqwest::header::HeaderValue::from_str(key.expose())
                .map_err(|_| Problem::new(ProblemCode::Unauthenticated, "the API key cannot be sent"))?;
            value.set_sensitive(true);
            request = request.header("x-api-key", value);
        }
        if matches!(call.method, Method::POST | Method::PUT | Method::PATCH) {
            // CloudFront signs requests to the origin and needs to be told the hash of the body.
            let hash = Sha256::digest(call.body.as_deref().unwrap_or_default());
            request = request.header("x-amz-content-sha256", HEXLOWER.encode(&hash));
        }
        if let Some(body) = &call.body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.clone());
        }
        if let Some(key) = &call.idempotency_key {
            request = request.header("idempotency-key", key);
        }
        if let Some(version) = call.if_match {
            request = request.header(IF_MATCH, format!("\"{version}\""));
        }
        let started = tokio::time::Instant::now();
        let answer = match request.send().await {
            Ok(response) => Answer::read(response, &self.url).await,
            Err(error) => Err(transport::problem(&error, &self.url, &call.method)),
        };
        log(call, &answer, started.elapsed());
        answer
    }
}

fn log(call: &Call, answer: &Result<Answer, Problem>, elapsed: Duration) {
    let duration_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    let status = answer.as_ref().map_or_else(|problem| problem.status, |answer| answer.status);
    tracing::debug!(method = %call.method, path = call.path, status, duration_ms, "request");
}

/// How long to wait before the next attempt; none if there is to be no other.
///
/// Full jitter (a uniform share of a doubling bound) keeps many clients from coming back in step; a service that names
/// a time is given at least that.
fn pause(attempt: u32, problem: &Problem) -> Option<Duration> {
    if attempt >= ATTEMPTS {
        return None;
    }
    let asked = Duration::from_secs(problem.retry_after_seconds.unwrap_or(0).into());
    let share = f64::from(RandomCodes.entropy()[0]) / 256.0;
    let jitter = (FIRST_PAUSE * 2_u32.pow(attempt - 1)).mul_f64(share);
    (asked <= LONGEST_PAUSE).then_some(asked + jitter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_honours_the_service_up_to_a_limit_and_ends_after_the_last_attempt() {
        let mut problem = Problem::new(ProblemCode::Unavailable, "x");
        assert!(pause(1, &problem).unwrap() < Duration::from_millis(250));
        assert!(pause(2, &problem).unwrap() < Duration::from_millis(500));
        assert_eq!(pause(3, &problem), None);
        problem.retry_after_seconds = Some(2);
        assert!(pause(1, &problem).unwrap() >= Duration::from_secs(2));
        problem.retry_after_seconds = Some(3600);
        assert_eq!(pause(1, &problem), None);
    }

    #[test]
    fn what_may_have_had_an_effect_is_only_repeated_with_a_key() {
        let lost = Problem::new(ProblemCode::OutcomeUnknown, "x");
        let busy = Problem::new(ProblemCode::Unavailable, "x");
        let once = Call::new(Method::POST, String::new(), Repeat::OnlyIfNotApplied);
        assert!(once.may_repeat(&busy) && !once.may_repeat(&lost));
        let keyed = once.repeated(Repeat::Freely);
        assert!(keyed.may_repeat(&busy) && keyed.may_repeat(&lost));
        assert!(!keyed.may_repeat(&Problem::new(ProblemCode::CodeTaken, "x")));
    }
}
