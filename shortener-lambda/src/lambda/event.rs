//! Events of a Function URL, payload format 2.0
//! (<https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads>), and requests made of them.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use data_encoding::BASE64;
use lambda_http::lambda_runtime::Diagnostic;
use serde::{Deserialize, Deserializer};

/// The domain name of events that only keep instances warm. No Function URL has it: `.invalid` is reserved (RFC 2606).
const WARM_UP: &str = "warm.invalid";

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The longest id that becomes an idempotency key, in bytes.
const LONGEST_ID: usize = 128;

/// Whatever the function was invoked with.
#[derive(Debug)]
pub(super) struct Event(Result<HttpEvent, EventError>);

/// Why an event cannot be answered over HTTP.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum EventError {
    /// It comes from something that is no Function URL, or is damaged.
    #[error("the event is no HTTP request of payload format 2.0: {0}")]
    NotHttp(String),
    /// Its method or path is none that HTTP knows.
    #[error("the event's {0} is none that HTTP knows")]
    BadRequestLine(&'static str),
    /// Its body is said to be Base64 and is not.
    #[error("the event's body is said to be Base64 and is not")]
    BadBase64,
}

/// The parts of an event that count; the rest is ignored, so that new fields do no harm.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct HttpEvent {
    raw_path: String,
    #[serde(default)]
    raw_query_string: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    cookies: Vec<String>,
    request_context: RequestContext,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext {
    http: Http,
    #[serde(default)]
    domain_name: Option<String>,
    #[serde(default)]
    request_id: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Http {
    method: String,
}

impl<'de> Deserialize<'de> for Event {
    /// Never fails: an event of another kind is to be answered by an error of ours, and logged once.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(HttpEvent::deserialize(deserializer).map_err(|error| EventError::NotHttp(error.to_string()))))
    }
}

impl EventError {
    /// The `errorType` that the invoker and the log are told.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::NotHttp(_) => "Short.NotAnHttpEvent",
            Self::BadRequestLine(_) => "Short.BadRequestLine",
            Self::BadBase64 => "Short.BodyNotBase64",
        }
    }
}

impl From<EventError> for Diagnostic {
    fn from(error: EventError) -> Self {
        Self { error_type: error.kind().to_owned(), error_message: error.to_string() }
    }
}

impl Event {
    /// Whether it only keeps this instance warm.
    pub(super) fn is_warm_up(&self) -> bool {
        self.0.as_ref().is_ok_and(|event| event.request_context.domain_name.as_deref() == Some(WARM_UP))
    }

    /// The request that it stands for.
    ///
    /// # Errors
    /// [`EventError`] if it stands for none.
    pub(super) fn into_request(self) -> Result<Request<Body>, EventError> {
        let event = self.0?;
        let method = Method::from_bytes(event.request_context.http.method.as_bytes());
        let method = method.map_err(|_| EventError::BadRequestLine("method"))?;
        let mut headers = headers(&event.headers);
        add_cookies(&mut headers, &event.cookies);
        if !method.is_safe() {
            name_repetitions(&mut headers, event.request_context.request_id.as_deref());
        }
        let mut request = Request::new(body(event.body, event.is_base64_encoded)?);
        *request.uri_mut() = uri(&event.raw_path, &event.raw_query_string)?;
        (*request.method_mut(), *request.headers_mut()) = (method, headers);
        Ok(request)
    }
}

/// Header names and values that HTTP would not carry are left out.
fn headers(sent: &BTreeMap<String, String>) -> HeaderMap {
    let pair = |(name, value): (&String, &String)| {
        Some((HeaderName::try_from(name.as_str()).ok()?, HeaderValue::from_bytes(value.as_bytes()).ok()?))
    };
    sent.iter().filter_map(pair).collect()
}

/// Payload format 2.0 takes cookies out of the headers.
fn add_cookies(headers: &mut HeaderMap, cookies: &[String]) {
    if cookies.is_empty() {
        return;
    }
    if let Ok(value) = HeaderValue::from_bytes(cookies.join("; ").as_bytes()) {
        headers.insert(COOKIE, value);
    }
}

/// Lambda can deliver an event twice. The second time has no second effect if the request has an idempotency key: the
/// caller's own, or else the id that the Function URL gave it.
fn name_repetitions(headers: &mut HeaderMap, id: Option<&str>) {
    let Some(id) = id.filter(|id| (1..=LONGEST_ID).contains(&id.len())) else { return };
    if headers.contains_key(IDEMPOTENCY_KEY) || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
        return;
    }
    if let Ok(value) = HeaderValue::try_from(format!("event-{id}")) {
        headers.insert(IDEMPOTENCY_KEY, value);
    }
}

fn body(text: Option<String>, is_base64: bool) -> Result<Body, EventError> {
    let Some(text) = text else { return Ok(Body::empty()) };
    if !is_base64 {
        return Ok(Body::from(text));
    }
    BASE64.decode(text.as_bytes()).map(Body::from).map_err(|_| EventError::BadBase64)
}

/// The path arrives as the visitor sent it or with some of its escapes undone; both may hold what no URI may.
fn uri(path: &str, query: &str) -> Result<Uri, EventError> {
    let mut text = String::with_capacity(path.len() + query.len() + 2);
    if !path.starts_with('/') {
        text.push('/');
    }
    escape(path, "\"#<>?\\^`{|}", &mut text);
    if !query.is_empty() {
        text.push('?');
        escape(query, "\"#<>\\^`{|}", &mut text);
    }
    text.parse().map_err(|_| EventError::BadRequestLine("path"))
}

/// Percent-encodes controls, spaces, everything beyond ASCII, and the bytes in `reserved`.
fn escape(text: &str, reserved: &str, escaped: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_graphic() && !reserved.contains(char::from(byte)) {
            escaped.push(char::from(byte));
        } else {
            escaped.push('%');
            for nibble in [byte >> 4, byte & 15] {
                escaped.push(char::from_digit(nibble.into(), 16).unwrap_or('0').to_ascii_uppercase());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri_of(path: &str, query: &str) -> String {
        uri(path, query).unwrap().to_string()
    }

    #[test]
    fn whatever_a_visitor_sends_becomes_a_uri_that_means_the_same() {
        assert_eq!(uri_of("/launch", ""), "/launch");
        assert_eq!(uri_of("/%6Caunch+", "a=%2B&b=c d"), "/%6Caunch+?a=%2B&b=c%20d");
        assert_eq!(uri_of("/a?b", "<script>\"\\"), "/a%3Fb?%3Cscript%3E%22%5C");
        assert_eq!(uri_of("/é", "ü"), "/%C3%A9?%C3%BC");
        assert_eq!(uri_of("/../x", ""), "/../x", "no path is rewritten before the router sees it");
        assert_eq!(uri_of("", ""), "/");
        assert_eq!(uri(&format!("/{}", "x".repeat(70_000)), ""), Err(EventError::BadRequestLine("path")));
    }

    #[test]
    fn a_change_carries_its_events_id_unless_it_has_a_key_of_its_own() {
        let key = |sent: &[(&str, &str)], id| {
            let sent = sent.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let mut headers = headers(&sent);
            name_repetitions(&mut headers, id);
            headers.get(IDEMPOTENCY_KEY).map(|value| value.to_str().unwrap().to_owned())
        };
        assert_eq!(key(&[], Some("abc")).as_deref(), Some("event-abc"));
        assert_eq!(key(&[("idempotency-key", "mine")], Some("abc")).as_deref(), Some("mine"));
        assert_eq!(key(&[], None), None);
        assert_eq!(key(&[], Some("a b")), None);
    }
}
