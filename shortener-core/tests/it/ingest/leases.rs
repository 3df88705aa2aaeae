//! The lease that keeps scheduled runs from doing the same work twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jiff::SignedDuration;
use shortener_core::ingest::{IngestError, IngestOptions, Lease, Reach};
use shortener_core::table::{Table, TableError, keys};

use super::passes::world;
use super::tables::{Behind, Between, Chaos, Late, Request};

fn leased(owner: &str) -> IngestOptions {
    let lease = Lease { owner: owner.to_owned(), length: Duration::from_mins(1) };
    IngestOptions { lease: Some(lease), reach: Reach::Recent, ..IngestOptions::default() }
}

#[tokio::test]
async fn a_lease_keeps_others_away_until_it_ends() {
    let world = world().await;
    world.put("1", &[("r1", "/a", 302)]);
    let chaos = Behind::new(&world.table, Chaos::new(1, 0, 20));
    let shared: Arc<dyn Table> = chaos.clone();
    let killed = world.ingest(&shared, leased("first"));
    tokio::select! {
        report = killed.run() => panic!("{report:?}"),
        () = chaos.between.stopped.notified() => {}
    }
    assert!(matches!(world.pass_with(leased("second")).await, Err(IngestError::Busy { .. })));
    world.clock.advance(SignedDuration::from_secs(59));
    assert!(matches!(world.pass_with(leased("second")).await, Err(IngestError::Busy { .. })));
    world.clock.advance(SignedDuration::from_secs(3));
    world.pass_with(leased("second")).await.unwrap();
    assert_eq!(world.people("a").await, 1);
    // It is given back at the end, so that the next run need not wait.
    world.put("2", &[("r2", "/a", 302)]);
    world.pass_with(leased("third")).await.unwrap();
    assert_eq!(world.people("a").await, 2);
}

/// Loses the reply of the first write of the lease.
#[derive(Debug, Default)]
struct LosesLease(AtomicBool);

#[async_trait]
impl Between for LosesLease {
    async fn after(&self, what: Request<'_>) -> Result<(), TableError> {
        match what {
            Request::Write([write]) if *write.key() == keys::ingest_lease() && !self.0.swap(true, Ordering::SeqCst) => {
                Err(TableError::OutcomeUnknown("the reply was lost".into()))
            }
            _ => Ok(()),
        }
    }
}

#[tokio::test]
async fn a_lease_is_held_although_the_reply_was_lost() {
    let world = world().await;
    world.put("1", &[("r1", "/a", 302)]);
    let loses = Behind::new(&world.table, LosesLease::default());
    let shared: Arc<dyn Table> = loses.clone();
    world.ingest(&shared, leased("first")).run().await.unwrap();
    assert!(loses.between.0.load(Ordering::SeqCst));
    assert_eq!(world.people("a").await, 1);
}

#[tokio::test]
async fn a_run_that_outlives_its_lease_does_not_give_the_next_ones_back() {
    let world = world().await;
    world.put("1", &[("r1", "/a", 302)]);
    let late = [Late::new(true), Late::new(true)].map(|late| Behind::new(&world.table, late));
    let [first, second] = [0, 1].map(|at| {
        let table: Arc<dyn Table> = late[at].clone();
        let ingest = world.ingest(&table, leased(["first", "second"][at]));
        async move { ingest.run().await }
    });
    let first = tokio::spawn(first);
    late[0].between.arrived.notified().await;
    world.clock.advance(SignedDuration::from_secs(62));
    let second = tokio::spawn(second);
    late[1].between.arrived.notified().await;
    late[0].between.go.notify_one();
    first.await.unwrap().unwrap();
    world.put("2", &[("r2", "/a", 302)]);
    assert!(matches!(world.pass_with(leased("third")).await, Err(IngestError::Busy { .. })));
    late[1].between.go.notify_one();
    second.await.unwrap().unwrap();
    // With nothing to count nobody is in the way of anybody.
    world.pass_with(leased("third")).await.unwrap();
    let held = Behind::new(&world.table, Late::new(true));
    let shared: Arc<dyn Table> = held.clone();
    world.put("3", &[("r3", "/a", 302)]);
    let ingest = world.ingest(&shared, leased("fourth"));
    let fourth = tokio::spawn(async move { ingest.run().await });
    held.between.arrived.notified().await;
    world.logs.remove(&super::passes::name("3"));
    assert_eq!(world.pass_with(leased("fifth")).await.unwrap().new_files, 0);
    held.between.go.notify_one();
    fourth.await.unwrap().unwrap();
}
