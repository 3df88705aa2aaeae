//! What the derived schemas of parameters say too much: that a header or a query could hold `null`. An optional parameter
//! is absent, and the text `null` is a text like any other.

use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{Schema, SchemaType, Type};
use utoipa::openapi::{OneOf, RefOr};

/// Takes `null` out of the schemas of all parameters.
pub(super) fn take_null_out(operation: &mut Operation) {
    for parameter in operation.parameters.iter_mut().flatten() {
        let RefOr::T(parameter) = parameter else { continue };
        let Some(schema) = parameter.schema.as_mut() else { continue };
        let only = match schema {
            RefOr::T(Schema::Object(object)) => {
                object.schema_type = without_null(&object.schema_type);
                None
            }
            RefOr::T(Schema::OneOf(alternatives)) => only_alternative(alternatives),
            _ => None,
        };
        if let Some(only) = only {
            *schema = only;
        }
    }
}

fn without_null(schema_type: &SchemaType) -> SchemaType {
    let SchemaType::Array(types) = schema_type else { return schema_type.clone() };
    let mut types: Vec<Type> = types.iter().filter(|kind| **kind != Type::Null).cloned().collect();
    match types.pop() {
        Some(only) if types.is_empty() => SchemaType::Type(only),
        last => SchemaType::Array(types.into_iter().chain(last).collect()),
    }
}

/// The one alternative that there is beside `null`.
fn only_alternative(alternatives: &OneOf) -> Option<RefOr<Schema>> {
    let is_null = |schema: &&RefOr<Schema>| matches!(schema, RefOr::T(Schema::Object(object)) if object.schema_type == SchemaType::Type(Type::Null));
    let mut others = alternatives.items.iter().filter(|schema| !is_null(schema));
    let only = others.next().cloned();
    only.filter(|_| others.next().is_none())
}
