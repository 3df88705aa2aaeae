//! Links and domains of which an hour has no line any more: what was counted of them goes.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use shortener_core::ingest::{IngestOptions, IngestReport, LogLine, Recount};
use shortener_core::link::{Domain, ShortCode};
use shortener_core::operations::{Operations, WriteOptions};
use shortener_core::service::{Caller, Session};
use shortener_core::stats::{Hour, Period, Subject};
use shortener_core::table::keys;
use shortener_core::table::{Consistency, Table};
use shortener_core::wire::{CreateLink, SetDomain, UpdateLink};

use super::super::fixture::{coded, link};
use super::mutants::log_of;
use super::passes::{line, log_with, name, world};
use super::tables::{Behind, CountsWrites};
use super::world::{FIRST, World, clicks, hour, subject};

const CRAWLER: &[u8] = b"Mozilla/5.0%20(compatible;%20Googlebot/2.1;%20+http://www.google.com/bot.html)";

fn without_missing() -> IngestOptions {
    IngestOptions { without_missing: true, ..IngestOptions::default() }
}

fn b_example() -> Domain {
    Domain::parse("b.example").unwrap()
}

fn site() -> Subject {
    Subject::Site(Domain::default_domain())
}

fn of_b(code: &str) -> Subject {
    Subject::Link(b_example(), ShortCode::parse(code).unwrap())
}

impl World {
    /// All clicks of a subject in an hour, and in its day; they must be those of all time, too.
    async fn counted(&self, of: &Subject, at: Hour) -> (u64, u64) {
        let hour = clicks(self.item(of.clone(), at).await.as_ref()).iter().sum();
        let period = async |period| self.table.get(&keys::period_stats(of, period), Consistency::Strong).await.unwrap();
        let day = clicks(period(Period::Day(at.date())).await.as_ref()).iter().sum();
        (hour, day)
    }

    /// A further pass writes nothing.
    async fn is_settled(&self) -> bool {
        let counting = Behind::new(&self.table, CountsWrites::default());
        let shared: Arc<dyn Table> = counting.clone();
        let report = self.ingest(&shared, IngestOptions::default()).run().await.unwrap();
        (report.new_files, report.written, counting.between.0.load(Ordering::SeqCst)) == (0, 0, 0)
    }

    fn session(&self) -> Session {
        Session::new(self.service(&self.table), Caller::direct("ana"))
    }

    async fn people_of_all_time(&self, code: &str) -> u64 {
        self.session().get(&link(code)).await.unwrap().clicks.unwrap().human
    }
}

#[tokio::test]
async fn clicks_of_files_that_are_given_up_are_gone_from_link_and_domain() {
    let world = world().await;
    world.put("1", &[("r1", "/a", 302)]);
    world.put("2", &[("r2", "/b", 302)]);
    world.pass().await;
    assert_eq!(world.people_of_all_time("a").await, 1);
    world.logs.remove(&name("1"));
    world.put("3", &[("r3", "/b", 302)]);
    world.pass_with(without_missing()).await.unwrap();
    let first = hour(FIRST);
    assert_eq!(world.counted(&subject("a"), first).await, (0, 0));
    assert_eq!(world.counted(&subject("b"), first).await, (2, 2));
    assert_eq!(world.counted(&site(), first).await, (2, 2));
    assert_eq!((world.people_of_all_time("a").await, world.people_of_all_time("b").await), (0, 2));
    assert!(world.is_settled().await);
}

#[tokio::test]
async fn a_file_that_is_replaced_leaves_no_click_behind() {
    let world = world().await;
    world.put("1", &[("r1", "/a", 302), ("r2", "/b", 302)]);
    world.pass().await;
    world.put("1", &[("r2", "/b", 302)]);
    world.pass().await;
    assert_eq!(world.counted(&subject("a"), hour(FIRST)).await, (0, 0));
    assert_eq!(world.counted(&site(), hour(FIRST)).await, (1, 1));
    assert!(world.is_settled().await);
}

/// A visit of one domain, by a person or a crawler.
async fn visit(world: &World, id: &str, host: &[u8], user_agent: Option<&[u8]>) -> IngestReport {
    let usual = line(id, "/a", 302);
    let visit = LogLine { host, user_agent: user_agent.unwrap_or(usual.user_agent), ..usual };
    world.logs.put(&name(id), world.now(), log_with(&[visit]));
    world.pass().await
}

/// Adds the domain with a link, which was there an hour ago.
async fn add_domain(world: &World) {
    let session = world.session();
    world.advance_hours(-1);
    session.set_domain(&b_example(), &SetDomain::default(), &WriteOptions::default()).await.unwrap();
    let request = CreateLink { domain: Some("b.example".to_owned()), ..coded("a", "https://example.com/") };
    session.create(&request, &WriteOptions::default()).await.unwrap();
    world.advance_hours(1);
}

#[tokio::test]
async fn a_domain_that_is_added_takes_its_clicks_along() {
    for user_agent in [None, Some(CRAWLER)] {
        let world = world().await;
        visit(&world, "r1", b"b.example", user_agent).await;
        assert_eq!(world.counted(&subject("a"), hour(FIRST)).await, (1, 1));
        add_domain(&world).await;
        visit(&world, "r2", b"b.example", user_agent).await;
        for (subject, expected) in [(subject("a"), 0), (of_b("a"), 2), (site(), 0), (Subject::Site(b_example()), 2)] {
            let counted = world.counted(&subject, hour(FIRST)).await;
            assert_eq!(counted, (expected, expected), "{subject:?}, {user_agent:?}");
        }
        assert!(world.is_settled().await);
    }
}

#[tokio::test]
async fn a_domain_that_is_removed_gives_its_clicks_back() {
    for user_agent in [None, Some(CRAWLER)] {
        let world = world().await;
        add_domain(&world).await;
        visit(&world, "r1", b"b.example", user_agent).await;
        assert_eq!(world.counted(&of_b("a"), hour(FIRST)).await, (1, 1));
        world.session().remove_domain(&b_example(), &WriteOptions::default()).await.unwrap();
        visit(&world, "r2", b"b.example", user_agent).await;
        for (subject, expected) in [(subject("a"), 2), (of_b("a"), 0), (site(), 2), (Subject::Site(b_example()), 0)] {
            let counted = world.counted(&subject, hour(FIRST)).await;
            assert_eq!(counted, (expected, expected), "{subject:?}, {user_agent:?}");
        }
        assert!(world.is_settled().await);
    }
}

#[tokio::test]
async fn a_link_that_is_to_begin_later_gives_its_clicks_to_the_orphans() {
    let world = world().await;
    world.put("1", &[("r1", "/a", 302)]);
    world.pass().await;
    let later = serde_json::from_value::<UpdateLink>(serde_json::json!({"starts_at": "2026-11-26T00:00:00Z"})).unwrap();
    world.session().update(&link("a"), &later, &WriteOptions::default()).await.unwrap();
    world.put("2", &[("r2", "/b", 302)]);
    assert_eq!(world.pass().await.orphans, 1);
    assert_eq!(world.counted(&subject("a"), hour(FIRST)).await, (0, 0));
    assert_eq!(world.counted(&site(), hour(FIRST)).await, (1, 1));
    assert!(world.is_settled().await);
}

#[tokio::test]
async fn what_stays_in_the_other_hours_of_a_day_is_kept() {
    let world = world().await;
    world.advance_hours(1);
    world.put("1", &[("r1", "/a", 302)]);
    world.logs.put("E2EXAMPLE.2026-11-24-19.x", world.now(), log_of(&[("r2", 1)]));
    world.pass().await;
    world.logs.remove(&name("1"));
    world.put("2", &[("r3", "/b", 302)]);
    world.pass_with(without_missing()).await.unwrap();
    assert_eq!(world.counted(&subject("a"), hour(FIRST)).await, (0, 1));
    assert_eq!(world.people_of_all_time("a").await, 1);
    // It is counted again with nothing to put into its place.
    let again = IngestOptions { recount: Recount::All, ..IngestOptions::default() };
    let report = world.pass_with(again).await.unwrap();
    assert_eq!(world.counted(&subject("a"), hour(FIRST)).await, (0, 1));
    assert_eq!(report.written, 2, "what is known of the two hours");
    assert!(world.is_settled().await);
}
