//! The least that a function behind a Function URL can do to find a short link in DynamoDB: one strong `GetItem` for each event,
//! and a 302. No domain, no expiry, no state, no log, no metrics, no deadline.
//!
//! `AWS_ENDPOINT_URL_DYNAMODB` and `SHORT_TABLE` as of the functions of the image.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use lambda_http::{Body, Error, Request, Response, run, service_fn};
use shortener_core::link::{Domain, ShortCode};
use shortener_core::table::keys;

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let client = Client::new(&loader().load().await);
    #[expect(clippy::disallowed_methods, reason = "a program this small has no config.rs")]
    let table = std::env::var("SHORT_TABLE")?;
    run(service_fn(|request| redirect(&client, &table, request))).await
}

fn loader() -> aws_config::ConfigLoader {
    let loader = aws_config::from_env();
    #[cfg(feature = "ring")]
    let loader = {
        use aws_smithy_http_client::{Builder, tls};
        let provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
        loader.http_client(Builder::new().tls_provider(provider).build_https())
    };
    loader
}

async fn redirect(client: &Client, table: &str, request: Request) -> Result<Response<Body>, Error> {
    let code = ShortCode::parse(request.uri().path().trim_start_matches('/'))?;
    let key = keys::link(&Domain::default_domain(), &code);
    let get = client.get_item().table_name(table).consistent_read(true);
    let get = get.key("pk", AttributeValue::S(key.pk)).key("sk", AttributeValue::S(key.sk));
    let item = get.send().await?.item.unwrap_or_default();
    let target = item.get("target").and_then(|target| target.as_s().ok()).ok_or("no such link")?;
    Ok(Response::builder().status(302).header("location", target).body(Body::Empty)?)
}
