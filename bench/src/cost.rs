//! What the product costs on AWS: units of DynamoDB as an engine counts them, and dollars by list prices.

use std::fmt::Write as _;

use crate::Bench;
use crate::document::Section;
use crate::process::{LOAD_CORE, output, pinned};
use crate::programs::ENGINE;
use crate::report::{number, table};

mod clicks;
mod prices;
mod units;
mod writes;

use prices::Price;
use units::Units;

pub(crate) fn measure(_: &Bench) -> anyhow::Result<Section> {
    let programs = ENGINE.run()?;
    let units = Units::parse(&output(&mut pinned(LOAD_CORE, programs.path("request_units")?))?)?;
    let bills = clicks::Bills::of(&units)?;
    let mut body = INTRODUCTION.to_owned();
    writeln!(body, "**Units of DynamoDB, by operation**\n\n{}\n{}", units.table(), units::NOTE)?;
    writeln!(body, "**Dollars for a million redirects**\n\n{}\n{}", bills.table(), bills.note())?;
    writeln!(body, "**Dollars for links**\n\n{}", writes::table(&units)?)?;
    writeln!(body, "**Prices**\n\n{}", prices())?;
    Ok(Section { name: "cost", title: "What it costs on AWS", targets: bills.targets(), body })
}

const INTRODUCTION: &str = "Nothing here is timed. Each operation runs once on the DynamoDB engine in process, which is asked for \
     `ReturnConsumedCapacity`; what it answers is priced by the list below. RRU and WRU are the read and write request units of an \
     on-demand table.\n\n";

fn prices() -> String {
    let row =
        |price: &&Price| [price.what.to_owned(), price.dollars.to_string(), price.unit(), format!("<{}>", price.page)];
    table(&["of", "$", "for", "page"], Price::ALL.iter().map(row))
}

/// Dollars to a tenth of a cent; what is less than one, to a thousandth.
fn dollars(value: f64) -> String {
    match value {
        0.0 => "0".to_owned(),
        less if less < 0.01 => format!("{less:.5}"),
        more => number(more, 3),
    }
}
