//! The binary as Lambda runs it: invoked through the Runtime API, with a DynamoDB engine behind it.

pub(crate) mod harness;

mod api_calls;
mod authorisation;
mod bad_events;
mod freezing;
mod ingest;
mod log_lines;
mod meters;
mod purges;
mod redelivery;
mod redirects;
mod sick_store;
mod starting;
