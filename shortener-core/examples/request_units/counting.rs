//! Runs of `ingest`, as the deployment has them: every few minutes, over what the edge has logged meanwhile.

use std::sync::Arc;
use std::time::Duration;

use shortener_core::clock::Clock;
use shortener_core::ingest::testing::logs::MemoryLogs;
use shortener_core::ingest::testing::{LEGACY_FIELDS, Written, write_header, write_line};
use shortener_core::ingest::{Ingest, IngestOptions, Lease, LogLine, LogSource, Reach, RollUp};
use shortener_core::operations::{Operations, WriteOptions};
use shortener_core::stats::Hour;
use shortener_core::wire::CreateLink;

use crate::Outcome;
use crate::meter::{HOST, World, request};

/// How many links are clicked between two runs.
const LINKS: usize = 100;

pub(crate) async fn measure() -> Outcome<()> {
    let world = World::new().await?;
    let logs = Arc::new(MemoryLogs::new(world.clock.clone()));
    for link in 0..LINKS {
        let request = CreateLink { code: Some(code(link)), ..request(link) };
        world.session.create(&request, &WriteOptions::default()).await?;
    }
    // The first run of a service makes what it has once, and the first one of a link its month and its total.
    world.advance_minutes(2);
    run(&world, &logs, LINKS).await?;
    // The first hour is over: it is rolled up while nothing is clicked.
    world.advance_minutes(60);
    run(&world, &logs, 0).await?;
    for (what, minutes, clicked) in [
        ("counting run, links clicked for the first time in the hour", 1, LINKS),
        ("counting run, links clicked before in the hour", 5, LINKS),
        ("counting run, nothing clicked", 5, 0),
        ("counting run that rolls up an hour", 60, 0),
    ] {
        world.advance_minutes(minutes);
        let things = if what.ends_with("clicked") { 1 } else { LINKS };
        world.tell(what, things, run(&world, &logs, clicked)).await?;
    }
    Ok(())
}

fn code(link: usize) -> String {
    format!("link{link:03}")
}

/// A file of logs with a click on each of so many links, and a run.
async fn run(world: &World, logs: &Arc<MemoryLogs>, clicked: usize) -> Outcome<()> {
    let now = world.clock.now();
    if clicked > 0 {
        let hour = Hour::of_second(now.as_second()).to_string().replace('T', "-");
        let name = format!("E2EXAMPLE.{hour}.{:08x}", now.as_second());
        logs.put(&name, now, log(now.as_second() - 60, clicked));
    }
    let lease = Lease { owner: "ingest".to_owned(), length: Duration::from_mins(15) };
    let (reach, roll_up) = (Reach::Recent, RollUp::Hourly);
    let options = IngestOptions { reach, roll_up, lease: Some(lease), ..IngestOptions::default() };
    let logs: Arc<dyn LogSource> = logs.clone();
    Ingest::new(world.service.clone(), logs, options).run().await?;
    Ok(())
}

fn log(second: i64, clicked: usize) -> Vec<u8> {
    let mut out = Vec::new();
    write_header(&mut out, Written::W3c, &LEGACY_FIELDS);
    for link in 0..clicked {
        let (id, path) = (format!("{second}-{link}"), format!("/{}", code(link)));
        let line = LogLine {
            second,
            request_id: id.as_bytes(),
            host: HOST.as_bytes(),
            method: b"GET",
            path: path.as_bytes(),
            status: 302,
            result: b"Hit",
            user_agent: b"Mozilla/5.0%20(X11;%20Linux%20x86_64;%20rv:127.0)%20Gecko/20100101%20Firefox/127.0",
            address: b"198.51.100.7",
            ..LogLine::default()
        };
        write_line(&mut out, Written::W3c, &LEGACY_FIELDS, &line);
    }
    out
}
