//! The least that an axum server can do to answer a short link with 302: it looks nothing up and counts nothing.
//!
//! `bare-axum ADDRESS` serves `/{code}` until it is ended.

use axum::Router;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::routing::get;

async fn redirect(Path(code): Path<String>) -> (StatusCode, [(header::HeaderName, String); 2]) {
    let target = format!("https://example.com/some/path/{code}");
    (
        StatusCode::FOUND,
        [(header::LOCATION, target), (header::CACHE_CONTROL, "public, max-age=0, s-maxage=60".to_owned())],
    )
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await?;
    axum::serve(listener, Router::new().route("/{code}", get(redirect))).await
}
