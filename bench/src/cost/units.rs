//! What operations take of a table, as `shortener-core/examples/request_units` tells it.

use anyhow::Context;
use serde::Deserialize;

use super::prices::Price;
use crate::report::{number, table};

/// What one operation took.
#[derive(Debug, Deserialize)]
pub(super) struct Taken {
    what: String,
    /// How many links it was about.
    things: f64,
    calls: u64,
    read_units: f64,
    write_units: f64,
    /// Refused writes, of which the replies say nothing.
    untold: u32,
}

/// What all operations took.
#[derive(Debug)]
pub(super) struct Units(Vec<Taken>);

/// What a refused write of up to 1 KB takes, by the documented rule.
const REFUSED: f64 = 1.0;

pub(super) const NOTE: &str = "† The reply to a refused write does not say what it took. By DynamoDB's documented rule \
     (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html>) it takes the table's unit, and no \
     index's. All else is as the engine reports it; a test of `shortener-core` holds its reports against the documented rules: reads by \
     4 KB, half for eventual ones, a unit for each KB in the table and each changed index, and the table's twice in a transaction.\n";

impl Units {
    /// Reads one object a line.
    pub(super) fn parse(lines: &str) -> anyhow::Result<Self> {
        let rows = lines.lines().map(|line| serde_json::from_str(line).with_context(|| format!("not a row: {line}")));
        Ok(Self(rows.collect::<anyhow::Result<_>>()?))
    }

    /// What an operation took.
    pub(super) fn of(&self, what: &str) -> anyhow::Result<&Taken> {
        self.0.iter().find(|taken| taken.what == what).with_context(|| format!("nobody told what '{what}' takes"))
    }

    pub(super) fn table(&self) -> String {
        table(&["operation", "calls", "RRU", "WRU"], self.0.iter().map(Taken::row))
    }
}

impl Taken {
    /// Read units for each of the things.
    pub(super) fn reads(&self) -> f64 {
        self.read_units / self.things
    }

    /// Write units for each of the things, with those that replies do not tell.
    pub(super) fn writes(&self) -> f64 {
        (self.write_units + f64::from(self.untold) * REFUSED) / self.things
    }

    /// Dollars for each of the things.
    pub(super) fn dollars(&self) -> f64 {
        Price::READ.times(self.reads()) + Price::WRITE.times(self.writes())
    }

    fn row(&self) -> [String; 4] {
        let mark = if self.untold > 0 { "†" } else { "" };
        let all = |each: f64| match self.things {
            1.0 => shown(each),
            things => format!("{} ({} each)", shown(each * things), shown(each)),
        };
        [self.what.clone(), self.calls.to_string(), all(self.reads()), all(self.writes()) + mark]
    }
}

/// Units with a digit after the point where they need it.
fn shown(units: f64) -> String {
    let rounded = (units * 100.0).round() / 100.0;
    number(
        rounded,
        if rounded.fract() == 0.0 {
            0
        } else if (rounded * 10.0).fract() == 0.0 {
            1
        } else {
            2
        },
    )
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Rows as the program tells them: what, things, read units, write units, untold.
    pub(in super::super) fn units(rows: &[(&str, u32, f64, f64, u32)]) -> Units {
        let row = |(what, things, reads, writes, untold): &(&str, u32, f64, f64, u32)| {
            serde_json::json!({
                "what": what, "things": things, "calls": 1, "read_units": reads, "write_units": writes, "untold": untold
            })
            .to_string()
        };
        Units::parse(&rows.iter().map(row).collect::<Vec<_>>().join("\n")).unwrap()
    }

    #[test]
    fn a_batch_is_shown_in_all_and_for_each_and_a_refused_write_is_marked() {
        let shown = units(&[("batch", 25, 12.5, 75.0, 0), ("taken", 1, 1.0, 0.0, 1)]).table();
        assert!(shown.contains("| batch     | 1     | 12.5 (0.5 each) | 75 (3 each) |"), "{shown}");
        assert!(shown.contains("| taken     | 1     | 1               | 1†          |"), "{shown}");
    }

    #[test]
    fn what_nobody_told_is_an_error() {
        assert!(units(&[("redirect", 1, 1.0, 0.0, 0)]).of("preview").is_err());
    }
}
