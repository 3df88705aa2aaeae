//! Counting: the ledger, a server's counter, and logs.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use shortener_core::clock::Clock;
use shortener_core::ingest::{Ingest, IngestError, IngestOptions};
use shortener_core::pace::Patience;
use shortener_core::redirect::Visitor;
use shortener_core::stats::ledger::days_of;
use shortener_core::stats::{
    ClickCounter, Flusher, Hit, HourCount, Ledger, Outcome, People, Reached, Salts, Source, Sources, Subject, Unstored,
};
use shortener_core::table::TableError;
use shortener_core::wire::{Problem, ProblemCode};

use super::super::scenario::{Ending, Scenario};
use super::super::view;
use super::super::world::World;
use crate::stats::{hour, on, tally};

pub(super) fn all() -> Vec<Scenario> {
    vec![
        Scenario::new("record_hours", "two links", |world| async move { record(&world, false).await }).in_steps(),
        Scenario::new("record", "two links, rolled up", |world| async move { record(&world, true).await }).in_steps(),
        Scenario::new("roll_up", "nothing new", |world| async move {
            let days: BTreeSet<(Subject, _)> = [(on("launch"), hour("2026-11-24T10").date())].into();
            ledger(&world).roll_up(&days).await?;
            Ok(json!(null))
        })
        .in_steps(),
        Scenario::new("report", "how far counting is", |world| async move {
            let reached = Reached { as_of: world.clock.now(), complete_until: None, stopped_at: None };
            Sources::new(world.table.clone()).report(&Source::edge(), &reached).await?;
            Ok(json!(null))
        }),
        Scenario::new("progress", "of all", |world| async move {
            let progress = Sources::new(world.table.clone()).progress(world.clock.now()).await?;
            Ok(json!(format!("{progress:?}")))
        }),
        Scenario::new("salts", "of a day and of none", |world| async move {
            let (now, salts) = (world.clock.now(), Salts::new(world.table.clone()));
            let salt = salts.of(hour("2026-11-24T10").date(), now).await?;
            salts.destroy_due(now).await?;
            Ok(json!(salt.is_some()))
        })
        .seen_as(view::counts)
        .in_steps(),
        Scenario::new("run", "a server's counter, stored and rolled up", |world| async move { serve(&world).await })
            .seen_as(view::counts)
            .in_steps()
            .only_if_not_applied(),
        Scenario::new("ingest", "a pass over two files", |world| async move { ingest(&world).await })
            .seen_as(view::counts)
            .in_steps(),
    ]
}

fn ledger(world: &World) -> Ledger {
    Ledger::new(world.table.clone(), world.clock.clone())
}

async fn record(world: &World, rolls_up: bool) -> Ending {
    let tallies = [(on("launch"), tally(5, 2)), (on("edited"), tally(1, 0))];
    let counts = [HourCount { hour: hour("2026-11-24T11"), generation: 7, people: People::Counted, tallies: &tallies }];
    let ledger = ledger(world);
    ledger.record_hours(&Source::edge(), &counts).await?;
    if rolls_up {
        ledger.roll_up(&days_of(&counts)).await?;
    }
    Ok(json!(null))
}

/// A server that counts three clicks and stops after some seconds.
async fn serve(world: &Arc<World>) -> Ending {
    let counter = Arc::new(ClickCounter::new(world.clock.clone()));
    let mut flusher = Flusher::new(counter.clone(), world.table.clone(), world.clock.clone()).unwrap();
    flusher.prepare().await;
    for code in ["launch", "launch", "edited"] {
        let visitor = Visitor::Agent("Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0");
        let hit = Hit { outcome: Outcome::Click, visitor, referrer: b"", query: "", address: None };
        counter.count(on(code), &hit);
    }
    let unstored = flusher.run(tokio::time::sleep(Duration::from_secs(15))).await;
    if unstored == Unstored::default() {
        return Ok(json!(null));
    }
    Err(Problem { about_the_store: true, ..Problem::new(ProblemCode::OutcomeUnknown, "not everything is stored") })
}

async fn ingest(world: &World) -> Ending {
    let pass = Ingest::new(world.service.clone(), world.logs.clone(), a_moment());
    let report = pass.run().await.map_err(|error| match error {
        IngestError::Table(error) => Problem::from(error),
        IngestError::Domains(error) => Problem::from(error),
        other => Problem::new(ProblemCode::Internal, other.to_string()),
    })?;
    if report.hours_left > 0 {
        return Err(TableError::Throttled.into());
    }
    Ok(json!(null))
}

/// Requests are tried for a moment, so that a pass over a store that is down ends in time.
fn a_moment() -> IngestOptions {
    let patience = Patience { repetitions: 6, total: Duration::from_secs(2), ..Patience::REQUEST };
    IngestOptions { patience, ..IngestOptions::default() }
}
