//! The API: routes, their OpenAPI description, and what every one of them goes through.
//!
//! A handler takes typed arguments, makes one call of [`Operations`](shortener_core::operations::Operations) and
//! answers a wire type. To hold a [`Session`](shortener_core::service::Session) is to be authenticated; role and scope
//! are the service's business.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{any, get};
use shortener_core::routes::api::HEALTH;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt as _};
use utoipa_axum::routes;

use crate::app::App;

mod answer;
mod body;
mod caller;
mod conditions;
mod docs;
mod domains;
mod failure;
#[cfg(test)]
pub(crate) mod fuzz;
mod health;
mod keys;
mod layers;
mod links;
mod openapi;
mod purges;
mod query;
mod segment;
mod stats;

pub(crate) use layers::refused;

/// Largest request body, in bytes.
const MAX_BODY: usize = 2 * 1024 * 1024;

/// Largest body of a batch, in bytes: what one Lambda invocation can take.
const MAX_BATCH_BODY: usize = 6 * 1024 * 1024;

/// The routes of the API, with an answer for every other path below `/api`.
pub(crate) fn routes(app: &App) -> Router<App> {
    let (open, _) = open_operations().split_for_parts();
    let (router, _) = operations().split_for_parts();
    router
        .layer(from_fn_with_state(app.clone(), layers::catch_up))
        .layer(from_fn_with_state(app.clone(), layers::take_turn))
        .merge(open)
        .method_not_allowed_fallback(failure::method_not_allowed)
        .route("/api", any(failure::no_such_route))
        .route("/api/", any(failure::no_such_route))
        .route("/api/{*rest}", any(failure::no_such_route))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn(layers::meet_deadline))
        .layer(CatchPanicLayer::custom(failure::panicked))
        .layer(from_fn_with_state(app.clone(), layers::finish))
}

/// The one route of the API that every part of the service answers, without the rest and its document.
pub(crate) fn health_route(app: &App) -> Router<App> {
    Router::new()
        .route(HEALTH, get(health::health))
        .method_not_allowed_fallback(failure::method_not_allowed)
        .layer(from_fn_with_state(app.clone(), layers::finish))
}

/// Every operation on the store, declared once for the router and the document.
fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(links::list, links::create))
        .routes(routes!(links::create_batch).layer(DefaultBodyLimit::max(MAX_BATCH_BODY)))
        .routes(routes!(links::show, links::update, links::delete))
        .routes(routes!(links::history))
        .routes(routes!(links::restore))
        .routes(routes!(stats::of_link))
        .routes(routes!(stats::of_site))
        .routes(routes!(stats::top))
        .routes(routes!(links::tags))
        .routes(routes!(purges::show))
        .routes(routes!(domains::list))
        .routes(routes!(domains::set, domains::remove))
        .routes(routes!(keys::list, keys::create))
        .routes(routes!(keys::revoke))
        .routes(routes!(keys::rotate))
        .routes(routes!(keys::whoami))
}

/// Those that need no store: they are answered however much it has to do.
fn open_operations() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(health::health)).routes(routes!(openapi::document)).routes(routes!(docs::page))
}
