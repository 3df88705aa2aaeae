//! A link as it is stored.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::link::{Actor, BaseUrl, Domain, RedirectStatus, ShortCode, Tag, TargetUrl};
use crate::table::keys::{self, attribute};
use crate::table::{Item, TableError, Write};
use crate::wire::{Link, LinkState};

/// A link with what only the service needs to know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkRecord {
    /// Where it lives.
    pub domain: Domain,
    /// Its code.
    pub code: ShortCode,
    /// The rest, as it is stored.
    pub body: LinkBody,
}

/// The stored attributes of a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkBody {
    /// Target.
    pub target: TargetUrl,
    /// Title.
    pub title: Option<String>,
    /// Tags, sorted and unique.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
    /// Redirect status.
    pub redirect_status: RedirectStatus,
    /// Query forwarding.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forward_query: bool,
    /// Switched off.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
    /// When it was deleted.
    pub deleted_at: Option<Timestamp>,
    /// Version, from 1.
    pub version: u64,
    /// The version it was created with: above 1 if its code was reissued.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub first_version: u64,
    /// Creation time.
    pub created_at: Timestamp,
    /// Creator.
    pub created_by: Actor,
    /// Last change.
    pub updated_at: Timestamp,
    /// Start.
    pub starts_at: Option<Timestamp>,
    /// Expiry.
    pub expires_at: Option<Timestamp>,
    /// Click limit.
    pub max_clicks: Option<u64>,
    /// Names the create that made it, so that the create is recognised when its reply was lost.
    pub create_token: String,
    /// Digest of that create's request, kept when it came with an idempotency key.
    pub request_digest: Option<String>,
    /// Names the last change, for the same reason.
    pub change_id: Option<String>,
    /// When it was imported, if it is older than that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported_at: Option<Timestamp>,
    /// Since when its code has had a link in this table, if that was another one first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_since: Option<Timestamp>,
    /// Clicks counted elsewhere before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported_clicks: Option<u64>,
    /// Who declared it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Tag>,
    /// Made with `reuse`, so that the next such create to its target finds it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reusable: bool,
}

/// What decides a link's state at any moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lifetime {
    pub(crate) deleted: bool,
    pub(crate) disabled: bool,
    pub(crate) starts_at: Option<Timestamp>,
    pub(crate) expires_at: Option<Timestamp>,
}

impl Lifetime {
    pub(crate) fn state(&self, now: Timestamp) -> LinkState {
        if self.deleted {
            LinkState::Deleted
        } else if self.expires_at.is_some_and(|at| at <= now) {
            LinkState::Expired
        } else if self.disabled {
            LinkState::Disabled
        } else if self.starts_at.is_some_and(|at| at > now) {
            LinkState::Scheduled
        } else {
            LinkState::Active
        }
    }
}

impl LinkBody {
    /// When it is over or was, if that is known. A change that puts the end into the past ends the link when it is made: from
    /// then on its code is retired.
    fn end(&self) -> Option<Timestamp> {
        let end = self.deleted_at.or(self.expires_at)?;
        Some(if self.version > self.first_version { end.max(self.updated_at) } else { end })
    }

    pub(crate) fn lifetime(&self) -> Lifetime {
        Lifetime {
            deleted: self.deleted_at.is_some(),
            disabled: self.disabled,
            starts_at: self.starts_at,
            expires_at: self.expires_at,
        }
    }
}

/// The earliest moment that is stored as a later one.
pub(super) fn next_moment(at: Timestamp) -> Timestamp {
    // A stored moment may be the last one there is.
    at.checked_add(SignedDuration::from_millis(1)).unwrap_or(at)
}

fn one() -> u64 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn is_one(version: &u64) -> bool {
    *version == 1
}

impl LinkRecord {
    /// Reads a stored link.
    ///
    /// # Errors
    /// [`TableError::BadItem`] if the item is no link, or not one that could have been created.
    pub fn decode(item: &Item) -> Result<Self, TableError> {
        let (domain, code) = keys::parse_link(&item.key)
            .ok_or_else(|| TableError::BadItem(format!("item {} / {} is no link", item.key.pk, item.key.sk)))?;
        Ok(Self { domain, code, body: item.decode()? })
    }

    /// The item to store, with its index keys and, once its end is known, the time from which it may be collected.
    pub(super) fn encode(&self, retention_days: u16) -> Result<Item, TableError> {
        let Self { domain, code, body } = self;
        let mut item = Item::encode(keys::link(domain, code), body)?;
        let shard = keys::shard(domain, code);
        let mut set = |name: &str, value: Value| item.attributes.insert(name.to_owned(), value);
        set(attribute::CREATED_PK, keys::created_partition(shard).into());
        set(attribute::CREATED_SK, keys::created_sort(body.created_at, domain, code).into());
        set(attribute::TARGET_PK, keys::target_partition(body.target.host(), shard).into());
        set(attribute::TARGET_SK, keys::target_sort(&body.target, domain, code).into());
        if let Some(end) = body.end() {
            let retained = SignedDuration::from_hours(24 * i64::from(retention_days));
            set(attribute::PURGE_AT, end.as_second().saturating_add(retained.as_secs()).into());
        }
        Ok(item)
    }

    /// The writes that put the link's entry under each of `tags`.
    pub(super) fn tag_puts<'a>(&'a self, tags: impl Iterator<Item = &'a Tag>) -> impl Iterator<Item = Write> {
        tags.map(|tag| Write::put(Item { key: self.tag_entry(tag), attributes: serde_json::Map::new() }))
    }

    /// The writes that remove the link's entry under each of `tags`.
    pub(super) fn tag_deletes<'a>(&'a self, tags: impl Iterator<Item = &'a Tag>) -> impl Iterator<Item = Write> {
        tags.map(|tag| Write::delete(self.tag_entry(tag)))
    }

    /// The entries by which a link is listed beside the indexes: one for each tag, and one under its owner.
    pub(super) fn entries(&self) -> impl Iterator<Item = crate::table::Key> {
        let body = &self.body;
        let owner = body.owner.iter().map(|owner| keys::owner_entry(owner, body.created_at, &self.domain, &self.code));
        body.tags.iter().map(|tag| self.tag_entry(tag)).chain(owner)
    }

    fn tag_entry(&self, tag: &Tag) -> crate::table::Key {
        keys::tag_entry(tag, self.body.created_at, &self.domain, &self.code)
    }

    /// When it came into this table: older events are of an earlier link with its code.
    pub fn here_since(&self) -> Timestamp {
        self.body.imported_at.unwrap_or(self.body.created_at)
    }

    /// Since when its code has had a link in this table, be it another one.
    pub fn known_since(&self) -> Timestamp {
        self.body.known_since.unwrap_or_else(|| self.here_since())
    }

    /// What a visitor gets at `now`.
    pub fn state(&self, now: Timestamp) -> LinkState {
        self.body.lifetime().state(now)
    }

    /// The link as the API shows it.
    pub(crate) fn view(&self, base: &BaseUrl, now: Timestamp) -> Link {
        self.clone().into_view(base, now)
    }

    /// [`Self::view`] of a record that is needed no more.
    pub(super) fn into_view(self, base: &BaseUrl, now: Timestamp) -> Link {
        let state = self.state(now);
        let Self { domain, code, body } = self;
        Link {
            short_url: base.short_url(&code),
            state,
            code,
            domain,
            target: body.target,
            title: body.title,
            tags: body.tags,
            redirect_status: body.redirect_status,
            forward_query: body.forward_query,
            version: body.version,
            created_at: body.created_at,
            created_by: body.created_by,
            updated_at: body.updated_at,
            starts_at: body.starts_at,
            expires_at: body.expires_at,
            max_clicks: body.max_clicks,
            disabled: body.disabled,
            imported_clicks: body.imported_clicks,
            clicks: None,
            clicks_used: None,
            owner: body.owner,
            purge: None,
        }
    }
}
