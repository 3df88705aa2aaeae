//! Serves the product over HTTP: public redirects and pages, and the API. The same router runs on AWS Lambda and in
//! `short serve`; every rule lives in `shortener_core`.

mod admission;
mod api;
mod app;
pub mod config;
pub mod counting;
mod deadline;
#[cfg(feature = "aws")]
pub mod ingest;
#[cfg(feature = "aws")]
pub mod lambda;
pub mod log;
pub mod metrics;
mod pages;
mod peer;
pub mod process;
mod proxies;
mod redirect;
mod request_log;
pub mod server;
#[cfg(feature = "testing")]
pub mod testing;

pub use admission::Turns;
pub use app::{App, Edge, Site, api_router, redirect_router, router};
pub use proxies::TrustedProxies;
