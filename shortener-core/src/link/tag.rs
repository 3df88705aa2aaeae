//! Tags.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::super::error::InvalidValue;

/// Most tags on one link.
pub const MAX_TAGS: usize = 20;

const MAX_TAG_LENGTH: usize = 64;

/// A tag: 1 to 64 letters, digits, `-`, `_`, `.`, `:` or `/`, kept in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Tag(String);

impl Tag {
    /// Parses a tag.
    ///
    /// # Errors
    /// [`InvalidValue`] says which character or length is wrong.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let text = text.trim().to_lowercase();
        let length = text.chars().count();
        if length == 0 || length > MAX_TAG_LENGTH {
            return Err(InvalidValue::new(
                "tag_length",
                format!("a tag has 1 to {MAX_TAG_LENGTH} characters, this one has {length}"),
            ));
        }
        match text.chars().find(|c| !c.is_alphanumeric() && !"-_.:/".contains(*c)) {
            Some(bad) => Err(InvalidValue::new(
                "tag_character",
                format!(
                    "character '{}' is not allowed in a tag; use letters, digits and - _ . : /",
                    bad.escape_debug()
                ),
            )),
            None => Ok(Self(text)),
        }
    }

    /// Parses the tags of a link: sorted, each once.
    ///
    /// # Errors
    /// As [`Self::parse`], for the first that is wrong.
    pub(crate) fn parse_set(texts: &[String]) -> Result<Vec<Self>, InvalidValue> {
        let mut tags = texts.iter().map(|text| Self::parse(text)).collect::<Result<Vec<_>, _>>()?;
        tags.sort();
        tags.dedup();
        Ok(tags)
    }

    /// The tag as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Tag {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, InvalidValue> {
        Self::parse(&text)
    }
}

impl From<Tag> for String {
    fn from(tag: Tag) -> Self {
        tag.0
    }
}
