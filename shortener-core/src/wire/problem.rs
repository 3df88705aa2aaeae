//! Errors on the wire: RFC 9457 problem details.

use serde::{Deserialize, Serialize};

use super::Link;
use crate::error::InvalidValue;

/// An error as the API answers it (RFC 9457, `application/problem+json`) and `--json` prints it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[error("{}", self.summary())]
pub struct Problem {
    /// URI of the kind of problem: `urn:short:problem:<code>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in words.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// Stable name of the kind.
    pub code: ProblemCode,
    /// This occurrence in words; lower case, no full stop.
    pub detail: String,
    /// What to do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Whether the same request can succeed later.
    pub retryable: bool,
    /// How long to wait before, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<u32>,
    /// Every rule that the request breaks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Violation>,
    /// The link in question, in its current state: the winner of a code, the version to edit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<Box<Link>>,
    /// The request that failed: `urn:uuid:<request id>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// Whether the service's own table is the cause: its words are for operators, and the API shows them to nobody.
    #[serde(skip)]
    pub about_the_store: bool,
}

/// One broken rule of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Violation {
    /// JSON Pointer (RFC 6901) to the field, such as `/target`.
    pub pointer: String,
    /// Stable name of the rule.
    pub code: String,
    /// What is wrong; lower case, no full stop.
    pub detail: String,
}

impl Violation {
    /// The violation of a field whose value does not parse.
    pub fn at(pointer: impl Into<String>, invalid: &InvalidValue) -> Self {
        Self { pointer: pointer.into(), code: invalid.code.to_owned(), detail: invalid.detail.to_string() }
    }
}

macro_rules! problem_codes {
    ($($(#[$doc:meta])* $variant:ident = $name:tt, $status:literal, $title:literal;)*) => {
        /// The kinds of problems.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum ProblemCode {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)*
        }

        impl ProblemCode {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Its stable name.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Its HTTP status.
            pub fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }

            /// It in words.
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }
        }
    };
}

problem_codes! {
    /// The request is not of the form that the API takes.
    Malformed = "malformed", 400, "Malformed request";
    /// The cursor is not one of this list and filter.
    CursorInvalid = "cursor_invalid", 400, "Invalid cursor";
    /// No key was sent, or it is not known, revoked or expired.
    Unauthenticated = "unauthenticated", 401, "Not authenticated";
    /// The key may not do this.
    Forbidden = "forbidden", 403, "Not allowed";
    /// There is no such link, key, domain or route.
    NotFound = "not_found", 404, "Not found";
    /// The route does not take this method.
    MethodNotAllowed = "method_not_allowed", 405, "Method not allowed";
    /// Another link has this code.
    CodeTaken = "code_taken", 409, "Code already taken";
    /// A deleted or expired link holds this code until its retention ends.
    CodeRetired = "code_retired", 409, "Code is retired";
    /// The state of the thing does not allow this.
    StateConflict = "state_conflict", 409, "Not possible in this state";
    /// The thing was changed meanwhile.
    VersionMismatch = "version_mismatch", 412, "Changed meanwhile";
    /// The request body is too large.
    TooLarge = "too_large", 413, "Request too large";
    /// The body is not JSON.
    UnsupportedMediaType = "unsupported_media_type", 415, "Unsupported media type";
    /// The request breaks rules, each named in `errors`.
    Invalid = "invalid", 422, "Request breaks rules";
    /// The idempotency key was used with another request.
    IdempotencyKeyReused = "idempotency_key_reused", 422, "Idempotency key reused";
    /// The service failed; a defect.
    Internal = "internal", 500, "Internal error";
    /// The store cannot be reached, throttles or is locked.
    Unavailable = "unavailable", 503, "Unavailable";
    /// A write may or may not have been applied.
    OutcomeUnknown = "outcome_unknown", 503, "Outcome unknown";
    /// The disk that holds the table is full.
    StorageFull = "storage_full", 507, "Storage full";
}

impl Problem {
    /// A problem of a kind, explained.
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:short:problem:{}", code.as_str()),
            title: code.title().to_owned(),
            status: code.status(),
            code,
            detail: detail.into(),
            hint: None,
            retryable: matches!(code, ProblemCode::Unavailable | ProblemCode::OutcomeUnknown),
            retry_after_seconds: None,
            errors: Vec::new(),
            link: None,
            instance: None,
            about_the_store: false,
        }
    }

    /// With what to do next.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// With the link in question.
    #[must_use]
    pub fn with_link(mut self, link: Link) -> Self {
        self.link = Some(Box::new(link));
        self
    }

    /// The problem of a request that breaks rules.
    pub fn invalid(errors: Vec<Violation>) -> Self {
        let detail = match errors.as_slice() {
            [one] => one.detail.clone(),
            several => format!("{} rules are broken", several.len()),
        };
        Self { errors, ..Self::new(ProblemCode::Invalid, detail) }
    }

    fn summary(&self) -> String {
        match self.errors.as_slice() {
            [] | [_] => self.detail.clone(),
            several => several.iter().map(|e| format!("{}: {}", e.pointer, e.detail)).collect::<Vec<_>>().join("; "),
        }
    }
}
