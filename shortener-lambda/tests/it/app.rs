//! The application under test: a router over a table in memory and a clock that stands.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::{Body, Bytes};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use shortener_core::clock::TestClock;
use shortener_core::edge::DistributionId;
use shortener_core::edge::recorded::RecordedEdge;
use shortener_core::link::{BaseUrl, CodeGenerator};
use shortener_core::redirect::Resolver;
use shortener_core::service::{Service, Settings};
use shortener_core::table::ChangeFeed;
use shortener_lambda::{App, Edge, Site, Turns, router};
use tower::ServiceExt;

use crate::sick::SickTable;

/// The id that requests of tests carry, so that answers can be compared.
pub(crate) const REQUEST_ID: &str = "0193d9a4-7f1c-7c3e-9c5e-2f8f7d0b6a11";

/// How the application is to be set up.
#[derive(Clone)]
pub(crate) struct Setup {
    base_url: &'static str,
    edge: Edge,
    contact: Option<String>,
    memory_first: bool,
    distribution: Option<&'static str>,
    turns: Turns,
}

/// The running application.
pub(crate) struct TestApp {
    pub(crate) router: Router,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) table: Arc<SickTable>,
    pub(crate) edge: RecordedEdge,
    pub(crate) key: String,
    setup: Setup,
}

/// Randomness that repeats itself in each test.
#[derive(Debug, Default)]
struct CountedCodes(AtomicU64);

impl CodeGenerator for CountedCodes {
    fn entropy(&self) -> [u8; 32] {
        Sha256::digest(self.0.fetch_add(1, Ordering::SeqCst).to_be_bytes()).into()
    }
}

impl Setup {
    pub(crate) fn at(self, base_url: &'static str) -> Self {
        Self { base_url, ..self }
    }

    pub(crate) fn behind_cloudfront(self) -> Self {
        Self { edge: Edge::CloudFront, ..self }
    }

    /// With this `SHORT_DISTRIBUTION_ID`.
    pub(crate) fn with_distribution(self, id: &'static str) -> Self {
        Self { distribution: Some(id), ..self }
    }

    pub(crate) fn with_contact(self, contact: &str) -> Self {
        Self { contact: Some(contact.to_owned()), ..self }
    }

    /// As `short serve`: answers from memory and follows the table's changes.
    pub(crate) fn memory_first(self) -> Self {
        Self { memory_first: true, ..self }
    }

    /// With other bounds of the API's work.
    pub(crate) fn with_turns(self, turns: Turns) -> Self {
        Self { turns, ..self }
    }

    pub(crate) async fn start(self) -> TestApp {
        let (table, clock) = (SickTable::new(), Arc::new(TestClock::at("2026-11-24T12:00:00Z".parse().unwrap())));
        let edge = RecordedEdge::default();
        let (service, app) = self.assemble(&table, &clock, &edge);
        let key = service.ensure_admin_key().await.unwrap().unwrap().key;
        TestApp { router: router(app), clock, table, edge, key, setup: self }
    }

    /// A process that has just begun, over a table and a clock.
    fn assemble(&self, table: &Arc<SickTable>, clock: &Arc<TestClock>, edge: &RecordedEdge) -> (Arc<Service>, App) {
        let base_url = BaseUrl::parse(self.base_url).unwrap();
        let service = Service::new(Arc::clone(table) as _, Settings::new(base_url.clone()))
            .with_clock(Arc::clone(clock) as _)
            .with_codes(Arc::new(CountedCodes::default()));
        let service = Arc::new(service);
        let feed = self.memory_first.then(|| Arc::clone(table) as Arc<dyn ChangeFeed>);
        let resolver = Arc::new(Resolver::new(Arc::clone(&service), feed));
        let site = Site::new(&base_url)
            .with_purges(Arc::new(edge.clone()), self.distribution.map(|id| DistributionId::parse(id).unwrap()))
            .with_edge(self.edge)
            .with_security_contact(self.contact.clone())
            .with_clock(Arc::clone(clock) as _);
        (Arc::clone(&service), App::new(service, resolver, site).with_turns(self.turns))
    }
}

impl TestApp {
    pub(crate) fn setup() -> Setup {
        Setup {
            base_url: "https://s.example",
            edge: Edge::None,
            contact: None,
            memory_first: false,
            distribution: None,
            turns: Turns::default(),
        }
    }

    pub(crate) async fn start() -> Self {
        Self::setup().start().await
    }

    /// Another process over the same data and clock, with a connection of its own to the table, and nothing in memory.
    pub(crate) fn another_process(&self, table: &Arc<SickTable>) -> App {
        self.setup.assemble(table, &self.clock, &self.edge).1
    }

    /// A request without a key.
    pub(crate) fn call(&self, method: Method, path: &str) -> Call<'_> {
        let request = Request::builder().method(method).uri(path).header("x-request-id", REQUEST_ID);
        Call { app: self, request, body: Body::empty() }
    }

    /// A request with the admin's key.
    pub(crate) fn api(&self, method: Method, path: &str) -> Call<'_> {
        self.call(method, path).header("x-api-key", &self.key)
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.call(Method::GET, path).send().await
    }

    /// Creates a link and returns it.
    pub(crate) async fn create(&self, link: Value) -> Value {
        let reply = self.api(Method::POST, "/api/v1/links").json(&link).send().await;
        assert_eq!(reply.status, StatusCode::CREATED, "{reply}");
        reply.json()
    }

    /// Creates a link `launch`.
    pub(crate) async fn create_launch(&self) -> Value {
        self.create(json!({"target": "https://www.example.com/launch?x=1", "code": "launch"})).await
    }
}

/// A request in the making.
pub(crate) struct Call<'a> {
    app: &'a TestApp,
    request: http::request::Builder,
    body: Body,
}

impl Call<'_> {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.text("application/json", body.to_string())
    }

    pub(crate) fn text(mut self, kind: &str, body: impl Into<Body>) -> Self {
        self.body = body.into();
        self.header("content-type", kind)
    }

    pub(crate) async fn send(self) -> Reply {
        let request = self.request.body(self.body).unwrap();
        let (parts, body) = self.app.router.clone().oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Reply { status: parts.status, headers: parts.headers, body }
    }
}

/// An answer, as snapshots show it.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Checks that the answer is a problem of this code, complete and signed.
    pub(crate) fn expect_problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self}");
        let problem = self.json();
        assert_eq!((self.status.as_u16(), problem["code"].as_str()), (status, Some(code)), "{self}");
        assert_eq!(problem["status"], status);
        assert_eq!(problem["type"], format!("urn:short:problem:{code}"));
        assert_eq!(problem["instance"], format!("urn:uuid:{}", self.header("x-request-id")));
        problem
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.status)?;
        let mut headers: Vec<_> = self.headers.iter().map(show_header).collect();
        headers.sort();
        writeln!(f, "{}\n", headers.join("\n"))?;
        match serde_json::from_slice::<Value>(&self.body) {
            Ok(json) => write!(f, "{json:#}"),
            Err(_) => write!(f, "{}", without_style(&String::from_utf8_lossy(&self.body))),
        }
    }
}

/// A header, without what changes with every change of the style; a test of its own compares that.
fn show_header((name, value): (&HeaderName, &HeaderValue)) -> String {
    match name.as_str() {
        "content-security-policy" => format!("{name}: {}", hidden(value.to_str().unwrap(), "'sha256-", "'")),
        "content-length" => format!("{name}: …"),
        _ => format!("{name}: {}", value.to_str().unwrap()),
    }
}

fn without_style(page: &str) -> String {
    hidden(page, "<style>", "</style>")
}

/// A text with what stands between two marks hidden.
fn hidden(text: &str, from: &str, to: &str) -> String {
    let Some((before, rest)) = text.split_once(from) else { return text.to_owned() };
    let (_, after) = rest.split_once(to).unwrap();
    format!("{before}{from}…{to}{after}")
}
