//! Failures below HTTP, in words that say what to do.

use std::error::Error;
use std::io::{self, ErrorKind};

use reqwest::Method;

use super::ApiUrl;
use crate::wire::{Problem, ProblemCode};

/// The problem of a request that got no answer.
pub(super) fn problem(error: &reqwest::Error, url: &ApiUrl, method: &Method) -> Problem {
    if error.is_connect() {
        let (what, hint) = connect_failure(error);
        return Problem::new(ProblemCode::Unavailable, format!("cannot connect to {url}: {what}")).with_hint(hint);
    }
    lost(error, url, method)
}

/// The problem of an answer that broke off.
pub(super) fn broken(error: &reqwest::Error, url: &ApiUrl) -> Problem {
    lost(error, url, &Method::POST)
}

/// A request that was sent and not answered: a write may have had its effect.
fn lost(error: &reqwest::Error, url: &ApiUrl, method: &Method) -> Problem {
    let what = if error.is_timeout() { "did not answer in time" } else { "closed the connection" };
    let code = if *method == Method::GET { ProblemCode::Unavailable } else { ProblemCode::OutcomeUnknown };
    Problem::new(code, format!("{url} {what}"))
        .with_hint("try again; look with 'short inspect' what became of a change")
}

/// What kept the connection from being made, and what to do about it.
pub(super) fn connect_failure(error: &reqwest::Error) -> (String, &'static str) {
    let address = "check the URL given by --api, SHORT_API_URL or the profile, and that the service runs";
    if error.is_timeout() {
        return ("no answer in time".to_owned(), address);
    }
    for cause in causes(error) {
        let text = cause.to_string();
        if text.contains("dns error") || text.contains("failed to lookup address") {
            return ("no such host".to_owned(), "check the host name given by --api, SHORT_API_URL or the profile");
        }
        if text.contains("certificate") {
            return (certificate_failure(&text), "check the host name and this machine's certificate authorities");
        }
        if text.contains("InvalidContentType") || text.contains("corrupt message") {
            return ("it does not speak TLS".to_owned(), "use http:// if the service is not encrypted");
        }
        if let Some(io) = cause.downcast_ref::<io::Error>().and_then(io_failure) {
            return (io.to_owned(), address);
        }
    }
    ("the connection failed".to_owned(), address)
}

fn certificate_failure(text: &str) -> String {
    let why = ["UnknownIssuer", "Expired", "NotValidForName", "NotValidYet"]
        .into_iter()
        .zip(["its issuer is not trusted", "it has expired", "it is for another host name", "it is not valid yet"])
        .find(|(name, _)| text.contains(name));
    format!("its certificate is refused: {}", why.map_or("it is not valid", |(_, why)| why))
}

fn io_failure(error: &io::Error) -> Option<&'static str> {
    Some(match error.kind() {
        ErrorKind::ConnectionRefused => "connection refused",
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::UnexpectedEof => "connection closed",
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => "no route to the host",
        ErrorKind::TimedOut => "no answer in time",
        _ => return None,
    })
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}
