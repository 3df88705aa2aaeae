//! Whether the service is up.

use axum::Json;
use shortener_core::routes::api;
use shortener_core::version;
use shortener_core::wire::Health;

/// Whether the service is up
///
/// Needs no key and reads nothing from the table.
#[utoipa::path(get, path = api::HEALTH, tag = "Service", responses((status = 200, description = "It is", body = Health)))]
pub(super) async fn health() -> Json<Health> {
    Json(Health {
        status: "ok".to_owned(),
        version: version::VERSION.to_owned(),
        revision: Some(version::REVISION.to_owned()),
    })
}
