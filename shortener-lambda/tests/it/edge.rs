//! An edge in front of the service: a cache as CloudFront is said to be one, with its two functions, and what it shows.
//!
//! The model obeys RFC 9111 and RFC 5861 in virtual time. Where CloudFront's habits are not documented, or known to
//! differ from the standards, each of them is a [`habits::Habits`], and the promises are shown for all of them.

mod actions;
mod cache;
mod habits;
mod lifetimes;
mod message;
mod origin;
mod viewer;
mod world;

mod expiry;
mod forwarding;
mod outages;
mod poisoning;
mod staleness;
mod visibility;
