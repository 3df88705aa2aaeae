//! One caller's access to the service.

use std::sync::Arc;

use async_trait::async_trait;

use super::purge::{is_noticed, is_reissue};
use super::{Caller, Service};
use crate::edge::{EdgeCache, PurgeId};
use crate::link::Domain;
use crate::operations::{LinkRef, Operations, WriteOptions};
use crate::wire::{
    BatchResult, CreateKey, CreateLink, Created, CreatedKey, DomainList, DomainSettings, History, KeyList, KeyView,
    Link, LinkFilter, LinkPage, Problem, Purge, RotateKey, SetDomain, Stats, StatsQuery, TagList, Top, TopQuery,
    UpdateLink, Whoami,
};

/// The service in the hands of one caller: what handlers and direct commands use.
#[derive(Debug, Clone)]
pub struct Session {
    service: Arc<Service>,
    caller: Caller,
    edge: Option<Arc<dyn EdgeCache>>,
}

impl Session {
    /// The service for a caller who is known.
    pub fn new(service: Arc<Service>, caller: Caller) -> Self {
        Self { service, caller, edge: None }
    }

    /// The same, where an edge holds copies of answers, which changes are to purge.
    #[must_use]
    pub fn with_edge_cache(self, edge: Option<Arc<dyn EdgeCache>>) -> Self {
        Self { edge, ..self }
    }

    pub(super) fn service(&self) -> &Service {
        &self.service
    }

    pub(super) fn caller(&self) -> &Caller {
        &self.caller
    }

    pub(super) fn edge(&self) -> Option<&dyn EdgeCache> {
        self.edge.as_deref()
    }
}

#[async_trait]
impl Operations for Session {
    async fn create(&self, request: &CreateLink, options: &WriteOptions) -> Result<(Link, Created), Problem> {
        let (link, created) = self.service.create(&self.caller, request, options).await?;
        let link = if is_reissue(request, created, &link) { self.purged(link, options).await } else { link };
        Ok((link, created))
    }

    async fn create_batch(&self, requests: &[CreateLink], options: &WriteOptions) -> Result<Vec<BatchResult>, Problem> {
        self.create_all(requests, options).await
    }

    async fn check_batch(&self, requests: &[CreateLink]) -> Result<Vec<Option<Problem>>, Problem> {
        self.check_all(requests).await
    }

    async fn get(&self, link: &LinkRef) -> Result<Link, Problem> {
        Ok(self.service.get(&self.caller, link).await?)
    }

    async fn list(&self, filter: &LinkFilter) -> Result<LinkPage, Problem> {
        Ok(self.service.list(&self.caller, filter).await?)
    }

    async fn update(&self, link: &LinkRef, change: &UpdateLink, options: &WriteOptions) -> Result<Link, Problem> {
        let link = self.service.update(&self.caller, link, change, options).await?;
        Ok(if is_noticed(change) { self.purged(link, options).await } else { link })
    }

    async fn delete(&self, link: &LinkRef, options: &WriteOptions) -> Result<Link, Problem> {
        let link = self.service.delete(&self.caller, link, options).await?;
        Ok(self.purged(link, options).await)
    }

    async fn restore(&self, link: &LinkRef, options: &WriteOptions) -> Result<Link, Problem> {
        let link = self.service.restore(&self.caller, link, options).await?;
        Ok(self.purged(link, options).await)
    }

    async fn history(&self, link: &LinkRef, limit: u16, cursor: Option<&str>) -> Result<History, Problem> {
        Ok(self.service.history(&self.caller, link, limit, cursor).await?)
    }

    async fn link_stats(&self, link: &LinkRef, query: &StatsQuery) -> Result<Stats, Problem> {
        Ok(self.service.link_stats(&self.caller, link, query).await?)
    }

    async fn site_stats(&self, query: &StatsQuery) -> Result<Stats, Problem> {
        Ok(self.service.site_stats(&self.caller, query).await?)
    }

    async fn top(&self, query: &TopQuery) -> Result<Top, Problem> {
        Ok(self.service.top(&self.caller, query).await?)
    }

    async fn purge_status(&self, id: &PurgeId) -> Result<Purge, Problem> {
        self.progress_of(id).await
    }

    async fn tags(&self) -> Result<TagList, Problem> {
        Ok(self.service.tags(&self.caller).await?)
    }

    async fn domains(&self) -> Result<DomainList, Problem> {
        Ok(self.service.domains(&self.caller).await?)
    }

    async fn set_domain(
        &self,
        domain: &Domain,
        change: &SetDomain,
        options: &WriteOptions,
    ) -> Result<DomainSettings, Problem> {
        Ok(self.service.set_domain(&self.caller, domain, change, options).await?)
    }

    async fn remove_domain(&self, domain: &Domain, options: &WriteOptions) -> Result<(), Problem> {
        Ok(self.service.remove_domain(&self.caller, domain, options).await?)
    }

    async fn keys(&self) -> Result<KeyList, Problem> {
        Ok(self.service.keys(&self.caller).await?)
    }

    async fn create_key(&self, request: &CreateKey, options: &WriteOptions) -> Result<CreatedKey, Problem> {
        Ok(self.service.create_key(&self.caller, request, options).await?)
    }

    async fn rotate_key(&self, id: &str, request: &RotateKey, options: &WriteOptions) -> Result<CreatedKey, Problem> {
        Ok(self.service.rotate_key(&self.caller, id, request, options).await?)
    }

    async fn revoke_key(&self, id: &str, options: &WriteOptions) -> Result<KeyView, Problem> {
        Ok(self.service.revoke_key(&self.caller, id, options).await?)
    }

    async fn whoami(&self) -> Result<Whoami, Problem> {
        Ok(self.caller.whoami())
    }
}
