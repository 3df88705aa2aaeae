//! The application under test, with everyone who can call it and a link at every kind of place.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body;
use http::{Method, Request, Response};
use http_body_util::BodyExt;
use jiff::SignedDuration;
use serde_json::{Value, json};
use shortener_core::clock::TestClock;
use shortener_core::link::BaseUrl;
use shortener_core::redirect::Resolver;
use shortener_core::service::{Service, Settings};
use shortener_lambda::{App, Site, router};
use tower::ServiceExt;

use super::callers::{Caller, OTHER, ROLES, Rank, Reach, scopes};
use super::places::{HIDDEN, Place};
use super::watched::{Dump, Watched};

/// Longer than the service believes what it remembers of keys and domains.
const FORGETTING: SignedDuration = SignedDuration::from_secs(61);

pub(super) struct World {
    pub(super) router: Router,
    pub(super) clock: Arc<TestClock>,
    pub(super) table: Arc<Watched>,
    pub(super) callers: Vec<Caller>,
    pub(super) places: Vec<Place>,
    /// A key that nobody calls with: the one that routes of keys are about.
    pub(super) spare_key: String,
    pub(super) start: Dump,
    pub(super) document: Value,
    cells: AtomicUsize,
}

/// An answer, read whole.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: http::response::Parts,
    pub(super) text: String,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }
}

/// Whether a cell may have changed the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing may be written.
    None,
    /// It was allowed to write; the table is put back.
    Allowed,
}

fn app(table: &Arc<Watched>, clock: &Arc<TestClock>) -> (Arc<Service>, Router) {
    let base_url = BaseUrl::parse("https://s.example").unwrap();
    let service = Service::new(Arc::clone(table) as _, Settings::new(base_url.clone()));
    let service = Arc::new(service.with_clock(Arc::clone(clock) as _));
    let resolver = Arc::new(Resolver::new(Arc::clone(&service), None));
    let site = Site::new(&base_url).with_clock(Arc::clone(clock) as _);
    let site = site.with_security_contact(Some("mailto:security@s.example".to_owned()));
    (Arc::clone(&service), router(App::new(service, resolver, site)))
}

impl World {
    pub(super) async fn start() -> Self {
        let clock = Arc::new(TestClock::at("2026-11-24T12:00:00Z".parse().unwrap()));
        let table = Arc::new(Watched::default());
        let (service, router) = app(&table, &clock);
        let key = service.ensure_admin_key().await.unwrap().unwrap().key;
        let admin = Caller { name: "admin".to_owned(), rank: Rank::Admin, reach: Reach::default(), key };
        let mut world = Self {
            router,
            clock,
            table,
            callers: vec![admin],
            places: Place::all(),
            spare_key: String::new(),
            start: Dump::new(),
            document: Value::Null,
            cells: AtomicUsize::new(0),
        };
        world.document = world.ask(&world.callers[0], Method::GET, "/api/openapi.json", None).await.json();
        world.set_up().await;
        world.start = world.table.dump().await;
        world
    }

    async fn set_up(&mut self) {
        self.expect_made(0, Method::PUT, "/api/v1/domains/go.test", json!({})).await;
        for (rank, role) in ROLES.into_iter().filter(|(rank, _)| *rank != Rank::Admin) {
            for (name, reach) in scopes() {
                let key = self.new_key(role, &reach).await;
                self.callers.push(Caller { name: format!("{role} of {name}"), rank, reach, key });
            }
        }
        self.callers.push(Caller {
            name: "nobody".to_owned(),
            rank: Rank::None,
            reach: Reach::default(),
            key: String::new(),
        });
        let spare = self.new_key("reader", &Reach::default()).await;
        spare.split('_').nth(1).unwrap().clone_into(&mut self.spare_key);
        for number in 0..self.callers.len() {
            let caller = &self.callers[number];
            if caller.rank >= Rank::Creator {
                let domain = if caller.reach.has_domain(OTHER) { OTHER } else { "-" };
                self.places.push(Place::own(number, domain));
            }
        }
        for place in self.places.clone() {
            let Some(tag) = place.tag else { continue };
            let link = json!({"target": place.target(), "code": place.code, "domain": place.domain, "tags": [tag], "title": HIDDEN});
            self.expect_made(place.maker.unwrap_or(0), Method::POST, "/api/v1/links", link).await;
            if place.is_deleted {
                let path = format!("/api/v1/links/{}?domain={}", place.code, place.domain);
                self.expect_made(0, Method::DELETE, &path, Value::Null).await;
            }
        }
        // Each key's use is noted once, so that no cell does.
        for caller in self.callers.iter().filter(|caller| caller.rank > Rank::None) {
            assert_eq!(self.ask(caller, Method::GET, "/api/v1/whoami", None).await.status, 200, "{caller:?}");
        }
    }

    pub(super) async fn new_key(&self, role: &str, reach: &Reach) -> String {
        let body = json!({"name": "test", "role": role, "scope": reach.json()});
        let made = self.expect_made(0, Method::POST, "/api/v1/keys", body).await;
        made["key"].as_str().unwrap().to_owned()
    }

    async fn expect_made(&self, caller: usize, method: Method, path: &str, body: Value) -> Value {
        let body = (!body.is_null()).then_some(body);
        let answer = self.ask(&self.callers[caller], method, path, body.as_ref()).await;
        assert!(matches!(answer.status, 200 | 201), "{answer:?}");
        answer.json()
    }

    /// The first caller of this name.
    pub(super) fn caller(&self, name: &str) -> &Caller {
        self.callers.iter().find(|caller| caller.name == name).unwrap_or_else(|| panic!("no caller {name}"))
    }

    pub(super) fn admin(&self) -> &Caller {
        &self.callers[0]
    }

    /// A few callers who differ in everything that tricks could be after.
    pub(super) fn some_callers(&self) -> Vec<&Caller> {
        ["nobody", "reader of everything", "editor of other domain", "admin"].map(|name| self.caller(name)).into()
    }

    /// The link at a place, and who may not be there.
    pub(super) fn place(&self, domain: &str, code: &str) -> Option<&Place> {
        self.places.iter().find(|place| place.domain == domain && place.code == code && place.tag.is_some())
    }

    /// A request as a caller would make it.
    pub(super) fn request(caller: &Caller, method: &Method, path: &str, body: Option<&Value>) -> Request<Body> {
        let mut request = Request::builder().method(method.clone()).uri(path);
        if !caller.key.is_empty() {
            request = request.header("x-api-key", &caller.key);
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        request.body(body.map_or_else(Body::empty, |body| Body::from(body.to_string()))).unwrap()
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Answer {
        let response: Response<Body> = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer { status: head.status.as_u16(), head, text: String::from_utf8_lossy(&bytes).into_owned() }
    }

    pub(super) async fn ask(&self, caller: &Caller, method: Method, path: &str, body: Option<&Value>) -> Answer {
        self.send(Self::request(caller, &method, path, body)).await
    }

    /// One cell: a request must have this status and, unless it may write, write nothing.
    pub(super) async fn cell(&self, what: &str, request: Request<Body>, status: u16, effect: Effect) -> Answer {
        self.cells.fetch_add(1, Ordering::Relaxed);
        let asked = format!("{} {} {:?}", request.method(), request.uri(), request.headers());
        let before = self.table.writes();
        let answer = self.send(request).await;
        let context = || format!("{what}: {asked}\n{}", answer.text);
        assert_eq!(answer.status, status, "{}", context());
        for banned in ["set-cookie", "access-control-allow-origin", "access-control-allow-credentials"] {
            assert!(!answer.head.headers.contains_key(banned), "{banned} in {}", context());
        }
        let is_refused = status >= 400;
        assert!(!is_refused || matches!(status, 409 | 412) || !answer.text.contains(HIDDEN), "{}", context());
        if self.table.writes() != before {
            if is_refused || effect == Effect::None {
                assert_eq!(self.table.dump().await, self.start, "something was written: {}", context());
            }
            self.put_back().await;
        }
        answer
    }

    /// Puts the table back to what it was, and lets the service forget what it knew.
    pub(super) async fn put_back(&self) {
        self.table.restore(&self.start).await;
        self.clock.advance(FORGETTING);
    }

    /// Says how many cells there were.
    pub(super) fn report(&self, what: &str) {
        report(what, self.cells());
    }

    pub(super) fn cells(&self) -> usize {
        self.cells.load(Ordering::Relaxed)
    }
}

#[expect(clippy::print_stdout, reason = "the figure is what the proof is read for")]
pub(super) fn report(what: &str, cells: usize) {
    println!("matrix of {what}: {cells} cells");
}
