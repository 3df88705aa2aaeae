//! The primitives of the table, each as one call whose effect can be seen.

use shortener_core::table::dynamo::{DynamoTable, InsertBy};
use shortener_core::table::keys::attribute;
use shortener_core::table::{
    Attributes, Condition, Consistency, Item, Key, Order, Query, SortRange, Table, TableError, Write,
};

/// A primitive, in each way that is sent differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    StrongGet,
    EventualGet,
    GetMany,
    Query,
    Put,
    BlindPut,
    Update,
    Delete,
    Transaction,
    InsertByPuts,
    InsertByStatements,
    Add,
}

use Call::{
    Add, BlindPut, Delete, EventualGet, GetMany, InsertByPuts, InsertByStatements, Put, StrongGet, Transaction, Update,
};

impl Call {
    pub(super) const ALL: [Self; 12] = [
        StrongGet,
        EventualGet,
        GetMany,
        Self::Query,
        Put,
        BlindPut,
        Update,
        Delete,
        Transaction,
        InsertByPuts,
        InsertByStatements,
        Add,
    ];

    pub(super) fn is_change(self) -> bool {
        !matches!(self, StrongGet | EventualGet | GetMany | Self::Query)
    }

    /// Of loads, which have repetitions of their own: bounded by time, and harmless.
    pub(super) fn is_load(self) -> bool {
        matches!(self, GetMany | InsertByPuts | InsertByStatements)
    }

    /// Whether it must not be sent again once it may have arrived.
    pub(super) fn is_sent_once(self) -> bool {
        matches!(self, BlindPut | Update | Add)
    }

    /// Makes the call. Of a read the answer is checked: it can be an error, and not wrong.
    pub(super) async fn make(self, table: &DynamoTable) -> Result<(), TableError> {
        let inserting = |insert_by| table.clone().inserting_by(insert_by);
        match self {
            StrongGet => {
                found(table.get(&there().key, Consistency::Strong).await?.as_slice());
                Ok(())
            }
            EventualGet => {
                found(table.get(&there().key, Consistency::Eventual).await?.as_slice());
                Ok(())
            }
            GetMany => {
                found(table.get_many(&[there().key]).await?[0].as_slice());
                Ok(())
            }
            Self::Query => {
                found(&table.query(&everything()).await?.items);
                Ok(())
            }
            Put => table.write(&[put("new")]).await,
            BlindPut => table.write(&[Write::put(item("new"))]).await,
            Update => table.write(&[Write::update(there().key, done(), Vec::new())]).await,
            Delete => table.write(&[Write::delete(there().key).when(Condition::Present)]).await,
            Transaction => {
                let update = Write::update(there().key, done(), Vec::new()).when(Condition::VersionIs(1));
                table.write(&[put("new"), put("newer"), update]).await
            }
            InsertByPuts => inserting(InsertBy::Puts { in_flight: 2 }).insert_many(&inserted()).await.map(drop),
            InsertByStatements => {
                inserting(InsertBy::Statements { in_flight: 2 }).insert_many(&inserted()).await.map(drop)
            }
            Add => table.add(&there().key, "used", 1, 10).await.map(drop),
        }
    }

    /// What is in the table when the call has had its effect.
    pub(super) fn after(self) -> Vec<Item> {
        let with = |name: &str, value: i64| {
            let mut item = there();
            item.attributes.insert(name.to_owned(), value.into());
            item
        };
        match self {
            StrongGet | EventualGet | GetMany | Self::Query => vec![there()],
            Put | BlindPut => vec![item("new"), there()],
            Update => vec![with("done", 1)],
            Delete => Vec::new(),
            Transaction => vec![item("new"), item("newer"), with("done", 1)],
            InsertByPuts | InsertByStatements => inserted().into_iter().chain([there()]).collect(),
            Add => vec![with("used", 1)],
        }
    }
}

pub(super) fn there() -> Item {
    item("there")
}

fn item(sk: &str) -> Item {
    let attributes = Attributes::from_iter([(attribute::VERSION.to_owned(), 1.into())]);
    Item { key: Key::new("TEST", sk), attributes }
}

fn inserted() -> Vec<Item> {
    (1..=3).map(|n| item(&format!("inserted{n}"))).collect()
}

fn done() -> Attributes {
    Attributes::from_iter([("done".to_owned(), 1.into())])
}

fn put(sk: &str) -> Write {
    Write::put(item(sk)).when(Condition::Absent)
}

fn everything() -> Query {
    let (partition, range) = ("TEST".to_owned(), SortRange::all());
    Query { index: None, partition, range, order: Order::Ascending, limit: 10, start: None }
}

/// A read that succeeds finds what is there.
fn found(items: &[Item]) {
    assert_eq!(items, [there()], "an item that is there was not found");
}
