//! Items as DynamoDB spells them, and back, exactly: integers of 64 bits, text, truth values, lists and maps.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::Value;

use crate::table::keys::attribute;
use crate::table::{Attributes, Item, Key, TableError};

/// An item on the wire.
pub(super) type Wire = HashMap<String, AttributeValue>;

/// The primary key on the wire.
pub(super) fn key_to_wire(key: &Key) -> Wire {
    HashMap::from([
        (attribute::PK.to_owned(), AttributeValue::S(key.pk.clone())),
        (attribute::SK.to_owned(), AttributeValue::S(key.sk.clone())),
    ])
}

/// A whole item on the wire.
pub(super) fn item_to_wire(item: &Item) -> Result<Wire, TableError> {
    let mut wire = key_to_wire(&item.key);
    for (name, value) in &item.attributes {
        if wire.insert(name.clone(), to_wire(value)?).is_some() {
            return Err(TableError::Invalid(format!("attribute '{name}' is part of the key")));
        }
    }
    Ok(wire)
}

/// An item from the wire.
pub(super) fn item_from_wire(mut wire: Wire) -> Result<Item, TableError> {
    let key = key_from_wire(&mut wire)?;
    let attributes = map_from_wire(wire)?;
    Ok(Item { key, attributes })
}

/// Takes the primary key out of an item from the wire.
pub(super) fn key_from_wire(wire: &mut Wire) -> Result<Key, TableError> {
    let mut take = |name: &str| match wire.remove(name) {
        Some(AttributeValue::S(text)) => Ok(text),
        _ => Err(TableError::BadItem(format!("an item has no text in '{name}'"))),
    };
    Ok(Key { pk: take(attribute::PK)?, sk: take(attribute::SK)? })
}

/// One value on the wire.
pub(super) fn to_wire(value: &Value) -> Result<AttributeValue, TableError> {
    Ok(match value {
        Value::Null => AttributeValue::Null(true),
        Value::Bool(truth) => AttributeValue::Bool(*truth),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => AttributeValue::N(integer.to_string()),
            None => return Err(TableError::Invalid(format!("{number} is no 64-bit integer"))),
        },
        Value::String(text) => AttributeValue::S(text.clone()),
        Value::Array(values) => AttributeValue::L(values.iter().map(to_wire).collect::<Result<_, _>>()?),
        Value::Object(map) => AttributeValue::M(
            map.iter().map(|(name, value)| Ok((name.clone(), to_wire(value)?))).collect::<Result<_, TableError>>()?,
        ),
    })
}

/// One value from the wire.
pub(super) fn from_wire(value: AttributeValue) -> Result<Value, TableError> {
    Ok(match value {
        AttributeValue::Null(_) => Value::Null,
        AttributeValue::Bool(truth) => Value::Bool(truth),
        AttributeValue::N(digits) => match digits.parse::<i64>() {
            Ok(integer) => Value::from(integer),
            Err(_) => return Err(TableError::BadItem(format!("the number {digits} is no 64-bit integer"))),
        },
        AttributeValue::S(text) => Value::String(text),
        AttributeValue::L(values) => Value::Array(values.into_iter().map(from_wire).collect::<Result<_, _>>()?),
        AttributeValue::M(map) => Value::Object(map_from_wire(map)?),
        _ => return Err(TableError::BadItem("an attribute is a set or binary, which no item of ours has".to_owned())),
    })
}

fn map_from_wire(wire: Wire) -> Result<Attributes, TableError> {
    wire.into_iter().map(|(name, value)| Ok((name, from_wire(value)?))).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn json_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".*".prop_map(Value::from)
        ];
        leaf.prop_recursive(3, 20, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::hash_map(".*", inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_value_survives_the_wire(value in json_value()) {
            prop_assert_eq!(from_wire(to_wire(&value).unwrap()).unwrap(), value);
        }
    }

    #[test]
    fn a_number_that_is_no_64_bit_integer_is_refused_in_both_directions() {
        for value in [json!(1.5), json!(u64::MAX)] {
            assert!(matches!(to_wire(&value), Err(TableError::Invalid(_))), "{value}");
        }
        for digits in ["1.5", "9223372036854775808", "1E+40"] {
            let wire = AttributeValue::N(digits.to_owned());
            assert!(matches!(from_wire(wire), Err(TableError::BadItem(_))), "{digits}");
        }
    }

    #[test]
    fn a_set_is_corrupt() {
        assert!(matches!(from_wire(AttributeValue::Ss(vec!["a".to_owned()])), Err(TableError::BadItem(_))));
    }
}
