//! Creates on an embedded table.

use anyhow::Context;
use shortener_core::operations::{Operations, WriteOptions};
use shortener_core::routes::api::LINKS;
use shortener_core::wire::CreateLink;

use crate::client::Client;
use crate::world::{HOST, OnFile};

/// Creates by the service.
pub(crate) async fn run(count: u32) -> anyhow::Result<()> {
    let file = OnFile::new()?;
    let session = file.world.session();
    for number in 0..count {
        let link = CreateLink { target: target(number), ..CreateLink::default() };
        session.create(&link, &WriteOptions::default()).await?;
    }
    Ok(())
}

/// Creates by the server.
pub(crate) async fn run_over_http(count: u32) -> anyhow::Result<()> {
    let file = OnFile::new()?;
    let key = file.world.service.ensure_admin_key().await?.context("a new table has no key")?.key;
    let mut client = Client::of(file.app).await?;
    for number in 0..count {
        let body = format!(r#"{{"target":"{}"}}"#, target(number));
        let request = format!(
            "POST {LINKS} HTTP/1.1\r\nhost: {HOST}\r\nx-api-key: {key}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        client.ask(request.as_bytes(), "HTTP/1.1 201 Created").await?;
    }
    Ok(())
}

fn target(number: u32) -> String {
    format!("https://example.com/some/path/{number:08}")
}
