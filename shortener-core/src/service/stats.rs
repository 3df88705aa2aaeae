//! Statistics, as a caller may see them.

use super::{Caller, Service, ServiceError};
use crate::operations::LinkRef;
use crate::wire::{Stats, StatsQuery, Top, TopQuery};

#[expect(clippy::unused_async, reason = "reading comes with the roll-ups")]
impl Service {
    pub(super) async fn link_stats(
        &self,
        _caller: &Caller,
        link: &LinkRef,
        _query: &StatsQuery,
    ) -> Result<Stats, ServiceError> {
        Err(ServiceError::NotFound(format!("link '{}' has no statistics", link.code)))
    }

    pub(super) async fn site_stats(&self, _caller: &Caller, _query: &StatsQuery) -> Result<Stats, ServiceError> {
        Err(ServiceError::NotFound("there are no statistics".to_owned()))
    }

    pub(super) async fn top(&self, _caller: &Caller, query: &TopQuery) -> Result<Top, ServiceError> {
        Ok(Top { period: query.period.clone().unwrap_or_else(|| "all".to_owned()), as_of: None, links: Vec::new() })
    }
}
