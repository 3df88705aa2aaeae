//! Notes in the table of the days that a run of a server has not rolled up, so that another can if it is killed.
//!
//! A note is written before the first hour of its days is stored, and deleted after they are rolled up. Whoever rolls up
//! what nobody has counted changes nothing, so that a note that is left over does no harm.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::link::{Domain, ShortCode};
use crate::stats::ledger::hours::KEPT;
use crate::stats::{Source, Subject};
use crate::table::keys::{self, attribute};
use crate::table::{Item, Key, Order, Query, Table, TableError, Write};

/// The notes of all servers on a table.
#[derive(Debug)]
pub(super) struct Notes {
    table: Arc<dyn Table>,
}

/// What a note holds: the codes of each domain, by day. The domain itself is always meant, too.
#[derive(Debug, Serialize, Deserialize)]
struct NoteBody {
    days: BTreeMap<Date, BTreeMap<String, BTreeSet<String>>>,
}

impl Notes {
    pub(super) fn new(table: Arc<dyn Table>) -> Self {
        Self { table }
    }

    /// Notes that days are to be rolled up.
    pub(super) async fn write(
        &self,
        source: &Source,
        number: u64,
        days: &BTreeSet<(Subject, Date)>,
        now: Timestamp,
    ) -> Result<(), TableError> {
        let mut item = Item::encode(keys::pending_days(source.as_str(), number), &NoteBody::of(days))?;
        // Then the hours are collected, too.
        let purge_at = now.as_second().saturating_add(KEPT.as_secs());
        item.attributes.insert(attribute::PURGE_AT.to_owned(), purge_at.into());
        self.table.write(&[Write::put(item)]).await
    }

    /// Deletes notes, at most as many as fit a transaction.
    pub(super) async fn delete(&self, notes: impl IntoIterator<Item = Key>) -> Result<(), TableError> {
        let deletes: Vec<Write> = notes.into_iter().map(Write::delete).collect();
        self.table.write(&deletes).await
    }

    /// The first note of a run, and the days that it is of.
    pub(super) async fn first_of(
        &self,
        source: &Source,
    ) -> Result<Option<(Key, BTreeSet<(Subject, Date)>)>, TableError> {
        let (partition, range) = (keys::INGEST.to_owned(), keys::pending_days_of(source.as_str()));
        let query = Query { index: None, partition, range, order: Order::Ascending, limit: 1, start: None };
        let first = self.table.query(&query).await?.items.into_iter().next();
        first.map(|item| Ok((item.key.clone(), item.decode::<NoteBody>()?.days()))).transpose()
    }
}

impl NoteBody {
    fn of(days: &BTreeSet<(Subject, Date)>) -> Self {
        let mut by_date: BTreeMap<Date, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
        for (subject, date) in days {
            let codes = by_date.entry(*date).or_default().entry(subject.domain().as_str().to_owned()).or_default();
            if let Subject::Link(_, code) = subject {
                codes.insert(code.as_str().to_owned());
            }
        }
        Self { days: by_date }
    }

    /// What cannot be a link has no statistics either.
    fn days(self) -> BTreeSet<(Subject, Date)> {
        let mut days = BTreeSet::new();
        for (date, domains) in self.days {
            for (domain, codes) in domains {
                let Ok(domain) = Domain::parse(&domain) else { continue };
                let codes = codes.iter().filter_map(|code| ShortCode::parse(code).ok());
                days.extend(codes.map(|code| (Subject::Link(domain.clone(), code), date)));
                days.insert((Subject::Site(domain), date));
            }
        }
        days
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_means_the_days_of_its_links_and_of_their_domains() {
        let (default, other) = (Domain::default_domain(), Domain::parse("go.example").unwrap());
        let link = |domain: &Domain, code: &str| Subject::Link(domain.clone(), ShortCode::parse(code).unwrap());
        let [first, second]: [Date; 2] = ["2026-11-24", "2026-11-25"].map(|date| date.parse().unwrap());
        let noted = [
            (link(&default, "a"), first),
            (link(&default, "b"), first),
            (link(&other, "a"), second),
            (Subject::Site(default.clone()), second),
        ];
        let mut expected: BTreeSet<_> = noted.into_iter().collect();
        let body = serde_json::to_string(&NoteBody::of(&expected)).unwrap();
        expected.extend([(Subject::Site(default), first), (Subject::Site(other), second)]);
        assert_eq!(serde_json::from_str::<NoteBody>(&body).unwrap().days(), expected, "{body}");
        assert!(body.len() < 120, "{body}");
    }
}
