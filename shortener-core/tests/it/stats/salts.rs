//! Salts of visitors, and the sources of counts.

use std::net::IpAddr;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use shortener_core::stats::{Reached, Salts, Source, Sources};
use shortener_core::table::{Consistency, Table, keys};

use super::every_engine;
use crate::fixture::ScriptedTable;

const VISITOR: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 9));

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_has_one_salt_until_it_is_destroyed_for_good_on_every_engine() {
    for (table, _alive) in every_engine().await {
        let salts = Salts::new(table.clone());
        let date: Date = "2026-11-24".parse().unwrap();
        let now = at("2026-11-24T12:00:00Z");
        let makers = (0..8).map(|_| {
            let salts = salts.clone();
            tokio::spawn(async move { salts.of(date, now).await.unwrap().unwrap() })
        });
        let makers: Vec<_> = makers.collect();
        let mut hashes = std::collections::BTreeSet::new();
        for maker in makers {
            hashes.insert(maker.await.unwrap().visitor(VISITOR, b"agent"));
        }
        assert_eq!(hashes.len(), 1, "whoever makes it, all have the same");
        let other_day = salts.of("2026-11-25".parse().unwrap(), now).await.unwrap().unwrap();
        assert!(!hashes.contains(&other_day.visitor(VISITOR, b"agent")));

        let two_days_later = at("2026-11-27T00:00:00Z");
        assert_eq!(salts.destroy_due(two_days_later).await.unwrap(), 0);
        assert!(salts.of(date, two_days_later).await.unwrap().is_some());
        let due = two_days_later + SignedDuration::from_secs(1);
        assert!(salts.of(date, due).await.unwrap().is_none(), "not used, although nobody has destroyed it yet");
        assert_eq!((salts.destroy_due(due).await.unwrap(), salts.destroy_due(due).await.unwrap()), (1, 0));
        let stored = table.get(&keys::salt(date), Consistency::Strong).await.unwrap().unwrap();
        assert!(!stored.attributes.contains_key("secret"), "{stored:?}");
        assert_eq!(stored.number("purge_at"), Some(due.as_second() + 40 * 86_400));
        assert!(salts.of(date, now).await.unwrap().is_none(), "no clock that is behind brings it back");
    }
}

#[tokio::test]
async fn a_salt_made_for_a_day_long_past_is_kept_for_two_days() {
    let (table, _alive) = every_engine().await.remove(0);
    let salts = Salts::new(table);
    let date: Date = "2026-11-01".parse().unwrap();
    let now = at("2026-11-24T12:00:00Z");
    salts.of(date, now).await.unwrap().unwrap();
    assert_eq!(salts.destroy_due(now + SignedDuration::from_hours(48)).await.unwrap(), 0);
    assert_eq!(salts.destroy_due(now + SignedDuration::from_hours(49)).await.unwrap(), 1);
}

#[tokio::test]
async fn a_salt_whose_reply_was_lost_is_the_one_that_is_used() {
    let memory = Arc::new(shortener_core::table::memory::MemoryTable::new());
    let scripted = ScriptedTable::over(&memory);
    scripted.lose_every_reply();
    let (date, now) = ("2026-11-24".parse().unwrap(), at("2026-11-24T12:00:00Z"));
    let made = Salts::new(scripted).of(date, now).await.unwrap().unwrap();
    let stored: Arc<dyn Table> = memory;
    assert!(Salts::new(stored).of(date, now).await.unwrap() == Some(made));
}

#[tokio::test]
async fn what_sources_report_is_how_far_counting_is() {
    let (table, _alive) = every_engine().await.remove(0);
    let sources = Sources::new(table);
    let (boot, now) = (Source::boot(uuid::Uuid::nil()), at("2026-11-24T12:00:00Z"));
    assert_eq!(sources.progress(now).await.unwrap().as_of, None);
    let mut reached = Reached { as_of: now, complete_until: None, stopped_at: None };
    sources.report(&boot, &reached).await.unwrap();
    reached.as_of = at("2026-11-24T11:00:00Z");
    reached.complete_until = Some(at("2026-11-23T00:00:00Z"));
    sources.report(&Source::edge(), &reached).await.unwrap();
    let progress = sources.progress(now).await.unwrap();
    assert_eq!((progress.as_of, progress.complete_until), (Some(reached.as_of), reached.complete_until));
    assert_eq!(sources.of(&Source::edge()).await.unwrap(), Some(reached));
}
