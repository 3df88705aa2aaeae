//! Tables that throttle, lose replies, do half of what they are asked, or refuse.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use shortener_core::operations::Operations;
use shortener_core::service::Session;
use shortener_core::table::dynamo::InsertBy;
use shortener_core::table::dynamo::in_process::Fault;
use shortener_core::table::memory::MemoryTable;
use shortener_core::table::{
    Added, Consistency, Inserted, Item, Key, Page, Query, Table, TableError, Write, keys::attribute,
};
use shortener_core::wire::{BatchResult, LinkFilter, ProblemCode};

use super::{Engine, coded_row, create, links, mixed, owned, problem, row, session, statuses, tagged};
use crate::fixture::service_on;

/// How a read or an insert of many fails.
#[derive(Debug, Clone, Copy)]
enum BulkFault {
    /// Refused for now; not applied.
    Throttled,
    /// Half applied, and then the reply is lost.
    Half,
    /// Applied, and then the reply is lost.
    Lost,
    /// Not allowed at all.
    Denied,
}

/// A table in memory whose inserts of links and reads of many fail as they are told to.
#[derive(Debug)]
struct FaultyTable {
    inner: Arc<MemoryTable>,
    inserts: Mutex<VecDeque<BulkFault>>,
    reads: Mutex<VecDeque<BulkFault>>,
}

impl FaultyTable {
    /// A session on a new one; its secret is made already.
    async fn session(engine: &Engine, name: &str, inserts: &[BulkFault], reads: &[BulkFault]) -> Session {
        let Engine::Memory(inner) = engine else { panic!("faults are in memory") };
        let faults = |faults: &[BulkFault]| Mutex::new(faults.iter().copied().collect());
        let table = Self { inner: Arc::clone(inner), inserts: faults(inserts), reads: faults(reads) };
        let (service, _) = service_on(Arc::new(table));
        service.prepare_changes().await.unwrap();
        session(&service, name)
    }
}

impl BulkFault {
    fn error(self) -> TableError {
        match self {
            Self::Throttled => TableError::Throttled,
            Self::Half | Self::Lost => TableError::OutcomeUnknown("the reply was lost".into()),
            Self::Denied => TableError::AccessDenied("dynamodb:PartiQLInsert".to_owned()),
        }
    }
}

#[async_trait]
impl Table for FaultyTable {
    async fn get(&self, key: &Key, consistency: Consistency) -> Result<Option<Item>, TableError> {
        self.inner.get(key, consistency).await
    }

    async fn write(&self, writes: &[Write]) -> Result<(), TableError> {
        self.inner.write(writes).await
    }

    async fn insert_many(&self, items: &[Item]) -> Result<Vec<Inserted>, TableError> {
        let has_links = items.iter().any(|item| item.key.sk == "LINK");
        let fault = if has_links { self.inserts.lock().unwrap().pop_front() } else { None };
        let applied = match fault {
            None | Some(BulkFault::Lost) => items,
            Some(BulkFault::Half) => &items[..items.len() / 2],
            Some(BulkFault::Throttled | BulkFault::Denied) => &[],
        };
        let inserted = self.inner.insert_many(applied).await?;
        fault.map_or(Ok(inserted), |fault| Err(fault.error()))
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Item>>, TableError> {
        let fault = self.reads.lock().unwrap().pop_front();
        let found = self.inner.get_many(keys).await?;
        fault.map_or(Ok(found), |fault| Err(fault.error()))
    }

    async fn query(&self, query: &Query) -> Result<Page, TableError> {
        self.inner.query(query).await
    }

    async fn add(&self, key: &Key, attribute: &str, n: i64, ceiling: i64) -> Result<Added, TableError> {
        self.inner.add(key, attribute, n, ceiling).await
    }
}

fn problems(results: &[BatchResult]) -> Vec<ProblemCode> {
    results.iter().map(|result| problem(result).code).collect()
}

#[tokio::test]
async fn faults_that_pass_are_waited_out_and_nothing_is_made_twice() {
    use BulkFault::{Half, Lost, Throttled};
    let rows = mixed(60);
    let calm = Engine::memory();
    create(&session(&service_on(calm.table()).0, "ana"), &rows).await;
    let expected = links(&calm.items().await);
    for faults in
        [&[Lost][..], &[Half], &[Throttled], &[Half, Half, Half], &[Throttled, Lost], &[Half, Throttled, Lost]]
    {
        let engine = Engine::memory();
        let session = FaultyTable::session(&engine, "bob", faults, &[]).await;
        let made = create(&session, &rows).await;
        assert_eq!(statuses(&made), [201; 60], "{faults:?}: what this batch made is new, whatever replies were lost");
        assert_eq!(links(&engine.items().await), expected, "{faults:?}");
        let items = engine.items().await;
        assert_eq!(statuses(&create(&session, &rows).await), [200; 60], "{faults:?}");
        assert_eq!(engine.items().await, items, "{faults:?}");
        let reading = FaultyTable::session(&engine, "bob", &[], &[Throttled, Throttled]).await;
        assert_eq!(statuses(&create(&reading, &rows).await), [200; 60], "reads are repeated too");
    }
}

#[tokio::test]
async fn what_stays_unresolved_is_the_problem_of_its_row_alone() {
    let engine = Engine::memory();
    let there: Vec<_> = (0..5).map(|at| row(&format!("https://example.com/there/{at}"))).collect();
    create(&session(&service_on(engine.table()).0, "ana"), &there).await;
    let before = engine.items().await;
    let absent: Vec<_> = (0..5).map(|at| row(&format!("https://example.com/{at}"))).collect();
    let both = [there.clone(), absent.clone()].concat();

    let throttled = FaultyTable::session(&engine, "bob", &[BulkFault::Throttled; 99], &[]).await;
    let results = create(&throttled, &both).await;
    assert_eq!(statuses(&results[..5]), [200; 5], "what is there is found by reads");
    assert_eq!(problems(&results[5..]), [ProblemCode::Unavailable; 5]);
    assert!(results[5..].iter().all(|result| problem(result).retryable));
    assert_eq!(engine.items().await, before);

    let deaf = FaultyTable::session(&engine, "bob", &[BulkFault::Lost; 99], &[BulkFault::Throttled; 99]).await;
    let results = create(&deaf, &both).await;
    assert_eq!(problems(&results), [ProblemCode::OutcomeUnknown; 10], "nobody knows, and nobody guesses");
    assert!(results.iter().all(|result| problem(result).retryable));

    let silent = FaultyTable::session(&engine, "carol", &[BulkFault::Lost; 99], &[]).await;
    assert_eq!(statuses(&create(&silent, &both).await), [200; 10], "lost replies alone leave no row unresolved");
}

#[tokio::test]
async fn entries_come_before_their_link_and_list_nothing_without_it() {
    let engine = Engine::memory();
    let rows = [tagged(&["t"], owned("team", row("https://example.com/")))];
    // Entries go in, the link never does.
    let session = FaultyTable::session(&engine, "bob", &[BulkFault::Throttled; 4], &[]).await;
    assert_eq!(problems(&create(&session, &rows).await), [ProblemCode::Unavailable]);
    let items = engine.items().await;
    let entries = |partition: &str| items.keys().filter(|(pk, _)| pk.starts_with(partition)).count();
    assert_eq!((links(&items), entries("TAG#t#"), entries("OWNER#team#")), (0, 1, 1));
    let by_tag = LinkFilter { tag: Some("t".to_owned()), ..LinkFilter::default() };
    let by_owner = LinkFilter { owner: Some("team".to_owned()), ..LinkFilter::default() };
    for filter in [&by_tag, &by_owner] {
        assert_eq!(session.list(filter).await.unwrap().links, []);
    }
    assert_eq!(statuses(&create(&session, &rows).await), [201]);
    for filter in [&by_tag, &by_owner] {
        assert_eq!(session.list(filter).await.unwrap().links.len(), 1);
    }
}

#[tokio::test]
async fn the_first_of_two_rows_with_one_code_wins_whatever_fails_before() {
    let engine = Engine::memory();
    let rows = [coded_row("a", "https://example.com/1"), coded_row("a", "https://example.com/2")];
    let session = FaultyTable::session(&engine, "bob", &[BulkFault::Throttled], &[]).await;
    assert_eq!(statuses(&create(&session, &rows).await), [201, 409]);
}

#[tokio::test]
async fn a_table_that_takes_no_bulk_is_written_one_by_one() {
    let engine = Engine::memory();
    let rows = mixed(40);
    let denied = FaultyTable::session(&engine, "bob", &[BulkFault::Denied; 99], &[BulkFault::Denied; 99]).await;
    assert_eq!(statuses(&create(&denied, &rows).await), [201; 40]);
    assert_eq!(links(&engine.items().await), 40);
    assert_eq!(statuses(&create(&denied, &rows).await), [200; 40]);
}

#[tokio::test]
async fn one_damaged_item_is_the_problem_of_its_row_alone() {
    let engine = Engine::memory();
    let session = FaultyTable::session(&engine, "bob", &[], &[]).await;
    let rows: Vec<_> = (0..3).map(|at| row(&format!("https://example.com/{at}"))).collect();
    let made = create(&session, &rows).await;
    let broken = made[1].link.clone().unwrap();
    let key = shortener_core::table::keys::link(&broken.domain, &broken.code);
    let nonsense = serde_json::Map::from_iter([(attribute::VERSION.to_owned(), "none".into())]);
    engine.table().write(&[Write::update(key, nonsense, vec![])]).await.unwrap();
    let again = create(&session, &rows).await;
    assert_eq!(statuses(&again), [200, 500, 200]);
}

#[tokio::test]
async fn dynamodb_may_lose_replies_throttle_and_do_half_of_a_batch() {
    for insert_by in [InsertBy::default(), InsertBy::Statements { in_flight: 4 }] {
        let engine = Engine::dynamo(insert_by).await;
        let Engine::Dynamo(emulator, _) = &engine else { unreachable!() };
        let (service, _) = service_on(engine.table());
        let session = session(&service, "ana");
        let rows = mixed(150);
        create(&session, &rows[..1]).await;
        for fault in [Fault::LostReply, Fault::Throttle, Fault::Unprocessed, Fault::ServerError] {
            for operation in ["PutItem", "BatchExecuteStatement", "BatchGetItem"] {
                emulator.inject(Some(operation), fault, 3);
            }
        }
        // As the importer does: what is unresolved is sent again.
        let mut waiting = rows.clone();
        while !waiting.is_empty() {
            let results = create(&session, &waiting).await;
            let unresolved = results.iter().filter_map(|result| result.problem.as_ref());
            assert!(unresolved.clone().all(|problem| problem.retryable), "{}: {results:?}", engine.name());
            waiting =
                waiting.into_iter().zip(&results).filter(|(_, r)| r.problem.is_some()).map(|(row, _)| row).collect();
        }
        emulator.heal();
        let items = engine.items().await;
        assert_eq!(links(&items), rows.len(), "{}", engine.name());
        assert_eq!(statuses(&create(&session, &rows).await), [200; 150], "{}", engine.name());
        assert_eq!(engine.items().await, items, "{}", engine.name());
    }
}
