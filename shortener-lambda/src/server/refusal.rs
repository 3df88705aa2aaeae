//! What a client is told for whom there is no connection left.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

/// Most clients that are told; further ones are cut off, which costs least.
const TOLD: usize = 256;

/// How long telling may take.
const PATIENCE: Duration = Duration::from_secs(1);

/// The answer to whatever was asked, which is not read.
const ANSWER: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncache-control: no-store\r\n\
connection: close\r\ncontent-type: text/plain\r\ncontent-length: 58\r\n\r\n\
The server holds as many connections as it can. Try again.";

/// Tells clients that there is no room for them.
#[derive(Debug, Clone)]
pub(super) struct Refusals(Arc<Semaphore>);

impl Refusals {
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(TOLD)))
    }

    /// Answers 503 and closes.
    pub(super) fn refuse(&self, stream: TcpStream) {
        let Ok(permit) = Arc::clone(&self.0).try_acquire_owned() else { return };
        tokio::spawn(async move {
            // Whether the client hears it or not: there is no room for it.
            let _ = tokio::time::timeout(PATIENCE, tell(stream)).await;
            drop(permit);
        });
    }
}

async fn tell(mut stream: TcpStream) -> std::io::Result<()> {
    stream.write_all(ANSWER).await?;
    stream.shutdown().await?;
    // To close while something is unread resets the connection, and some systems then forget the answer. What was sent is
    // thrown away until the client closes, too.
    let mut request = [0; 1024];
    while stream.read(&mut request).await? > 0 {}
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_length_that_is_said_is_that_of_the_body() {
        let answer = std::str::from_utf8(super::ANSWER).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}", body.len())), "{answer}");
    }
}
