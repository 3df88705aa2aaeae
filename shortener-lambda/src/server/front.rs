//! What a server serves.

use std::convert::Infallible;

use axum::Router;
use axum::response::Response;
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;

use crate::api;
use crate::app::App;

/// Routes, and before them the refusal of what the API has no time for.
///
/// To find the route of a request and to go through its layers would cost several times what the refusal does.
#[derive(Debug, Clone)]
pub struct Front {
    routes: TowerToHyperService<Router>,
    app: Option<App>,
}

impl Front {
    /// The routes of `app`.
    pub fn new(app: App, routes: Router) -> Self {
        Self { routes: TowerToHyperService::new(routes), app: Some(app) }
    }

    pub(super) async fn answer(&self, request: Request<Incoming>) -> Result<Response, Infallible> {
        if let Some(refusal) = self.app.as_ref().and_then(|app| api::refused(app, &request)) {
            return Ok(refusal);
        }
        self.routes.call(request).await
    }
}

impl From<Router> for Front {
    fn from(routes: Router) -> Self {
        Self { routes: TowerToHyperService::new(routes), app: None }
    }
}
