//! Redirects by the function that does nothing else, each with one read from DynamoDB.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use shortener_core::link::{Domain, ShortCode};
use shortener_core::table::dynamo::{CredentialSource, DynamoSettings, DynamoTable, Limits};
use shortener_core::table::memory::MemoryTable;
use shortener_core::table::{Consistency, Item, Table, Write, keys};
use shortener_lambda::testing::Event;
use shortener_lambda::{Edge, lambda, redirect_router};

use crate::dynamodb;
use crate::world::{CODE, TARGET, World};

/// As a function has them, but for the time that a request takes where instructions are counted.
const LIMITS: Limits = Limits {
    operation: Duration::from_mins(1),
    attempt: Duration::from_secs(30),
    hedge: Some(Duration::from_secs(30)),
    ..Limits::REDIRECT
};

/// Answers events, from their JSON to the answers'.
pub(crate) async fn run(count: u32) -> anyhow::Result<()> {
    let table = connect(&dynamodb::serve().await?).await?;
    table.write(&[Write::put(link().await?)]).await?;
    let world = World::on(Arc::new(table))?;
    world.service.prepare_redirects().await?;
    let app = world.app(Edge::CloudFront, None);
    let router = redirect_router(app.clone());
    let event = Event::get(&format!("/{CODE}")).payload();
    for _ in 0..count {
        let answer = lambda::answer(&router, &app, &event).await.map_err(anyhow::Error::from_boxed)?;
        let answer = String::from_utf8(answer)?;
        ensure!(answer.starts_with(r#"{"statusCode":302"#) && answer.contains(TARGET), "no redirect: {answer}");
    }
    Ok(())
}

async fn connect(url: &str) -> anyhow::Result<DynamoTable> {
    let mut settings = DynamoSettings::new("short");
    settings.endpoint_url = Some(url.to_owned());
    settings.credentials = CredentialSource::Environment;
    settings.limits = LIMITS;
    Ok(DynamoTable::connect(&settings).await?)
}

/// The item of the link that visitors ask for.
async fn link() -> anyhow::Result<Item> {
    let table = Arc::new(MemoryTable::new());
    World::on(Arc::clone(&table) as _)?.create_link().await?;
    let key = keys::link(&Domain::default_domain(), &ShortCode::parse(CODE)?);
    table.get(&key, Consistency::Strong).await?.context("the link is not there")
}
