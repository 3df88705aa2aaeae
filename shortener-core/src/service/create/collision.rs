//! What it means for a create that an item has its code.

use super::super::record::{LinkRecord, next_moment};
use super::super::{Caller, Service, ServiceError};
use super::identity::CodeSource;
use super::plan::Plan;
use crate::table::TableError;
use crate::wire::{Created, IfExists, LinkState, Role};

/// What a failed condition means for a create.
#[derive(Debug)]
pub(in super::super) enum Collision {
    /// The item is ours.
    Ours(Box<LinkRecord>),
    /// The item is another's: try the next code.
    Next,
}

impl Service {
    /// Another item has the code: ours after all, to be reissued, or another's.
    pub(super) async fn collide(
        &self,
        caller: &Caller,
        plan: &Plan<'_>,
        record: &LinkRecord,
        existing: LinkRecord,
    ) -> Result<(Collision, Created), ServiceError> {
        let custom = plan.is_custom(record);
        if custom && plan.reissue && self.is_over(&existing) && existing.body.create_token != record.body.create_token {
            return self
                .reissue(caller, record.clone(), existing)
                .await
                .map(|record| (Collision::Ours(Box::new(record)), Created::New));
        }
        self.judge_collision(caller, plan, record, existing)
    }

    /// Judges the link that has a create's code.
    ///
    /// # Errors
    /// [`ServiceError::CodeTaken`] and [`ServiceError::CodeRetired`] with that link, [`ServiceError::Forbidden`] if the caller
    /// may not see it, [`ServiceError::IdempotencyKeyReused`].
    pub(in super::super) fn judge_collision(
        &self,
        caller: &Caller,
        plan: &Plan<'_>,
        record: &LinkRecord,
        existing: LinkRecord,
    ) -> Result<(Collision, Created), ServiceError> {
        if existing.body.create_token == record.body.create_token {
            if let CodeSource::Content(_) = plan.source {
                caller.require_for(Role::Creator, &existing.domain, &existing.code, &existing.body.tags)?;
                return Ok((Collision::Ours(Box::new(existing)), Created::Existing));
            }
            return match (&record.body.request_digest, &existing.body.request_digest) {
                (Some(sent), Some(kept)) if sent != kept => Err(ServiceError::IdempotencyKeyReused),
                (Some(_), _) => Ok((Collision::Ours(Box::new(existing)), Created::Replayed)),
                (None, _) => Ok((Collision::Ours(Box::new(existing)), Created::New)),
            };
        }
        let code = match (&plan.custom, &plan.source) {
            (Some(code), _) if plan.is_custom(record) && plan.if_exists != IfExists::NewCode => code,
            (None, CodeSource::Reuse(_)) if self.is_reusable(caller, &existing, record) => {
                return Ok((Collision::Ours(Box::new(existing)), Created::Existing));
            }
            _ => return Ok((Collision::Next, Created::New)),
        };
        let seen = caller.reaches(&existing.domain, &existing.code, &existing.body.tags);
        if !seen {
            return Err(ServiceError::Forbidden(format!(
                "code '{code}' belongs to a link outside the scope of {}",
                caller.actor()
            )));
        }
        if self.is_over(&existing) {
            let view = existing.view(&plan.entry.base_url, self.now());
            return Err(ServiceError::CodeRetired(code.clone(), Box::new(view)));
        }
        match plan.if_exists {
            IfExists::Return => Ok((Collision::Ours(Box::new(existing)), Created::Existing)),
            IfExists::Fail | IfExists::NewCode => {
                let view = existing.view(&plan.entry.base_url, self.now());
                Err(ServiceError::CodeTaken(code.clone(), Box::new(view)))
            }
        }
    }

    /// Takes over the code of a link whose life is over. The version goes on, so that no old `ETag` fits the new link.
    async fn reissue(
        &self,
        caller: &Caller,
        mut record: LinkRecord,
        old: LinkRecord,
    ) -> Result<LinkRecord, ServiceError> {
        caller.require_for(Role::Editor, &old.domain, &old.code, &old.body.tags)?;
        // Later than every event of the old link, whose history must not become the new one's.
        let after_old = next_moment(old.body.updated_at);
        record.body.created_at = record.body.created_at.max(after_old);
        record.body.imported_at = record.body.imported_at.map(|at| at.max(after_old));
        record.body.updated_at = record.body.created_at;
        record.body.version = old.body.version + 1;
        record.body.first_version = record.body.version;
        record.body.known_since = Some(old.known_since());
        match self.put_new(&record, Some(&old)).await {
            Ok(()) => Ok(record),
            Err(TableError::ConditionFailed { existing: Some(item), .. }) => {
                let found = LinkRecord::decode(&item)?;
                if found.body.create_token == record.body.create_token {
                    return Ok(found);
                }
                let base = self.directory().await?.require(&found.domain)?.base_url.clone();
                Err(ServiceError::CodeTaken(record.code, Box::new(found.view(&base, self.now()))))
            }
            Err(other) => Err(other.into()),
        }
    }

    pub(super) fn is_over(&self, record: &LinkRecord) -> bool {
        matches!(record.state(self.now()), LinkState::Deleted | LinkState::Expired)
    }

    /// Whether a link is what a create with `reuse` asks for: as it was made, on the same terms, and within reach.
    fn is_reusable(&self, caller: &Caller, existing: &LinkRecord, wanted: &LinkRecord) -> bool {
        let (there, wanted) = (&existing.body, &wanted.body);
        there.reusable
            && there.version == there.first_version
            && existing.state(self.now()) == LinkState::Active
            && caller.reaches(&existing.domain, &existing.code, &there.tags)
            && (&there.target, &there.title, &there.tags) == (&wanted.target, &wanted.title, &wanted.tags)
            && (there.redirect_status, there.forward_query) == (wanted.redirect_status, wanted.forward_query)
    }
}
