//! A line of a log in JSON: one object with the fields by name.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::columns::{Field, Values, missing};

const FIELDS: usize = Field::Unknown as usize;

/// The values of an object. Only what is escaped, or a number, is copied: CloudFront writes neither.
#[derive(Debug, Default)]
pub(super) struct Object<'a>([Option<Cow<'a, str>>; FIELDS]);

impl<'a> Object<'a> {
    /// None where the line is no object, or has a field twice.
    pub(super) fn parse(line: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(line).ok()
    }

    /// The names of the fields that counting needs and that it does not have, whatever the values of others.
    pub(super) fn missing(&self) -> Vec<&'static str> {
        missing(|field| self.0[field as usize].is_some())
    }

    /// Its values by field.
    pub(super) fn values(&self) -> Values<'_> {
        let mut values: Values<'_> = [b""; FIELDS + 1];
        for (value, found) in values.iter_mut().zip(&self.0) {
            *value = found.as_deref().unwrap_or_default().as_bytes();
        }
        values
    }
}

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of fields")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
        let mut object = Object::default();
        while let Some(Text(name)) = map.next_key()? {
            match object.0.get_mut(Field::of_name(name.as_bytes()) as usize) {
                None => drop(map.next_value::<IgnoredAny>()?),
                Some(Some(_)) => return Err(de::Error::custom("a field comes twice")),
                Some(value) => *value = Some(map.next_value::<Text<'de>>()?.0),
            }
        }
        Ok(object)
    }
}

/// A text, borrowed where it can be; numbers and null as text.
struct Text<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a number")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(number.to_string())))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(number.to_string())))
    }

    fn visit_unit<E>(self) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Borrowed("")))
    }
}
