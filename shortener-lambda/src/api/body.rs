//! Request bodies: JSON, read whole, checked against the type to the last field.

use std::future::ready;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody as _, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};
use shortener_core::wire::{Problem, ProblemCode, Violation};

use super::MAX_BATCH_BODY;
use super::failure::{Failure, overloaded};
use crate::admission::Turn;
use crate::app::App;
use crate::server::Activity;

/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(30);

/// Largest body that is read before the request has its turn, in bytes: most creates and changes are smaller. Clients that send
/// less than they announce hold no more than this each.
const SMALL: usize = 8 * 1024;

/// A body of JSON.
#[derive(Debug)]
pub(super) struct JsonBody<T>(pub(super) T);

/// A body of JSON, or none; `null` is none too.
#[derive(Debug)]
pub(super) struct OptionalJsonBody<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<App> for JsonBody<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &App) -> Result<Self, Failure> {
        require_json(request.headers())?;
        let bytes = read(request, app).await?;
        Ok(Self(parse(&bytes)?))
    }
}

impl<T: DeserializeOwned + Default> FromRequest<App> for OptionalJsonBody<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &App) -> Result<Self, Failure> {
        let is_json = require_json(request.headers());
        let bytes = read(request, app).await?;
        if bytes.is_empty() {
            return Ok(Self(T::default()));
        }
        is_json?;
        Ok(Self(parse::<Option<T>>(&bytes)?.unwrap_or_default()))
    }
}

fn require_json(headers: &HeaderMap) -> Result<(), Failure> {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let sent = if kind.is_empty() { "of no type".to_owned() } else { format!("'{}'", kind.escape_debug()) };
    Err(Problem::new(ProblemCode::UnsupportedMediaType, format!("the body is {sent}, not JSON"))
        .with_hint("send the header Content-Type: application/json")
        .into())
}

/// The request with its body, if that is said to be small: it has come, or is about to.
pub(super) async fn with_small(request: Request) -> Result<Request, Failure> {
    if !request.body().size_hint().exact().is_some_and(|length| (1..=SMALL as u64).contains(&length)) {
        return Ok(request);
    }
    let activity = request.extensions().get::<Arc<Activity>>().cloned();
    let (parts, body) = request.into_parts();
    let read = tokio::time::timeout(PATIENCE, to_bytes(body, SMALL));
    let read = match activity {
        // Nothing is known of the caller yet, who must not keep a place from others by sending nothing.
        Some(activity) => activity.idle_during(read).await,
        None => read.await,
    };
    let read = read.map_err(|_| too_slow())?;
    Ok(Request::from_parts(parts, Body::from(read.map_err(|_| ended_early())?)))
}

/// Reads the body. A request whose body is still to come does not keep others from the store meanwhile.
async fn read(request: Request, app: &App) -> Result<Bytes, Failure> {
    let turn = request.extensions().get::<Turn>().cloned();
    let announced = request.body().size_hint().exact().and_then(|length| usize::try_from(length).ok());
    let length = announced.unwrap_or(usize::MAX).min(MAX_BATCH_BODY);
    let mut body = pin!(tokio::time::timeout(PATIENCE, Bytes::from_request(request, app)));
    let at_once = tokio::select! { biased; read = body.as_mut() => Some(read), () = ready(()) => None };
    let read = match (at_once, turn) {
        (Some(read), _) => read,
        (None, None) => body.await,
        (None, Some(turn)) => {
            if !turn.pause(length) {
                return Err(overloaded());
            }
            let read = body.await;
            if !turn.resume().await {
                return Err(overloaded());
            }
            read
        }
    };
    read.map_err(|_| too_slow())?.map_err(|rejection| match rejection.status().as_u16() {
        413 => Problem::new(ProblemCode::TooLarge, "the body is larger than this route takes")
            .with_hint("send fewer links at a time")
            .into(),
        _ => ended_early(),
    })
}

fn too_slow() -> Failure {
    malformed(format!("the body did not arrive within {} seconds", PATIENCE.as_secs()))
}

fn ended_early() -> Failure {
    malformed("the body ended too early".to_owned())
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    if bytes.is_empty() {
        return Err(malformed("the body is empty, not JSON".to_owned()));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let pointer = pointer(error.path());
        refusal(&pointer, &error.into_inner())
    })?;
    json.end().map_err(|error| refusal("", &error))?;
    Ok(value)
}

fn refusal(pointer: &str, error: &serde_json::Error) -> Failure {
    if !error.is_data() {
        return malformed(format!("the body is not JSON: {error}"));
    }
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    let (code, field) = match message.split_once('`') {
        Some(("missing field ", rest)) => ("field_missing", rest.split('`').next()),
        // The path ends at the object that has the field twice.
        Some(("duplicate field ", rest)) => ("field_duplicate", rest.split('`').next()),
        Some(("unknown field ", _)) => ("field_unknown", None),
        _ => ("field_type", None),
    };
    let pointer = field.map_or_else(|| pointer.to_owned(), |field| format!("{pointer}/{field}"));
    Problem::invalid(vec![Violation { pointer, code: code.to_owned(), detail: message.to_owned() }]).into()
}

fn malformed(detail: String) -> Failure {
    Problem::new(ProblemCode::Malformed, detail).into()
}

/// The JSON Pointer (RFC 6901) of a path.
fn pointer(path: &Path) -> String {
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(format!("/{index}")),
            Segment::Map { key } | Segment::Enum { variant: key } => {
                Some(format!("/{}", key.replace('~', "~0").replace('/', "~1")))
            }
            Segment::Unknown => None,
        })
        .collect()
}
