//! Keys, domains and the caller on the wire.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Patch;
use crate::link::{Actor, BaseUrl, Domain, TargetUrl};

/// What a key may do; each role may do what the ones before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads links, history, tags and statistics.
    Reader,
    /// Creates links.
    Creator,
    /// Changes, disables, deletes and restores links.
    Editor,
    /// Manages keys and domains.
    Admin,
}

impl Role {
    /// The role's name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Creator => "creator",
            Self::Editor => "editor",
            Self::Admin => "admin",
        }
    }
}

/// Which links a key reaches: those that match every list that is not empty.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields, remote = "Self")]
pub struct Scope {
    /// Domains.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub domains: Vec<String>,
    /// Beginnings of codes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub prefixes: Vec<String>,
    /// Tags, of which the link must have one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

/// A request for a new key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, remote = "Self")]
pub struct CreateKey {
    /// What the key is for, 1 to 100 characters.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Which links it reaches; all where empty.
    #[serde(default)]
    pub scope: Scope,
    /// When it stops working: as a link's expiry; never where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
}

/// A request to replace a key's secret.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, remote = "Self")]
pub struct RotateKey {
    /// How long the old secret works on, in seconds; 0 by default, 30 days at most.
    #[serde(default)]
    pub grace_seconds: u32,
}

/// A key without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KeyView {
    /// Identifier: the second part of the key.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Which links it reaches.
    pub scope: Scope,
    /// When it was made.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub created_at: Timestamp,
    /// Who made it.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub created_by: Actor,
    /// When it stops working.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime, required))]
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime, required))]
    pub revoked_at: Option<Timestamp>,
    /// When it was last used; written at most hourly.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime, required))]
    pub last_used_at: Option<Timestamp>,
}

/// A new or rotated key: the only time its secret is shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreatedKey {
    /// The whole key: `short_<id>_<secret>`. Empty on a dry run.
    pub key: String,
    /// Everything else about it.
    #[serde(flatten)]
    pub view: KeyView,
}

impl std::fmt::Debug for CreatedKey {
    /// Without the secret: what is shown in this way ends in logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CreatedKey").field("view", &self.view).finish_non_exhaustive()
    }
}

/// All keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KeyList {
    /// The keys, sorted by id.
    pub keys: Vec<KeyView>,
}

/// How long edges may keep a redirect, in seconds. No response outlives its link whatever these say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, remote = "Self")]
pub struct EdgeLifetimes {
    /// Fresh: `s-maxage`, 0 to 86,400; 60 by default.
    pub fresh: u32,
    /// Served while the edge asks again: `stale-while-revalidate`; 60 by default.
    pub revalidate: u32,
    /// Served while the origin fails: `stale-if-error`; 86,400 by default.
    pub if_error: u32,
}

impl Default for EdgeLifetimes {
    fn default() -> Self {
        Self { fresh: 60, revalidate: 60, if_error: 86_400 }
    }
}

/// Which targets links may have, by domain: `example.com` is that host and its subdomains, `*.example.com` only its subdomains.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields, remote = "Self")]
pub struct PolicyRules {
    /// If not empty, only these.
    pub allow: Vec<String>,
    /// Never these, even if allowed. `@private`, `@shorteners` and `@lookalikes` stand for private addresses and names, other
    /// services that shorten links, and names that look like others.
    pub deny: Vec<String>,
}

/// The settings of a domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DomainSettings {
    /// The domain; `-` is the default one.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub domain: Domain,
    /// Where its links are reached.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub base_url: BaseUrl,
    /// Length of its drawn codes, 4 to 40.
    pub code_length: u8,
    /// Where visitors of unknown codes are sent; the 404 page where null.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, required))]
    pub not_found_target: Option<TargetUrl>,
    /// How long edges may keep its redirects.
    pub edge: EdgeLifetimes,
    /// Which targets its links may have.
    pub policy: PolicyRules,
    /// Version for optimistic concurrency; 0 if nothing was ever set.
    pub version: u64,
}

/// A request to add or change a domain: absent fields stay, null resets to the default.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, remote = "Self")]
pub struct SetDomain {
    /// Base URL; `https://<domain>` by default. The default domain's is a setting of the service and cannot be set here.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub base_url: Patch<String>,
    /// Length of drawn codes, 4 to 40; 7 by default.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u8>))]
    pub code_length: Patch<u8>,
    /// Where visitors of unknown codes are sent.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub not_found_target: Patch<String>,
    /// Edge lifetimes.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<EdgeLifetimes>))]
    pub edge: Patch<EdgeLifetimes>,
    /// Target policy.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<PolicyRules>))]
    pub policy: Patch<PolicyRules>,
}

/// All domains, the default one first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DomainList {
    /// The domains.
    pub domains: Vec<DomainSettings>,
}

/// Who is calling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Whoami {
    /// The name that changes are recorded under.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub actor: Actor,
    /// What the caller may do.
    pub role: Role,
    /// Which links the caller reaches.
    pub scope: Scope,
    /// When the key stops working.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime, required))]
    pub expires_at: Option<Timestamp>,
}

/// That the service is up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Health {
    /// Always `ok`.
    pub status: String,
    /// Version of the service.
    pub version: String,
    /// Revision of its source; `unknown` if it was built without one. None from a service that does not say yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
}
