//! Purges of the edge.

use axum::Json;
use shortener_core::operations::Operations;
use shortener_core::routes::api;
use shortener_core::service::Session;
use shortener_core::wire::Purge;

use super::failure::Failure;
use super::query::{Nothing, Query};
use super::segment::NamedPurge;

/// Show how far a purge is
///
/// The answer to a change names the purge of the edge's copies. Once it is `completed`, every visitor gets the new answer.
#[utoipa::path(get, path = api::PURGE, operation_id = "getPurge", tag = "Links",
    params(("id" = String, Path, description = "The `purge.id` in the answer to a change")),
    responses((status = 200, description = "How far it is", body = Purge)))]
pub(super) async fn show(
    session: Session,
    NamedPurge(id): NamedPurge,
    Query(Nothing {}): Query<Nothing>,
) -> Result<Json<Purge>, Failure> {
    Ok(Json(session.purge_status(&id).await?))
}
