//! API keys and the caller.

use axum::Json;
use axum::http::StatusCode;
use shortener_core::operations::{Mode, Operations};
use shortener_core::routes::api;
use shortener_core::service::Session;
use shortener_core::wire::{CreateKey, CreatedKey, KeyList, KeyView, RotateKey, Whoami};

use super::body::{JsonBody, OptionalJsonBody};
use super::conditions::Conditions;
use super::failure::Failure;
use super::query::{Nothing, Query, Write};
use super::segment::KeyId;

/// List keys
#[utoipa::path(get, path = api::KEYS, operation_id = "listKeys", tag = "Keys",
    responses((status = 200, description = "The keys, without secrets", body = KeyList)))]
pub(super) async fn list(session: Session, Query(Nothing {}): Query<Nothing>) -> Result<Json<KeyList>, Failure> {
    Ok(Json(session.keys().await?))
}

/// Make a key
///
/// The answer is the only one that shows the secret.
#[utoipa::path(post, path = api::KEYS, operation_id = "createKey", tag = "Keys", params(Write),
    request_body(content = CreateKey, example = json!({"name": "ci", "role": "creator", "scope": {"prefixes": ["ci-"]}, "expires_at": "90d"})),
    responses((status = 201, description = "The key", body = CreatedKey), (status = 200, description = "The result of a dry run", body = CreatedKey)))]
pub(super) async fn create(
    session: Session,
    Query(query): Query<Write>,
    conditions: Conditions,
    JsonBody(request): JsonBody<CreateKey>,
) -> Result<(StatusCode, Json<CreatedKey>), Failure> {
    let options = conditions.options(query.mode());
    let status = if options.mode == Mode::Apply { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(session.create_key(&request, &options).await?)))
}

/// Give a key a new secret
///
/// The body may be absent: then the old secret stops working at once.
#[utoipa::path(post, path = api::KEY_ROTATE, operation_id = "rotateKey", tag = "Keys",
    params(("id" = String, Path, description = "The key's id"), Write),
    request_body(content = Option<RotateKey>, example = json!({"grace_seconds": 3600})),
    responses((status = 200, description = "The key with its new secret", body = CreatedKey)))]
pub(super) async fn rotate(
    session: Session,
    KeyId(id): KeyId,
    Query(query): Query<Write>,
    conditions: Conditions,
    OptionalJsonBody(request): OptionalJsonBody<RotateKey>,
) -> Result<Json<CreatedKey>, Failure> {
    Ok(Json(session.rotate_key(&id, &request, &conditions.options(query.mode())).await?))
}

/// Revoke a key
///
/// For good. It stops working within 60 seconds everywhere.
#[utoipa::path(delete, path = api::KEY, operation_id = "revokeKey", tag = "Keys",
    params(("id" = String, Path, description = "The key's id"), Write),
    responses((status = 200, description = "The revoked key", body = KeyView)))]
pub(super) async fn revoke(
    session: Session,
    KeyId(id): KeyId,
    Query(query): Query<Write>,
    conditions: Conditions,
) -> Result<Json<KeyView>, Failure> {
    Ok(Json(session.revoke_key(&id, &conditions.options(query.mode())).await?))
}

/// Say who is calling
#[utoipa::path(get, path = api::WHOAMI, operation_id = "whoami", tag = "Keys",
    responses((status = 200, description = "The caller", body = Whoami)))]
pub(super) async fn whoami(session: Session, Query(Nothing {}): Query<Nothing>) -> Result<Json<Whoami>, Failure> {
    Ok(Json(session.whoami().await?))
}
