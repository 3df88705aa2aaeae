//! Queries: one statement for each form, so that every page begins with a search and is read in the order of its index.

use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, Row, params_from_iter};
use serde_json::Value;

use super::super::keys::{Index, Projection, SortType, attribute};
use super::super::{Attributes, Item, Key, MAX_PAGE_BYTES, Order, Page, Position, Query, TableError};
use super::read::body;
use super::rows::scalar;

/// One page.
pub(super) fn page(connection: &Connection, query: &Query) -> Result<Page, TableError> {
    if query.range.is_empty() {
        return Ok(Page { items: Vec::new(), next: None });
    }
    let (sql, values) = statement(query);
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let mut items = Vec::new();
    let mut bytes = 0;
    while items.len() < query.limit && bytes < MAX_PAGE_BYTES {
        let Some(row) = rows.next()? else { return Ok(Page { items, next: None }) };
        let item = item(row, query.index)?;
        bytes += item.size_bytes();
        items.push(item);
    }
    let next = if rows.next()?.is_some() { items.last().map(|last| position(last, query.index)) } else { None };
    Ok(Page { items, next })
}

fn position(last: &Item, index: Option<Index>) -> Position {
    match index {
        Some(index) => index.position(last),
        None => Position { key: last.key.clone(), sort: Value::Null },
    }
}

fn is_keys_only(index: Option<Index>) -> Option<Index> {
    index.filter(|index| index.projection() == Projection::KeysOnly)
}

fn item(row: &Row<'_>, index: Option<Index>) -> Result<Item, TableError> {
    let key = Key { pk: row.get(0)?, sk: row.get(1)? };
    let attributes = match is_keys_only(index) {
        None => body(row, 2, &key)?,
        Some(index) => Attributes::from_iter([
            (index.partition_attribute().to_owned(), Value::String(row.get(2)?)),
            (index.sort_attribute().to_owned(), sort_value(row, index)?),
        ]),
    };
    Ok(Item { key, attributes })
}

fn sort_value(row: &Row<'_>, index: Index) -> Result<Value, TableError> {
    Ok(match index.sort_type() {
        SortType::Text => Value::String(row.get(3)?),
        SortType::Number => Value::from(row.get::<_, i64>(3)?),
    })
}

/// The statement of a query's form and the values of this query.
fn statement(query: &Query) -> (String, Vec<ToSqlOutput<'_>>) {
    let (partition, sort) = match query.index {
        None => (attribute::PK, attribute::SK),
        Some(index) => (index.partition_attribute(), index.sort_attribute()),
    };
    let indexed = query.index.map_or(String::new(), |index| format!(" INDEXED BY {index}"));
    let mut sql = vec![format!("SELECT {} FROM items{indexed} WHERE {partition} = ?", columns(query.index))];
    let mut values = vec![ToSqlOutput::from(query.partition.as_str())];
    let (from, to) = bounds(query);
    if let Some(from) = from {
        sql.push(format!(" AND {sort} >= ?"));
        values.push(from.into());
    }
    if let Some(to) = to {
        sql.push(format!(" AND {sort} < ?"));
        values.push(to.into());
    }
    sql.push(after_start(query, &mut values));
    sql.push(order(query));
    (sql.concat(), values)
}

fn columns(index: Option<Index>) -> String {
    let (pk, sk) = (attribute::PK, attribute::SK);
    match is_keys_only(index) {
        None => format!("{pk}, {sk}, body"),
        Some(index) => format!("{pk}, {sk}, {}, {}", index.partition_attribute(), index.sort_attribute()),
    }
}

/// The bounds of the range that the start position does not imply. With both, SQLite could search by the looser one
/// and then read through every earlier page.
fn bounds(query: &Query) -> (Option<&str>, Option<&str>) {
    let (mut from, mut to) = (query.range.from.as_deref(), query.range.to.as_deref());
    let start = query.start.as_ref().map(|start| match query.index {
        None => start.key.sk.as_str(),
        Some(_) => start.sort.as_str().unwrap_or_default(),
    });
    match (start, query.order) {
        (Some(start), Order::Ascending) => from = from.filter(|from| *from > start),
        (Some(start), Order::Descending) => to = to.filter(|to| *to <= start),
        (None, _) => {}
    }
    (from, to)
}

fn after_start<'a>(query: &'a Query, values: &mut Vec<ToSqlOutput<'a>>) -> String {
    let Some(start) = &query.start else { return String::new() };
    let than = match query.order {
        Order::Ascending => ">",
        Order::Descending => "<",
    };
    let (pk, sk) = (attribute::PK, attribute::SK);
    let Some(index) = query.index else {
        values.push(start.key.sk.as_str().into());
        return format!(" AND {sk} {than} ?");
    };
    values.extend([
        ToSqlOutput::Borrowed(scalar(Some(&start.sort))),
        start.key.pk.as_str().into(),
        start.key.sk.as_str().into(),
    ]);
    format!(" AND ({}, {pk}, {sk}) {than} (?, ?, ?)", index.sort_attribute())
}

fn order(query: &Query) -> String {
    let direction = match query.order {
        Order::Ascending => "ASC",
        Order::Descending => "DESC",
    };
    let (pk, sk) = (attribute::PK, attribute::SK);
    match query.index {
        None => format!(" ORDER BY {sk} {direction}"),
        Some(index) => format!(" ORDER BY {} {direction}, {pk} {direction}, {sk} {direction}", index.sort_attribute()),
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;
    use serde_json::json;

    use super::super::schema::definition;
    use super::{Index, Key, Order, Position, Query, SortType, params_from_iter, statement};
    use crate::table::SortRange;

    /// How SQLite would run a query.
    fn plan(connection: &Connection, query: &Query) -> String {
        let (sql, values) = statement(query);
        let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let steps = explain.query_map(params_from_iter(values), |row| row.get::<_, String>(3)).unwrap();
        steps.map(Result::unwrap).collect::<Vec<_>>().join("; ")
    }

    fn query(index: Option<Index>, order: Order) -> Query {
        let sort = match index.map(Index::sort_type) {
            Some(SortType::Number) => json!(7),
            _ => json!("m"),
        };
        let start = Some(Position { key: Key::new("p", "m"), sort });
        Query { index, partition: "p".to_owned(), range: SortRange::all(), order, limit: 10, start }
    }

    #[test]
    fn every_page_begins_with_a_search_and_needs_no_sorting() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(&definition()).unwrap();
        for index in [None, Some(Index::ByCreated), Some(Index::ByTarget), Some(Index::Top)] {
            for order in [Order::Ascending, Order::Descending] {
                let first = Query { start: None, ..query(index, order) };
                let plan = plan(&connection, &first);
                assert!(plan.starts_with("SEARCH items USING") && !plan.contains("TEMP B-TREE"), "{plan}");
            }
        }
    }

    #[test]
    fn a_later_page_is_searched_by_its_position_even_within_a_range() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(&definition()).unwrap();
        let range = SortRange { from: Some("a".to_owned()), to: Some("z".to_owned()) };
        for (order, than) in [(Order::Ascending, ">"), (Order::Descending, "<")] {
            let later = Query { range: range.clone(), ..query(Some(Index::ByCreated), order) };
            let plan = plan(&connection, &later);
            assert!(plan.contains(&format!("(created_sk,pk,sk){than}(?,?,?)")), "{plan}");
        }
    }
}
