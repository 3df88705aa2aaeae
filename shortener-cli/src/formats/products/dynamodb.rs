//! Tables of DynamoDB: the CDS url-shortener's and the AWS sample's, as `aws dynamodb scan`, an export to S3 or `dy export`
//! give their items.

use serde_json::{Map, Value};

use crate::formats::IMPORT_ERROR;
use crate::formats::field::Meaning;
use crate::formats::field::TargetField::{Code, CreatedAt, Disabled, ExpiresAt, ImportedClicks, Target};

use super::{Meanings, Prepared};

/// The CDS url-shortener's attributes. `ttl` is when DynamoDB may delete the item, which the service takes for the expiry.
pub(super) const CDS_KEYS: Meanings = &[
    ("key_id", Meaning::Is(Code)),
    ("original_url", Meaning::Is(Target)),
    ("click_count", Meaning::Is(ImportedClicks)),
    ("active", Meaning::Enabled),
    ("created_at", Meaning::Is(CreatedAt)),
    ("created_by", Meaning::Lost("created_by")),
    ("last_access_date", Meaning::Informational),
    ("ttl", Meaning::Is(ExpiresAt)),
    ("disabled", Meaning::Is(Disabled)),
];

/// The AWS sample's attributes.
pub(super) const AWS_SAMPLE_KEYS: Meanings = &[
    ("id", Meaning::Is(Code)),
    ("url", Meaning::Is(Target)),
    ("owner", Meaning::Lost("owner")),
    ("timestamp", Meaning::Is(CreatedAt)),
];

/// An item of the CDS url-shortener. What is no link there is a credential: nothing of it is kept or shown.
pub(super) fn cds(object: Map<String, Value>) -> Prepared {
    let mut item = plain(object);
    let Some(Value::String(key)) = item.get_mut("key_id") else {
        return Prepared::Skipped("items without key_id (skipped)");
    };
    if let Some(code) = key.strip_prefix("URL/") {
        *key = code.to_owned();
        return Prepared::Link(item);
    }
    Prepared::Skipped(if key.starts_with("SESSION/") {
        "SESSION items (sessions of people, skipped unread)"
    } else if key.starts_with("EMAIL_LINK/") {
        "EMAIL_LINK items (sign-in links, skipped unread)"
    } else {
        "items that are no links (skipped)"
    })
}

/// An item without its types and without the object that an export wraps it in.
pub(super) fn plain(mut object: Map<String, Value>) -> Map<String, Value> {
    if let Some(Value::Object(_)) = object.get("Item")
        && object.keys().all(|key| key == "Item" || key == IMPORT_ERROR)
        && let Some(Value::Object(item)) = object.remove("Item")
    {
        return plain(item);
    }
    if !object.is_empty() && object.iter().all(|(key, value)| key == IMPORT_ERROR || is_typed(value)) {
        return object.into_iter().map(|(key, value)| (key, untyped(value))).collect();
    }
    object
}

fn is_typed(value: &Value) -> bool {
    let Value::Object(object) = value else { return false };
    object.len() == 1
        && object.keys().all(|key| matches!(&**key, "S" | "N" | "B" | "BOOL" | "NULL" | "SS" | "NS" | "BS" | "L" | "M"))
}

fn untyped(value: Value) -> Value {
    let Value::Object(object) = value else { return value };
    match object.into_iter().next() {
        Some((kind, Value::String(number))) if kind == "N" => {
            number.parse::<i64>().map_or(Value::String(number), Value::from)
        }
        Some((kind, _)) if kind == "NULL" => Value::Null,
        Some((kind, Value::Array(values))) if kind == "L" => values.into_iter().map(untyped).collect(),
        Some((_, value)) => value,
        None => Value::Null,
    }
}
