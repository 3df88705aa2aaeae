//! The edge's copies of answers, and how they are dropped when a link changes: the waist between the rule, which is the
//! service's, and the content delivery network.

use std::error::Error as StdError;
use std::fmt::{self, Debug};
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::error::InvalidValue;
use crate::link::ShortCode;
use crate::wire::{Problem, ProblemCode};

#[cfg(feature = "cloudfront")]
pub mod cloudfront;
#[cfg(feature = "testing")]
pub mod recorded;

/// Longest id of a distribution or purge that is taken for one, in characters.
const MAX_ID_LENGTH: usize = 64;

/// The copies that one distribution holds.
#[async_trait]
pub trait EdgeCache: Send + Sync + Debug {
    /// Begins to drop every copy of the answers to `paths`, on every host and whatever their query.
    ///
    /// The same reference with the same paths is the same purge, however often it is sent; a reference is never used
    /// with other paths. It ends by itself within some seconds, whatever the network does.
    ///
    /// # Errors
    /// [`EdgeError`]; the copies then stay until their lifetimes end, unless the purge was begun and its reply lost.
    async fn purge(&self, paths: &[EdgePath], reference: &PurgeReference) -> Result<Begun, EdgeError>;

    /// How far a purge is.
    ///
    /// # Errors
    /// [`EdgeError`], among them [`EdgeError::NoSuchPurge`].
    async fn progress(&self, id: &PurgeId) -> Result<Progress, EdgeError>;
}

/// Where the edge of each distribution is found.
pub trait EdgeCaches: Send + Sync + Debug {
    /// The copies of a distribution. Costs nothing and sends nothing.
    fn of(&self, distribution: DistributionId) -> Arc<dyn EdgeCache>;
}

/// A purge that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// Names it.
    pub id: PurgeId,
    /// How far it is already.
    pub progress: Progress,
}

/// How far a purge is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Some copy may still be served.
    InProgress,
    /// No copy from before the purge is served anywhere.
    Completed,
}

/// Why the edge did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum EdgeError {
    /// The credentials are missing, not accepted, or do not allow it.
    #[error("the credentials do not allow purges of the edge")]
    Denied(#[source] Source),
    /// There is no distribution of this id.
    #[error("there is no such distribution")]
    NoSuchDistribution,
    /// There is no purge of this id.
    #[error("there is no such purge")]
    NoSuchPurge,
    /// Too many requests or purges are under way; trying again later can succeed.
    #[error("too many purges are under way")]
    Busy(#[source] Source),
    /// The service behind the edge cannot be reached, does not answer, or failed.
    #[error("the service that purges the edge cannot be reached")]
    Unavailable(#[source] Source),
    /// The request was refused, or its answer cannot be read: a defect.
    #[error("the edge did not take the purge")]
    Refused(#[source] Source),
}

/// What lies beneath an error.
pub type Source = Box<dyn StdError + Send + Sync>;

impl From<EdgeError> for Problem {
    fn from(error: EdgeError) -> Self {
        let problem = |code| Self::new(code, error.to_string());
        let later = |seconds| Self { retry_after_seconds: Some(seconds), ..problem(ProblemCode::Unavailable) };
        let problem = match error {
            EdgeError::NoSuchPurge => return problem(ProblemCode::NotFound),
            EdgeError::Denied(_) => problem(ProblemCode::Forbidden)
                .with_hint("allow cloudfront:CreateInvalidation and cloudfront:GetInvalidation on the distribution"),
            EdgeError::NoSuchDistribution => Self { retryable: false, ..problem(ProblemCode::Unavailable) }
                .with_hint("check the id of the distribution"),
            EdgeError::Busy(_) => later(5),
            EdgeError::Unavailable(_) => later(1),
            EdgeError::Refused(_) => problem(ProblemCode::Internal),
        };
        // As with the table, the service's trouble with its own edge is not the caller's.
        Self { about_the_store: true, ..problem }
    }
}

/// The path of an answer that the edge may hold.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EdgePath(String);

impl EdgePath {
    /// The path of a link's redirect. Its preview is never held.
    pub fn of_link(code: &ShortCode) -> Self {
        Self(format!("/{}", code.as_str()))
    }

    /// The path, which has no character that would have to be encoded.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What makes a repeated request for a purge the same purge.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PurgeReference(String);

impl PurgeReference {
    /// The reference made of a token that belongs to one change.
    pub(crate) fn of_token(token: &str) -> Self {
        Self(format!("short-{token}"))
    }

    /// The reference as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident, $code:literal, $what:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Parses an id: 1 to 64 ASCII letters and digits, as the edge's service gave it.
            ///
            /// # Errors
            /// [`InvalidValue`] if it is anything else.
            pub fn parse(text: &str) -> Result<Self, InvalidValue> {
                if is_id(text) {
                    return Ok(Self(text.to_owned()));
                }
                Err(InvalidValue::new($code, concat!($what, " has 1 to 64 letters and digits")))
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidValue;

            fn try_from(text: String) -> Result<Self, InvalidValue> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    )*};
}

ids! {
    /// Names a distribution of the edge, such as `EDFDVBD632BHDS5`.
    DistributionId, "distribution_id_invalid", "the id of a distribution";
    /// Names a purge, such as `I2J0I21PCUYOIK`.
    PurgeId, "purge_id_invalid", "the id of a purge";
}

fn is_id(text: &str) -> bool {
    (1..=MAX_ID_LENGTH).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_can_stand_in_a_path_as_it_is() {
        for good in ["E", "EDFDVBD632BHDS5", "i2j0"] {
            assert_eq!(PurgeId::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "a/b", "..", "a b", "é", "a%2Fb", "a\n", &"A".repeat(65)] {
            assert!(PurgeId::parse(bad).is_err() && DistributionId::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn only_what_can_pass_is_to_be_tried_again() {
        let retryable = |error: EdgeError| Problem::from(error).retryable;
        assert!(retryable(EdgeError::Busy("x".into())) && retryable(EdgeError::Unavailable("x".into())));
        for lasting in [EdgeError::Denied("x".into()), EdgeError::NoSuchDistribution, EdgeError::NoSuchPurge] {
            assert!(!retryable(lasting));
        }
    }
}
