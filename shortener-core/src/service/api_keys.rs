//! API keys: made, checked, rotated, revoked. Only digests of secrets are stored.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::draft::Checks;
use super::{Caller, Service, ServiceError};
use crate::error::InvalidValue;
use crate::link::{Actor, Domain, ShortCode, Tag, base58};
use crate::operations::{Mode, WriteOptions};
use crate::table::keys::{self, hex};
use crate::table::{Attributes, Condition, Consistency, Item, TableError, Write};
use crate::when::{self, DayEdge};
use crate::wire::{CreateKey, CreatedKey, KeyList, KeyView, Role, RotateKey, Scope};

/// How long a key is believed without reading it again: the bound within which a revoked key stops working.
const TRUSTED_FOR: SignedDuration = SignedDuration::from_secs(30);

/// How often the last use is written.
const LAST_USE_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// How long a request may wait for its key's last use to be written.
const LAST_USE_BUDGET: Duration = Duration::from_millis(200);

const MAX_GRACE_SECONDS: u32 = 30 * 86_400;

/// The id of the key that the first start makes.
const FIRST_KEY: &str = "admin";

/// Base58 digits of 256 bits.
const SECRET_DIGITS: usize = 44;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct KeyRecord {
    name: String,
    role: Role,
    #[serde(default)]
    scope: Scope,
    digest: String,
    previous_digest: Option<String>,
    previous_until: Option<Timestamp>,
    created_at: Timestamp,
    created_by: Actor,
    expires_at: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
    last_used_at: Option<Timestamp>,
    version: u64,
}

/// Keys read lately.
pub(super) struct KeyRing(Cache<String, (Timestamp, Option<KeyRecord>)>);

impl Default for KeyRing {
    fn default() -> Self {
        Self(Cache::new(1000))
    }
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("KeyRing").field(&self.0.len()).finish()
    }
}

impl Service {
    /// Finds out who holds a key: `short_<id>_<secret>`.
    ///
    /// # Errors
    /// [`ServiceError::Unauthenticated`] for anything but a valid key; [`ServiceError::Store`] if that cannot be told.
    pub async fn authenticate(&self, key: &str) -> Result<Caller, ServiceError> {
        let refused = ServiceError::Unauthenticated("the key is not valid");
        let Some((id, secret)) = parse_key(key) else { return Err(refused) };
        let now = self.clock.now();
        let Some(record) = self.read_key_cached(id, now).await? else { return Err(refused) };
        if !record.accepts(secret, now) {
            return Err(refused);
        }
        self.note_use(id, &record, now).await;
        Ok(Caller::new(Actor::key(id), record.role, record.scope, record.expires_at))
    }

    async fn read_key_cached(&self, id: &str, now: Timestamp) -> Result<Option<KeyRecord>, ServiceError> {
        if let Some((read_at, record)) = self.key_ring.0.get(id)
            && now.duration_since(read_at).abs() < TRUSTED_FOR
        {
            return Ok(record);
        }
        let record = self.read_key(id).await?;
        self.key_ring.0.insert(id.to_owned(), (now, record.clone()));
        Ok(record)
    }

    async fn read_key(&self, id: &str) -> Result<Option<KeyRecord>, ServiceError> {
        let item = self.table.get(&keys::api_key(id), Consistency::Strong).await?;
        Ok(item.as_ref().map(Item::decode).transpose()?)
    }

    /// Writes the last use, at most hourly. A failure is no reason to refuse the caller, nor to let him wait.
    async fn note_use(&self, id: &str, record: &KeyRecord, now: Timestamp) {
        if record.last_used_at.is_some_and(|used| now.duration_since(used) < LAST_USE_EVERY) {
            return;
        }
        let used = when::whole_seconds(now);
        if let Some((read_at, Some(remembered))) = self.key_ring.0.get(id) {
            let noted = KeyRecord { last_used_at: Some(used), ..remembered };
            self.key_ring.0.insert(id.to_owned(), (read_at, Some(noted)));
        }
        let set = Attributes::from_iter([("last_used_at".to_owned(), used.to_string().into())]);
        let write = [Write::update(keys::api_key(id), set, Vec::new()).when(Condition::Present)];
        match tokio::time::timeout(LAST_USE_BUDGET, self.table.write(&write)).await {
            Ok(Ok(())) => {}
            failed => tracing::warn!(?failed, key_id = id, "the last use of a key was not recorded"),
        }
    }

    /// Makes an admin key if the table has no key at all.
    ///
    /// # Errors
    /// [`ServiceError::Store`].
    pub async fn ensure_admin_key(&self) -> Result<Option<CreatedKey>, ServiceError> {
        if !self.read_partition(keys::API_KEYS).await?.is_empty() {
            return Ok(None);
        }
        let request =
            CreateKey { name: "first key".to_owned(), role: Role::Admin, scope: Scope::default(), expires_at: None };
        let (record, secret) = self.new_key(&Actor::direct("first start"), &request, None);
        // Of several first starts one makes the key: its id is fixed.
        match self.put_key(FIRST_KEY, &record, Condition::Absent).await {
            Ok(()) => Ok(Some(record.created(FIRST_KEY, &secret))),
            // Ours after all: the reply was lost.
            Err(ServiceError::Store(TableError::ConditionFailed { existing: Some(item), .. }))
                if item.text("digest") == Some(record.digest.as_str()) =>
            {
                Ok(Some(record.created(FIRST_KEY, &secret)))
            }
            Err(ServiceError::Store(TableError::ConditionFailed { .. })) => Ok(None),
            Err(other) => Err(other),
        }
    }

    /// Lists the keys.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], [`ServiceError::Store`].
    pub async fn keys(&self, caller: &Caller) -> Result<KeyList, ServiceError> {
        caller.require_unscoped(Role::Admin)?;
        let items = self.read_partition(keys::API_KEYS).await?;
        let views = items.iter().map(|item| {
            let id = item.key.sk.split_once('#').map_or("", |(_, id)| id);
            Ok(item.decode::<KeyRecord>()?.view(id))
        });
        Ok(KeyList { keys: views.collect::<Result<_, TableError>>()? })
    }

    /// Makes a key. It cannot be repeated by idempotency key: its secret is shown once and stored nowhere.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`], [`ServiceError::Forbidden`].
    pub async fn create_key(
        &self,
        caller: &Caller,
        request: &CreateKey,
        options: &WriteOptions,
    ) -> Result<CreatedKey, ServiceError> {
        caller.require_unscoped(Role::Admin)?;
        let directory = self.directory().await?;
        let (scope, expires_at) = Checks::new(self.settings(), &directory, self.now()).key(request)?;
        let request = &CreateKey { scope, ..request.clone() };
        let id = base58(&self.codes.entropy(), 8);
        let (record, secret) = self.new_key(caller.actor(), request, expires_at);
        if options.mode == Mode::DryRun {
            return Ok(CreatedKey { key: String::new(), view: record.view(&id) });
        }
        match self.put_key(&id, &record, Condition::Absent).await {
            Ok(()) => {}
            Err(ServiceError::Store(TableError::ConditionFailed { existing: Some(item), .. }))
                if item.text("digest") == Some(record.digest.as_str()) => {}
            Err(other) => return Err(other),
        }
        Ok(record.created(&id, &secret))
    }

    /// Gives a key a new secret; the old one works on for the grace period.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`], [`ServiceError::StateConflict`] if it is revoked.
    pub async fn rotate_key(
        &self,
        caller: &Caller,
        id: &str,
        request: &RotateKey,
        options: &WriteOptions,
    ) -> Result<CreatedKey, ServiceError> {
        caller.require_unscoped(Role::Admin)?;
        if request.grace_seconds > MAX_GRACE_SECONDS {
            let invalid = InvalidValue::new("grace_too_long", "the grace period is at most 30 days");
            return Err(ServiceError::violation("/grace_seconds", &invalid));
        }
        let old = self.require_key(id).await?;
        if old.revoked_at.is_some() {
            return Err(ServiceError::StateConflict {
                detail: format!("key '{id}' is revoked"),
                hint: "make a new one: short keys create".to_owned(),
            });
        }
        let secret = base58(&self.codes.entropy(), SECRET_DIGITS);
        let grace = SignedDuration::from_secs(i64::from(request.grace_seconds));
        let record = KeyRecord {
            digest: digest(&secret),
            previous_digest: (request.grace_seconds > 0).then(|| old.digest.clone()),
            previous_until: (request.grace_seconds > 0).then(|| when::whole_seconds(self.now() + grace)),
            version: old.version + 1,
            ..old.clone()
        };
        if options.mode == Mode::DryRun {
            return Ok(CreatedKey { key: String::new(), view: record.view(id) });
        }
        self.replace_key(id, &old, &record).await?;
        Ok(record.created(id, &secret))
    }

    /// Revokes a key for good. Revoking a revoked key changes nothing.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`].
    pub async fn revoke_key(&self, caller: &Caller, id: &str, options: &WriteOptions) -> Result<KeyView, ServiceError> {
        caller.require_unscoped(Role::Admin)?;
        let old = self.require_key(id).await?;
        if old.revoked_at.is_some() {
            return Ok(old.view(id));
        }
        let revoked_at = Some(when::whole_seconds(self.now()));
        let record = KeyRecord { revoked_at, version: old.version + 1, ..old.clone() };
        if options.mode == Mode::Apply {
            self.replace_key(id, &old, &record).await?;
        }
        Ok(record.view(id))
    }

    fn new_key(&self, by: &Actor, request: &CreateKey, expires_at: Option<Timestamp>) -> (KeyRecord, String) {
        let secret = base58(&self.codes.entropy(), SECRET_DIGITS);
        let record = KeyRecord {
            name: request.name.trim().to_owned(),
            role: request.role,
            scope: request.scope.clone(),
            digest: digest(&secret),
            previous_digest: None,
            previous_until: None,
            created_at: self.now(),
            created_by: by.clone(),
            expires_at,
            revoked_at: None,
            last_used_at: None,
            version: 1,
        };
        (record, secret)
    }

    async fn require_key(&self, id: &str) -> Result<KeyRecord, ServiceError> {
        // What is no id is no key either; it must not reach the table, whose keys have a greatest length.
        if !is_plain(id, 32) {
            return Err(ServiceError::NotFound("there is no such key".to_owned()));
        }
        self.read_key(id).await?.ok_or_else(|| ServiceError::NotFound(format!("there is no key '{id}'")))
    }

    async fn replace_key(&self, id: &str, old: &KeyRecord, new: &KeyRecord) -> Result<(), ServiceError> {
        match self.put_key(id, new, Condition::VersionIs(old.version)).await {
            Err(ServiceError::Store(TableError::ConditionFailed { existing: Some(item), .. })) => {
                let found: KeyRecord = item.decode()?;
                // Our own write, whose reply was lost, shows the same digest and revocation.
                if found.digest == new.digest && found.revoked_at == new.revoked_at {
                    return Ok(());
                }
                Err(ServiceError::VersionMismatch { expected: old.version, found: found.version, link: None })
            }
            outcome => outcome,
        }
    }

    async fn put_key(&self, id: &str, record: &KeyRecord, condition: Condition) -> Result<(), ServiceError> {
        let item = Item::encode(keys::api_key(id), record)?;
        self.write_resolved(&[Write::put(item).when(condition)]).await?;
        self.forget_key(id);
        Ok(())
    }

    /// Forgets what is remembered of a key, so that its next use reads the table.
    fn forget_key(&self, id: &str) {
        self.key_ring.0.remove(id);
    }

    /// Forgets every key remembered.
    pub(crate) fn forget_keys(&self) {
        self.key_ring.0.clear();
    }
}

impl KeyRecord {
    fn accepts(&self, secret: &str, now: Timestamp) -> bool {
        let given = digest(secret);
        let same = |kept: &str| bool::from(kept.as_bytes().ct_eq(given.as_bytes()));
        let current = same(&self.digest);
        let in_grace = self.previous_until.is_some_and(|until| now < until);
        let previous = in_grace && self.previous_digest.as_deref().is_some_and(same);
        (current || previous) && self.revoked_at.is_none() && self.expires_at.is_none_or(|at| now < at)
    }

    fn view(&self, id: &str) -> KeyView {
        KeyView {
            id: id.to_owned(),
            name: self.name.clone(),
            role: self.role,
            scope: self.scope.clone(),
            created_at: self.created_at,
            created_by: self.created_by.clone(),
            expires_at: self.expires_at,
            revoked_at: self.revoked_at,
            last_used_at: self.last_used_at,
        }
    }

    fn created(&self, id: &str, secret: &str) -> CreatedKey {
        CreatedKey { key: format!("short_{id}_{secret}"), view: self.view(id) }
    }
}

impl Checks<'_> {
    /// The scope as links spell it, and the expiry.
    fn key(mut self, request: &CreateKey) -> Result<(Scope, Option<Timestamp>), ServiceError> {
        let length = request.name.trim().chars().count();
        let named = (1..=100).contains(&length) && !request.name.chars().any(char::is_control);
        self.demand(named, "/name", "name_invalid", "a key's name has 1 to 100 characters and no control characters");
        let asked = &request.scope;
        let scope = Scope {
            domains: self.each("/scope/domains", &asked.domains, |text| Domain::parse(text).map(String::from)),
            prefixes: self.each("/scope/prefixes", &asked.prefixes, |text| ShortCode::parse(text).map(String::from)),
            tags: self.each("/scope/tags", &asked.tags, |text| Tag::parse(text).map(String::from)),
        };
        let unscoped = request.role != Role::Admin || request.scope == Scope::default();
        self.demand(unscoped, "/scope", "admin_scoped", "an admin key reaches everything: give it no scope");
        let now = self.now;
        let expires_at = request.expires_at.as_deref().map(|text| when::parse(text, now, DayEdge::End));
        let expires_at = expires_at.and_then(|parsed| self.keep("/expires_at", parsed)).flatten();
        let ahead = expires_at.is_none_or(|at| at > now);
        self.demand(ahead, "/expires_at", "expires_in_the_past", "the key would be expired from the start");
        self.finish()?;
        Ok((scope, expires_at))
    }

    fn each(
        &mut self,
        pointer: &str,
        texts: &[String],
        parse: impl Fn(&str) -> Result<String, InvalidValue>,
    ) -> Vec<String> {
        texts.iter().enumerate().filter_map(|(at, text)| self.keep(&format!("{pointer}/{at}"), parse(text))).collect()
    }
}

/// Id and secret of a key; none if it has another form. Lengths are bounded before anything is hashed or read.
fn parse_key(key: &str) -> Option<(&str, &str)> {
    let (id, secret) = key.strip_prefix("short_")?.split_once('_')?;

    (is_plain(id, 32) && is_plain(secret, 64)).then_some((id, secret))
}

fn is_plain(text: &str, max: usize) -> bool {
    !text.is_empty() && text.len() <= max && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// SHA-256 of a secret. The secret has 256 random bits, so a slow hash would add nothing.
fn digest(secret: &str) -> String {
    hex(&Sha256::digest(secret))
}
