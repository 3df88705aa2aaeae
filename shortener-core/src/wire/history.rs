//! The history of a link on the wire.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::link::{Actor, Domain, ShortCode};

/// Everything that happened to a link, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct History {
    /// The link's code.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub code: ShortCode,
    /// The link's domain.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub domain: Domain,
    /// The changes, newest first; the last one is the creation.
    pub events: Vec<HistoryEvent>,
    /// Where older changes continue; null when the creation is shown.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub next_cursor: Option<String>,
}

/// One change of a link.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HistoryEvent {
    /// When (RFC 3339, UTC).
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
    /// Who.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub actor: Actor,
    /// What kind of change.
    pub action: Action,
    /// The link's version after it.
    pub version: u64,
    /// What changed; empty for the creation.
    pub changes: Vec<FieldChange>,
}

/// What kind of change an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// The link was made.
    Created,
    /// Fields were changed.
    Updated,
    /// It was switched off.
    Disabled,
    /// It was switched on again.
    Enabled,
    /// It was deleted.
    Deleted,
    /// A delete was undone.
    Restored,
}

/// One field's change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldChange {
    /// The field.
    pub field: String,
    /// Its value before.
    #[cfg_attr(feature = "openapi", schema(value_type = Value, required))]
    pub from: Value,
    /// Its value after.
    #[cfg_attr(feature = "openapi", schema(value_type = Value, required))]
    pub to: Value,
}
