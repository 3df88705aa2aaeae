//! Redirects from memory by the server.

use std::future::ready;
use std::sync::Arc;

use anyhow::ensure;
use shortener_core::stats::{ClickCounter, Flusher};

use crate::client::Client;
use crate::world::{CODE, HOST, OnFile};

/// What browsers send, but for what nothing here reads.
const AGENT: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";

/// Redirects, then stores what was counted: while the server runs, how often that is done is a matter of time.
pub(crate) async fn run(count: u32) -> anyhow::Result<()> {
    let OnFile { world, app, folder } = OnFile::new()?;
    world.create_link().await?;
    let counter = Arc::new(ClickCounter::new(Arc::clone(&world.clock)));
    let mut flusher = Flusher::new(Arc::clone(&counter), Arc::clone(&world.table), Arc::clone(&world.clock))?;
    flusher.prepare().await;
    let mut client = Client::of(app.with_counter(counter)).await?;
    let request = format!(
        "GET /{CODE} HTTP/1.1\r\nhost: {HOST}\r\nuser-agent: {AGENT}\r\naccept: text/html,*/*;q=0.8\r\n\
         accept-language: en\r\naccept-encoding: gzip, deflate\r\nreferer: https://news.example/some/page\r\n\r\n"
    );
    for _ in 0..count {
        client.ask(request.as_bytes(), "HTTP/1.1 302 Found").await?;
    }
    let left = flusher.run(ready(())).await;
    ensure!(left.requests == 0, "clicks are not stored: {left:?}");
    Ok(folder.close()?)
}
