//! The binary as the origin: both functions under a Runtime API each, on a table behind a faulty network.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::body::Bytes;
use serde_json::{Value, json};
use shortener_core::clock::{Clock, SystemClock};
use shortener_core::link::{Domain, ShortCode};
use shortener_core::operations::{LinkRef, Operations, WriteOptions};

use super::habits::Habits;
use super::message::{Request, Response};
use super::origin::{Origin, Unreachable};
use super::viewer::Edge;
use super::world::Lifetimes;
use crate::lambda::harness::{Answer, Event, FaultProxy, Function, Outcome, Setup, Store};

/// How long the edge waits for the origin.
const ORIGIN_TIMEOUT: Duration = Duration::from_secs(3);

/// The two functions.
pub(crate) struct Functions {
    redirect: RefCell<Rc<Function>>,
    api: Rc<Function>,
    /// Whether anybody reaches them.
    pub(crate) reachable: Cell<bool>,
    /// How often they were asked.
    pub(crate) asked: Cell<usize>,
}

/// The service as it is deployed, in real time.
pub(crate) struct Deployment {
    pub(crate) store: Store,
    /// Between the functions and the table.
    pub(crate) network: FaultProxy,
    pub(crate) origin: Rc<Functions>,
    pub(crate) edge: Edge,
}

impl Deployment {
    /// With edge lifetimes short enough to wait for.
    pub(crate) async fn start(habits: Habits, lifetimes: Lifetimes) -> Self {
        let store = Store::start().await;
        let Lifetimes { fresh, revalidate, if_error } = lifetimes;
        let edge = json!({"edge": {"fresh": fresh, "revalidate": revalidate, "if_error": if_error}});
        let (domain, options) = (Domain::default_domain(), WriteOptions::default());
        store.session().set_domain(&domain, &serde_json::from_value(edge).unwrap(), &options).await.unwrap();
        let network = FaultProxy::before(store.url());
        let function = async |role| Rc::new(Setup::role(role, &network.url()).start().await);
        let (redirect, api) = (RefCell::new(function("redirect").await), function("api").await);
        let origin = Rc::new(Functions { redirect, api, reachable: Cell::new(true), asked: Cell::new(0) });
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let edge = Edge::before(Rc::clone(&origin) as Rc<dyn Origin>, &clock, habits);
        Self { store, network, origin, edge }
    }

    /// Another container of the redirect function takes over, which has nothing in memory.
    pub(crate) async fn start_anew(&self) {
        let function = Setup::role("redirect", &self.network.url()).start().await;
        self.origin.redirect.replace(Rc::new(function));
    }

    pub(crate) async fn create(&self, link: Value) {
        self.store.create(serde_json::from_value(link).unwrap()).await;
    }

    /// Changes the link `launch` on the table.
    pub(crate) async fn change(&self, change: Value) {
        let link = LinkRef { domain: Domain::default_domain(), code: ShortCode::parse("launch").unwrap() };
        let change = serde_json::from_value(change).unwrap();
        self.store.session().update(&link, &change, &WriteOptions::default()).await.unwrap();
    }

    pub(crate) async fn get(&self, path_and_query: &str) -> Response {
        self.edge.answer(&Request::get(path_and_query)).await
    }
}

#[async_trait(?Send)]
impl Origin for Functions {
    async fn answer(&self, request: &Request) -> Result<Response, Unreachable> {
        self.asked.set(self.asked.get() + 1);
        if !self.reachable.get() {
            return Err(Unreachable);
        }
        let is_api = request.path.starts_with("/api/");
        let function = if is_api { Rc::clone(&self.api) } else { Rc::clone(&self.redirect.borrow()) };
        let reply = function.invoke(event(request).payload(), ORIGIN_TIMEOUT).await;
        if !matches!(reply.outcome, Outcome::Response(_)) {
            return Ok(Response::of_the_edge(502));
        }
        let answer = Answer::of(reply);
        let headers = answer.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Ok(Response { status: answer.status, headers, body: Bytes::from(answer.body) })
    }
}

/// The event that a Function URL makes of a request of the edge.
fn event(request: &Request) -> Event {
    let query = request.query.as_ref().map_or_else(String::new, |query| format!("?{query}"));
    let event = Event::new(request.method.as_str(), &format!("{}{query}", request.path));
    let event = event.without_header("x-forwarded-host");
    request.headers.iter().fold(event, |event, (name, value)| event.header(name, value))
}
