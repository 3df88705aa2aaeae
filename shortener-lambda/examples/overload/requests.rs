//! What is asked for.

use std::cell::Cell;
use std::str::FromStr;

/// A kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One short link, which the server has in memory.
    Hot,
    /// Codes that nobody has: the server looks each up in its store.
    Cold,
    /// A new link.
    Create,
    /// A page of 100 links.
    List,
    /// Whether the service is up.
    Health,
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "hot" => Self::Hot,
            "cold" => Self::Cold,
            "create" => Self::Create,
            "list" => Self::List,
            "health" => Self::Health,
            _ => return Err(format!("{text} is no kind of request")),
        })
    }
}

/// Makes the requests of one load.
#[derive(Debug)]
pub(crate) struct Requests {
    kind: Kind,
    key: String,
    next: Cell<u64>,
}

impl Requests {
    pub(crate) fn new(kind: Kind, key: &str) -> Self {
        // Two runs against one table must not ask for the same.
        Self { kind, key: key.to_owned(), next: Cell::new(u64::from(std::process::id()) << 32) }
    }

    /// The next request, as it goes over the wire.
    pub(crate) fn next(&self) -> Vec<u8> {
        let number = self.next.replace(self.next.get() + 1);
        let key = &self.key;
        let text = match self.kind {
            Kind::Hot => "GET /hot HTTP/1.1\r\nhost: s.example\r\nuser-agent: overload\r\n\r\n".to_owned(),
            Kind::Cold => format!("GET /q{number:x} HTTP/1.1\r\nhost: s.example\r\nuser-agent: overload\r\n\r\n"),
            Kind::Health => "GET /api/v1/health HTTP/1.1\r\nhost: s.example\r\n\r\n".to_owned(),
            Kind::List => {
                format!("GET /api/v1/links?limit=100 HTTP/1.1\r\nhost: s.example\r\nx-api-key: {key}\r\n\r\n")
            }
            Kind::Create => {
                let body = format!("{{\"target\":\"https://example.com/{number}\"}}");
                format!(
                    "POST /api/v1/links HTTP/1.1\r\nhost: s.example\r\nx-api-key: {key}\r\n\
                     content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                )
            }
        };
        text.into_bytes()
    }

    /// Whether an answer of this status did what was asked.
    pub(crate) fn is_good(&self, status: u16) -> bool {
        match self.kind {
            Kind::Hot => status == 302,
            Kind::Cold => status == 404,
            Kind::Create => status == 201,
            Kind::List | Kind::Health => status == 200,
        }
    }
}
