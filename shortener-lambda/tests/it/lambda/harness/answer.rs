//! Answers of a Function URL, payload format 2.0.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use data_encoding::BASE64;
use serde::Deserialize;
use serde_json::Value;

use shortener_lambda::testing::{Outcome, Reply};

/// An HTTP answer, as the Function URL would send it on.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: BTreeMap<String, String>,
    pub(crate) cookies: Vec<String>,
    pub(crate) body: Vec<u8>,
    /// Whether the body travelled as Base64.
    pub(crate) was_base64: bool,
    pub(crate) took: Duration,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    status_code: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    cookies: Vec<String>,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

impl Answer {
    /// Reads a reply that must be an answer.
    pub(crate) fn of(reply: Reply) -> Self {
        let Outcome::Response(payload) = reply.outcome else { panic!("the invocation failed: {reply:?}") };
        let payload: Payload = serde_json::from_slice(&payload).expect("an answer of payload format 2.0");
        let body = payload.body.unwrap_or_default().into_bytes();
        Self {
            status: payload.status_code,
            headers: payload.headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect(),
            cookies: payload.cookies,
            body: if payload.is_base64_encoded { BASE64.decode(&body).unwrap() } else { body },
            was_base64: payload.is_base64_encoded,
            took: reply.took,
        }
    }

    /// A header's value; empty if it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// All headers: lower-case names and values.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {self}"))
    }

    /// Status and `Location`, as most tests of redirects compare them.
    pub(crate) fn redirect(&self) -> (u16, &str) {
        (self.status, self.header("location"))
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} in {:?}", self.status, self.took)?;
        for (name, value) in &self.headers {
            writeln!(f, "{name}: {value}")?;
        }
        write!(f, "\n{}", String::from_utf8_lossy(&self.body))
    }
}
