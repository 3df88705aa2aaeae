//! Any request to the routes, and any body of those that take one.

use std::cell::RefCell;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use serde_json::Value;
use shortener_core::clock::TestClock;
use shortener_core::link::BaseUrl;
use shortener_core::operations::{Operations, WriteOptions};
use shortener_core::redirect::Resolver;
use shortener_core::service::{Caller, Service, Session, Settings};
use shortener_core::table::memory::MemoryTable;
use shortener_core::wire::{CreateKey, CreateLink, Role, Scope};
use tower::ServiceExt;

use crate::{App, Site, router};

/// Routes that write, by the first byte of an input.
const ROUTES: [(&str, &str); 8] = [
    ("POST", "/api/v1/links"),
    ("POST", "/api/v1/links/batch"),
    ("PATCH", "/api/v1/links/a"),
    ("DELETE", "/api/v1/links/a"),
    ("PUT", "/api/v1/domains/go.example.com"),
    ("POST", "/api/v1/keys"),
    ("POST", "/api/v1/keys/READER/rotate"),
    ("POST", "/api/v1/links/a/restore"),
];

/// Those of them that look at no body.
const WITHOUT_BODY: [(&str, &str); 2] = [("DELETE", "/api/v1/links/a"), ("POST", "/api/v1/links/a/restore")];

/// How many inputs a table is used for: making its router takes as long as hundreds of them.
const INPUTS_OF_A_TABLE: u32 = 256;

/// A service over a table in memory with one link, `a`.
pub(crate) struct World {
    pub(crate) runtime: tokio::runtime::Runtime,
    pub(crate) app: App,
    admin: String,
    reader: String,
}

impl World {
    pub(crate) fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        let clock = Arc::new(TestClock::at("2026-11-26T12:00:00Z".parse().unwrap()));
        let base = BaseUrl::parse("https://s.example").unwrap();
        let service = Service::new(Arc::new(MemoryTable::new()), Settings::new(base.clone())).with_clock(clock.clone());
        let service = Arc::new(service);
        let session = Session::new(service.clone(), Caller::direct("ana"));
        let link = CreateLink {
            code: Some("a".to_owned()),
            target: "https://example.com/".to_owned(),
            forward_query: true,
            ..CreateLink::default()
        };
        runtime.block_on(session.create(&link, &WriteOptions::default())).unwrap();
        let admin = runtime.block_on(service.ensure_admin_key()).unwrap().unwrap().key;
        let key = CreateKey { name: "v".to_owned(), role: Role::Reader, scope: Scope::default(), expires_at: None };
        let reader = runtime.block_on(session.create_key(&key, &WriteOptions::default())).unwrap().key;
        let resolver = Arc::new(Resolver::new(service.clone(), None));
        Self { runtime, app: App::new(service, resolver, Site::new(&base).with_clock(clock)), admin, reader }
    }

    fn send(&self, router: &Router, request: Request<Body>) -> (StatusCode, HeaderMap, Vec<u8>) {
        self.runtime.block_on(async {
            let answer: Response<Body> = router.clone().oneshot(request).await.unwrap();
            let (parts, body) = answer.into_parts();
            (parts.status, parts.headers, to_bytes(body, 1 << 24).await.unwrap().to_vec())
        })
    }
}

#[test]
fn a_body_is_carried_out_or_refused_by_name() {
    let fresh = || {
        let world = World::new();
        let router = router(world.app.clone());
        (world, router, 0)
    };
    let place = RefCell::new(fresh());
    shortener_core::fuzz_target!("body", |input: &[u8]| {
        let Some((route, body)) = input.split_first() else { return };
        let (method, path) = ROUTES[usize::from(*route) % ROUTES.len()];
        let mut place = place.borrow_mut();
        if place.2 == INPUTS_OF_A_TABLE {
            *place = fresh();
        }
        place.2 += 1;
        let (world, router, _) = &*place;
        let path = path.replace("READER", world.reader.split('_').nth(1).unwrap());
        let send = |body: Vec<u8>| {
            let request = Request::builder().method(method).uri(&path).header("content-type", "application/json");
            let request = request.header("authorization", format!("Bearer {}", world.admin));
            world.send(router, request.body(Body::from(body)).unwrap())
        };
        if let Some(more) = with_unknown_field(body).filter(|_| !WITHOUT_BODY.contains(&(method, &path))) {
            assert!(send(more).0.is_client_error(), "a field that is not known is refused");
        }
        let (status, headers, answer) = send(body.to_vec());
        assert!(status.as_u16() < 500, "{status}");
        assert!(answer.len() < 64 * 1024 + 200 * body.len(), "{} bytes to {}", answer.len(), body.len());
        if status.is_client_error() {
            assert_eq!(headers["content-type"], "application/problem+json");
            assert!(serde_json::from_slice::<Value>(&answer).unwrap()["code"].is_string());
        }
    });
}

/// The body with one field more, if it is an object.
fn with_unknown_field(body: &[u8]) -> Option<Vec<u8>> {
    let Value::Object(mut object) = serde_json::from_slice(body).ok()? else { return None };
    object.insert("zz".to_owned(), Value::from(1));
    serde_json::to_vec(&object).ok()
}

#[test]
fn a_request_is_answered_whatever_its_path_and_headers() {
    let world = World::new();
    let router = router(world.app.clone());
    shortener_core::fuzz_target!("request", |input: &[u8]| {
        let Some(request) = request(input, &world.reader) else { return };
        let shown = format!("{request:?}");
        let (status, headers, answer) = world.send(&router, request);
        assert!(status.as_u16() < 500, "{status} to {shown}");
        assert!(answer.len() < 512 * 1024 && headers.len() < 32);
        if status.is_redirection() {
            let location = headers["location"].to_str().unwrap();
            assert!(location.starts_with("https://example.com/"), "{location} of {shown}");
        }
    });
}

/// A request as it is written: `METHOD PATH`, then `NAME: VALUE` a line; a star stands for the key of a reader,
/// so that no request changes what the next one finds.
fn request(input: &[u8], key: &str) -> Option<Request<Body>> {
    let mut lines = input.split(|byte| *byte == b'\n');
    let first = lines.next()?;
    let space = first.iter().position(|byte| *byte == b' ')?;
    let method = Method::from_bytes(&first[..space]).ok()?;
    let mut request = Request::builder().method(method).uri(&first[space + 1..]).body(Body::empty()).ok()?;
    for line in lines.take(32) {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let value = String::from_utf8_lossy(line[colon + 1..].trim_ascii()).replace('*', key);
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(&line[..colon]), HeaderValue::from_str(&value)) {
            request.headers_mut().append(name, value);
        }
    }
    Some(request)
}
