//! The router, asked as a visitor, a script and an operator would ask it.
#![cfg(test)]

mod api;
mod app;
mod client;
mod documents;
mod edge;
mod errors;
mod functions;
mod pages;
mod redirects;
mod routes;
mod serving;
mod sick;
