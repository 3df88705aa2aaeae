//! Bodies are read from JSON objects alone: what serde derives would also take an array of the fields in their order.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{BatchRequest, CreateKey, CreateLink, EdgeLifetimes, PolicyRules, RotateKey, Scope, SetDomain, UpdateLink};

/// Reads each type from an object alone. What is derived for them, with `remote = "Self"`, are functions that these
/// implementations call.
macro_rules! objects {
    ($($type:ident),+) => {$(
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Fields;

                impl<'de> Visitor<'de> for Fields {
                    type Value = $type;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<$type, M::Error> {
                        $type::deserialize(MapAccessDeserializer::new(map))
                    }
                }

                deserializer.deserialize_map(Fields)
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $type::serialize(self, serializer)
            }
        }
    )+};
}

objects!(BatchRequest, CreateKey, CreateLink, EdgeLifetimes, PolicyRules, RotateKey, Scope, SetDomain, UpdateLink);
