//! Creates that are named by their content, in batches: what imports rest on.

use std::collections::BTreeMap;
use std::sync::Arc;

use shortener_core::operations::{Mode, Operations, WriteOptions};
use shortener_core::service::{Caller, Service, Session};
use shortener_core::table::dynamo::InsertBy;
use shortener_core::table::dynamo::in_process::{InProcess, Operation};
use shortener_core::table::memory::MemoryTable;
use shortener_core::table::sqlite::{SqliteOptions, SqliteTable};
use shortener_core::table::{ChangeFeed, Item, Table};
use shortener_core::wire::{BatchResult, CreateLink, Problem};

use super::fixture::{coded, to};

mod cost;
mod faults;
mod properties;
mod races;
mod rules;
mod scope;
mod twice;

/// The n-th row with its content.
fn nth(occurrence: u32, request: CreateLink) -> CreateLink {
    CreateLink { occurrence: Some(occurrence), ..request }
}

fn row(target: &str) -> CreateLink {
    nth(1, to(target))
}

fn coded_row(code: &str, target: &str) -> CreateLink {
    nth(1, coded(code, target))
}

fn tagged(tags: &[&str], request: CreateLink) -> CreateLink {
    CreateLink { tags: tags.iter().map(|tag| (*tag).to_owned()).collect(), ..request }
}

fn owned(owner: &str, request: CreateLink) -> CreateLink {
    CreateLink { owner: Some(owner.to_owned()), ..request }
}

/// Rows of every kind that an import has: with and without code, tags, owner and times.
fn mixed(count: usize) -> Vec<CreateLink> {
    (0..count)
        .map(|at| {
            let target = format!("https://example.com/{}", at / 2);
            let request = if at % 3 == 0 { coded(&format!("code-{at}"), &target) } else { to(&target) };
            let request = if at % 5 == 0 { tagged(&["imported", "t"], request) } else { request };
            let request = if at % 7 == 0 { owned("team", request) } else { request };
            let created_at = (at % 2 == 0).then(|| format!("2020-01-{:02}", 1 + at % 28));
            nth(1 + u32::from(at % 2 == 1), CreateLink { created_at, ..request })
        })
        .collect()
}

async fn create(session: &Session, rows: &[CreateLink]) -> Vec<BatchResult> {
    session.create_batch(rows, &WriteOptions::default()).await.unwrap()
}

async fn rehearse(session: &Session, rows: &[CreateLink]) -> Vec<BatchResult> {
    let dry = WriteOptions { mode: Mode::DryRun, ..WriteOptions::default() };
    session.create_batch(rows, &dry).await.unwrap()
}

fn statuses(results: &[BatchResult]) -> Vec<u16> {
    results.iter().map(|result| result.status).collect()
}

fn codes(results: &[BatchResult]) -> Vec<&str> {
    results.iter().map(|result| result.link.as_ref().unwrap().code.as_str()).collect()
}

fn problem(result: &BatchResult) -> &Problem {
    result.problem.as_ref().unwrap()
}

fn session(service: &Arc<Service>, name: &str) -> Session {
    Session::new(Arc::clone(service), Caller::direct(name))
}

/// Every item of a table by its key, as text.
type Items = BTreeMap<(String, String), String>;

/// An engine that can be read to the last item.
enum Engine {
    Memory(Arc<MemoryTable>),
    Sqlite(Arc<SqliteTable>, #[expect(dead_code, reason = "it holds the file")] tempfile::TempDir),
    Dynamo(InProcess, InsertBy),
}

impl Engine {
    fn memory() -> Self {
        Self::Memory(Arc::default())
    }

    async fn dynamo(insert_by: InsertBy) -> Self {
        Self::Dynamo(InProcess::with_table("links").await.unwrap().0, insert_by)
    }

    /// One of each kind.
    async fn all() -> [Self; 4] {
        let folder = tempfile::tempdir().unwrap();
        let file = SqliteTable::open(&folder.path().join("links.db"), SqliteOptions::default()).unwrap();
        [
            Self::memory(),
            Self::Sqlite(Arc::new(file), folder),
            Self::dynamo(InsertBy::default()).await,
            Self::dynamo(InsertBy::Statements { in_flight: 4 }).await,
        ]
    }

    fn name(&self) -> String {
        match self {
            Self::Memory(_) => "memory".to_owned(),
            Self::Sqlite(..) => "SQLite".to_owned(),
            Self::Dynamo(_, insert_by) => format!("DynamoDB by {insert_by:?}"),
        }
    }

    fn table(&self) -> Arc<dyn Table> {
        match self {
            Self::Memory(table) => table.clone(),
            Self::Sqlite(table, _) => table.clone(),
            Self::Dynamo(engine, insert_by) => Arc::new(engine.table("links").inserting_by(*insert_by)),
        }
    }

    async fn items(&self) -> Items {
        let listed = match self {
            Self::Memory(table) => table.changes_since(0).unwrap().keys.unwrap(),
            Self::Sqlite(table, _) => table.changes_since(0).unwrap().keys.unwrap(),
            Self::Dynamo(engine, _) => return shown(engine.dump("links").unwrap()),
        };
        shown(self.table().get_many(&listed).await.unwrap().into_iter().flatten())
    }

    /// What the engine was asked to write since the last call; none if it does not tell.
    fn writes(&self) -> Option<Vec<Operation>> {
        let Self::Dynamo(engine, _) = self else { return None };
        let reads = ["GetItem", "BatchGetItem", "Query"];
        let mut operations = engine.operations();
        engine.forget_operations();
        operations.retain(|operation| !reads.contains(&operation.name.as_str()));
        Some(operations)
    }
}

fn shown(items: impl IntoIterator<Item = Item>) -> Items {
    let shown = |item: Item| {
        let attributes: BTreeMap<_, _> = item.attributes.into_iter().collect();
        ((item.key.pk, item.key.sk), serde_json::to_string(&attributes).unwrap())
    };
    items.into_iter().map(shown).collect()
}

/// The items of links, without entries, tag names and settings.
fn links(items: &Items) -> usize {
    items.keys().filter(|(_, sk)| sk == "LINK").count()
}
