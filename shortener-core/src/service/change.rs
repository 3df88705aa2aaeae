//! Changing links: optimistic concurrency, one history event per change, and no change made twice.

use jiff::Timestamp;

use super::domains::Directory;
use super::draft::Checks;
use super::history::StoredEvent;
use super::record::LinkRecord;
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
        caller.require(Role::Editor)?;
        let directory = self.directory().await?;
        let change_id = self.change_id(caller, options).await?;
        let base = directory.base_url(&link.domain);
        let mut before = self.require_link(&link.domain, &link.code).await?;
        for _ in 0..ATTEMPTS {
            caller.require_for(Role::Editor, &link.domain, &link.code, &before.body.tags)?;
            if self.was_applied(&before, &change_id, options).await? {
                return Ok(before.view(&base, self.now()));
            }
            check_version(&before, options, |record| record.view(&base, self.now()))?;
            let after = self.changed(&before, change, &directory)?;
            caller.require_for(Role::Editor, &link.domain, &link.code, &after.body.tags)?;
            if after == before || options.mode == Mode::DryRun {
                return Ok(after.view(&base, self.now()));
            }
            match self.put_change(caller, &before, after, &change_id).await {
                Ok(after) => return Ok(after.view(&base, self.now())),
                Err(TableError::ConditionFailed { .. }) => before = self.require_link(&link.domain, &link.code).await?,
                Err(other) => return Err(other.into()),
            }
        }
        Err(TableError::Conflict.into())
    }

    async fn change_id(&self, caller: &Caller, options: &WriteOptions) -> Result<String, ServiceError> {
        match &options.idempotency_key {
            Some(key) => Ok(self.secret().await?.token(&["change", caller.actor().as_str(), key])),
            None => Ok(hex(&self.codes.entropy()[..16])),
        }
    }

    /// Whether this very change was made already: the last one, or with an idempotency key one of the last few.
    async fn was_applied(
        &self,
        found: &LinkRecord,
        change_id: &str,
        options: &WriteOptions,
    ) -> Result<bool, ServiceError> {
        if found.body.change_id.as_deref() == Some(change_id) {
            return Ok(true);
        }
        if options.idempotency_key.is_none() || found.body.version <= found.body.first_version {
            return Ok(false);
        }
        let events = self.recent_events(found).await?;
        Ok(events.iter().any(|event| event.change_id == change_id))
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
        change_id: &str,
    ) -> Result<LinkRecord, TableError> {
        let now = self.now();
        after.body.version = before.body.version + 1;
        after.body.updated_at = now.max(before.body.updated_at);
        after.body.change_id = Some(change_id.to_owned());
        let event = StoredEvent::between(before, &after, caller.actor(), change_id);
        let (old, new) = (&before.body.tags, &after.body.tags);
        let item = after.encode(self.settings().retention_days)?;
        let mut writes = vec![
            Write::put(item).when(Condition::VersionIs(before.body.version)),
            Write::put(event.encode(&after, now)?),
        ];
        writes.extend(after.tag_deletes(old.iter().filter(|tag| !new.contains(tag))));
        writes.extend(after.tag_puts(new.iter().filter(|tag| !old.contains(tag))));
        match self.register_tags(new).await {
            Ok(()) => {}
            Err(ServiceError::Store(error)) => return Err(error),
            Err(other) => return Err(TableError::Invalid(other.to_string())),
        }
        match self.write_resolved(&writes).await {
            // Our own write, whose reply was lost.
            Err(TableError::ConditionFailed { existing: Some(item), .. })
                if LinkRecord::decode(&item)?.body.change_id.as_deref() == Some(change_id) =>
            {
                Ok(after)
            }
            outcome => outcome.map(|()| after),
        }
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
