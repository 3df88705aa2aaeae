//! Statistics.

use axum::Json;
use shortener_core::operations::Operations;
use shortener_core::routes::api;
use shortener_core::service::Session;
use shortener_core::wire::{Stats, StatsQuery, Top, TopQuery};

use super::failure::Failure;
use super::query::{Query, link};
use super::segment::Code;

/// Show the statistics of a link
///
/// A list of names always sums up to the clicks it breaks down, with `(other)` for the rest.
#[utoipa::path(get, path = api::LINK_STATS, operation_id = "getLinkStats", tag = "Statistics",
    params(("code" = String, Path, description = "Short code"), StatsQuery),
    responses((status = 200, description = "Clicks of the link", body = Stats)))]
pub(super) async fn of_link(
    session: Session,
    Code(code): Code,
    Query(query): Query<StatsQuery>,
) -> Result<Json<Stats>, Failure> {
    let link = link(query.domain.as_deref(), code)?;
    Ok(Json(session.link_stats(&link, &query).await?))
}

/// Show the statistics of all links
///
/// Of one domain, or of all together. Needs a key that is not limited to some links of a domain.
#[utoipa::path(get, path = api::STATS, operation_id = "getStats", tag = "Statistics", params(StatsQuery),
    responses((status = 200, description = "Clicks of the links", body = Stats)))]
pub(super) async fn of_site(session: Session, Query(query): Query<StatsQuery>) -> Result<Json<Stats>, Failure> {
    Ok(Json(session.site_stats(&query).await?))
}

/// List the most clicked links
///
/// By clicks of people in a day, a month or all time. Needs a key that is not limited to some links of a domain.
#[utoipa::path(get, path = api::TOP, operation_id = "listTopLinks", tag = "Statistics", params(TopQuery),
    responses((status = 200, description = "The links, most clicked first", body = Top)))]
pub(super) async fn top(session: Session, Query(query): Query<TopQuery>) -> Result<Json<Top>, Failure> {
    Ok(Json(session.top(&query).await?))
}
