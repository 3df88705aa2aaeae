//! Requests of bulk loads: as many at once as DynamoDB bears, repeated by us and not by the SDK, whose repetitions would
//! hide from the pace what the service says, and whose allowance is soon used up by a load of thousands.

use crate::pace::{Backoff, Patience, Permit};
use crate::table::TableError;

/// What one request of a load came to.
pub(super) enum Step<T> {
    /// Everything has its answer.
    Done(T),
    /// Some of it was put off because of load; some was done.
    Progress,
    /// All that it asked for was put off because of load.
    Refused,
}

impl Step<()> {
    /// Of a batch of which so much was waiting before and is waiting still.
    pub(super) fn of(before: usize, after: usize) -> Self {
        match after {
            0 => Self::Done(()),
            after if after < before => Self::Progress,
            _ => Self::Refused,
        }
    }
}

/// The repetitions of one request of a load.
pub(super) struct Turns(Backoff);

impl Turns {
    pub(super) fn new(patience: Patience) -> Self {
        Self(Backoff::new(patience))
    }

    /// Tells the pace what a request came to, and returns its answer, or none after the pause that comes before it is sent
    /// again. What is sent again must be harmless after a lost reply.
    ///
    /// # Errors
    /// That of the request, when repeating cannot help or patience is at an end.
    pub(super) async fn judge<T>(
        &mut self,
        permit: Permit,
        outcome: Result<Step<T>, TableError>,
    ) -> Result<Option<T>, TableError> {
        let error = match outcome {
            Ok(Step::Done(answer)) => {
                permit.succeeded();
                return Ok(Some(answer));
            }
            Ok(Step::Progress) => {
                permit.throttled();
                self.0.reset();
                TableError::Throttled
            }
            Ok(Step::Refused) | Err(TableError::Throttled) => {
                permit.throttled();
                TableError::Throttled
            }
            // A broken connection says nothing of the service's load.
            Err(error) => {
                drop(permit);
                error
            }
        };
        if !error.is_retryable() || self.0.pause().await.is_err() {
            return Err(error);
        }
        Ok(None)
    }
}
