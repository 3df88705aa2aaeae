//! Purges of the edge on the wire.

use serde::{Deserialize, Serialize};

use crate::edge::{Begun, Progress, PurgeId};

/// What became of the edge's copies of a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Purge {
    /// Names the purge, to ask how far it is; absent if none was begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, nullable = false, example = "I2J0I21PCUYOIK"))]
    pub id: Option<PurgeId>,
    /// How far it is.
    pub status: PurgeStatus,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub detail: Option<String>,
}

/// How far a purge is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PurgeStatus {
    /// Some visitors may still get the old answer.
    InProgress,
    /// Every visitor gets the new answer.
    Completed,
    /// It was not begun: the old answer is served until the edge's lifetimes end.
    Failed,
}

impl Purge {
    /// A purge that was begun.
    pub(crate) fn at(id: PurgeId, progress: Progress) -> Self {
        let status = match progress {
            Progress::InProgress => PurgeStatus::InProgress,
            Progress::Completed => PurgeStatus::Completed,
        };
        Self { id: Some(id), status, detail: None }
    }

    /// A purge that was not begun.
    pub(crate) fn failed(detail: impl Into<String>) -> Self {
        Self { id: None, status: PurgeStatus::Failed, detail: Some(detail.into()) }
    }
}

impl From<Begun> for Purge {
    fn from(begun: Begun) -> Self {
        Self::at(begun.id, begun.progress)
    }
}
