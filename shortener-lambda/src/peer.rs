//! The address that a request comes from.

use std::net::IpAddr;

use axum::extract::Request;

/// Travels with a request as an extension, where this process holds the connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

impl Peer {
    /// The address of whoever sent a request; of an IPv4 client in the clothes of IPv6 that of IPv4.
    pub(crate) fn of(request: &Request) -> Option<IpAddr> {
        request.extensions().get::<Self>().map(|peer| peer.0.to_canonical())
    }
}
