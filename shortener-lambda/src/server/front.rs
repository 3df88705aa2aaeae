//! What a server serves.

use std::convert::Infallible;

use axum::Router;
use axum::response::Response;
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;

use crate::app::App;
use crate::{api, redirect};

/// Routes, and before them redirects from memory and the refusal of what the API has no time for.
///
/// To find the route of a request and to go through its layers would cost several times what these do.
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
        if let Some(app) = &self.app
            && let Some(response) = redirect::at_once(app, &request).or_else(|| api::refused(app, &request))
        {
            return Ok(response);
        }
        self.routes.call(request).await
    }
}

impl From<Router> for Front {
    fn from(routes: Router) -> Self {
        Self { routes: TowerToHyperService::new(routes), app: None }
    }
}
