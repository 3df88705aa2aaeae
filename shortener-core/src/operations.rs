//! What can be done to links, keys and domains: the one interface of the two ways to do it, directly on a table
//! ([`crate::service::Session`]) and through the API (the client).

use std::fmt::Debug;

use async_trait::async_trait;

use crate::edge::PurgeId;
use crate::link::{Domain, ShortCode};
use crate::wire::{
    BatchResult, CreateKey, CreateLink, Created, CreatedKey, DomainList, DomainSettings, History, KeyList, KeyView,
    Link, LinkFilter, LinkPage, Problem, Purge, RotateKey, SetDomain, Stats, StatsQuery, TagList, Top, TopQuery,
    UpdateLink, Whoami,
};

/// Which link is meant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LinkRef {
    /// Its domain.
    pub domain: Domain,
    /// Its code.
    pub code: ShortCode,
}

/// How a write is to be made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WriteOptions {
    /// The same key and request have one effect, however often they are sent: for creates for ever, for changes while they are
    /// among the last 25 of the link. 1 to 255 visible ASCII characters.
    pub idempotency_key: Option<String>,
    /// Only if the thing still has this version.
    pub if_match: Option<u64>,
    /// Whether anything is written.
    pub mode: Mode,
}

/// Whether a request is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Carried out.
    #[default]
    Apply,
    /// Checked and answered as if carried out; nothing is written.
    DryRun,
}

/// The operations of the service. Every error is a [`Problem`].
#[async_trait]
pub trait Operations: Send + Sync + Debug {
    /// Creates a link.
    async fn create(&self, request: &CreateLink, options: &WriteOptions) -> Result<(Link, Created), Problem>;
    /// Creates up to 500 links, each on its own; results have the order of the requests.
    async fn create_batch(&self, requests: &[CreateLink], options: &WriteOptions) -> Result<Vec<BatchResult>, Problem>;
    /// Judges up to 500 creates by the rules that do not depend on which links there are: what is wrong with each, or
    /// nothing. Reads and writes no link.
    async fn check_batch(&self, requests: &[CreateLink]) -> Result<Vec<Option<Problem>>, Problem>;
    /// Reads a link, strongly.
    async fn get(&self, link: &LinkRef) -> Result<Link, Problem>;
    /// Lists links, a page at a time.
    async fn list(&self, filter: &LinkFilter) -> Result<LinkPage, Problem>;
    /// Changes a link.
    async fn update(&self, link: &LinkRef, change: &UpdateLink, options: &WriteOptions) -> Result<Link, Problem>;
    /// Deletes a link: visitors get 410, the code stays retired, [`Self::restore`] undoes it.
    async fn delete(&self, link: &LinkRef, options: &WriteOptions) -> Result<Link, Problem>;
    /// Undoes a delete.
    async fn restore(&self, link: &LinkRef, options: &WriteOptions) -> Result<Link, Problem>;
    /// Shows what happened to a link, newest first, a page at a time.
    async fn history(&self, link: &LinkRef, limit: u16, cursor: Option<&str>) -> Result<History, Problem>;
    /// Shows the statistics of a link.
    async fn link_stats(&self, link: &LinkRef, query: &StatsQuery) -> Result<Stats, Problem>;
    /// Shows the statistics of all links of a domain, or of the service.
    async fn site_stats(&self, query: &StatsQuery) -> Result<Stats, Problem>;
    /// Shows the most clicked links.
    async fn top(&self, query: &TopQuery) -> Result<Top, Problem>;
    /// How far a purge of the edge is that the answer to a change has named.
    async fn purge_status(&self, id: &PurgeId) -> Result<Purge, Problem>;
    /// Lists tags.
    async fn tags(&self) -> Result<TagList, Problem>;
    /// Lists domains.
    async fn domains(&self) -> Result<DomainList, Problem>;
    /// Adds or changes a domain.
    async fn set_domain(
        &self,
        domain: &Domain,
        change: &SetDomain,
        options: &WriteOptions,
    ) -> Result<DomainSettings, Problem>;
    /// Removes a domain's settings; its links stay stored and are reached again once it is set up again.
    async fn remove_domain(&self, domain: &Domain, options: &WriteOptions) -> Result<(), Problem>;
    /// Lists API keys.
    async fn keys(&self) -> Result<KeyList, Problem>;
    /// Makes an API key.
    async fn create_key(&self, request: &CreateKey, options: &WriteOptions) -> Result<CreatedKey, Problem>;
    /// Gives a key a new secret.
    async fn rotate_key(&self, id: &str, request: &RotateKey, options: &WriteOptions) -> Result<CreatedKey, Problem>;
    /// Revokes a key for good; it stops working within 60 seconds everywhere.
    async fn revoke_key(&self, id: &str, options: &WriteOptions) -> Result<KeyView, Problem>;
    /// Says who is calling.
    async fn whoami(&self) -> Result<Whoami, Problem>;
}
