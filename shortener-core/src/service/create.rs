//! Creating links: durable, exclusive, and recognised when a reply was lost.

use super::record::{LinkBody, LinkRecord};
use super::{Caller, Service, ServiceError};
use crate::operations::{Mode, WriteOptions};
use crate::table::{Condition, Item, TableError, Write};
use crate::wire::{CreateLink, Created, Link, Role};

mod collision;
mod identity;
mod plan;
mod replay;

pub(super) use collision::Collision;
use identity::CodeSource;
pub(super) use plan::Plan;

/// How many codes are tried before giving up; every fourth one is a character longer.
const ATTEMPTS: u8 = 16;

impl Service {
    /// Creates a link.
    ///
    /// # Errors
    /// Every [`ServiceError`] but those of edits.
    pub async fn create(
        &self,
        caller: &Caller,
        request: &CreateLink,
        options: &WriteOptions,
    ) -> Result<(Link, Created), ServiceError> {
        caller.require(Role::Creator)?;
        let directory = self.directory().await?;
        let draft = match self.draft(caller, request, &directory) {
            Ok(draft) => draft,
            // Rules depend on the time; what was created under this key stays created.
            Err(refusal @ ServiceError::Invalid(_)) => {
                let replayed = self.replay(caller, request, options, &directory).await?;
                return replayed.map(|link| (link, Created::Replayed)).ok_or(refusal);
            }
            Err(other) => return Err(other),
        };
        let identity = self.identity(caller, request, &draft, options).await?;
        let (plan, body) = draft.identified(identity);
        let (record, created) = match options.mode {
            Mode::Apply => self.carry_out(caller, &plan, body).await?,
            Mode::DryRun => self.rehearse(caller, &plan, body).await?,
        };
        let entry = directory.require(&record.domain)?;
        Ok((record.view(&entry.base_url, self.now()), created))
    }

    /// Judges requests by the rules that do not depend on which links there are.
    ///
    /// # Errors
    /// [`ServiceError::Store`] if the domains were never read.
    pub(super) async fn check_all(
        &self,
        caller: &Caller,
        requests: &[CreateLink],
    ) -> Result<Vec<Result<(), ServiceError>>, ServiceError> {
        let directory = self.directory().await?;
        let check = |request| {
            caller.require(Role::Creator)?;
            self.draft(caller, request, &directory)?.require_scope(caller)
        };
        Ok(requests.iter().map(check).collect())
    }

    async fn carry_out(
        &self,
        caller: &Caller,
        plan: &Plan<'_>,
        body: LinkBody,
    ) -> Result<(LinkRecord, Created), ServiceError> {
        for attempt in 0..ATTEMPTS {
            let Some(code) = self.candidate(caller, plan, attempt).await? else { continue };
            let record = plan.record(code, body.clone());
            caller.require_for(Role::Creator, &record.domain, &record.code, &record.body.tags)?;
            if matches!(plan.source, CodeSource::Reuse(_))
                && let Some(existing) = self.read_link(&record.domain, &record.code).await?
            {
                match self.judge_collision(caller, plan, &record, existing)? {
                    (Collision::Ours(existing), created) => return Ok((*existing, created)),
                    (Collision::Next, _) => continue,
                }
            }
            self.register_tags(&record.body.tags).await?;
            match self.put_new(&record, None).await {
                Ok(()) => return Ok((record, Created::New)),
                Err(TableError::ConditionFailed { existing: Some(item), .. }) => {
                    let existing = LinkRecord::decode(&item)?;
                    match self.collide(caller, plan, &record, existing).await? {
                        (Collision::Ours(record), created) => return Ok((*record, created)),
                        (Collision::Next, _) => {}
                    }
                }
                Err(other) => return Err(other.into()),
            }
        }
        Err(ServiceError::NoFreeCode(ATTEMPTS))
    }

    /// Checks everything a create would meet, without writing.
    async fn rehearse(
        &self,
        caller: &Caller,
        plan: &Plan<'_>,
        body: LinkBody,
    ) -> Result<(LinkRecord, Created), ServiceError> {
        for attempt in 0..ATTEMPTS {
            let Some(code) = self.candidate(caller, plan, attempt).await? else { continue };
            let record = plan.record(code, body.clone());
            caller.require_for(Role::Creator, &record.domain, &record.code, &record.body.tags)?;
            let Some(existing) = self.read_link(&record.domain, &record.code).await? else {
                return Ok((record, Created::New));
            };
            if plan.reissue && plan.is_custom(&record) && self.is_over(&existing) {
                caller.require_for(Role::Editor, &existing.domain, &existing.code, &existing.body.tags)?;
                return Ok((record, Created::New));
            }
            if let (Collision::Ours(record), created) = self.judge_collision(caller, plan, &record, existing)? {
                return Ok((*record, created));
            }
        }
        Err(ServiceError::NoFreeCode(ATTEMPTS))
    }

    /// Puts a new link and its tag entries, over nothing or over `replaced`.
    async fn put_new(&self, record: &LinkRecord, replaced: Option<&LinkRecord>) -> Result<(), TableError> {
        let condition = match replaced {
            Some(old) => Condition::VersionIs(old.body.version),
            None => Condition::AbsentOrPurgeable(self.now()),
        };
        let mut writes = vec![Write::put(record.encode(self.settings().retention_days)?).when(condition)];
        if let Some(old) = replaced {
            writes.extend(old.entries().map(Write::delete));
        }
        writes.extend(record.entries().map(|key| Write::put(Item { key, attributes: serde_json::Map::new() })));
        self.write_resolved(&writes).await
    }
}
