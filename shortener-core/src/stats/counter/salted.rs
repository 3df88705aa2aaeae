//! The salts by which people are told apart on the days that are counted.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::ClickCounter;
use crate::stats::{Hour, Salts};
use crate::table::Table;

/// How often salts are destroyed that are due.
const DESTROY_EVERY: Duration = Duration::from_hours(1);

/// How long before midnight the salt of the next day is made.
const SALT_AHEAD: SignedDuration = SignedDuration::from_mins(10);

/// How long a failed reading of salts rests.
const SALT_AGAIN: Duration = Duration::from_secs(5);

/// The salts that a counter has.
#[derive(Debug)]
pub(super) struct DaySalts {
    salts: Salts,
    /// The first hours of their days.
    known: Vec<Hour>,
    next_read: Instant,
    next_destruction: Instant,
}

impl DaySalts {
    pub(super) fn new(table: Arc<dyn Table>) -> Self {
        let now = Instant::now();
        Self { salts: Salts::new(table), known: Vec::new(), next_read: now, next_destruction: now }
    }

    /// Makes sure of the salts of today and, shortly before midnight, of tomorrow.
    pub(super) async fn keep(&mut self, counter: &ClickCounter, now: Timestamp) {
        let first_hour = |at| Hour::all_of(Hour::of(at).date()).next();
        let ahead = now.checked_add(SALT_AHEAD).unwrap_or(now);
        let mut wanted: Vec<Hour> = [now, ahead].into_iter().filter_map(first_hour).collect();
        wanted.dedup();
        if wanted == self.known || Instant::now() < self.next_read {
            return;
        }
        let mut salts = Vec::new();
        for day in &wanted {
            match self.salts.of(day.date(), now).await {
                Ok(Some(salt)) => salts.push((*day, salt)),
                Ok(None) => {
                    tracing::warn!(date = %day.date(), "the day's salt is destroyed: its visitors are not counted");
                }
                Err(error) => {
                    tracing::warn!(%error, "the salt of a day cannot be read");
                    self.next_read = Instant::now() + SALT_AGAIN;
                    return;
                }
            }
        }
        counter.set_salts(&salts);
        self.known = wanted;
    }

    /// Destroys those that are due, once an hour.
    pub(super) async fn destroy_due(&mut self, now: Timestamp) {
        if Instant::now() < self.next_destruction {
            return;
        }
        self.next_destruction = Instant::now() + DESTROY_EVERY;
        if let Err(error) = self.salts.destroy_due(now).await {
            tracing::warn!(%error, "salts that are due cannot be destroyed");
        }
    }
}
