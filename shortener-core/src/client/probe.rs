//! Asking any web server once what it answers, as a visitor of a short URL would.

use std::time::Duration;

use reqwest::header::LOCATION;
use url::Url;

use super::transport;
use crate::wire::{Problem, ProblemCode};

/// Asks single URLs. Redirects are not followed and cookies not kept.
#[derive(Debug, Clone)]
pub struct Probe {
    http: reqwest::Client,
}

/// How to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProbeMethod {
    /// `HEAD`, which most services count as no click.
    Head,
    /// `GET`; the body is not read.
    Get,
}

/// What a server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// HTTP status.
    pub status: u16,
    /// Where it sends its visitor, resolved against the URL that was asked; as it was sent if it is no URL.
    pub location: Option<String>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unanswered {
    /// Not within the time.
    #[error("no answer in time")]
    Timeout,
    /// No connection, for this reason.
    #[error("cannot connect: {0}")]
    Connect(String),
    /// The connection broke, or what came back is no HTTP.
    #[error("the connection was closed")]
    Broken,
}

impl Probe {
    /// Asks as `agent`, waiting so long for each answer.
    ///
    /// # Errors
    /// [`ProblemCode::Internal`] if the machine's TLS set-up cannot be loaded, or `agent` is no header.
    pub fn new(agent: &str, timeout: Duration) -> Result<Self, Problem> {
        let http = reqwest::Client::builder()
            .user_agent(agent)
            .connect_timeout(timeout)
            .timeout(timeout)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|_| Problem::new(ProblemCode::Internal, "cannot set up TLS on this machine"))?;
        Ok(Self { http })
    }

    /// Asks once.
    ///
    /// # Errors
    /// [`Unanswered`] says why there is no answer.
    pub async fn ask(&self, url: &Url, method: ProbeMethod) -> Result<Answered, Unanswered> {
        let request = match method {
            ProbeMethod::Head => self.http.head(url.clone()),
            ProbeMethod::Get => self.http.get(url.clone()),
        };
        let answer = request.send().await.map_err(|error| unanswered(&error))?;
        // Bytes that are no ASCII are UTF-8 in practice, whatever HTTP says.
        let sent = answer.headers().get(LOCATION).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let location = sent.map(|sent| url.join(sent.trim()).map_or(sent, String::from));
        Ok(Answered { status: answer.status().as_u16(), location })
    }
}

fn unanswered(error: &reqwest::Error) -> Unanswered {
    if error.is_timeout() {
        Unanswered::Timeout
    } else if error.is_connect() {
        Unanswered::Connect(transport::connect_failure(error).0)
    } else {
        Unanswered::Broken
    }
}
