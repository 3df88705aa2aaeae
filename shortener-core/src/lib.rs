//! A URL shortener without its edges: the link model, the key schema, the table engines, the service rules and the
//! API client. It serves no HTTP and prints nothing.

#[cfg(feature = "client")]
pub mod client;
pub mod clock;
pub mod edge;
pub mod error;
#[cfg(feature = "testing")]
pub mod fuzz;
mod heap;
#[cfg(feature = "testing")]
pub mod hostile;
#[cfg(feature = "logs")]
pub mod ingest;
pub mod link;
pub mod metrics;
pub mod operations;
pub mod pace;
pub mod policy;
#[cfg(feature = "testing")]
pub mod proof;
pub mod redirect;
pub mod routes;
pub mod service;
pub mod stats;
pub mod table;
pub mod version;
pub mod when;
pub mod wire;
