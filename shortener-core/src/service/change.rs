//! Changing links: optimistic concurrency, one history event per change, and no change made twice.

use std::fmt;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::directory::Directory;
use super::draft::Checks;
use super::history::StoredEvent;
use super::record::{LinkRecord, next_moment};
use super::{Caller, Service, ServiceError};
use crate::operations::{LinkRef, Mode, WriteOptions};
use crate::table::keys::hex;
use crate::table::{Condition, TableError, Write};
use crate::wire::{Link, LinkState, Patch, Role, UpdateLink};

/// How often a change without If-Match is applied anew to a link that others change at the same time.
const ATTEMPTS: u8 = 8;

/// What a change does.
#[derive(Debug, Clone, Copy)]
enum Change<'a> {
    Update(&'a UpdateLink),
    Delete,
    Restore,
}

/// Names a change: by whom and under which key, and what it does.
#[derive(Debug, Clone)]
struct ChangeId {
    key: String,
    digest: String,
}

impl ChangeId {
    /// Whether a stored change is this one.
    ///
    /// # Errors
    /// [`ServiceError::IdempotencyKeyReused`] if it was made under the same key and does something else.
    fn made(&self, stored: &str) -> Result<bool, ServiceError> {
        match stored.split_once('.') {
            Some((key, digest)) if key == self.key && digest == self.digest => Ok(true),
            Some((key, _)) if key == self.key => Err(ServiceError::IdempotencyKeyReused),
            _ => Ok(false),
        }
    }
}

impl fmt::Display for ChangeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.key, self.digest)
    }
}

impl Change<'_> {
    /// 64 bits that stand for what the change does.
    fn digest(self) -> String {
        let said = match self {
            Self::Delete => "delete".to_owned(),
            Self::Restore => "restore".to_owned(),
            Self::Update(update) => format!("update {}", serde_json::to_string(update).unwrap_or_default()),
        };
        hex(&Sha256::digest(said)[..8])
    }
}

impl Service {
    /// Changes fields of a link. A change that changes nothing writes nothing.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`], [`ServiceError::Invalid`], [`ServiceError::VersionMismatch`],
    /// [`ServiceError::StateConflict`] if it is deleted.
    pub async fn update(
        &self,
        caller: &Caller,
        link: &LinkRef,
        update: &UpdateLink,
        options: &WriteOptions,
    ) -> Result<Link, ServiceError> {
        self.change(caller, link, Change::Update(update), options).await
    }

    /// Deletes a link: visitors get 410 and its code stays retired. Deleting a deleted link changes nothing.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`], [`ServiceError::VersionMismatch`].
    pub async fn delete(&self, caller: &Caller, link: &LinkRef, options: &WriteOptions) -> Result<Link, ServiceError> {
        self.change(caller, link, Change::Delete, options).await
    }

    /// Undoes a delete. Restoring a link that is not deleted changes nothing.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`], [`ServiceError::VersionMismatch`].
    pub async fn restore(&self, caller: &Caller, link: &LinkRef, options: &WriteOptions) -> Result<Link, ServiceError> {
        self.change(caller, link, Change::Restore, options).await
    }

    async fn change(
        &self,
        caller: &Caller,
        link: &LinkRef,
        change: Change<'_>,
        options: &WriteOptions,
    ) -> Result<Link, ServiceError> {
        caller.require_place(Role::Editor, &link.domain, &link.code)?;
        let directory = self.directory().await?;
        let change_id = self.change_id(caller, change, options).await?;
        let base = directory.base_url(&link.domain);
        let mut before = self.require_link(&link.domain, &link.code).await?;
        let mut was_sent = false;
        for _ in 0..ATTEMPTS {
            caller.require_for(Role::Editor, &link.domain, &link.code, &before.body.tags)?;
            let may_repeat = was_sent || options.idempotency_key.is_some();
            let doubt = |error| if was_sent { in_doubt(error) } else { error };
            if may_repeat && self.was_applied(&before, &change_id).await.map_err(doubt)? {
                return Ok(before.view(&base, self.now()));
            }
            check_version(&before, options, |record| record.view(&base, self.now()))?;
            let after = self.changed(&before, change, &directory)?;
            caller.require_for(Role::Editor, &link.domain, &link.code, &after.body.tags)?;
            if after == before || options.mode == Mode::DryRun {
                return Ok(after.view(&base, self.now()));
            }
            was_sent = true;
            match self.put_change(caller, &before, after, &change_id).await {
                Ok(after) => return Ok(after.view(&base, self.now())),
                Err(TableError::ConditionFailed { .. }) => {
                    before = self.require_link(&link.domain, &link.code).await.map_err(in_doubt)?;
                }
                Err(other) => return Err(other.into()),
            }
        }
        // The last of them may have been made, and its reply lost, before another came.
        if self.was_applied(&before, &change_id).await.map_err(in_doubt)? {
            return Ok(before.view(&base, self.now()));
        }
        Err(TableError::Conflict.into())
    }

    async fn change_id(
        &self,
        caller: &Caller,
        change: Change<'_>,
        options: &WriteOptions,
    ) -> Result<ChangeId, ServiceError> {
        let key = match &options.idempotency_key {
            Some(key) => self.secret().await?.token(&["change", caller.actor().as_str(), key]),
            None => hex(&self.codes.entropy()[..16]),
        };
        Ok(ChangeId { key, digest: change.digest() })
    }

    /// Whether this very change is among the last few of the link, or of the one whose code it took over: a delete that is
    /// repeated does not delete what came after it.
    async fn was_applied(&self, found: &LinkRecord, change_id: &ChangeId) -> Result<bool, ServiceError> {
        if found.body.version <= found.body.first_version && found.body.known_since.is_none() {
            return Ok(false);
        }
        if let Some(last) = &found.body.change_id
            && change_id.made(last)?
        {
            return Ok(true);
        }
        for event in self.recent_events(found).await? {
            if change_id.made(&event.change_id)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn changed(
        &self,
        before: &LinkRecord,
        change: Change<'_>,
        directory: &Directory,
    ) -> Result<LinkRecord, ServiceError> {
        let mut after = before.clone();
        let now = self.now();
        match change {
            Change::Delete => after.body.deleted_at = Some(before.body.deleted_at.unwrap_or(now)),
            Change::Restore => after.body.deleted_at = None,
            Change::Update(update) => {
                if before.state(now) == LinkState::Deleted {
                    return Err(ServiceError::StateConflict {
                        detail: format!("link '{}' is deleted", before.code),
                        hint: format!("restore it first: short restore {}", before.code),
                    });
                }
                Checks::new(self.settings(), directory, now).update(update, &mut after)?;
            }
        }
        Ok(after)
    }

    /// Writes link, event and tag entries as one transaction.
    async fn put_change(
        &self,
        caller: &Caller,
        before: &LinkRecord,
        mut after: LinkRecord,
        change_id: &ChangeId,
    ) -> Result<LinkRecord, TableError> {
        after.body.version = before.body.version + 1;
        // Strictly later than the change before, so that the history's order is the order of the changes.
        after.body.updated_at = self.now().max(next_moment(before.body.updated_at));
        after.body.change_id = Some(change_id.to_string());
        let event = StoredEvent::between(before, &after, caller.actor());
        let (old, new) = (&before.body.tags, &after.body.tags);
        let item = after.encode(self.settings().retention_days)?;
        let event = event.encode(&after, &self.codes.entropy())?;
        let mut writes = vec![Write::put(item).when(Condition::VersionIs(before.body.version)), Write::put(event)];
        writes.extend(after.tag_deletes(old.iter().filter(|tag| !new.contains(tag))));
        writes.extend(after.tag_puts(new.iter().filter(|tag| !old.contains(tag))));
        self.register_tags(new).await?;
        match self.write_resolved(&writes).await {
            // Our own write, whose reply was lost: perhaps that of an earlier request, made at another moment.
            Err(TableError::ConditionFailed { index, existing: Some(item) }) => {
                let found = LinkRecord::decode(&item)?;
                if found.body.change_id == after.body.change_id {
                    return Ok(found);
                }
                Err(TableError::ConditionFailed { index, existing: Some(item) })
            }
            outcome => outcome.map(|()| after),
        }
    }
}

/// What a read that fails says of a change that was sent before: others have changed the link since, perhaps on top of it.
fn in_doubt(error: ServiceError) -> ServiceError {
    match error {
        ServiceError::Store(error) if error.is_retryable() => error.in_doubt().into(),
        other => other,
    }
}

fn check_version(
    found: &LinkRecord,
    options: &WriteOptions,
    view: impl Fn(&LinkRecord) -> Link,
) -> Result<(), ServiceError> {
    match options.if_match {
        Some(expected) if expected != found.body.version => Err(ServiceError::VersionMismatch {
            expected,
            found: found.body.version,
            link: Some(Box::new(view(found))),
        }),
        _ => Ok(()),
    }
}

impl Checks<'_> {
    /// Applies an update to the record.
    fn update(mut self, update: &UpdateLink, record: &mut LinkRecord) -> Result<(), ServiceError> {
        let entry = self.directory.require(&record.domain)?;
        let body = &mut record.body;
        if let Some(target) = update.target.as_deref().and_then(|text| self.target(text, entry)) {
            body.target = target;
        }
        match &update.title {
            Patch::Keep => {}
            Patch::Clear => body.title = None,
            Patch::Set(title) => body.title = self.title(Some(title)),
        }
        if let Some(tags) = &update.tags {
            body.tags = self.tags("/tags", tags);
        }
        let removed = self.tags("/remove_tags", &update.remove_tags);
        body.tags.extend(self.tags("/add_tags", &update.add_tags));
        body.tags.retain(|tag| !removed.contains(tag));
        body.tags.sort();
        body.tags.dedup();
        self.tag_count("/add_tags", &body.tags);
        if let Some(status) = update.redirect_status.and_then(|status| self.redirect_status(status)) {
            body.redirect_status = status;
        }
        body.forward_query = update.forward_query.unwrap_or(body.forward_query);
        body.disabled = update.disabled.unwrap_or(body.disabled);
        body.starts_at = patched(&update.starts_at, body.starts_at, |text| self.starts_at(text));
        body.expires_at = patched(&update.expires_at, body.expires_at, |text| self.expires_at(text));
        body.max_clicks = match update.max_clicks {
            Patch::Keep => body.max_clicks,
            Patch::Clear => None,
            Patch::Set(clicks) => Some(clicks),
        };
        body.imported_clicks = match update.imported_clicks {
            Patch::Keep => body.imported_clicks,
            Patch::Clear => None,
            Patch::Set(clicks) => Some(clicks),
        };
        self.together(body.redirect_status, body.starts_at, body.expires_at, body.max_clicks);
        self.finish()
    }
}

fn patched(
    patch: &Patch<String>,
    current: Option<Timestamp>,
    parse: impl FnOnce(&str) -> Option<Timestamp>,
) -> Option<Timestamp> {
    match patch {
        Patch::Keep => current,
        Patch::Clear => None,
        Patch::Set(text) => parse(text),
    }
}
