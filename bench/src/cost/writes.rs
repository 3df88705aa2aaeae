//! Dollars for links that are created, imported, and counted.

use super::dollars;
use super::prices::Price;
use super::units::Units;

/// A create through the API: its request at the edge, with both edge functions, and a function of 512 MB for this long.
const API_MS: f64 = 10.0;
const API_GB: f64 = 0.5;

/// Runs of `ingest` in a month.
const RUNS_A_MONTH: f64 = 30.0 * 24.0 * 12.0;

/// What is told, by which operation, and how many of it.
const ROWS: [(&str, &str, f64, Way); 8] = [
    ("a thousand creates", "create", 1e3, Way::Api),
    ("a thousand creates with 3 tags", "create with 3 tags", 1e3, Way::Api),
    ("a thousand creates with codes that are taken", "create with a code that is taken", 1e3, Way::Api),
    ("a million links imported", "batch of 25 creates, by statements", 1e6, Way::Table),
    ("a million links with 3 tags imported", "batch of 25 creates with 3 tags, by statements", 1e6, Way::Table),
    ("a million links imported again", "batch of 25 links that are there", 1e6, Way::Table),
    ("a million creates with a counter in the link", "counter in the link: create", 1e6, Way::Table),
    ("a month of runs of `ingest` without a click", "counting run, nothing clicked", RUNS_A_MONTH, Way::Table),
];

/// What stands before the table.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// The edge and the function of the API.
    Api,
    /// Nothing.
    Table,
}

pub(super) fn table(units: &Units) -> anyhow::Result<String> {
    let mut rows = Vec::new();
    for (what, operation, count, way) in ROWS {
        let (store, request) = (units.of(operation)?.dollars() * count, before_the_table(way) * count);
        rows.push([what.to_owned(), dollars(store), dollars(request), dollars(store + request)]);
    }
    Ok(crate::report::table(&["", "DynamoDB", "CloudFront and Lambda", "in all"], rows))
}

fn before_the_table(way: Way) -> f64 {
    match way {
        Way::Api => {
            Price::EDGE_REQUEST.times(1.0)
                + Price::EDGE_FUNCTION.times(2.0)
                + Price::INVOCATION.times(1.0)
                + Price::ARM_SECOND.times(API_GB * API_MS / 1_000.0)
        }
        Way::Table => 0.0,
    }
}
