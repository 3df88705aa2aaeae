//! A client that costs next to nothing: it sends what it is given and looks at the first bytes of the answer.

use std::future::pending;

use anyhow::ensure;
use shortener_lambda::server::{self, Front};
use shortener_lambda::{App, router};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Room for an answer, which must come in one piece.
const LONGEST_ANSWER: usize = 16 * 1024;

/// A connection to a server on this thread.
pub(crate) struct Client {
    stream: TcpStream,
    answer: Box<[u8]>,
}

impl Client {
    /// Serves `app` as `short serve` does, and connects to it.
    pub(crate) async fn of(app: App) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        tokio::spawn(server::serve(listener, Front::new(app.clone(), router(app)), pending()));
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, answer: vec![0; LONGEST_ANSWER].into() })
    }

    /// Sends a request and waits for its answer, whose first line must begin like this.
    pub(crate) async fn ask(&mut self, request: &[u8], expected: &str) -> anyhow::Result<()> {
        self.stream.write_all(request).await?;
        let length = self.stream.read(&mut self.answer).await?;
        let answer = &self.answer[..length];
        ensure!(answer.starts_with(expected.as_bytes()), "not {expected}: {}", String::from_utf8_lossy(answer));
        Ok(())
    }
}
