//! Values that do not parse.

use std::borrow::Cow;

/// A value is not what its type demands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct InvalidValue {
    /// Stable name of the rule broken, such as `target_scheme`.
    pub code: &'static str,
    /// What is wrong, for people; lower case, no full stop.
    pub detail: Cow<'static, str>,
}

impl InvalidValue {
    /// A broken rule and its explanation.
    pub fn new(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: detail.into() }
    }
}
