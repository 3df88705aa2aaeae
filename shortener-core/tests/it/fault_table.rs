//! The table that fails on purpose keeps the contract, and does what its faults say.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use shortener_core::table::conformance::run_all;
use shortener_core::table::fault::{Fate, Fault, FaultTable, Faults, Nth, Odds, Primitive, Seeded};
use shortener_core::table::memory::MemoryTable;
use shortener_core::table::{Consistency, Item, Key, Table, TableError, Write};

fn item(sk: &str, n: i64) -> Item {
    Item { key: Key::new("P", sk), attributes: serde_json::Map::from_iter([("n".to_owned(), json!(n))]) }
}

fn over(faults: impl Faults + 'static) -> FaultTable<MemoryTable> {
    FaultTable::new(Arc::new(MemoryTable::new()), Arc::new(faults))
}

async fn now(table: &FaultTable<MemoryTable>, sk: &str) -> Option<i64> {
    let found = table.inner().get(&Key::new("P", sk), Consistency::Strong).await.unwrap();
    found.and_then(|item| item.number("n"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_faults_it_conforms() {
    let table: Arc<dyn Table> = Arc::new(over(()));
    assert_eq!(run_all(&table).await, []);
}

#[tokio::test]
async fn what_is_said_not_to_be_applied_is_not() {
    for fault in [Fault::Throttle, Fault::FailBefore, Fault::Conflict] {
        let table = over(Nth::new(1, fault));
        let error = table.write(&[Write::put(item("a", 1))]).await.unwrap_err();
        assert!(error.is_retryable() && !matches!(error, TableError::OutcomeUnknown(_)), "{error:?}");
        assert_eq!(now(&table, "a").await, None, "{fault:?}");
        table.write(&[Write::put(item("a", 2))]).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn an_unknown_outcome_may_be_applied_at_once_later_or_by_half() {
    let lost = over(Nth::new(1, Fault::FailAfter));
    assert!(matches!(lost.write(&[Write::put(item("a", 1))]).await, Err(TableError::OutcomeUnknown(_))));
    assert_eq!(now(&lost, "a").await, Some(1));

    let late = over(Nth::new(1, Fault::Late(Duration::from_secs(5))));
    assert!(matches!(late.write(&[Write::put(item("a", 1))]).await, Err(TableError::OutcomeUnknown(_))));
    assert_eq!(now(&late, "a").await, None);
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(now(&late, "a").await, Some(1));

    let half = over(Nth::new(1, Fault::Partial));
    let items = [item("a", 1), item("b", 2)];
    assert!(matches!(half.insert_many(&items).await, Err(TableError::OutcomeUnknown(_))));
    assert_eq!((now(&half, "a").await, now(&half, "b").await), (Some(1), None));
}

#[tokio::test]
async fn an_eventual_read_can_miss_the_last_changes_and_a_strong_one_cannot() {
    #[derive(Debug)]
    struct Behind;
    impl Faults for Behind {
        fn fate(&self, _call: &shortener_core::table::fault::Call) -> Fate {
            Fate { fault: Some(Fault::Stale(1)), ..Fate::default() }
        }
    }
    let table = over(Behind);
    for n in 1..=3 {
        table.write(&[Write::put(item("a", n))]).await.unwrap();
    }
    let key = Key::new("P", "a");
    let seen = async |consistency| table.get(&key, consistency).await.unwrap().unwrap().number("n");
    assert_eq!(seen(Consistency::Eventual).await, Some(2));
    assert_eq!(seen(Consistency::Strong).await, Some(3));
}

#[tokio::test(start_paused = true)]
async fn a_seed_decides_everything() {
    let odds = Odds { throttle: 100, fail_after: 100, delay: 500, longest: Duration::from_secs(1), ..Odds::default() };
    let fates = |seed| {
        let faults = Seeded::new(seed, odds);
        let call = |number| shortener_core::table::fault::Call { number, primitive: Primitive::Write, key: None };
        (1..200).map(|number| faults.fate(&call(number))).collect::<Vec<_>>()
    };
    assert_eq!(fates(7), fates(7));
    assert_ne!(fates(7), fates(8));
    let throttled = fates(7).iter().filter(|fate| fate.fault == Some(Fault::Throttle)).count();
    assert!((5..40).contains(&throttled), "{throttled}");
}
