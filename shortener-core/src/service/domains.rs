//! Domains and their settings, held in memory and read again every minute.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::draft::Checks;
use super::{Caller, Service, ServiceError};
use crate::error::InvalidValue;
use crate::link::{BaseUrl, Domain, TargetUrl};
use crate::operations::{Mode, WriteOptions};
use crate::policy::{Refusal, TargetPolicy, is_own_host};
use crate::table::{Condition, Item, TableError, Write, keys};
use crate::wire::{DomainList, DomainSettings, EdgeLifetimes, Patch, PolicyRules, Role, SetDomain};

/// How old the settings in memory may be: the bound within which a policy change reaches every redirect.
const MAX_AGE: SignedDuration = SignedDuration::from_secs(60);

/// How long reading them again may hold up the request that finds them too old.
const REFRESH_BUDGET: Duration = Duration::from_millis(300);

/// When reading them again is tried anew after it failed.
const RETRY_AFTER: SignedDuration = SignedDuration::from_secs(5);

/// What is stored of a domain: only what was set.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct DomainRecord {
    base_url: Option<BaseUrl>,
    code_length: Option<u8>,
    not_found_target: Option<TargetUrl>,
    edge: Option<EdgeLifetimes>,
    policy: Option<PolicyRules>,
    version: u64,
}

/// One domain, ready for use.
#[derive(Debug, Clone)]
pub struct DomainEntry {
    /// Its name.
    pub domain: Domain,
    /// Where its links are reached.
    pub base_url: BaseUrl,
    /// Length of drawn codes.
    pub code_length: u8,
    /// Where visitors of unknown codes go.
    pub not_found_target: Option<TargetUrl>,
    /// Edge lifetimes.
    pub edge: EdgeLifetimes,
    policy: TargetPolicy,
    rules: PolicyRules,
    version: u64,
}

/// All domains at one moment.
#[derive(Debug, Clone)]
pub struct Directory {
    entries: Vec<DomainEntry>,
    by_host: HashMap<String, usize>,
    read_at: Timestamp,
}

/// The directory in memory.
#[derive(Debug, Default)]
pub struct DomainDirectory {
    current: RwLock<Option<Arc<Directory>>>,
    /// How often it was forgotten: what was read before must not come back afterwards.
    forgotten: AtomicU64,
    /// Held by the one request that reads it again.
    refreshing: tokio::sync::Mutex<()>,
}

impl Directory {
    /// One row that cannot be read takes down no other: its own domain refuses every target.
    fn build(default: DomainEntry, items: &[Item], read_at: Timestamp) -> Self {
        let mut entries = vec![default];
        for item in items {
            let Ok(domain) = Domain::parse(&item.key.sk) else {
                tracing::error!(domain = item.key.sk, "a stored domain is no host name");
                continue;
            };
            let record = item.decode::<DomainRecord>().map_err(|error| tracing::error!(%error, "a domain's settings"));
            let (record, readable) = record.map_or((DomainRecord::default(), false), |record| (record, true));
            let fallback = &entries[0];
            let Some(base_url) = base_url_of(&domain, &record, fallback) else { continue };
            let mut entry = DomainEntry::build(domain, base_url, fallback.code_length, record);
            if !readable {
                entry.policy = TargetPolicy::refusing_all();
            }
            if entry.domain.is_default() { entries[0] = entry } else { entries.push(entry) }
        }
        let by_host = entries
            .iter()
            .enumerate()
            .map(|(at, entry)| (entry.base_url.host().trim_end_matches('.').to_owned(), at))
            .collect();
        Self { entries, by_host, read_at }
    }

    /// The domain of a `Host` header (with or without port); the default one for an unknown host.
    pub fn of_host(&self, host: &str) -> &DomainEntry {
        if self.entries.len() == 1 {
            return &self.entries[0];
        }
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
            _ => host,
        };
        let name = name.trim_end_matches('.');
        let at = self.by_host.get(name).copied().or_else(|| self.by_host.get(&name.to_ascii_lowercase()).copied());
        &self.entries[at.unwrap_or(0)]
    }

    pub(super) fn find(&self, domain: Option<&str>) -> Result<&DomainEntry, ServiceError> {
        let domain = domain.map_or(Ok(Domain::default_domain()), Domain::parse);
        let domain = domain.map_err(|invalid| ServiceError::violation("/domain", &invalid))?;
        self.require(&domain)
    }

    pub(super) fn require(&self, domain: &Domain) -> Result<&DomainEntry, ServiceError> {
        self.entries.iter().find(|entry| entry.domain == *domain).ok_or_else(|| {
            let detail = format!("domain '{domain}' is not set up; add it with 'short domains set {domain}'");
            ServiceError::violation("/domain", &InvalidValue::new("domain_unknown", detail))
        })
    }

    /// Judges a target for a domain: its policy, then the hosts of all domains.
    ///
    /// # Errors
    /// The [`Refusal`].
    pub fn judge(&self, target: &TargetUrl, entry: &DomainEntry) -> Result<(), Refusal> {
        entry.policy.judge(target)?;
        if is_own_host(target, self.entries.iter().map(|entry| &entry.base_url)) {
            return Err(Refusal::OwnHost);
        }
        Ok(())
    }

    /// The base URL of a link's domain: that of a removed domain is the one it would have by default.
    pub(super) fn base_url(&self, domain: &Domain) -> BaseUrl {
        self.require(domain).map_or_else(
            |_| BaseUrl::of_domain(domain).unwrap_or_else(|_| self.entries[0].base_url.clone()),
            |entry| entry.base_url.clone(),
        )
    }
}

/// The base URL set for a domain, or the one it has by itself.
fn base_url_of(domain: &Domain, record: &DomainRecord, default: &DomainEntry) -> Option<BaseUrl> {
    match &record.base_url {
        _ if domain.is_default() => Some(default.base_url.clone()),
        Some(url) => Some(url.clone()),
        None => BaseUrl::of_domain(domain).ok(),
    }
}

impl DomainEntry {
    fn build(domain: Domain, base_url: BaseUrl, code_length: u8, record: DomainRecord) -> Self {
        let rules = record.policy.unwrap_or_default();
        let policy = TargetPolicy::parse_stored(&rules).unwrap_or_else(|invalid| {
            tracing::error!(%domain, %invalid, "a domain's target policy");
            TargetPolicy::refusing_all()
        });
        Self {
            policy,
            code_length: record.code_length.unwrap_or(code_length),
            not_found_target: record.not_found_target,
            edge: record.edge.unwrap_or_default(),
            version: record.version,
            domain,
            base_url,
            rules,
        }
    }

    fn settings(&self) -> DomainSettings {
        DomainSettings {
            domain: self.domain.clone(),
            base_url: self.base_url.clone(),
            code_length: self.code_length,
            not_found_target: self.not_found_target.clone(),
            edge: self.edge,
            policy: self.rules.clone(),
            version: self.version,
        }
    }
}

impl DomainDirectory {
    fn current(&self) -> Option<Arc<Directory>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn replace(&self, directory: Arc<Directory>, forgotten: u64) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if self.forgotten.load(Ordering::Acquire) == forgotten {
            *current = Some(directory);
        }
    }

    /// Forgets what is in memory, so that the next use reads the table.
    pub fn forget(&self) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        self.forgotten.fetch_add(1, Ordering::AcqRel);
        *current = None;
    }
}

impl Service {
    /// The domains, at most a minute old. When they cannot be read again, the older ones stay in force.
    ///
    /// # Errors
    /// [`ServiceError::Store`] if they were never read.
    pub async fn directory(&self) -> Result<Arc<Directory>, ServiceError> {
        let Some(current) = self.domains.current() else { return self.read_directory().await };
        if self.clock.now().duration_since(current.read_at) < MAX_AGE {
            return Ok(current);
        }
        let Ok(_one) = self.domains.refreshing.try_lock() else { return Ok(current) };
        match tokio::time::timeout(REFRESH_BUDGET, self.read_directory()).await {
            Ok(Ok(directory)) => Ok(directory),
            failed => {
                tracing::warn!(?failed, "the domains cannot be read again; the older ones stay in force");
                Ok(self.keep_older(&current))
            }
        }
    }

    /// Lets the directory in memory stand for a while longer, so that a sick store does not slow every request.
    fn keep_older(&self, older: &Directory) -> Arc<Directory> {
        let forgotten = self.domains.forgotten.load(Ordering::Acquire);
        let read_at = self.clock.now() - MAX_AGE + RETRY_AFTER;
        let directory = Arc::new(Directory { read_at, ..older.clone() });
        self.domains.replace(Arc::clone(&directory), forgotten);
        directory
    }

    /// The directory in memory.
    pub(crate) fn domain_directory(&self) -> &DomainDirectory {
        &self.domains
    }

    async fn read_directory(&self) -> Result<Arc<Directory>, ServiceError> {
        let forgotten = self.domains.forgotten.load(Ordering::Acquire);
        let items = self.read_partition(keys::DOMAINS).await?;
        let settings = self.settings();
        let (domain, base_url) = (Domain::default_domain(), settings.base_url.clone());
        let default = DomainEntry::build(domain, base_url, settings.code_length, DomainRecord::default());
        let directory = Arc::new(Directory::build(default, &items, self.clock.now()));
        self.domains.replace(Arc::clone(&directory), forgotten);
        Ok(directory)
    }

    /// Lists the domains, the default one first.
    ///
    /// # Errors
    /// [`ServiceError::Store`].
    pub async fn domains(&self, caller: &Caller) -> Result<DomainList, ServiceError> {
        caller.require(Role::Reader)?;
        let directory = self.read_directory().await?;
        Ok(DomainList { domains: directory.entries.iter().map(DomainEntry::settings).collect() })
    }

    /// Adds a domain or changes its settings.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`], [`ServiceError::VersionMismatch`].
    pub async fn set_domain(
        &self,
        caller: &Caller,
        domain: &Domain,
        change: &SetDomain,
        options: &WriteOptions,
    ) -> Result<DomainSettings, ServiceError> {
        caller.require_unscoped(Role::Admin)?;
        let key = keys::domain(domain);
        let stored = self.table.get(&key, crate::table::Consistency::Strong).await?;
        let mut record: DomainRecord = stored.as_ref().map(Item::decode).transpose()?.unwrap_or_default();
        let found = record.version;
        check_version(options, found)?;
        // As it is now: what another process set a moment ago counts.
        let directory = self.read_directory().await?;
        Checks::new(self.settings(), &directory, self.now()).domain(domain, change, &mut record)?;
        record.version += 1;
        if options.mode == Mode::Apply {
            let condition = if stored.is_some() { Condition::VersionIs(found) } else { Condition::Absent };
            let item = Item::encode(key, &record)?;
            match self.write_resolved(&[Write::put(item.clone()).when(condition)]).await {
                // Our own write, whose reply was lost.
                Err(TableError::ConditionFailed { existing: Some(there), .. }) if *there == item => {}
                outcome => outcome.map_err(|error| version_lost(error, found))?,
            }
            self.domains.forget();
        }
        let base_url =
            base_url_of(domain, &record, &directory.entries[0]).unwrap_or_else(|| directory.base_url(domain));
        let default_length =
            if domain.is_default() { self.settings().code_length } else { directory.entries[0].code_length };
        Ok(DomainEntry::build(domain.clone(), base_url, default_length, record).settings())
    }

    /// Removes a domain's settings: its links stay stored, and are reached again once the domain is set up again.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`], [`ServiceError::VersionMismatch`].
    pub async fn remove_domain(
        &self,
        caller: &Caller,
        domain: &Domain,
        options: &WriteOptions,
    ) -> Result<(), ServiceError> {
        caller.require_unscoped(Role::Admin)?;
        let key = keys::domain(domain);
        let stored = self.table.get(&key, crate::table::Consistency::Strong).await?;
        let stored = stored.ok_or_else(|| ServiceError::NotFound(format!("domain '{domain}' is not set up")))?;
        let found = stored.decode::<DomainRecord>()?.version;
        check_version(options, found)?;
        if options.mode == Mode::Apply {
            let write = Write::delete(key).when(Condition::VersionIs(found));
            match self.write_resolved(&[write]).await {
                // Gone already: by us, with a lost reply, or by somebody else with the same wish.
                Ok(()) | Err(TableError::ConditionFailed { existing: None, .. }) => self.domains.forget(),
                Err(error) => return Err(version_lost(error, found)),
            }
        }
        Ok(())
    }
}

fn check_version(options: &WriteOptions, found: u64) -> Result<(), ServiceError> {
    match options.if_match {
        Some(expected) if expected != found => Err(ServiceError::VersionMismatch { expected, found, link: None }),
        _ => Ok(()),
    }
}

fn version_lost(error: TableError, expected: u64) -> ServiceError {
    match error {
        TableError::ConditionFailed { existing, .. } => {
            let version = existing.and_then(|item| item.number(keys::attribute::VERSION));
            let found = version.and_then(|version| u64::try_from(version).ok()).unwrap_or(0);
            ServiceError::VersionMismatch { expected, found, link: None }
        }
        other => other.into(),
    }
}

impl Checks<'_> {
    /// Applies a change of settings to the record.
    fn domain(mut self, domain: &Domain, change: &SetDomain, record: &mut DomainRecord) -> Result<(), ServiceError> {
        let fixed = domain.is_default() && !change.base_url.is_keep();
        self.demand(
            !fixed,
            "/base_url",
            "base_url_is_a_setting",
            "the default domain's base URL is a setting of the service (SHORT_BASE_URL)",
        );
        match &change.base_url {
            Patch::Keep => {}
            Patch::Clear => record.base_url = None,
            Patch::Set(text) => record.base_url = self.keep("/base_url", BaseUrl::parse(text)),
        }
        self.own_host(domain, record);
        match change.code_length {
            Patch::Keep => {}
            Patch::Clear => record.code_length = None,
            Patch::Set(length) => record.code_length = Some(self.code_length(length)),
        }
        match &change.not_found_target {
            Patch::Keep => {}
            Patch::Clear => record.not_found_target = None,
            Patch::Set(text) => record.not_found_target = self.not_found_target(text, domain, record),
        }
        match change.edge {
            Patch::Keep => {}
            Patch::Clear => record.edge = None,
            Patch::Set(edge) => {
                let day = 86_400;
                let short = edge.fresh <= day && edge.revalidate <= day && edge.if_error <= 30 * day;
                self.demand(
                    short,
                    "/edge",
                    "edge_too_long",
                    "fresh and revalidate are at most 86400 seconds, if_error 2592000",
                );
                record.edge = Some(edge);
            }
        }
        match &change.policy {
            Patch::Keep => {}
            Patch::Clear => record.policy = None,
            Patch::Set(rules) => {
                self.keep("/policy", TargetPolicy::parse(rules));
                record.policy = Some(rules.clone());
            }
        }
        self.finish()
    }

    /// Two domains cannot be told apart at one host.
    fn own_host(&mut self, domain: &Domain, record: &DomainRecord) {
        let base = base_url_of(domain, record, &self.directory.entries[0]);
        let name = |url: &BaseUrl| url.host().trim_end_matches('.').to_owned();
        let mut others = self.directory.entries.iter().filter(|entry| entry.domain != *domain);
        let taken = base.is_some_and(|base| others.any(|entry| name(&entry.base_url) == name(&base)));
        self.demand(!taken, "/base_url", "base_url_taken", "another domain is reached at this host");
    }

    /// A target on none of our hosts, that of the domain as it is about to be set included.
    fn not_found_target(&mut self, text: &str, domain: &Domain, record: &DomainRecord) -> Option<TargetUrl> {
        let own = base_url_of(domain, record, &self.directory.entries[0]);
        let others = self.directory.entries.iter().filter(|entry| entry.domain != *domain);
        let target = TargetUrl::parse(text).and_then(|target| {
            if is_own_host(&target, others.map(|entry| &entry.base_url).chain(&own)) {
                return Err(Refusal::OwnHost.violation(&target));
            }
            Ok(target)
        });
        self.keep("/not_found_target", target)
    }
}
