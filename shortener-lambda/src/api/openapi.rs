//! The OpenAPI document, made of the handlers themselves.

use std::sync::LazyLock;

use axum::body::Bytes;
use axum::http::HeaderName;
use axum::http::header::CONTENT_TYPE;
use shortener_core::routes::api;
use shortener_core::table::Order;
use shortener_core::wire::{Bots, Problem, ProblemCode, StateFilter, Step};
use utoipa::OpenApi;
use utoipa::openapi::path::{Operation, ParameterIn, PathItem};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

mod links;
mod parameters;

/// Name of the security scheme.
const SCHEME: &str = "ApiKey";

/// Tag of the operations that need no key.
const OPEN_TAG: &str = "Service";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "short",
        description = "Create, inspect, change and delete short links.\n\nAuthenticate with the header `X-Api-Key`; \
            without CloudFront in between, `Authorization: Bearer` works too. Through CloudFront, POST, PUT and PATCH \
            need the header `x-amz-content-sha256` with the SHA-256 of the body in hex, as `sha256sum` prints it; without \
            a body it is that of nothing.\n\nErrors are problem details \
            (RFC 9457) with a stable `code`. Unknown fields and parameters are refused.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    tags(
        (name = "Links", description = "Short links, their history and their tags"),
        (name = "Statistics", description = "Clicks of links, and the most clicked links"),
        (name = "Domains", description = "The domains that links live on"),
        (name = "Keys", description = "API keys and the caller"),
        (name = "Service", description = "The service itself; needs no key")
    ),
    components(schemas(Bots, Order, Problem, StateFilter, Step))
)]
struct Base;

static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| complete(all_operations()).to_json().unwrap_or_default().into());

/// The document with its operations, and nothing that is the same for many.
fn all_operations() -> utoipa::openapi::OpenApi {
    let base = OpenApiRouter::<App>::with_openapi(Base::openapi());
    base.merge(super::operations()).merge(super::open_operations()).into_openapi()
}

/// The document as served; it is made when it is first asked for.
pub(super) fn json() -> Bytes {
    DOCUMENT.clone()
}

/// The OpenAPI document
///
/// OpenAPI 3.1. Needs no key.
#[utoipa::path(get, path = api::OPENAPI, tag = "Service",
    responses((status = 200, description = "The document", content_type = "application/json")))]
pub(super) async fn document() -> ([(HeaderName, &'static str); 1], Bytes) {
    ([(CONTENT_TYPE, "application/json")], json())
}

/// Adds what is the same for many operations: the key, and the problems each can answer.
fn complete(mut document: utoipa::openapi::OpenApi) -> utoipa::openapi::OpenApi {
    for item in document.paths.paths.values_mut() {
        for (is_write, operation) in operations(item) {
            describe(operation, is_write);
            links::add(operation);
            parameters::take_null_out(operation);
        }
    }
    let key = ApiKeyValue::with_description("X-Api-Key", "A key as `short keys create` shows it: short_<id>_<secret>");
    let components = document.components.get_or_insert_default();
    components.add_security_scheme(SCHEME, SecurityScheme::ApiKey(ApiKey::Header(key)));
    document
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (bool, &mut Operation)> {
    let reads = item.get.as_mut().map(|operation| (false, operation));
    let writes = [&mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
    reads.into_iter().chain(writes.into_iter().filter_map(|found| found.as_mut().map(|operation| (true, operation))))
}

fn describe(operation: &mut Operation, is_write: bool) {
    let mut statuses = vec![500];
    if !operation.tags.iter().flatten().any(|tag| tag == OPEN_TAG) {
        operation.security = Some(vec![SecurityRequirement::new::<_, [&str; 0], &str>(SCHEME, [])]);
        statuses.extend([400, 401, 403, 503]);
    }
    for parameter in operation.parameters.iter().flatten() {
        let RefOr::T(parameter) = parameter else { continue };
        statuses.extend(match (&parameter.parameter_in, parameter.name.as_str()) {
            (ParameterIn::Path, _) => Some(404),
            (ParameterIn::Header, "If-Match") => Some(412),
            (ParameterIn::Header, "Idempotency-Key") | (ParameterIn::Query, _) => Some(422),
            _ => None,
        });
    }
    if operation.request_body.is_some() {
        statuses.extend([413, 415, 422]);
    }
    if is_write {
        statuses.extend([409, 507]);
    }
    for status in statuses {
        operation.responses.responses.insert(status.to_string(), problem(status).into());
    }
}

/// The response of a problem's status: every code that has it.
fn problem(status: u16) -> Response {
    let codes = ProblemCode::ALL.iter().filter(|code| code.status() == status);
    let described: Vec<_> = codes.map(|code| format!("{} (`{}`)", code.title(), code.as_str())).collect();
    let schema = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    ResponseBuilder::new().description(described.join(", ")).content("application/problem+json", schema).build()
}
