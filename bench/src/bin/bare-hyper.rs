//! The least that a hyper server can do to answer a short link with 302: no router, nothing looked up, nothing counted.
//!
//! `bare-hyper ADDRESS` serves until it is ended.

use std::convert::Infallible;

use axum::http::header::{CACHE_CONTROL, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;

async fn redirect(request: Request<Incoming>) -> Result<Response<Empty<Bytes>>, Infallible> {
    let mut response = Response::new(Empty::new());
    *response.status_mut() = StatusCode::FOUND;
    let target = format!("https://example.com/some/path{}", request.uri().path());
    if let Ok(target) = HeaderValue::try_from(target) {
        response.headers_mut().insert(LOCATION, target);
    }
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=0, s-maxage=60"));
    Ok(response)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        // A client that goes away is no failure of the server.
        tokio::spawn(async move {
            _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(redirect)).await;
        });
    }
}
