//! The address at the other end of the connection.

use std::net::IpAddr;

use axum::http::Request;

/// Travels with a request as an extension, where this process holds the connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

impl Peer {
    /// The address that a request's connection comes from: the visitor's, or that of the last proxy.
    pub(crate) fn of<B>(request: &Request<B>) -> Option<IpAddr> {
        request.extensions().get::<Self>().map(|peer| peer.0)
    }
}
