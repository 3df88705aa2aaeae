//! What the edge asks when it has no copy.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use http_body_util::BodyExt;
use shortener_lambda::{api_router, redirect_router};
use tower::ServiceExt;

use super::message::{Request, Response};
use crate::app::TestApp;
use crate::sick::SickTable;

/// Answers what the edge does not have.
#[async_trait(?Send)]
pub(crate) trait Origin {
    /// The origin's answer to a request.
    ///
    /// # Errors
    /// [`Unreachable`] if there was none in time.
    async fn answer(&self, request: &Request) -> Result<Response, Unreachable>;
}

/// No answer: no connection, or none within the origin's timeout.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unreachable;

/// How the functions are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Health {
    Well,
    /// They break off: a Function URL says 502.
    Failing,
    /// They say nothing.
    Silent,
    /// No more of them may run: a Function URL says 429.
    Throttled,
}

/// The two functions' routers in this process, each with a connection of its own to one table.
pub(crate) struct Routers {
    redirect: RefCell<Router>,
    api: Router,
    /// The redirect function's connection.
    pub(crate) table: Arc<SickTable>,
    pub(crate) health: Cell<Health>,
    /// How often it was asked.
    pub(crate) asked: Cell<usize>,
}

impl Routers {
    pub(crate) fn of(app: &TestApp) -> Self {
        let table = app.table.reconnected();
        Self {
            redirect: RefCell::new(redirect_router(app.another_process(&table))),
            api: api_router(app.another_process(&app.table)),
            table,
            health: Cell::new(Health::Well),
            asked: Cell::new(0),
        }
    }

    /// From now on another container of the redirect function answers, which has nothing in memory.
    pub(crate) fn start_anew(&self, app: &TestApp) {
        *self.redirect.borrow_mut() = redirect_router(app.another_process(&self.table));
    }
}

#[async_trait(?Send)]
impl Origin for Routers {
    async fn answer(&self, request: &Request) -> Result<Response, Unreachable> {
        self.asked.set(self.asked.get() + 1);
        match self.health.get() {
            Health::Well => {}
            Health::Failing => return Ok(Response::of_the_edge(502)),
            Health::Throttled => return Ok(Response::of_the_edge(429)),
            Health::Silent => return Err(Unreachable),
        }
        let is_api = request.path.starts_with("/api/");
        let router = if is_api { self.api.clone() } else { self.redirect.borrow().clone() };
        // A target that no URI can be is refused before any router sees it.
        let Some(message) = message(request) else { return Ok(Response::of_the_edge(400)) };
        let (parts, body) = router.oneshot(message).await.unwrap().into_parts();
        let headers = parts.headers.iter();
        let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
        Ok(Response {
            status: parts.status.as_u16(),
            headers: headers.collect::<BTreeMap<_, _>>(),
            body: body.collect().await.unwrap().to_bytes(),
        })
    }
}

/// The request as a Function URL hands it on: its host is the URL's own.
fn message(request: &Request) -> Option<http::Request<Body>> {
    let query = request.query.as_ref().map_or_else(String::new, |query| format!("?{query}"));
    let mut builder = http::Request::builder()
        .method(request.method.clone())
        .uri(format!("{}{query}", request.path))
        .header("host", "abcdefgh.lambda-url.eu-west-1.on.aws");
    for (name, value) in &request.headers {
        builder = builder.header(name, value);
    }
    builder.body(Body::empty()).ok()
}
