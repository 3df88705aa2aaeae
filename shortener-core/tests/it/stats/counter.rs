//! Counting clicks in the memory of a server.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use shortener_core::clock::TestClock;
use shortener_core::link::Domain;
use shortener_core::redirect::Visitor;
use shortener_core::stats::{ClickCounter, Flusher, Hit, Outcome, Period, Sources, Subject, Unstored, Visitors};
use shortener_core::table::dynamo::in_process::{Fault, InProcess};
use shortener_core::table::memory::MemoryTable;
use shortener_core::table::{Consistency, Order, Query, Table, keys};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::{hour, on};

pub(super) const PERSON: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
const CRAWLER: &str = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";

/// A server that counts.
pub(super) struct Server {
    counter: Arc<ClickCounter>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Unstored>,
}

impl Server {
    pub(super) async fn start(table: &Arc<dyn Table>, clock: &Arc<TestClock>) -> Self {
        let counter = Arc::new(ClickCounter::new(clock.clone()));
        let mut flusher = Flusher::new(counter.clone(), table.clone(), clock.clone()).unwrap();
        flusher.prepare().await;
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(flusher.run(async {
            let _ = stopped.await;
        }));
        Self { counter, stop, task }
    }

    /// As kill -9 does.
    pub(super) async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }

    pub(super) async fn stop(self) -> Unstored {
        self.stop.send(()).unwrap();
        self.task.await.unwrap()
    }

    pub(super) fn click(&self, code: &str, visitor: Visitor<'_>) {
        self.counter.count(on(code), &hit(visitor));
    }
}

fn hit(visitor: Visitor<'_>) -> Hit<'_> {
    let address = Some(IpAddr::V4(Ipv4Addr::LOCALHOST));
    Hit { outcome: Outcome::Click, visitor, referrer: b"", query: "", address }
}

pub(super) fn clock() -> Arc<TestClock> {
    Arc::new(TestClock::at("2026-11-24T12:00:00Z".parse::<Timestamp>().unwrap()))
}

pub(super) fn site() -> Subject {
    Subject::Site(Domain::default_domain())
}

/// What all servers have counted of a subject in some hours, flat.
pub(super) async fn stored(table: &Arc<dyn Table>, subject: &Subject, from: &str, to: &str) -> BTreeMap<String, u64> {
    let (partition, range) = keys::hours_stats(subject, hour(from), hour(to));
    let query = Query { index: None, partition, range, order: Order::Ascending, limit: 1000, start: None };
    let mut flat = BTreeMap::new();
    for item in table.query(&query).await.unwrap().items {
        for part in ["clicks", "gone", "orphans", "names"] {
            flatten(part, item.attributes.get(part).unwrap_or(&Value::Null), &mut flat);
        }
        if let Some(sketch) = item.attributes.get("visitors").and_then(Value::as_str) {
            let bytes = data_encoding::BASE64_NOPAD.decode(sketch.as_bytes()).unwrap();
            let visitors = Visitors::from_bytes(&bytes).unwrap().estimate().round();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is small")]
            let visitors = visitors as u64;
            *flat.entry("visitors".to_owned()).or_default() += visitors;
        }
    }
    flat
}

fn flatten(path: &str, value: &Value, flat: &mut BTreeMap<String, u64>) {
    match value {
        Value::Number(number) => *flat.entry(path.to_owned()).or_default() += number.as_u64().unwrap(),
        Value::Array(split) => split.iter().for_each(|value| flatten(path, value, flat)),
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| flatten(&format!("{path}/{name}"), value, flat));
        }
        _ => {}
    }
}

pub(super) async fn today(table: &Arc<dyn Table>, subject: &Subject) -> BTreeMap<String, u64> {
    stored(table, subject, "2026-11-24T00", "2026-11-24T23").await
}

pub(super) fn count(flat: &BTreeMap<String, u64>, path: &str) -> u64 {
    flat.get(path).copied().unwrap_or(0)
}

fn memory() -> Arc<dyn Table> {
    Arc::new(MemoryTable::new())
}

#[tokio::test(start_paused = true)]
async fn every_request_is_counted_by_class_and_name() {
    let (table, clock) = (memory(), clock());
    let server = Server::start(&table, &clock).await;
    for person in 0..10_u8 {
        let address = Some(IpAddr::V4(Ipv4Addr::new(10, 0, 0, person % 5)));
        let query = "utm_source=mail&utm_medium=post&utm_campaign=a%20b";
        let click = Hit { referrer: b"https://News.example:8443/a?b", query, address, ..hit(Visitor::Agent(PERSON)) };
        server.counter.count(on("a"), &click);
    }
    server.click("a", Visitor::Agent(CRAWLER));
    server.click("a", Visitor::Agent("curl/8.0"));
    server.click("a", Visitor::Ahead);
    server.counter.count(on("a"), &Hit { outcome: Outcome::Gone, ..hit(Visitor::Agent(PERSON)) });
    for _ in 0..3 {
        server.counter.count(site(), &Hit { outcome: Outcome::Orphan, ..hit(Visitor::Agent(PERSON)) });
    }
    assert_eq!(server.stop().await, Unstored::default());
    let link = today(&table, &on("a")).await;
    let all = today(&table, &site()).await;
    for flat in [&link, &all] {
        for (path, expected) in [
            ("clicks/human", 10),
            ("clicks/bot", 1),
            ("clicks/tool", 1),
            ("clicks/head", 1),
            ("gone", 1),
            ("names/referrer/names/news.example", 10),
            ("names/referrer/names/(direct)", 2),
            ("names/browser/names/Chrome", 10),
            ("names/os/names/Windows", 10),
            ("names/country/names/(unknown)", 12),
            ("names/utm_source/names/mail", 10),
            ("names/utm_campaign/names/a b", 10),
            ("visitors", 5),
        ] {
            assert_eq!(count(flat, path), expected, "{path}: {flat:#?}");
        }
    }
    assert_eq!((count(&link, "orphans"), count(&all, "orphans")), (0, 3));
    let day = keys::period_stats(&on("a"), Period::Day("2026-11-24".parse().unwrap()));
    let day = table.get(&day, Consistency::Strong).await.unwrap().unwrap();
    assert_eq!(day.attributes["clicks"]["human"], 10, "days are rolled up at the end");
}

#[tokio::test(start_paused = true)]
async fn clicks_are_stored_each_second_and_again_only_if_they_changed() {
    let (engine, table) = InProcess::with_table("links").await.unwrap();
    let (table, clock): (Arc<dyn Table>, _) = (Arc::new(table), clock());
    let server = Server::start(&table, &clock).await;
    for second in 1..=5 {
        server.click("a", Visitor::Agent(PERSON));
        tokio::time::sleep(Duration::from_millis(1100)).await;
        assert_eq!(count(&today(&table, &on("a")).await, "clicks/human"), second);
    }
    tokio::time::sleep(Duration::from_secs(15)).await;
    engine.forget_operations();
    tokio::time::sleep(Duration::from_mins(1)).await;
    let writes = engine.operations().into_iter().filter(|operation| operation.name == "PutItem").count();
    assert!((4..=8).contains(&writes), "only how far counting is, every ten seconds: {writes} writes");
    let progress = Sources::new(table.clone()).progress(clock_now(&clock)).await.unwrap();
    assert_eq!(progress.as_of, Some(clock_now(&clock)));
    server.stop().await;
}

fn clock_now(clock: &TestClock) -> Timestamp {
    use shortener_core::clock::Clock;
    clock.now()
}

#[tokio::test(start_paused = true)]
async fn a_click_counts_in_its_own_hour_however_the_clock_jumps() {
    let (table, clock) = (memory(), clock());
    let server = Server::start(&table, &clock).await;
    // In hours: on, far on, back by a little, back by so much that the hours are dropped, and there again.
    let moves = [0_i64, 1, 30, -1, -30, 40, -40, 1];
    let (mut at, mut expected) = (12_i64, BTreeMap::<i64, u64>::new());
    for (round, hours) in moves.into_iter().enumerate() {
        clock.advance(SignedDuration::from_hours(hours));
        at += hours;
        for _ in 0..=round {
            server.click("a", Visitor::Agent(PERSON));
            *expected.entry(at).or_default() += 1;
        }
        if round % 2 == 0 {
            // Long enough that everything is stored and rolled up, and what is over is dropped.
            tokio::time::sleep(Duration::from_secs(30)).await;
        }
    }
    assert_eq!(server.stop().await, Unstored::default());
    for (at, clicks) in expected {
        let hour = hour("2026-11-24T00").plus(at).to_string();
        assert_eq!(count(&stored(&table, &on("a"), &hour, &hour).await, "clicks/human"), clicks, "{hour}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_for_a_while_loses_nothing() {
    let (engine, table) = InProcess::with_table("links").await.unwrap();
    let (table, clock): (Arc<dyn Table>, _) = (Arc::new(table), clock());
    let server = Server::start(&table, &clock).await;
    for (round, fault) in
        [Fault::Throttle, Fault::Unreachable, Fault::LostReply, Fault::ServerError].into_iter().enumerate()
    {
        engine.inject_share(None, fault, 100, 1);
        for _ in 0..10 {
            server.click("a", Visitor::Agent(PERSON));
            tokio::time::sleep(Duration::from_secs(3)).await;
        }
        engine.heal();
        tokio::time::sleep(Duration::from_mins(2)).await;
        let expected = 10 * (u64::try_from(round).unwrap() + 1);
        assert_eq!(count(&today(&table, &on("a")).await, "clicks/human"), expected, "{fault:?}");
    }
    engine.inject_share(None, Fault::Unreachable, 100, 1);
    server.click("a", Visitor::Agent(PERSON));
    let begin = tokio::time::Instant::now();
    let left = server.stop().await;
    assert!((1..=41).contains(&left.requests), "{left:?}");
    assert!(begin.elapsed() < Duration::from_secs(7), "the end is bounded: {:?}", begin.elapsed());
}

#[tokio::test(start_paused = true)]
async fn servers_on_one_table_add_up_and_a_restart_goes_on() {
    let (table, clock) = (memory(), clock());
    let (one, two) = (Server::start(&table, &clock).await, Server::start(&table, &clock).await);
    for _ in 0..7 {
        one.click("a", Visitor::Agent(PERSON));
        two.click("a", Visitor::Agent(PERSON));
    }
    two.stop().await;
    let again = Server::start(&table, &clock).await;
    again.click("a", Visitor::Agent(PERSON));
    again.stop().await;
    one.stop().await;
    assert_eq!(count(&today(&table, &on("a")).await, "clicks/human"), 15);
    let total = table.get(&keys::period_stats(&on("a"), Period::Total), Consistency::Strong).await.unwrap().unwrap();
    assert!(total.attributes["months"].to_string().contains("15"), "{total:?}");
}

#[tokio::test(start_paused = true)]
async fn forged_names_are_bounded_and_all_their_clicks_are_counted() {
    let (table, clock) = (memory(), clock());
    let server = Server::start(&table, &clock).await;
    for forged in 0..20_000_u32 {
        let agent = format!("{PERSON} {forged}{}", "x".repeat(100));
        let (referrer, query) =
            (format!("https://{forged}.example/"), format!("utm_campaign={forged}&utm_source=s{forged}"));
        let address = Some(IpAddr::V4(Ipv4Addr::from_bits(forged)));
        let visitor = Visitor::Agent(&agent);
        let click = Hit { referrer: referrer.as_bytes(), query: &query, address, ..hit(visitor) };
        server.counter.count(on("a"), &click);
        server.counter.count(site(), &Hit { outcome: Outcome::Orphan, ..click });
    }
    server.stop().await;
    let link = today(&table, &on("a")).await;
    assert_eq!(count(&link, "clicks/human"), 20_000);
    for dimension in ["referrer", "utm_campaign", "utm_source"] {
        let prefix = format!("names/{dimension}/");
        let names = link.range(prefix.clone()..).take_while(|(path, _)| path.starts_with(&prefix));
        let (names, clicks) = names.fold((0, 0), |(names, sum), (_, clicks)| (names + 1, sum + clicks));
        assert!(names <= 101 && clicks == 20_000, "{dimension}: {names} names, {clicks} clicks");
    }
    assert!((18_500..21_500).contains(&count(&link, "visitors")), "{}", count(&link, "visitors"));
    assert_eq!(count(&today(&table, &site()).await, "orphans"), 20_000);
}
