//! Everything that a test of the edge needs: the service, the edge before it, and time.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use http::{Method, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use shortener_core::clock::Clock;

use super::habits::Habits;
use super::message::{Request, Response};
use super::origin::{Health, Origin, Routers};
use super::viewer::Edge;
use crate::app::TestApp;

/// The default domain's host.
pub(crate) const HOST: &str = "s.example";

/// The host of a second domain on the same distribution.
pub(crate) const OTHER_HOST: &str = "go.test";

/// The edge lifetimes of a domain, in seconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lifetimes {
    pub(crate) fresh: u32,
    pub(crate) revalidate: u32,
    pub(crate) if_error: u32,
}

/// A service behind an edge, in virtual time.
pub(crate) struct World {
    pub(crate) app: TestApp,
    pub(crate) origin: Rc<Routers>,
    pub(crate) edge: Edge,
    /// The moment at which the link begins or ends.
    milestone: Cell<Option<Timestamp>>,
}

impl World {
    pub(crate) async fn start(habits: Habits) -> Self {
        let app = TestApp::setup().behind_cloudfront().with_distribution("E1").start().await;
        let origin = Rc::new(Routers::of(&app));
        let clock = Arc::clone(&app.clock) as Arc<dyn Clock>;
        let edge = Edge::before(Rc::clone(&origin) as Rc<dyn Origin>, &clock, habits);
        Self { app, origin, edge, milestone: Cell::default() }
    }

    /// Carries out the purges that the service has asked for.
    pub(crate) fn purge(&self) {
        let asked = self.app.edge.purges().into_iter().flat_map(|purge| purge.paths);
        asked.for_each(|path| self.edge.invalidate(&path));
    }

    /// Lets the domain's answers be kept for other times than the default ones. Before the first visit.
    pub(crate) async fn set_lifetimes(&self, lifetimes: Lifetimes) {
        let Lifetimes { fresh, revalidate, if_error } = lifetimes;
        let edge = json!({"fresh": fresh, "revalidate": revalidate, "if_error": if_error});
        self.set_domain("-", &json!({"edge": edge})).await;
    }

    pub(crate) async fn set_domain(&self, domain: &str, settings: &Value) {
        let reply = self.app.api(Method::PUT, &format!("/api/v1/domains/{domain}")).json(settings).send().await;
        assert_eq!(reply.status, StatusCode::OK, "{reply}");
        self.origin.start_anew(&self.app);
    }

    /// Creates a link `launch`; `more` adds to it or changes it.
    pub(crate) async fn create(&self, more: Value) {
        let mut link = json!({"target": "https://old.example/", "code": "launch"});
        link.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        self.app.create(link).await;
    }

    /// Changes the link `launch`, past the edge.
    pub(crate) async fn change(&self, change: &Value) {
        let reply = self.app.api(Method::PATCH, "/api/v1/links/launch").json(change).send().await;
        assert_eq!(reply.status, StatusCode::OK, "{reply}");
    }

    pub(crate) async fn get(&self, path_and_query: &str) -> Response {
        self.edge.answer(&Request::get(path_and_query)).await
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.app.clock.now()
    }

    /// The moment in so many seconds.
    pub(crate) fn in_seconds(&self, seconds: i64) -> Timestamp {
        self.now() + SignedDuration::from_secs(seconds)
    }

    /// As [`Self::in_seconds`]; stories will come near to it.
    pub(crate) fn milestone(&self, seconds: i64) -> Timestamp {
        let milestone = self.in_seconds(seconds);
        self.milestone.set(Some(milestone));
        milestone
    }

    /// Moves the clock to so many milliseconds after the milestone, never back.
    pub(crate) fn approach(&self, milliseconds: i64) {
        let Some(milestone) = self.milestone.get() else { return };
        let wait = milestone.as_millisecond() + milliseconds - self.now().as_millisecond();
        self.wait_ms(wait.max(0));
    }

    pub(crate) fn wait_ms(&self, milliseconds: i64) {
        self.app.clock.advance(SignedDuration::from_millis(milliseconds));
    }

    pub(crate) fn wait(&self, seconds: i64) {
        self.wait_ms(seconds * 1000);
    }

    pub(crate) fn functions_are(&self, health: Health) {
        self.origin.health.set(health);
    }
}

/// Runs a story of virtual time to its end.
pub(crate) fn run<T>(story: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(story)
}
