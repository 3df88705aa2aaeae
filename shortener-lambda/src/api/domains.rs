//! Domains.

use axum::Json;
use axum::http::StatusCode;
use shortener_core::operations::Operations;
use shortener_core::routes::api;
use shortener_core::service::Session;
use shortener_core::wire::{DomainList, DomainSettings, SetDomain};

use super::answer::Versioned;
use super::body::JsonBody;
use super::conditions::{Conditions, IfMatch};
use super::failure::Failure;
use super::query::{Nothing, Query, Write};
use super::segment::Name;

/// List domains
#[utoipa::path(get, path = api::DOMAINS, operation_id = "listDomains", tag = "Domains",
    responses((status = 200, description = "The domains, the default one first", body = DomainList)))]
pub(super) async fn list(session: Session, Query(Nothing {}): Query<Nothing>) -> Result<Json<DomainList>, Failure> {
    Ok(Json(session.domains().await?))
}

/// Add or change a domain
///
/// Absent fields stay as they are (or have their default, on a new domain); null resets to the default.
#[utoipa::path(put, path = api::DOMAIN, operation_id = "setDomain", tag = "Domains",
    params(("domain" = String, Path, description = "Host name; `-` is the default domain"), Write, IfMatch),
    request_body(content = SetDomain, example = json!({"not_found_target": "https://www.example.com/", "edge": {"fresh": 60, "revalidate": 60, "if_error": 86400}})),
    responses((status = 200, description = "The domain as it is now", body = DomainSettings, headers(("ETag" = String, description = "Its version in quotes")))))]
pub(super) async fn set(
    session: Session,
    Name(domain): Name,
    Query(query): Query<Write>,
    conditions: Conditions,
    JsonBody(change): JsonBody<SetDomain>,
) -> Result<Versioned<DomainSettings>, Failure> {
    Ok(Versioned(session.set_domain(&domain, &change, &conditions.options(query.mode())).await?))
}

/// Remove a domain's settings
///
/// Its links stay stored, and are reached again once the domain is set up again.
#[utoipa::path(delete, path = api::DOMAIN, operation_id = "removeDomain", tag = "Domains",
    params(("domain" = String, Path, description = "Host name"), Write, IfMatch),
    responses((status = 204, description = "It is removed")))]
pub(super) async fn remove(
    session: Session,
    Name(domain): Name,
    Query(query): Query<Write>,
    conditions: Conditions,
) -> Result<StatusCode, Failure> {
    session.remove_domain(&domain, &conditions.options(query.mode())).await?;
    Ok(StatusCode::NO_CONTENT)
}
