//! One caller's access to the service.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Caller, Service, ServiceError};
use crate::error::InvalidValue;
use crate::link::Domain;
use crate::operations::{LinkRef, Operations, WriteOptions};
use crate::wire::{
    BatchResult, CreateKey, CreateLink, Created, CreatedKey, DomainList, DomainSettings, History, KeyList, KeyView,
    Link, LinkFilter, LinkPage, Problem, RotateKey, SetDomain, TagList, UpdateLink, Whoami,
};

/// Most links in one batch.
pub const MAX_BATCH: usize = 500;

/// Links of a batch that are created at the same time.
const BATCH_CONCURRENCY: usize = 32;

/// The service in the hands of one caller: what handlers and direct commands use.
#[derive(Debug, Clone)]
pub struct Session {
    service: Arc<Service>,
    caller: Caller,
}

impl Session {
    /// The service for a caller who is known.
    pub fn new(service: Arc<Service>, caller: Caller) -> Self {
        Self { service, caller }
    }
}

#[async_trait]
impl Operations for Session {
    async fn create(&self, request: &CreateLink, options: &WriteOptions) -> Result<(Link, Created), Problem> {
        Ok(self.service.create(&self.caller, request, options).await?)
    }

    async fn create_batch(&self, requests: &[CreateLink], options: &WriteOptions) -> Result<Vec<BatchResult>, Problem> {
        if requests.is_empty() || requests.len() > MAX_BATCH {
            let detail = format!("a batch has 1 to {MAX_BATCH} links, this one has {}", requests.len());
            return Err(ServiceError::violation("/links", &InvalidValue::new("batch_size", detail)).into());
        }
        let slots = Arc::new(tokio::sync::Semaphore::new(BATCH_CONCURRENCY));
        let mut creates = tokio::task::JoinSet::new();
        for (at, request) in requests.iter().cloned().enumerate() {
            let (session, slots) = (self.clone(), Arc::clone(&slots));
            let key = options.idempotency_key.as_ref().map(|key| format!("{key} #{at}"));
            let options = WriteOptions { idempotency_key: key, ..options.clone() };
            creates.spawn(async move {
                let _slot = slots.acquire().await;
                (at, batch_result(session.create(&request, &options).await))
            });
        }
        let mut results: Vec<Option<BatchResult>> = vec![None; requests.len()];
        while let Some(joined) = creates.join_next().await {
            let (at, result) = joined.map_err(|_| internal())?;
            results[at] = Some(result);
        }
        results.into_iter().collect::<Option<_>>().ok_or_else(internal)
    }

    async fn get(&self, link: &LinkRef) -> Result<Link, Problem> {
        Ok(self.service.get(&self.caller, link).await?)
    }

    async fn list(&self, filter: &LinkFilter) -> Result<LinkPage, Problem> {
        Ok(self.service.list(&self.caller, filter).await?)
    }

    async fn update(&self, link: &LinkRef, change: &UpdateLink, options: &WriteOptions) -> Result<Link, Problem> {
        Ok(self.service.update(&self.caller, link, change, options).await?)
    }

    async fn delete(&self, link: &LinkRef, options: &WriteOptions) -> Result<Link, Problem> {
        Ok(self.service.delete(&self.caller, link, options).await?)
    }

    async fn restore(&self, link: &LinkRef, options: &WriteOptions) -> Result<Link, Problem> {
        Ok(self.service.restore(&self.caller, link, options).await?)
    }

    async fn history(&self, link: &LinkRef, limit: u16, cursor: Option<&str>) -> Result<History, Problem> {
        Ok(self.service.history(&self.caller, link, limit, cursor).await?)
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

fn batch_result(outcome: Result<(Link, Created), Problem>) -> BatchResult {
    match outcome {
        Ok((link, Created::New | Created::Replayed)) => BatchResult { status: 201, link: Some(link), problem: None },
        Ok((link, Created::Existing)) => BatchResult { status: 200, link: Some(link), problem: None },
        Err(problem) => BatchResult { status: problem.status, link: None, problem: Some(problem) },
    }
}

fn internal() -> Problem {
    Problem::new(crate::wire::ProblemCode::Internal, "a create of the batch failed")
}
