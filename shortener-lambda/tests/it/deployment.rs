//! The Terraform agrees with the code: the table has the schema of the engines, and each role may do what it is seen to
//! do and nothing else.

use std::collections::BTreeSet;

use serde_json::Value;
use shortener_core::table::keys::{Index, Projection, SortType, attribute};

mod roles;

/// A file of the module as JSON: blocks by type and labels, expressions that are no literals as text.
fn module(source: &str) -> Value {
    hcl::from_str(source).unwrap()
}

/// The elements of a block that may be there once or several times.
fn blocks(value: &Value) -> Vec<&Value> {
    value.as_array().map_or_else(|| vec![value], |blocks| blocks.iter().collect())
}

fn texts(value: &Value) -> BTreeSet<&str> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

fn index<'a>(table: &'a Value, name: &str) -> &'a Value {
    let indexes = blocks(&table["global_secondary_index"]);
    indexes.into_iter().find(|index| index["name"] == name).unwrap_or_else(|| panic!("there is no index {name}"))
}

#[test]
fn the_table_has_the_keys_and_indexes_of_the_schema() {
    let file = module(include_str!("../../../infra/modules/shortener/table.tf"));
    let table = &file["resource"]["aws_dynamodb_table"]["links"];
    assert_eq!((table["hash_key"].as_str(), table["range_key"].as_str()), (Some(attribute::PK), Some(attribute::SK)));
    assert_eq!(table["ttl"]["attribute_name"], attribute::PURGE_AT);
    let mut expected = BTreeSet::from([(attribute::PK, "S"), (attribute::SK, "S")]);
    for ours in Index::ALL {
        let theirs = index(table, ours.name());
        assert_eq!(theirs["hash_key"], ours.partition_attribute(), "{ours}");
        assert_eq!(theirs["range_key"], ours.sort_attribute(), "{ours}");
        let (projection, sort) = (
            match ours.projection() {
                Projection::All => "ALL",
                Projection::KeysOnly => "KEYS_ONLY",
            },
            match ours.sort_type() {
                SortType::Text => "S",
                SortType::Number => "N",
            },
        );
        assert_eq!(theirs["projection_type"], projection, "{ours}");
        expected.extend([(ours.partition_attribute(), "S"), (ours.sort_attribute(), sort)]);
    }
    assert_eq!(blocks(&table["global_secondary_index"]).len(), Index::ALL.len());
    let declared = blocks(&table["attribute"]);
    let declared = declared.iter().map(|one| (one["name"].as_str().unwrap(), one["type"].as_str().unwrap()));
    assert_eq!(declared.collect::<BTreeSet<_>>(), expected);
}
