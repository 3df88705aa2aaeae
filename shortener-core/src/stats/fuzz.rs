//! Any item that a table can hold as what was counted.

use super::ledger::body::{DayHours, Parts, TallyBody};
use super::{Period, Subject, Tally};
use crate::link::Domain;
use crate::table::{Item, check_item, keys};

#[test]
fn a_tally_is_what_it_is_stored_as() {
    crate::fuzz_target!("tally", |input: &[u8]| {
        let Ok(attributes) = serde_json::from_slice(input) else { return };
        let key = keys::period_stats(&Subject::Site(Domain::default_domain()), Period::Total);
        let item = Item { key: key.clone(), attributes };
        if check_item(&item).is_err() {
            return;
        }
        if let Ok(tally) = TallyBody::tally(&item) {
            sums(&tally);
            let body = TallyBody::of(tally);
            let stored = Item::encode(key, &body).unwrap();
            assert_eq!(TallyBody::of(TallyBody::tally(&stored).unwrap()), body);
        }
        if let Ok(parts) = Parts::read(Some(&item), Period::Total) {
            assert!(parts.sum().total() <= parts.sum().requests());
        }
        if let Ok(day) = item.decode::<DayHours>() {
            assert!(!day.has_more_than(&day));
        }
    });
}

/// Sums of what is stored are no smaller than their parts, however large these are.
fn sums(tally: &Tally) {
    let mut both = tally.clone();
    both.merge(tally);
    assert!(both.clicks.human >= tally.clicks.human && tally.clicks.requests() >= tally.clicks.total());
    for (dimension, breakdown) in &tally.breakdowns {
        let merged = &both.breakdowns[dimension];
        assert!(
            breakdown.names.iter().all(|(name, clicks)| merged.names.get(name).is_none_or(|sum| sum.0 >= clicks.0))
        );
    }
    assert!(tally.visitors.estimate().is_finite());
}
