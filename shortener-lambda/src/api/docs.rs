//! The documentation page: the OpenAPI document as plain HTML, made once by the server. It needs no script and no other
//! host.

use std::sync::LazyLock;

use askama::Template;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::http::{Response, StatusCode};
use serde_json::Value;
use shortener_core::redirect::CacheLifetimes;
use shortener_core::routes::api;

use self::operation::Operation;
use self::schema::Schema;
use super::openapi;
use crate::app::App;
use crate::pages;

mod operation;
mod schema;

#[derive(Template)]
#[template(path = "docs.html")]
struct DocsPage {
    style: &'static str,
    title: String,
    version: String,
    introduction: Vec<String>,
    groups: Vec<Group>,
    schemas: Vec<Schema>,
}

/// The operations of one tag.
struct Group {
    name: String,
    description: String,
    operations: Vec<Operation>,
}

static PAGE: LazyLock<Bytes> = LazyLock::new(|| {
    let document: Value = serde_json::from_slice(&openapi::json()).unwrap_or_default();
    pages::render(&DocsPage::of(&document)).into()
});

/// The documentation page
///
/// The OpenAPI document for people. Needs no key.
#[utoipa::path(get, path = api::DOCS, operation_id = "docs", tag = "Service",
    responses((status = 200, description = "The page", content_type = "text/html")))]
pub(super) async fn page(State(app): State<App>) -> Response<Body> {
    let mut response = pages::html(app.site(), StatusCode::OK, CacheLifetimes::NoStore, PAGE.clone());
    response.headers_mut().remove(CACHE_CONTROL);
    response
}

impl DocsPage {
    fn of(document: &Value) -> Self {
        let info = &document["info"];
        let operations = Operation::all(document);
        let groups = items(&document["tags"]).map(|tag| Group {
            name: text(&tag["name"]),
            description: text(&tag["description"]),
            operations: operations.iter().filter(|operation| operation.tag == tag["name"]).cloned().collect(),
        });
        Self {
            style: pages::STYLE,
            title: text(&info["title"]),
            version: text(&info["version"]),
            introduction: text(&info["description"]).split("\n\n").map(str::to_owned).collect(),
            groups: groups.collect(),
            schemas: Schema::all(document),
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
