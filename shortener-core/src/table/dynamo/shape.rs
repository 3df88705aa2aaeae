//! The shape a table must have, taken from the key schema, and how a table that exists differs from it.

use aws_sdk_dynamodb::types::{
    AttributeDefinition, GlobalSecondaryIndex, GlobalSecondaryIndexDescription, KeySchemaElement, KeyType,
    Projection as WireProjection, ProjectionType, ScalarAttributeType, TableDescription,
};

use crate::table::TableError;
use crate::table::keys::{Index, Projection, SortType, attribute};

/// Definitions of every key attribute of table and indexes.
pub(super) fn attribute_definitions() -> Result<Vec<AttributeDefinition>, TableError> {
    key_attributes()
        .into_iter()
        .map(|(name, kind)| {
            AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().map_err(built)
        })
        .collect()
}

/// A partition key and a sort key.
pub(super) fn key_schema(partition: &str, sort: &str) -> Result<Vec<KeySchemaElement>, TableError> {
    [(partition, KeyType::Hash), (sort, KeyType::Range)]
        .into_iter()
        .map(|(name, kind)| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().map_err(built))
        .collect()
}

/// Every index.
pub(super) fn indexes() -> Result<Vec<GlobalSecondaryIndex>, TableError> {
    Index::ALL
        .into_iter()
        .map(|index| {
            GlobalSecondaryIndex::builder()
                .index_name(index.name())
                .set_key_schema(Some(key_schema(index.partition_attribute(), index.sort_attribute())?))
                .projection(WireProjection::builder().projection_type(projection(index)).build())
                .build()
                .map_err(built)
        })
        .collect()
}

/// How a table differs from the shape, one sentence each; empty if it does not.
pub(super) fn differences(found: &TableDescription) -> Vec<String> {
    let mut differences = Vec::new();
    if !is_key(found.key_schema(), attribute::PK, attribute::SK) {
        differences.push(format!("its key is not {} and {}", attribute::PK, attribute::SK));
    }
    for (name, kind) in key_attributes() {
        let other = found.attribute_definitions().iter().find(|definition| definition.attribute_name() == name);
        if let Some(other) = other.filter(|other| *other.attribute_type() != kind) {
            differences.push(format!("{name} has type {} instead of {kind}", other.attribute_type()));
        }
    }
    differences.extend(Index::ALL.into_iter().filter_map(|index| index_difference(index, found)));
    differences
}

fn index_difference(index: Index, found: &TableDescription) -> Option<String> {
    let described = found.global_secondary_indexes().iter().find(|found| found.index_name() == Some(index.name()));
    let Some(described) = described else { return Some(format!("index {index} is missing")) };
    if !is_key(described.key_schema(), index.partition_attribute(), index.sort_attribute()) {
        let (partition, sort) = (index.partition_attribute(), index.sort_attribute());
        return Some(format!("index {index} is not keyed by {partition} and {sort}"));
    }
    let wanted = projection(index);
    (projected(described) != Some(&wanted)).then(|| format!("index {index} does not project {wanted}"))
}

fn projected(described: &GlobalSecondaryIndexDescription) -> Option<&ProjectionType> {
    described.projection().and_then(WireProjection::projection_type)
}

fn is_key(schema: &[KeySchemaElement], partition: &str, sort: &str) -> bool {
    let named =
        |kind: &KeyType| schema.iter().find(|element| element.key_type() == kind).map(KeySchemaElement::attribute_name);
    named(&KeyType::Hash) == Some(partition) && named(&KeyType::Range) == Some(sort)
}

fn projection(index: Index) -> ProjectionType {
    match index.projection() {
        Projection::All => ProjectionType::All,
        Projection::KeysOnly => ProjectionType::KeysOnly,
    }
}

fn key_attributes() -> Vec<(&'static str, ScalarAttributeType)> {
    let mut attributes = vec![(attribute::PK, ScalarAttributeType::S), (attribute::SK, ScalarAttributeType::S)];
    for index in Index::ALL {
        attributes.push((index.partition_attribute(), ScalarAttributeType::S));
        attributes.push((index.sort_attribute(), scalar(index.sort_type())));
    }
    attributes
}

fn scalar(sort: SortType) -> ScalarAttributeType {
    match sort {
        SortType::Text => ScalarAttributeType::S,
        SortType::Number => ScalarAttributeType::N,
    }
}

fn built(error: aws_sdk_dynamodb::error::BuildError) -> TableError {
    TableError::Engine(error.into())
}
