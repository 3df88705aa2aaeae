//! Links.

use axum::Json;
use axum::http::HeaderMap;
use axum::response::Response;
use shortener_core::operations::Operations;
use shortener_core::routes::api;
use shortener_core::service::Session;
use shortener_core::wire::{
    BatchRequest, BatchResponse, BatchResult, CreateLink, History, Link, LinkFilter, LinkPage, TagList, UpdateLink,
};

use super::answer::{Changed, NewLink, Versioned};
use super::body::JsonBody;
use super::conditions::{Conditions, IdempotencyKey, IfMatch};
use super::failure::{Failure, conceal_in_batch};
use super::query::{BatchWrite, HistoryPage, LinkWrite, Nothing, OfDomain, Query};
use super::segment::Code;

/// List links
///
/// A page at a time, newest first. A page can hold fewer links than asked for and still have a next one.
#[utoipa::path(get, path = api::LINKS, operation_id = "listLinks", tag = "Links", params(LinkFilter),
    responses((status = 200, description = "A page of links", body = LinkPage)))]
pub(super) async fn list(session: Session, Query(filter): Query<LinkFilter>) -> Result<Json<LinkPage>, Failure> {
    Ok(Json(session.list(&filter).await?))
}

/// Create a link
///
/// Without `code` a random one is drawn. With an `Idempotency-Key`, repeating the request returns the same link.
#[utoipa::path(post, path = api::LINKS, operation_id = "createLink", tag = "Links", params(LinkWrite, IdempotencyKey),
    request_body(content = CreateLink, example = json!({"target": "https://example.com/a/long/path", "code": "launch", "expires_at": "30d"})),
    responses(
        (status = 201, description = "The new link, or the one that the same idempotency key made before", body = Link,
            headers(("Location" = String, description = "Where the API shows it"), ("ETag" = String, description = "Its version in quotes"),
                ("Idempotent-Replayed" = String, description = "`true` if an earlier request made it"))),
        (status = 200, description = "The link that was there and was asked for, or the result of a dry run", body = Link)))]
pub(super) async fn create(
    session: Session,
    Query(query): Query<LinkWrite>,
    conditions: Conditions,
    JsonBody(request): JsonBody<CreateLink>,
) -> Result<NewLink, Failure> {
    let options = conditions.options(query.mode());
    let (link, created) = session.create(&on_domain(request, query.domain), &options).await?;
    Ok(NewLink { link, created, mode: options.mode })
}

/// Create up to 500 links
///
/// Each on its own: the answer is 200 and has one result for each, in the order of the request.
#[utoipa::path(post, path = api::LINKS_BATCH, operation_id = "createLinks", tag = "Links", params(BatchWrite, IdempotencyKey),
    request_body(content = BatchRequest, example = json!({"links": [{"target": "https://example.com/1"}, {"target": "https://example.com/2", "code": "two"}]})),
    responses((status = 200, description = "One result for each link", body = BatchResponse)))]
pub(super) async fn create_batch(
    session: Session,
    Query(query): Query<BatchWrite>,
    conditions: Conditions,
    JsonBody(batch): JsonBody<BatchRequest>,
) -> Result<Json<BatchResponse>, Failure> {
    let requests: Vec<_> = batch.links.into_iter().map(|request| on_domain(request, query.domain.clone())).collect();
    let mut results = if query.check {
        session.check_batch(&requests).await?.into_iter().map(BatchResult::checked).collect()
    } else {
        session.create_batch(&requests, &conditions.options(query.mode())).await?
    };
    conceal_in_batch(&mut results);
    Ok(Json(BatchResponse { results }))
}

/// Show a link
#[utoipa::path(get, path = api::LINK, operation_id = "getLink", tag = "Links",
    params(("code" = String, Path, description = "Short code"), OfDomain, ("If-None-Match" = Option<String>, Header, description = "Answer 304 if the link still has this version")),
    responses(
        (status = 200, description = "The link", body = Link, headers(("ETag" = String, description = "Its version in quotes"))),
        (status = 304, description = "The link has the version named by `If-None-Match`")))]
pub(super) async fn show(
    session: Session,
    Code(code): Code,
    Query(query): Query<OfDomain>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let link = session.get(&query.link(code)?).await?;
    Ok(Versioned(link).unless_known(&headers))
}

/// Change a link
///
/// Absent fields stay, null clears.
#[utoipa::path(patch, path = api::LINK, operation_id = "updateLink", tag = "Links",
    params(("code" = String, Path, description = "Short code"), LinkWrite, IdempotencyKey, IfMatch),
    request_body(content = UpdateLink, example = json!({"target": "https://example.com/new", "add_tags": ["spring"], "expires_at": null})),
    responses((status = 200, description = "The link as it is now", body = Link, headers(("ETag" = String, description = "Its version in quotes")))))]
pub(super) async fn update(
    session: Session,
    Code(code): Code,
    Query(query): Query<LinkWrite>,
    conditions: Conditions,
    JsonBody(change): JsonBody<UpdateLink>,
) -> Result<Changed, Failure> {
    let (link, options) = (query.link(code)?, conditions.options(query.mode()));
    Ok(Changed(session.update(&link, &change, &options).await?))
}

/// Delete a link
///
/// Visitors get 410 and the code stays retired. Restoring undoes it.
#[utoipa::path(delete, path = api::LINK, operation_id = "deleteLink", tag = "Links",
    params(("code" = String, Path, description = "Short code"), LinkWrite, IdempotencyKey, IfMatch),
    responses((status = 200, description = "The link, in the state `deleted`", body = Link, headers(("ETag" = String, description = "Its version in quotes")))))]
pub(super) async fn delete(
    session: Session,
    Code(code): Code,
    Query(query): Query<LinkWrite>,
    conditions: Conditions,
) -> Result<Changed, Failure> {
    let (link, options) = (query.link(code)?, conditions.options(query.mode()));
    Ok(Changed(session.delete(&link, &options).await?))
}

/// Restore a deleted link
#[utoipa::path(post, path = api::LINK_RESTORE, operation_id = "restoreLink", tag = "Links",
    params(("code" = String, Path, description = "Short code"), LinkWrite, IdempotencyKey, IfMatch),
    responses((status = 200, description = "The link as it is now", body = Link, headers(("ETag" = String, description = "Its version in quotes")))))]
pub(super) async fn restore(
    session: Session,
    Code(code): Code,
    Query(query): Query<LinkWrite>,
    conditions: Conditions,
) -> Result<Changed, Failure> {
    let (link, options) = (query.link(code)?, conditions.options(query.mode()));
    Ok(Changed(session.restore(&link, &options).await?))
}

/// Show what happened to a link
///
/// A page at a time. A page can hold fewer changes than asked for and still have a next one.
#[utoipa::path(get, path = api::LINK_HISTORY, operation_id = "getLinkHistory", tag = "Links",
    params(("code" = String, Path, description = "Short code"), HistoryPage),
    responses((status = 200, description = "A page of changes, newest first", body = History)))]
pub(super) async fn history(
    session: Session,
    Code(code): Code,
    Query(query): Query<HistoryPage>,
) -> Result<Json<History>, Failure> {
    let link = query.link(code)?;
    Ok(Json(session.history(&link, query.limit(), query.cursor.as_deref()).await?))
}

/// List tags
#[utoipa::path(get, path = api::TAGS, operation_id = "listTags", tag = "Links",
    responses((status = 200, description = "The tags", body = TagList)))]
pub(super) async fn tags(session: Session, Query(Nothing {}): Query<Nothing>) -> Result<Json<TagList>, Failure> {
    Ok(Json(session.tags().await?))
}

/// A request without a domain of its own is on that of the query.
fn on_domain(request: CreateLink, domain: Option<String>) -> CreateLink {
    CreateLink { domain: request.domain.or(domain), ..request }
}
