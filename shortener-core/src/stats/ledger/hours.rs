//! Storing hours.

use jiff::SignedDuration;

use super::body::{TallyBody, attributes_of, generation_of};
use super::put::{ATTEMPTS, Put, pause};
use super::{HourCount, Ledger, People, Recorded, Source, Subject, gather};
use crate::stats::Tally;
use crate::table::keys::{self, attribute};
use crate::table::{Consistency, Item, Key, TableError};

/// For how long an hour is kept after it was written last.
pub(crate) const KEPT: SignedDuration = SignedDuration::from_hours(35 * 24);

/// How many hours are read and compared at a time: a bound on what is held in memory.
const CHUNK: usize = 500;

impl Ledger {
    /// Stores what a source counted in one hour.
    pub(super) async fn store_hour(&self, source: &Source, count: &HourCount<'_>) -> Result<Recorded, TableError> {
        let mut recorded = Recorded::default();
        for tallies in count.tallies.chunks(CHUNK) {
            let key = |(subject, _): &(Subject, Tally)| keys::hour_stats(subject, count.hour, source.as_str());
            let keys: Vec<Key> = tallies.iter().map(key).collect();
            let stored = self.table.get_many(&keys).await?;
            let each = keys.into_iter().zip(stored).zip(tallies);
            let work = each.map(|((key, stored), (_, tally))| self.store_tally(key, stored, tally, count));
            recorded += gather(work.collect()).await?;
        }
        Ok(recorded)
    }

    async fn store_tally(
        &self,
        key: Key,
        mut stored: Option<Item>,
        tally: &Tally,
        count: &HourCount<'_>,
    ) -> Result<Recorded, TableError> {
        let counted = TallyBody::of(tally.clone());
        let mut may_be_written = false;
        for attempt in 1..=ATTEMPTS {
            // What cannot be read is counted anew.
            let there = stored.as_ref().and_then(|item| item.decode::<TallyBody>().ok());
            let body = match count.people {
                People::Counted => counted.clone(),
                People::AsStored => {
                    TallyBody { visitors: there.as_ref().and_then(|there| there.visitors.clone()), ..counted.clone() }
                }
            };
            let is_same = there.map_or(stored.is_none() && body == TallyBody::default(), |there| there == body);
            if is_same && may_be_written {
                return Ok(Recorded { written: 1, ..Recorded::default() });
            }
            if is_same {
                return Ok(Recorded { unchanged: 1, ..Recorded::default() });
            }
            if generation_of(stored.as_ref()) >= count.generation && stored.is_some() {
                break;
            }
            match self.put_hour(&key, &body, count.generation).await? {
                Put::Done => return Ok(Recorded { written: 1, ..Recorded::default() }),
                Put::Fenced if !may_be_written => break,
                Put::Fenced => {}
                Put::Unknown => may_be_written = true,
            }
            if attempt == ATTEMPTS {
                return Err(TableError::OutcomeUnknown(
                    "the replies of all attempts to store an hour were lost".into(),
                ));
            }
            pause(attempt).await;
            stored = self.table.get(&key, Consistency::Strong).await?;
        }
        Ok(Recorded { superseded: 1, ..Recorded::default() })
    }

    async fn put_hour(&self, key: &Key, body: &TallyBody, generation: u64) -> Result<Put, TableError> {
        let mut attributes = attributes_of(body)?;
        let purge_at = (self.clock.now() + KEPT).as_second();
        attributes.insert(attribute::PURGE_AT.to_owned(), purge_at.into());
        self.put(key, attributes, generation).await
    }
}
