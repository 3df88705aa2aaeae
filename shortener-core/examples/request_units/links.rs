//! Clicks on links, and what operators and scripts do to them.

use shortener_core::link::ShortCode;
use shortener_core::operations::{Operations, WriteOptions};
use shortener_core::redirect::{Click, Preview, Resolution, Resolver, Visitor};
use shortener_core::stats::Source;
use shortener_core::stats::tally::Counts;
use shortener_core::stats::{Hour, Ledger, Subject, Tally};
use shortener_core::table::dynamo::InsertBy;
use shortener_core::wire::{CreateLink, LinkFilter, Patch, StatsQuery, TopQuery, UpdateLink};

use crate::Outcome;
use crate::meter::{HOST, World, link, request};

const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0";

/// Most requests of a batch.
const BATCH: usize = 500;

pub(crate) async fn measure() -> Outcome<()> {
    let world = World::new().await?;
    prepare(&world).await?;
    clicks(&world).await?;
    creates(&world).await?;
    batches(&world).await?;
    changes(&world).await?;
    reads(&world).await?;
    keys(&world).await?;
    lists(&world).await
}

/// What a table and a process have once: the secret, the names of tags, the domains.
async fn prepare(world: &World) -> Outcome<()> {
    create(world, CreateLink { code: Some("plain".to_owned()), ..request(0) }).await?;
    create(world, CreateLink { code: Some("few".to_owned()), max_clicks: Some(10), ..request(1) }).await?;
    create(world, CreateLink { code: Some("tagged".to_owned()), ..tagged(2) }).await?;
    let resolver = Resolver::new(world.service.clone(), None);
    resolver.resolve(HOST, &ShortCode::parse("plain")?).await;
    Ok(())
}

async fn create(world: &World, request: CreateLink) -> Outcome<()> {
    world.session.create(&request, &WriteOptions::default()).await?;
    Ok(())
}

fn tagged(number: usize) -> CreateLink {
    CreateLink { tags: ["autumn", "newsletter", "web"].map(str::to_owned).to_vec(), ..request(number) }
}

async fn clicks(world: &World) -> Outcome<()> {
    let resolver = Resolver::new(world.service.clone(), None);
    for (what, code) in
        [("redirect", "plain"), ("redirect of an unknown code", "nothing"), ("redirect of a link with a limit", "few")]
    {
        let code = ShortCode::parse(code)?;
        let click = Click { host: HOST, code: &code, visitor: Visitor::Agent(BROWSER), deadline: None };
        let answered = async {
            match resolver.answer(&click).await.resolution {
                Resolution::Unavailable => Err("the store did not answer"),
                answer => Ok(answer),
            }
        };
        world.tell(what, 1, answered).await?;
    }
    let code = ShortCode::parse("plain")?;
    let shown = async {
        match resolver.preview(HOST, &code).await {
            Preview::Link(link) => Ok(link),
            _ => Err("there is no preview"),
        }
    };
    world.tell("preview", 1, shown).await?;
    Ok(())
}

async fn creates(world: &World) -> Outcome<()> {
    let options = WriteOptions::default();
    world.tell("create", 1, world.session.create(&request(10), &options)).await?;
    world.tell("create with 3 tags", 1, world.session.create(&tagged(11), &options)).await?;
    let taken = CreateLink { code: Some("plain".to_owned()), ..request(12) };
    let refused = async { world.session.create(&taken, &options).await.err().ok_or("a code was given twice") };
    world.tell("create with a code that is taken", 1, refused).await?;
    Ok(())
}

/// As imports do them: each row is known by its content.
async fn batches(world: &World) -> Outcome<()> {
    let (options, rows) = (WriteOptions::default(), |from, row: fn(usize) -> CreateLink| {
        (from..from + 25).map(row).map(|row| CreateLink { occurrence: Some(1), ..row }).collect::<Vec<_>>()
    });
    let (near, far) = (world.inserting_by(InsertBy::NEAR), world.inserting_by(InsertBy::FAR));
    // What a process reads once.
    for session in [&near, &far] {
        session.create_batch(&rows(1_000, tagged), &options).await?;
    }
    for (what, session, rows) in [
        ("batch of 25 creates, by puts", &near, rows(2_000, request)),
        ("batch of 25 creates, by statements", &far, rows(3_000, request)),
        ("batch of 25 creates with 3 tags, by statements", &far, rows(4_000, tagged)),
    ] {
        world.tell(what, rows.len(), session.create_batch(&rows, &options)).await?;
    }
    let again = rows(3_000, request);
    world.tell("batch of 25 links that are there", again.len(), far.create_batch(&again, &options)).await?;
    Ok(())
}

async fn changes(world: &World) -> Outcome<()> {
    let (link, options) = (link("plain")?, WriteOptions::default());
    let target = UpdateLink { target: Some(request(20).target), ..UpdateLink::default() };
    world.tell("update of a target", 1, world.session.update(&link, &target, &options)).await?;
    let expiry = UpdateLink { expires_at: Patch::Set("2027-01-31".to_owned()), ..UpdateLink::default() };
    world.tell("expire", 1, world.session.update(&link, &expiry, &options)).await?;
    world.tell("delete", 1, world.session.delete(&link, &options)).await?;
    world.tell("restore", 1, world.session.restore(&link, &options)).await?;
    Ok(())
}

async fn reads(world: &World) -> Outcome<()> {
    count_a_month(world).await?;
    let link = link("plain")?;
    world.tell("inspect", 1, world.session.get(&link)).await?;
    world.tell("history", 1, world.session.history(&link, 50, None)).await?;
    let days = StatsQuery { since: Some("2026-11-15".to_owned()), ..StatsQuery::default() };
    world.tell("statistics of a link over 30 days", 1, world.session.link_stats(&link, &days)).await?;
    let top = TopQuery { limit: Some(10), ..TopQuery::default() };
    world.tell("top 10", 1, world.session.top(&top)).await?;
    Ok(())
}

/// A click in each of the last 30 days, on three links.
async fn count_a_month(world: &World) -> Outcome<()> {
    world.advance_minutes(30 * 24 * 60);
    let ledger = Ledger::new(world.table.clone(), world.clock.clone());
    let tally = Tally { clicks: Counts { human: 1, ..Counts::default() }, ..Tally::default() };
    for day in 0..30 {
        let hour = Hour::parse("2026-11-15T13").ok_or("no hour")?.plus(day * 24);
        let of = |code: &str| -> Outcome<(Subject, Tally)> {
            let link = link(code)?;
            Ok((Subject::Link(link.domain, link.code), tally.clone()))
        };
        let tallies = [of("plain")?, of("few")?, of("tagged")?];
        ledger.record(&Source::edge(), hour, 1, &tallies).await?;
    }
    Ok(())
}

async fn keys(world: &World) -> Outcome<()> {
    let key = world.service.ensure_admin_key().await?.ok_or("there is a key")?.key;
    for what in ["check of an API key, first of the hour", "check of an API key, within a minute"] {
        world.tell(what, 1, world.service.authenticate(&key)).await?;
    }
    world.advance_minutes(2);
    world.tell("check of an API key, after a minute", 1, world.service.authenticate(&key)).await?;
    Ok(())
}

async fn lists(world: &World) -> Outcome<()> {
    let page = LinkFilter { limit: Some(50), ..LinkFilter::default() };
    let mut made = 10_000;
    for (what, links) in [("list, 50 of 1,000 links", 1_000), ("list, 50 of 20,000 links", 20_000)] {
        while made < 10_000 + links {
            let rows: Vec<CreateLink> =
                (made..made + BATCH).map(|row| CreateLink { occurrence: Some(1), ..request(row) }).collect();
            world.session.create_batch(&rows, &WriteOptions::default()).await?;
            made += BATCH;
        }
        world.tell(what, 1, world.session.list(&page)).await?;
    }
    Ok(())
}
