//! One connection to a server that may be killed at any moment.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Requests are sent on it one after the other.
pub(crate) struct Connection {
    stream: TcpStream,
    host: String,
    key: String,
}

/// An answer that was read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Its head, in lower case.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Connection {
    /// None if nobody listens there any more.
    pub(crate) fn to(url: &str, key: &str) -> Option<Self> {
        let host = url.trim_start_matches("http://").to_owned();
        let stream = TcpStream::connect(&host).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Some(Self { stream, host, key: key.to_owned() })
    }

    /// The answer; none if the connection broke before it was whole.
    pub(crate) fn ask(&mut self, method: &str, path: &str, body: &str) -> Option<Answer> {
        let (host, key, length) = (&self.host, &self.key, body.len());
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\nx-api-key: {key}\r\ncontent-type: application/json\r\n\
             user-agent: Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0\r\n\
             content-length: {length}\r\n\r\n{body}"
        );
        self.stream.write_all(request.as_bytes()).ok()?;
        let (mut read, mut buffer) = (Vec::new(), [0; 4096]);
        loop {
            let more = self.stream.read(&mut buffer).ok().filter(|more| *more > 0)?;
            read.extend_from_slice(&buffer[..more]);
            let text = String::from_utf8_lossy(&read);
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let head = head.to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                let status = head.split_whitespace().nth(1)?.parse().ok()?;
                return Some(Answer { status, body: body.to_owned(), head });
            }
        }
    }
}
