//! What happened to a link.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::cursor::Cursor;
use super::record::LinkRecord;
use super::{Caller, Service, ServiceError};
use crate::error::InvalidValue;
use crate::link::Actor;
use crate::operations::LinkRef;
use crate::table::{Item, Order, Query, TableError, keys};
use crate::wire::{Action, FieldChange, History, HistoryEvent, Role};

/// How many of the last changes a repeated request is looked for in.
const RECENT: usize = 25;

/// Most events in a page.
const MAX_PAGE: u16 = 1000;

/// Bytes of events after which a page ends. With the last megabyte that was read it stays below what a function may
/// answer, 6 MB.
const PAGE_BYTES: usize = 3 * 1024 * 1024;

/// A change as it is stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct StoredEvent {
    at: Timestamp,
    actor: Actor,
    action: Action,
    link_version: u64,
    pub(super) change_id: String,
    changes: Vec<StoredChange>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct StoredChange {
    field: String,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    from: Value,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    to: Value,
}

impl StoredEvent {
    pub(super) fn between(before: &LinkRecord, after: &LinkRecord, actor: &Actor) -> Self {
        let (old, new) = (shown_fields(before), shown_fields(after));
        let changes: Vec<StoredChange> = old
            .into_iter()
            .zip(new)
            .filter(|((_, from), (_, to))| from != to)
            .map(|((field, from), (_, to))| StoredChange { field: field.to_owned(), from, to })
            .collect();
        Self {
            at: after.body.updated_at,
            actor: actor.clone(),
            action: action(&changes),
            link_version: after.body.version,
            change_id: after.body.change_id.clone().unwrap_or_default(),
            changes,
        }
    }

    /// The item to store; `entropy` makes its key unlike any other.
    pub(super) fn encode(&self, link: &LinkRecord, entropy: &[u8; 32]) -> Result<Item, TableError> {
        Item::encode(keys::event(&link.domain, &link.code, event_id(self.at, entropy)), self)
    }

    fn view(self) -> HistoryEvent {
        let changes = self.changes.into_iter().map(|c| FieldChange { field: c.field, from: c.from, to: c.to });
        HistoryEvent {
            at: self.at,
            actor: self.actor,
            action: self.action,
            version: self.link_version,
            changes: changes.collect(),
        }
    }
}

/// An id of the very millisecond of the change, which no two changes of a link share. A counter of the process would move
/// it to the latest moment that the process has seen on any link.
fn event_id(at: Timestamp, entropy: &[u8; 32]) -> Uuid {
    let milliseconds = u64::try_from(at.as_millisecond()).unwrap_or(0);
    let random = std::array::from_fn(|at| entropy[at]);
    uuid::Builder::from_unix_timestamp_millis(milliseconds, &random).into_uuid()
}

fn shown_fields(record: &LinkRecord) -> [(&'static str, Value); 11] {
    let body = &record.body;
    [
        ("target", json!(body.target)),
        ("title", json!(body.title)),
        ("tags", json!(body.tags)),
        ("redirect_status", json!(body.redirect_status)),
        ("forward_query", json!(body.forward_query)),
        ("starts_at", json!(body.starts_at)),
        ("expires_at", json!(body.expires_at)),
        ("max_clicks", json!(body.max_clicks)),
        ("disabled", json!(body.disabled)),
        ("imported_clicks", json!(body.imported_clicks)),
        ("deleted", json!(body.deleted_at.is_some())),
    ]
}

fn action(changes: &[StoredChange]) -> Action {
    match changes {
        [only] if only.field == "deleted" => {
            if only.to == json!(true) {
                Action::Deleted
            } else {
                Action::Restored
            }
        }
        [only] if only.field == "disabled" => {
            if only.to == json!(true) {
                Action::Disabled
            } else {
                Action::Enabled
            }
        }
        _ => Action::Updated,
    }
}

impl Service {
    /// Shows what happened to a link, newest first; the last event is its creation, which the link itself records.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`], [`ServiceError::CursorInvalid`], [`ServiceError::Invalid`] for the limit.
    pub async fn history(
        &self,
        caller: &Caller,
        link: &LinkRef,
        limit: u16,
        cursor: Option<&str>,
    ) -> Result<History, ServiceError> {
        caller.require_place(Role::Reader, &link.domain, &link.code)?;
        let limit = page_of(limit)?;
        let record = self.require_link(&link.domain, &link.code).await?;
        caller.require_for(Role::Reader, &link.domain, &link.code, &record.body.tags)?;
        let subject = format!("history {} {} {}", link.domain, link.code, record.here_since());
        let after = cursor.map(|text| Cursor::parse(text, &subject)).transpose()?;
        let (items, more) = self.events_page(&record, record.here_since(), limit, after.as_ref()).await?;
        let next_cursor = items.last().filter(|_| more).map(|item| Cursor::new(&subject, &item.key.sk).encode());
        let events = items.iter().map(Item::decode::<StoredEvent>).collect::<Result<Vec<_>, _>>()?;
        let mut events: Vec<HistoryEvent> = events.into_iter().map(StoredEvent::view).collect();
        if next_cursor.is_none() {
            events.push(creation(&record));
        }
        Ok(History { code: record.code, domain: record.domain, events, next_cursor })
    }

    /// The last changes of a link's code, also those of a link that had it before this one took it over.
    pub(super) async fn recent_events(&self, record: &LinkRecord) -> Result<Vec<StoredEvent>, ServiceError> {
        let (items, _) = self.events_page(record, record.known_since(), RECENT, None).await?;
        Ok(items.iter().map(Item::decode).collect::<Result<_, _>>()?)
    }

    /// Up to `limit` events of a link's code since a moment, newest first, or fewer where they are large; and whether there
    /// are more. What happened after the link was read is none of them: it may have happened to another link that took the
    /// code over.
    async fn events_page(
        &self,
        record: &LinkRecord,
        since: Timestamp,
        limit: usize,
        after: Option<&Cursor>,
    ) -> Result<(Vec<Item>, bool), ServiceError> {
        let (partition, mut range) = keys::events(&record.domain, &record.code, since, record.body.updated_at);
        if let Some(cursor) = after {
            range = range.before(cursor.sort_key());
        }
        let mut items = Vec::new();
        let (mut start, mut bytes) = (None, 0);
        while items.len() < limit && bytes < PAGE_BYTES {
            let page = self
                .table
                .query(&Query {
                    index: None,
                    partition: partition.clone(),
                    range: range.clone(),
                    order: Order::Descending,
                    limit: limit - items.len(),
                    start,
                })
                .await?;
            bytes += page.items.iter().map(Item::size_bytes).sum::<usize>();
            items.extend(page.items);
            start = page.next;
            if start.is_none() {
                break;
            }
        }
        Ok((items, start.is_some()))
    }
}

/// How many events a page may have.
fn page_of(limit: u16) -> Result<usize, ServiceError> {
    if (1..=MAX_PAGE).contains(&limit) {
        return Ok(usize::from(limit));
    }
    let invalid = InvalidValue::new("limit_invalid", format!("limit is 1 to {MAX_PAGE}, not {limit}"));
    Err(ServiceError::violation("/limit", &invalid))
}

fn creation(record: &LinkRecord) -> HistoryEvent {
    HistoryEvent {
        at: record.here_since(),
        actor: record.body.created_by.clone(),
        action: Action::Created,
        version: record.body.first_version,
        changes: Vec::new(),
    }
}
