//! The moment by which a request must be answered.

use axum::extract::Request;
use tokio::time::Instant;

/// Travels with a request as an extension, where there is such a moment: on Lambda.
///
/// It is a moment of the monotonic clock, taken when the invocation begins, and never outlives it: what that clock does
/// while an instance is frozen between two invocations has no effect.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(pub(crate) Instant);

impl Deadline {
    /// The request's deadline.
    pub(crate) fn of(request: &Request) -> Option<Instant> {
        request.extensions().get::<Self>().map(|deadline| deadline.0)
    }
}
