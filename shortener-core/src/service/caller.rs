//! Who calls, and what the caller may do.

use jiff::Timestamp;

use super::ServiceError;
use crate::link::{Actor, Domain, ShortCode, Tag};
use crate::wire::{Role, Scope, Whoami};

/// An authenticated caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    actor: Actor,
    role: Role,
    scope: Scope,
    expires_at: Option<Timestamp>,
}

impl Caller {
    /// Someone with access to the table itself, who may do everything; `name` is an OS user or an AWS ARN.
    pub fn direct(name: &str) -> Self {
        Self { actor: Actor::direct(name), role: Role::Admin, scope: Scope::default(), expires_at: None }
    }

    pub(super) fn new(actor: Actor, role: Role, scope: Scope, expires_at: Option<Timestamp>) -> Self {
        Self { actor, role, scope, expires_at }
    }

    /// The name that changes are recorded under.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    pub(super) fn whoami(&self) -> Whoami {
        Whoami { actor: self.actor.clone(), role: self.role, scope: self.scope.clone(), expires_at: self.expires_at }
    }

    /// Demands a role.
    pub(super) fn require(&self, role: Role) -> Result<(), ServiceError> {
        if self.role >= role {
            return Ok(());
        }
        Err(ServiceError::Forbidden(format!(
            "this needs the role {}, and {} is {}",
            role.as_str(),
            self.actor,
            self.role.as_str()
        )))
    }

    /// Demands a role that is not narrowed to some links.
    pub(super) fn require_unscoped(&self, role: Role) -> Result<(), ServiceError> {
        self.require(role)?;
        if self.scope == Scope::default() {
            return Ok(());
        }
        Err(ServiceError::Forbidden(format!("{} is limited to some links", self.actor)))
    }

    /// Demands a role for one link.
    pub(super) fn require_for(
        &self,
        role: Role,
        domain: &Domain,
        code: &ShortCode,
        tags: &[Tag],
    ) -> Result<(), ServiceError> {
        self.require(role)?;
        if self.reaches(domain, code, tags) {
            return Ok(());
        }
        Err(self.outside(code))
    }

    fn outside(&self, code: &ShortCode) -> ServiceError {
        ServiceError::Forbidden(format!("the scope of {} does not cover code '{code}'", self.actor))
    }

    /// Demands a role for a place, before anything there is read: what is outside the scope is neither there nor not.
    pub(super) fn require_place(&self, role: Role, domain: &Domain, code: &ShortCode) -> Result<(), ServiceError> {
        self.require(role)?;
        if self.reaches_place(domain, code) {
            return Ok(());
        }
        Err(self.outside(code))
    }

    /// Demands a role whose scope has whole domains: what is known of a domain's links together tells of each of them.
    pub(super) fn require_whole_domains(&self, role: Role) -> Result<(), ServiceError> {
        self.require(role)?;
        if self.scope.prefixes.is_empty() && self.scope.tags.is_empty() {
            return Ok(());
        }
        Err(ServiceError::Forbidden(format!("{} is limited to some links of a domain", self.actor)))
    }

    /// Demands that a domain is in scope.
    pub(super) fn require_domain(&self, domain: &Domain) -> Result<(), ServiceError> {
        let domains = &self.scope.domains;
        if domains.is_empty() || domains.iter().any(|named| named == domain.as_str()) {
            return Ok(());
        }
        Err(ServiceError::Forbidden(format!("the scope of {} does not cover domain '{domain}'", self.actor)))
    }

    /// Whether a link is in scope.
    pub(super) fn reaches(&self, domain: &Domain, code: &ShortCode, tags: &[Tag]) -> bool {
        let wanted = &self.scope.tags;
        self.reaches_place(domain, code)
            && (wanted.is_empty() || tags.iter().any(|tag| wanted.iter().any(|w| w == tag.as_str())))
    }

    fn reaches_place(&self, domain: &Domain, code: &ShortCode) -> bool {
        let Scope { domains, prefixes, .. } = &self.scope;
        (domains.is_empty() || domains.iter().any(|d| d == domain.as_str()))
            && (prefixes.is_empty() || prefixes.iter().any(|prefix| code.as_str().starts_with(prefix)))
    }

    /// Whether a tag may be shown.
    pub(super) fn sees_tag(&self, tag: &Tag) -> bool {
        self.scope.tags.is_empty() || self.scope.tags.iter().any(|t| t == tag.as_str())
    }

    /// What drawn codes must begin with.
    pub(super) fn code_prefix(&self) -> &str {
        self.scope.prefixes.first().map_or("", String::as_str)
    }
}
