//! Every domain with its settings, held in memory and read again every minute: what a redirect needs of domains.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Service, ServiceError};
use crate::error::InvalidValue;
use crate::link::{BaseUrl, Domain, TargetUrl};
use crate::policy::{Refusal, TargetPolicy, is_own_host};
use crate::table::{Item, keys};
use crate::wire::{DomainSettings, EdgeLifetimes, PolicyRules};

/// How old the settings in memory may be: the bound within which a policy change reaches every redirect.
const MAX_AGE: SignedDuration = SignedDuration::from_secs(60);

/// How long reading them again may hold up the request that finds them too old.
const REFRESH_BUDGET: Duration = Duration::from_millis(300);

/// When reading them again is tried anew after it failed.
const RETRY_AFTER: SignedDuration = SignedDuration::from_secs(5);

/// What is stored of a domain: only what was set.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct DomainRecord {
    pub(super) base_url: Option<BaseUrl>,
    pub(super) code_length: Option<u8>,
    pub(super) not_found_target: Option<TargetUrl>,
    pub(super) edge: Option<EdgeLifetimes>,
    pub(super) policy: Option<PolicyRules>,
    pub(super) version: u64,
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
    /// Where visitors of unknown codes go; none if the policy refuses what is set.
    pub not_found_target: Option<TargetUrl>,
    /// Edge lifetimes.
    pub edge: EdgeLifetimes,
    set_not_found_target: Option<TargetUrl>,
    policy: TargetPolicy,
    rules: PolicyRules,
    version: u64,
}

/// All domains at one moment.
#[derive(Debug, Clone)]
pub struct Directory {
    pub(super) entries: Vec<DomainEntry>,
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
        withhold_refused(&mut entries);
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

    fn is_in_force(&self, now: Timestamp) -> bool {
        now.duration_since(self.read_at) < MAX_AGE
    }

    /// All domains, the default one first.
    pub(crate) fn domains(&self) -> impl Iterator<Item = &Domain> {
        self.entries.iter().map(|entry| &entry.domain)
    }

    /// The host of a domain; none if it is not set up.
    pub(crate) fn host(&self, domain: &Domain) -> Option<&str> {
        self.entries.iter().find(|entry| entry.domain == *domain).map(|entry| entry.base_url.host())
    }

    /// A digest of which host is which domain; empty where there is only the default one.
    pub(crate) fn digest(&self) -> String {
        if self.entries.len() == 1 {
            return String::new();
        }
        let hosts: BTreeMap<_, _> = self.by_host.iter().map(|(host, at)| (host, &self.entries[*at].domain)).collect();
        let mut digest = Sha256::new();
        for (host, domain) in hosts {
            digest.update(format!("{host} {domain}\n"));
        }
        keys::hex(&digest.finalize()[..8])
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

/// Leaves out what visitors of unknown codes may not be sent to: rules and hosts may have changed since it was set.
fn withhold_refused(entries: &mut [DomainEntry]) {
    let bases: Vec<BaseUrl> = entries.iter().map(|entry| entry.base_url.clone()).collect();
    for DomainEntry { domain, policy, not_found_target, .. } in entries {
        let refused = |target: &mut TargetUrl| policy.judge(target).is_err() || is_own_host(target, bases.iter());
        if not_found_target.take_if(refused).is_some() {
            tracing::warn!(%domain, "the not-found target is refused by policy");
        }
    }
}

/// The base URL set for a domain, or the one it has by itself.
pub(super) fn base_url_of(domain: &Domain, record: &DomainRecord, default: &DomainEntry) -> Option<BaseUrl> {
    match &record.base_url {
        _ if domain.is_default() => Some(default.base_url.clone()),
        Some(url) => Some(url.clone()),
        None => BaseUrl::of_domain(domain).ok(),
    }
}

impl DomainEntry {
    pub(super) fn build(domain: Domain, base_url: BaseUrl, code_length: u8, record: DomainRecord) -> Self {
        let rules = record.policy.unwrap_or_default();
        let policy = TargetPolicy::parse_stored(&rules).unwrap_or_else(|invalid| {
            tracing::error!(%domain, %invalid, "a domain's target policy");
            TargetPolicy::refusing_all()
        });
        Self {
            policy,
            code_length: record.code_length.unwrap_or(code_length),
            set_not_found_target: record.not_found_target.clone(),
            not_found_target: record.not_found_target,
            edge: record.edge.unwrap_or_default(),
            version: record.version,
            domain,
            base_url,
            rules,
        }
    }

    pub(super) fn settings(&self) -> DomainSettings {
        DomainSettings {
            domain: self.domain.clone(),
            base_url: self.base_url.clone(),
            code_length: self.code_length,
            not_found_target: self.set_not_found_target.clone(),
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
        if current.is_in_force(self.clock.now()) {
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

    /// The domains, if they are in memory and at most a minute old.
    pub(crate) fn directory_in_memory(&self, now: Timestamp) -> Option<Arc<Directory>> {
        self.domains.current().filter(|directory| directory.is_in_force(now))
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

    pub(super) async fn read_directory(&self) -> Result<Arc<Directory>, ServiceError> {
        let forgotten = self.domains.forgotten.load(Ordering::Acquire);
        let items = self.read_partition(keys::DOMAINS).await?;
        let settings = self.settings();
        let (domain, base_url) = (Domain::default_domain(), settings.base_url.clone());
        let default = DomainEntry::build(domain, base_url, settings.code_length, DomainRecord::default());
        let directory = Arc::new(Directory::build(default, &items, self.clock.now()));
        self.domains.replace(Arc::clone(&directory), forgotten);
        Ok(directory)
    }
}
