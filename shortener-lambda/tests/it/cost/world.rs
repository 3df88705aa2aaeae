//! A table filled with the worst that callers can put there.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::{Method, Request};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use shortener_core::clock::TestClock;
use shortener_core::link::{BaseUrl, Domain, ShortCode};
use shortener_core::proof::number;
use shortener_core::redirect::Resolver;
use shortener_core::service::{Service, Settings};
use shortener_core::stats::tally::Counts;
use shortener_core::stats::{Dimension, Hour, Ledger, Period, Source, Split, Subject, Tally};
use shortener_core::table::{Consistency, Item, Key, Table, keys};
use shortener_lambda::{App, Site, router};
use tower::ServiceExt;

use super::metered::{Metered, Spent};

pub(super) struct World {
    router: Router,
    pub(super) table: Arc<Metered>,
    pub(super) clock: Arc<TestClock>,
    pub(super) key: String,
    /// How many links there are of the largest size.
    pub(super) links: usize,
}

/// What one request took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Took {
    pub(super) status: u16,
    pub(super) spent: Spent,
    /// Bytes of the answer: its body, and its headers by names and values.
    pub(super) bytes: usize,
}

/// The largest link that there can be, but for its code.
pub(super) fn largest(at: usize) -> Value {
    let target = format!("https://www.example.com/{at:06}/");
    let target = format!("{target}{}", "x".repeat(2048 - target.len()));
    let tags: Vec<String> = (0..20).map(|tag| format!("t{tag:02}{}", "x".repeat(61))).collect();
    json!({"target": target, "title": "🦀".repeat(200), "tags": tags, "owner": "o".repeat(64), "code": format!("big{at:061}")})
}

impl World {
    /// With all that can be large.
    pub(super) async fn filled() -> Self {
        let world = Self::of(usize::try_from(number("PROOF_COST_LINKS").unwrap_or(660)).unwrap()).await;
        world.fill_history().await;
        world.fill_statistics().await;
        world
    }

    /// With a few links.
    pub(super) async fn small() -> Self {
        Self::of(3).await
    }

    async fn of(links: usize) -> Self {
        let clock = Arc::new(TestClock::at("2026-11-24T12:30:00Z".parse().unwrap()));
        let table = Arc::new(Metered::default());
        let base_url = BaseUrl::parse("https://s.example").unwrap();
        let service = Service::new(Arc::clone(&table) as _, Settings::new(base_url.clone()));
        let service = Arc::new(service.with_clock(Arc::clone(&clock) as _));
        let resolver = Arc::new(Resolver::new(Arc::clone(&service), None));
        let site = Site::new(&base_url).with_clock(Arc::clone(&clock) as _);
        let key = service.ensure_admin_key().await.unwrap().unwrap().key;
        let router = router(App::new(service, resolver, site));
        let world = Self { router, table, clock, key, links };
        world.fill().await;
        world
    }

    async fn fill(&self) {
        let rows: Vec<Value> = (0..self.links).map(largest).collect();
        for rows in rows.chunks(220) {
            let answer = self.api(Method::POST, "/api/v1/links/batch", Some(&json!({"links": rows}))).await;
            assert_eq!(answer.status, 200);
        }
        for (code, target) in [("small", "https://a.example/"), ("gone", "https://a.example/gone")] {
            let link = json!({"code": code, "target": target});
            assert_eq!(self.api(Method::POST, "/api/v1/links", Some(&link)).await.status, 201);
        }
        self.api(Method::DELETE, "/api/v1/links/gone", None).await;
        // The key's use is noted once.
        self.api(Method::GET, "/api/v1/whoami", None).await;
    }

    /// More changes than a page of history can have, each of everything that is large.
    async fn fill_history(&self) {
        let path = format!("/api/v1/links/{}", code(0));
        for at in 0..self.links.min(1000) + 10 {
            let (new, even) = (largest(at + 1_000), at % 2 == 0);
            let title = if even { "é".repeat(200) } else { "🦀".repeat(200) };
            let tags: Vec<String> =
                (0..20).map(|tag| format!("{}{tag:02}{}", if even { 'u' } else { 't' }, "x".repeat(61))).collect();
            let change = json!({"target": new["target"], "title": title, "tags": tags});
            assert_eq!(self.api(Method::PATCH, &path, Some(&change)).await.status, 200);
        }
    }

    /// Every day that a question can touch, with all the names that a day can keep, of a link and of its domain.
    async fn fill_statistics(&self) {
        let ledger = Ledger::new(Arc::clone(&self.table) as _, Arc::clone(&self.clock) as _);
        let (domain, source) = (Domain::default_domain(), Source::edge());
        let link = Subject::Link(domain.clone(), ShortCode::parse(&code(0)).unwrap());
        let site = Subject::Site(domain.clone());
        let now = Hour::parse("2026-11-24-11").unwrap();
        for back in 0..36 {
            let tallies = [(link.clone(), heaviest(back)), (site.clone(), heaviest(back))];
            ledger.record(&source, now.plus(-back), 1, &tallies).await.unwrap();
        }
        for subject in [&link, &site] {
            let day = self.stored(&keys::period_stats(subject, Period::Day("2026-11-23".parse().unwrap()))).await;
            let first: jiff::civil::Date = "2024-08-01".parse().unwrap();
            let days =
                first.series(jiff::Span::new().days(1)).take_while(|date| date.to_string().as_str() < "2026-11-23");
            let copy = |date| Item { key: keys::period_stats(subject, Period::Day(date)), ..day.clone() };
            self.table.plant(&days.map(copy).collect::<Vec<_>>()).await;
        }
        // Links that are gone stand before those that are there.
        let few = |clicks| Tally { clicks: Counts { human: clicks, ..Counts::default() }, ..Tally::default() };
        let gone = (0..self.links).map(|at| (format!("never{at}"), 1000));
        let there = (0..self.links.min(200)).map(|at| (code(at), 10));
        let of = |(code, clicks): (String, u64)| {
            (Subject::Link(domain.clone(), ShortCode::parse(&code).unwrap()), few(clicks))
        };
        let tallies: Vec<_> = gone.chain(there).map(of).collect();
        ledger.record(&source, now.plus(-1), 2, &tallies).await.unwrap();
    }

    async fn stored(&self, key: &Key) -> Item {
        self.table.get(key, Consistency::Strong).await.unwrap().unwrap()
    }

    /// A request with the admin's key, as a client that sends nothing else.
    pub(super) async fn api(&self, method: Method, path: &str, body: Option<&Value>) -> Took {
        self.ask(method, path, Some(&self.key), body).await
    }

    pub(super) async fn ask(&self, method: Method, path: &str, key: Option<&str>, body: Option<&Value>) -> Took {
        let mut request = Request::builder().method(method).uri(path).header("host", "s.example");
        if let Some(key) = key {
            request = request.header("x-api-key", key);
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.table.take();
        let response = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let (head, body) = response.into_parts();
        let headers: usize = head.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
        let body = body.collect().await.unwrap().to_bytes();
        Took { status: head.status.as_u16(), spent: self.table.take(), bytes: headers + body.len() }
    }
}

/// The code of a largest link.
pub(super) fn code(at: usize) -> String {
    largest(at)["code"].as_str().unwrap().to_owned()
}

/// A tally with all the names that are kept, each as long as it may be.
fn heaviest(hour: i64) -> Tally {
    let mut tally = Tally { clicks: Counts { human: 1_000_000, ..Counts::default() }, ..Tally::default() };
    for dimension in Dimension::ALL {
        for name in 0..dimension.most_names() {
            let name = format!("{name:03}{}", "n".repeat(97));
            tally.breakdown_mut(dimension).add(&name, Split(100_000 + hour.unsigned_abs(), 1));
        }
    }
    tally
}
