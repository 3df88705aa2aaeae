//! The value of one column or key, whatever the file is made of.

use std::borrow::Cow;

use serde_json::Value;

/// What a record gives for a field.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Given<'a> {
    /// Nothing: null, or empty text.
    Nothing,
    /// Text.
    Text(Cow<'a, str>),
    /// A whole number.
    Number(i64),
    /// Yes or no.
    Bool(bool),
    /// Several texts.
    List(Vec<&'a str>),
    /// What no field of a link is made of.
    Other,
}

impl<'a> Given<'a> {
    /// A cell of text.
    pub(super) fn cell(text: &'a str) -> Self {
        if text.is_empty() { Self::Nothing } else { Self::Text(Cow::Borrowed(text)) }
    }

    /// A value of JSON. Objects in a list stand for their names, as Dub's tags do.
    pub(super) fn json(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Nothing,
            Value::Bool(value) => Self::Bool(*value),
            Value::String(text) => Self::cell(text),
            Value::Number(number) => {
                number.as_i64().map_or_else(|| Self::Text(Cow::Owned(number.to_string())), Self::Number)
            }
            Value::Array(values) => {
                let text = |value: &'a Value| value.as_str().or_else(|| value.get("name")?.as_str());
                values.iter().map(text).collect::<Option<_>>().map_or(Self::Other, Self::List)
            }
            Value::Object(fields) if fields.is_empty() => Self::Nothing,
            Value::Object(_) => Self::Other,
        }
    }

    /// Whether it says more than that there is nothing: not null, false, zero or empty.
    pub(super) fn says_something(&self) -> bool {
        match self {
            Self::Nothing | Self::Bool(false) | Self::Number(0) => false,
            Self::Text(text) => !matches!(text.trim(), "" | "0" | "false" | "No" | "no"),
            Self::List(list) => !list.is_empty(),
            Self::Bool(true) | Self::Number(_) | Self::Other => true,
        }
    }

    /// As text, if it is that or can be written as such.
    pub(super) fn text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(number) => Some(Cow::Owned(number.to_string())),
            _ => None,
        }
    }

    /// As a count.
    pub(super) fn count(&self) -> Option<u64> {
        match self {
            Self::Number(number) => u64::try_from(*number).ok(),
            Self::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// As yes or no.
    pub(super) fn bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            Self::Number(0) => Some(false),
            Self::Number(1) => Some(true),
            Self::Text(text) => match &*text.trim().to_ascii_lowercase() {
                "true" | "yes" | "y" | "1" => Some(true),
                "false" | "no" | "n" | "0" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }
}
