//! The router, asked as a visitor, a script and an operator would ask it.
#![cfg(test)]

mod api;
mod app;
mod authorisation;
mod batches;
mod client;
mod cost;
mod deployment;
mod documents;
mod edge;
mod errors;
mod functions;
#[cfg(unix)]
mod lambda;
mod overload;
mod pages;
mod purges;
mod redirects;
mod routes;
mod serving;
mod sick;
mod statistics;
