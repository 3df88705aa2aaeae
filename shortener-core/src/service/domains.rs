//! Listing, setting and removing domains.

use super::directory::{DomainEntry, DomainRecord, base_url_of};
use super::draft::Checks;
use super::error::target_too_long;
use super::{Caller, Service, ServiceError};
use crate::link::{BaseUrl, Domain, TargetUrl};
use crate::operations::{Mode, WriteOptions};
use crate::policy::{Refusal, TargetPolicy, is_own_host};
use crate::table::{Condition, Consistency, Item, TableError, Write, keys};
use crate::wire::{DomainList, DomainSettings, Patch, Role, SetDomain};

impl Service {
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
        let stored = self.table.get(&key, Consistency::Strong).await?;
        let found = stored.as_ref().map_or(0, version_of);
        let kept = stored.as_ref().map_or(Ok(DomainRecord::default()), Item::decode::<DomainRecord>);
        let mut record = kept.unwrap_or_else(|error| {
            tracing::error!(%error, "a domain's settings cannot be read and are set anew");
            DomainRecord::default()
        });
        check_version(options, found)?;
        // As it is now: what another process set a moment ago counts.
        let directory = self.read_directory().await?;
        Checks::new(self.settings(), &directory, self.now()).domain(domain, change, &mut record)?;
        record.version = found + 1;
        if options.mode == Mode::Apply {
            let condition = unchanged(stored.as_ref());
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
        let stored = self.table.get(&key, Consistency::Strong).await?;
        let stored = stored.ok_or_else(|| ServiceError::NotFound(format!("domain '{domain}' is not set up")))?;
        let found = version_of(&stored);
        check_version(options, found)?;
        if options.mode == Mode::Apply {
            let write = Write::delete(key).when(unchanged(Some(&stored)));
            match self.write_resolved(&[write]).await {
                // Gone already: by us, with a lost reply, or by somebody else with the same wish.
                Ok(()) | Err(TableError::ConditionFailed { existing: None, .. }) => self.domains.forget(),
                Err(error) => return Err(version_lost(error, found)),
            }
        }
        Ok(())
    }
}

/// The version of a stored domain, also of one that cannot be read otherwise: so it can be set anew, or removed.
fn version_of(stored: &Item) -> u64 {
    stored.number(keys::attribute::VERSION).and_then(|version| u64::try_from(version).ok()).unwrap_or(0)
}

/// That nobody has changed the domain since it was read.
fn unchanged(stored: Option<&Item>) -> Condition {
    match stored {
        None => Condition::Absent,
        Some(item) if item.number(keys::attribute::VERSION).is_some() => Condition::VersionIs(version_of(item)),
        Some(_) => Condition::Present,
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
            let found = existing.map_or(0, |item| version_of(&item));
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
        // Before the target, which it judges.
        match &change.policy {
            Patch::Keep => {}
            Patch::Clear => record.policy = None,
            Patch::Set(rules) => {
                self.keep("/policy", TargetPolicy::parse(rules));
                record.policy = Some(rules.clone());
            }
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

    /// A target as a link of the domain may have one, by its rules and at its host as they are about to be set.
    fn not_found_target(&mut self, text: &str, domain: &Domain, record: &DomainRecord) -> Option<TargetUrl> {
        let own = base_url_of(domain, record, &self.directory.entries[0]);
        let others = self.directory.entries.iter().filter(|entry| entry.domain != *domain);
        // Rules that cannot be read were told, or refuse the target at each redirect.
        let policy = TargetPolicy::parse_stored(&record.policy.clone().unwrap_or_default()).unwrap_or_default();
        let max = self.settings.max_target_bytes;
        let target = TargetUrl::parse(text).and_then(|target| {
            if target.as_str().len() > max {
                return Err(target_too_long(&target, max));
            }
            policy.judge(&target).map_err(|refusal| refusal.violation(&target))?;
            if is_own_host(&target, others.map(|entry| &entry.base_url).chain(&own)) {
                return Err(Refusal::OwnHost.violation(&target));
            }
            Ok(target)
        });
        self.keep("/not_found_target", target)
    }
}
