//! How an answer can be wrong, and what that says of the request.

use std::time::Duration;

/// Bytes of an answer that is much too long; a debug build reads them within an attempt.
const HUGE: usize = 2 << 20;

/// A fault between the SDK and DynamoDB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum WireFault {
    /// The port is closed.
    Refused,
    /// Reset when the first bytes of a request arrive.
    ResetBefore,
    /// Closed, in good order, as a request is written on a connection that was used before.
    ClosedOnReuse,
    /// Applied, and reset before any byte of the answer.
    ResetAfter,
    /// Applied, and reset in the middle of a body whose length was said.
    HalfBody,
    /// Applied, and closed in the middle of a chunk.
    HalfChunk,
    /// Applied, and the answer comes at a byte each 100 ms.
    Slow,
    /// Not applied, and never answered.
    SilentBefore,
    /// Applied, and never answered.
    SilentAfter,
    /// Applied, and answered with what is no HTTP.
    NoHttp,
    /// Applied, and answered with what is no JSON.
    NoJson,
    /// Applied, and answered rightly with a wrong checksum.
    WrongChecksum,
    /// Applied, and answered rightly in 2 MB.
    Huge,
    /// Not applied: an internal error.
    Failed,
    /// Applied, and answered with an internal error.
    FailedAfter,
    /// Not applied: a balancer without servers.
    NoServers,
    Throttled,
    /// A transaction meets another one and a limit; anything else is throttled.
    Cancelled,
    Expired,
    Skewed,
}

use WireFault::{
    Cancelled, ClosedOnReuse, Expired, Failed, FailedAfter, HalfBody, HalfChunk, Huge, NoHttp, NoJson, NoServers,
    Refused, ResetAfter, ResetBefore, SilentAfter, SilentBefore, Skewed, Slow, Throttled, WrongChecksum,
};

impl WireFault {
    pub(super) const ALL: [Self; 20] = [
        Refused,
        ResetBefore,
        ClosedOnReuse,
        ResetAfter,
        HalfBody,
        HalfChunk,
        Slow,
        SilentBefore,
        SilentAfter,
        NoHttp,
        NoJson,
        WrongChecksum,
        Huge,
        Failed,
        FailedAfter,
        NoServers,
        Throttled,
        Cancelled,
        Expired,
        Skewed,
    ];

    /// Whether it happens to a connection that was made, and passes by itself.
    pub(super) fn is_on_a_connection(self) -> bool {
        !matches!(self, Refused | Expired | Skewed | Huge)
    }

    /// Whether the request has had its effect.
    pub(super) fn is_applied(self) -> bool {
        matches!(
            self,
            ResetAfter
                | HalfBody
                | HalfChunk
                | Slow
                | SilentAfter
                | NoHttp
                | NoJson
                | WrongChecksum
                | Huge
                | FailedAfter
        )
    }

    /// Whether the sender cannot know that.
    pub(super) fn leaves_doubt(self) -> bool {
        !matches!(self, Refused | WrongChecksum | Throttled | Cancelled | Expired | Skewed)
    }

    /// Whether the answer is right.
    pub(super) fn is_harmless(self) -> bool {
        matches!(self, WrongChecksum | Huge)
    }

    pub(super) fn is_silent(self) -> bool {
        matches!(self, SilentBefore | SilentAfter)
    }

    pub(super) fn is_reset(self) -> bool {
        matches!(self, ResetAfter | HalfBody)
    }

    pub(super) fn goes_on(self) -> bool {
        !matches!(self, ResetAfter | HalfBody | HalfChunk | NoHttp)
    }

    pub(super) fn pause(self) -> Option<Duration> {
        (self == Slow).then_some(Duration::from_millis(100))
    }

    /// The bytes of the answer.
    pub(super) fn answer(self, operation: &str, reply: Option<Reply>) -> Vec<u8> {
        let right = || reply.as_ref().map(Reply::plain).unwrap_or_default();
        let refused = |status, code: &str| Reply::error(status, code, "").plain();
        match self {
            Refused | ResetBefore | ClosedOnReuse | ResetAfter | SilentBefore | SilentAfter => Vec::new(),
            Slow => right(),
            HalfBody => {
                let mut answer = right();
                answer.truncate(answer.len() - 1);
                answer
            }
            HalfChunk => {
                let body = reply.map(|reply| reply.body).unwrap_or_default();
                let half = &body[..body.len() / 2];
                format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{half}", body.len()).into_bytes()
            }
            NoHttp => b"SSH-2.0-OpenSSH_9.6\r\n\r\n".to_vec(),
            NoJson => Reply { status: 200, body: "<html>hello</html>".to_owned() }.plain(),
            WrongChecksum => reply.map(|reply| reply.with("x-amz-crc32: 1\r\n")).unwrap_or_default(),
            Huge => {
                let reply = reply.unwrap_or_else(|| Reply::error(500, "InternalServerError", ""));
                Reply { body: format!("{}{}", " ".repeat(HUGE), reply.body), ..reply }.plain()
            }
            Failed | FailedAfter => refused(500, "InternalServerError"),
            NoServers => b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 4\r\n\r\nbusy".to_vec(),
            Cancelled if operation == "TransactWriteItems" => Reply::cancelled().plain(),
            Throttled | Cancelled => refused(400, "ThrottlingException"),
            Expired => refused(400, "ExpiredTokenException"),
            Skewed => refused(400, "RequestTimeTooSkewed"),
        }
    }
}

/// A status and a JSON.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: String,
}

impl Reply {
    fn error(status: u16, code: &str, more: &str) -> Self {
        let body = format!(r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{code}","message":"injected"{more}}}"#);
        Self { status, body }
    }

    /// What a transaction answers that met another one, and a limit.
    fn cancelled() -> Self {
        let reasons = r#","CancellationReasons":[{"Code":"None"},{"Code":"TransactionConflict","Message":"conflict"},{"Code":"ThrottlingError","Message":"slow down"}]"#;
        Self::error(400, "TransactionCanceledException", reasons)
    }

    pub(super) fn plain(&self) -> Vec<u8> {
        self.with("")
    }

    fn with(&self, fields: &str) -> Vec<u8> {
        let Self { status, body } = self;
        let length = body.len();
        let head = "content-type: application/x-amz-json-1.0";
        format!("HTTP/1.1 {status} Status\r\n{head}\r\n{fields}content-length: {length}\r\n\r\n{body}").into_bytes()
    }
}

/// The operation that a header names.
pub(super) fn of_request(target: Option<&str>) -> String {
    target.and_then(|target| target.split_once('.')).map(|(_, name)| name.to_owned()).unwrap_or_default()
}
