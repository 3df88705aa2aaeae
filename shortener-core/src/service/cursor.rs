//! Cursors: opaque to callers, and good only for the list they came from.

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};

use super::ServiceError;
use crate::table::keys::hex;

/// Where a list continues: after a sort key, for one subject (a list and its filter).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cursor {
    subject: String,
    sort_key: String,
}

impl Cursor {
    pub(super) fn new(subject: &str, sort_key: &str) -> Self {
        Self { subject: fingerprint(subject), sort_key: sort_key.to_owned() }
    }

    /// # Errors
    /// [`ServiceError::CursorInvalid`] if it is garbage or of another subject.
    pub(super) fn parse(text: &str, subject: &str) -> Result<Self, ServiceError> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| ServiceError::CursorInvalid)?;
        let decoded = String::from_utf8(bytes).map_err(|_| ServiceError::CursorInvalid)?;
        match decoded.split_once(' ') {
            Some((found, sort_key)) if found == fingerprint(subject) && sort_key.len() <= 1024 => {
                Ok(Self { subject: found.to_owned(), sort_key: sort_key.to_owned() })
            }
            _ => Err(ServiceError::CursorInvalid),
        }
    }

    pub(super) fn encode(&self) -> String {
        BASE64URL_NOPAD.encode(format!("{} {}", self.subject, self.sort_key).as_bytes())
    }

    pub(super) fn sort_key(&self) -> &str {
        &self.sort_key
    }
}

fn fingerprint(subject: &str) -> String {
    hex(&Sha256::digest(subject)[..6])
}
