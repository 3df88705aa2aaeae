//! What `short table status` shows, of either engine.

use serde::Serialize;
use shortener_core::table::dynamo::{Feature, IndexStatus, TableStatus};
use shortener_core::table::sqlite::{ItemCount, SqliteStatus};

use crate::report::{Report, Shape};

/// What a table looks like. What its engine does not have is null.
#[derive(Debug, Serialize)]
pub(super) struct TableReport {
    /// `sqlite` or `dynamodb`.
    engine: &'static str,
    /// Name of the table, or path of the file.
    name: String,
    /// `ACTIVE` if it can be used.
    state: String,
    /// Number of items, of which a link has several.
    items: u64,
    /// How to read `items`: `exact`, `at_least` or `estimate`.
    items_are: &'static str,
    /// Size in bytes.
    bytes: u64,
    journal_mode: Option<String>,
    schema_version: Option<i32>,
    time_to_live: Option<&'static str>,
    point_in_time_recovery: Option<&'static str>,
    deletion_protection: Option<&'static str>,
    indexes: Vec<IndexReport>,
    /// How its shape differs from the one needed.
    differences: Vec<String>,
}

#[derive(Debug, Serialize)]
struct IndexReport {
    name: String,
    state: String,
    items: u64,
}

impl TableReport {
    /// Whether the table has the shape needed.
    pub(super) fn is_fit(&self) -> bool {
        self.differences.is_empty()
    }
}

impl From<SqliteStatus> for TableReport {
    fn from(status: SqliteStatus) -> Self {
        let (items, items_are) = match status.items {
            ItemCount::Exactly(items) => (items, "exact"),
            ItemCount::AtLeast(items) => (items, "at_least"),
        };
        Self {
            engine: "sqlite",
            name: status.path.display().to_string(),
            state: "ACTIVE".to_owned(),
            items,
            items_are,
            bytes: status.bytes,
            journal_mode: Some(status.journal_mode),
            schema_version: Some(status.schema_version),
            time_to_live: None,
            point_in_time_recovery: None,
            deletion_protection: None,
            indexes: Vec::new(),
            differences: Vec::new(),
        }
    }
}

impl From<TableStatus> for TableReport {
    fn from(status: TableStatus) -> Self {
        Self {
            engine: "dynamodb",
            name: status.name,
            state: status.state,
            items: status.items.try_into().unwrap_or(0),
            items_are: "estimate",
            bytes: status.bytes.try_into().unwrap_or(0),
            journal_mode: None,
            schema_version: None,
            time_to_live: Some(feature(status.time_to_live)),
            point_in_time_recovery: Some(feature(status.point_in_time_recovery)),
            deletion_protection: Some(feature(status.deletion_protection)),
            indexes: status.indexes.into_iter().map(IndexReport::from).collect(),
            differences: status.differences,
        }
    }
}

impl From<IndexStatus> for IndexReport {
    fn from(index: IndexStatus) -> Self {
        Self { name: index.name, state: index.state, items: index.items.try_into().unwrap_or(0) }
    }
}

fn feature(feature: Feature) -> &'static str {
    match feature {
        Feature::On => "on",
        Feature::Off => "off",
        Feature::Unsupported => "unsupported",
    }
}

impl Report for TableReport {
    type Line = Self;
    const FIELDS: &'static [&'static str] = &[
        "engine",
        "name",
        "state",
        "items",
        "items_are",
        "bytes",
        "journal_mode",
        "schema_version",
        "time_to_live",
        "point_in_time_recovery",
        "deletion_protection",
        "indexes",
        "differences",
    ];
    const SHAPE: Shape = Shape::Single;

    fn lines(&self) -> &[Self] {
        std::slice::from_ref(self)
    }
}
