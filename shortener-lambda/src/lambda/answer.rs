//! Answers of a Function URL, payload format 2.0.

use std::collections::BTreeMap;

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_LENGTH, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use data_encoding::BASE64;
use serde::Serialize;

/// An answer as the Function URL takes it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answer {
    status_code: u16,
    headers: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cookies: Vec<String>,
    body: String,
    is_base64_encoded: bool,
}

impl Answer {
    /// The answer to a request of this method.
    pub(super) async fn of(method: &Method, response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        // Bodies are made in memory here: reading one cannot fail.
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
        // Elsewhere the HTTP server sees to this.
        let body = if *method == Method::HEAD { Bytes::new() } else { body };
        Self::new(parts.status, &parts.headers, body)
    }

    fn new(status: StatusCode, headers: &HeaderMap, body: Bytes) -> Self {
        let (body, is_base64_encoded) = match String::from_utf8(body.into()) {
            Ok(text) => (text, false),
            Err(binary) => (BASE64.encode(binary.as_bytes()), true),
        };
        Self {
            status_code: status.as_u16(),
            cookies: headers.get_all(SET_COOKIE).iter().map(text).collect(),
            headers: headers.keys().filter(|name| travels(name)).map(|name| joined(headers, name)).collect(),
            body,
            is_base64_encoded,
        }
    }
}

/// Cookies have a place of their own, and Lambda knows the length of what it sends.
fn travels(name: &HeaderName) -> bool {
    !matches!(*name, SET_COOKIE | CONTENT_LENGTH)
}

/// There is one place for each name: repeated values are joined, as RFC 9110 (section 5.3) allows for all but cookies.
fn joined(headers: &HeaderMap, name: &HeaderName) -> (String, String) {
    let values: Vec<_> = headers.get_all(name).iter().map(text).collect();
    (name.as_str().to_owned(), values.join(", "))
}

fn text(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_repeated_headers_and_binary_bodies_have_their_places() {
        let mut headers = HeaderMap::new();
        for (name, value) in [("set-cookie", "a=1"), ("set-cookie", "b=2"), ("link", "<x>"), ("link", "<y>")] {
            headers.append(name, HeaderValue::from_static(value));
        }
        let answer = Answer::new(StatusCode::OK, &headers, Bytes::from_static(&[0xff, 0x00]));
        let json = serde_json::to_value(answer).unwrap();
        let expected = serde_json::json!({"statusCode": 200, "headers": {"link": "<x>, <y>"}, "cookies": ["a=1", "b=2"],
            "body": "/wA=", "isBase64Encoded": true});
        assert_eq!(json, expected);
    }
}
