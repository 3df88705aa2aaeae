//! Dollars for a million redirects, ours and those of a shortener that asks its table at each click and counts in it.

use super::prices::Price;
use super::units::Units;
use crate::report::{Target, Wanted, number, table};

/// How many redirects a bill is for.
const CLICKS: f64 = 1e6;

/// Shares of the redirects that the edge answers without the function.
const HITS: [f64; 4] = [0.0, 0.5, 0.9, 0.99];

/// The one of them that the target is for.
const TARGET_HITS: usize = 2;

/// How much of the other design's dollars ours may cost.
const TARGET: f64 = 1.0 / 3.0;

/// Bytes of an answer, of a request to the origin, and of a line of the access log when compressed.
const ANSWER_BYTES: f64 = 600.0;
const FORWARDED_BYTES: f64 = 1_000.0;
const LOG_BYTES: f64 = 60.0;

/// Edge functions that each request runs: one before the cache, one after it.
const EDGE_FUNCTIONS: f64 = 2.0;

/// For how long the edge may keep a redirect, and how often `ingest` runs, in seconds: the defaults.
const FRESH: f64 = 60.0;
const RUN_EVERY: f64 = 300.0;

/// An hour, in seconds: also the longest time between two runs that can be set.
const HOUR: f64 = 3_600.0;

/// How often an hour of a link is rolled up: when it is over, and an hour later with what came late.
const ROLL_UPS: f64 = 2.0;

/// Lines in a file of logs, and runs that read it: those of three hours, since an hour is counted from its own files and those
/// of its neighbours.
const LINES_A_FILE: f64 = 1_000.0;
const READS_OF_A_FILE: f64 = 36.0;

/// Log lines that a core reads a second: the target of ingestion.
const LINES_A_SECOND: f64 = 500_000.0;

/// Memory with which a function has one core, in MB
/// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html>).
const MB_A_CORE: f64 = 1_769.0;

const INGEST_MB: f64 = 1_024.0;

/// A function's size, and how long it takes when warm.
struct Function {
    mb: f64,
    ms: f64,
    second: &'static Price,
}

/// The default of `redirect`; one read of DynamoDB, and less than a millisecond of our own.
const OURS: Function = Function { mb: 512.0, ms: 5.0, second: &Price::ARM_SECOND };

/// The same with two round trips to DynamoDB, one after the other.
const SAME: Function = Function { ms: 10.0, ..OURS };

/// What `terragrunt/aws/api/lambda.tf` of the url-shortener of the Canadian Digital Service asks for; its time is not
/// published: two round trips, and as much again for Python.
const DEPLOYED: Function = Function { mb: 3_008.0, ms: 20.0, second: &Price::X86_SECOND };

/// Parts of a bill, in its order. The first is the same for everyone behind this edge.
const PARTS: [&str; 9] = [
    "CloudFront: requests, bytes to visitors",
    "CloudFront: bytes to the origin",
    "edge functions",
    "Lambda: requests",
    "Lambda: time",
    "DynamoDB: reads of redirects",
    "DynamoDB: writes of redirects",
    "counting: log files in S3 and Lambda's time",
    "counting: DynamoDB",
];

type Bill = [f64; PARTS.len()];

/// The bills of a million redirects.
#[derive(Debug)]
pub(super) struct Bills {
    ours: [Bill; HITS.len()],
    same: Bill,
    deployed: Bill,
    counting: Counting,
}

impl Bills {
    pub(super) fn of(units: &Units) -> anyhow::Result<Self> {
        let redirect = units.of("redirect")?;
        let dollars = |what: &str| units.of(&format!("counting run{what}")).map(super::units::Taken::dollars);
        let first = dollars(", links clicked for the first time in the hour")?;
        let later = dollars(", links clicked before in the hour")?;
        let counting = Counting { stored: first.max(later), rolled_up: dollars(" that rolls up an hour")? };
        let at_edge = HITS.map(|hits| bill(1.0 - hits, &OURS, redirect.reads(), redirect.writes()));
        let mut ours = at_edge;
        for (bill, hits) in ours.iter_mut().zip(HITS) {
            let counted = counting.dollars(hits, RUN_EVERY);
            [bill[2], bill[7], bill[8]] = [Price::EDGE_FUNCTION.times(EDGE_FUNCTIONS * CLICKS), logs(), counted];
        }
        let click = units.of("counter in the link: click")?;
        let [same, deployed] = [SAME, DEPLOYED].map(|function| bill(1.0, &function, click.reads(), click.writes()));
        Ok(Self { ours, same, deployed, counting })
    }

    pub(super) fn table(&self) -> String {
        let mut rows: Vec<Vec<String>> =
            PARTS.iter().enumerate().map(|(at, part)| self.row(part, |bill| bill[at], cents)).collect();
        rows.push(self.row("**in all**", all, cents));
        rows.push(self.row("in all without the first line", own, cents));
        for (name, other) in [("the same function", &self.same), ("as deployed", &self.deployed)] {
            rows.push(self.row(&format!("ratio to {name}, in all"), |bill| all(bill) / all(other), ratio));
            let without = format!("ratio to {name}, without the first line");
            rows.push(self.row(&without, |bill| own(bill) / own(other), ratio));
        }
        let hits = HITS.map(|hits| format!("ours, {} % hits", number(hits * 100.0, 0)));
        let mut head = vec![""];
        head.extend(hits.iter().map(String::as_str));
        head.extend(["counter in the link, the same function", "counter in the link, as deployed"]);
        table(&head, rows)
    }

    fn row(&self, name: &str, figure: impl Fn(&Bill) -> f64, show: fn(f64) -> String) -> Vec<String> {
        let bills = self.ours.iter().chain([&self.same, &self.deployed]);
        std::iter::once(name.to_owned()).chain(bills.map(|bill| show(figure(bill)))).collect()
    }

    pub(super) fn note(&self) -> String {
        let runs = HITS.map(|hits| number(runs_a_click(hits, RUN_EVERY) * CLICKS, 0));
        let hours = HITS.map(|hits| number(runs_a_click(hits, HOUR) * CLICKS, 0));
        let seldom = HITS.map(|hits| cents(self.counting.dollars(hits, HOUR)));
        format!(
            "An hour of a link is stored in each run of `ingest` in which it was clicked: for a million clicks {} times at these hit \
             ratios, where clicks on a link come at random through one edge cache that keeps a redirect for {FRESH} s, and a run comes \
             every {RUN_EVERY} s. It is rolled up into its day, month, total and rankings when it is over and once more with what came \
             late: the clicks are of {} hours of links. With a run every {HOUR} s (`ingest_interval_minutes`), counting in DynamoDB \
             would cost {}.\n",
            runs.join(", "),
            hours.join(", "),
            seldom.join(", "),
        )
    }

    pub(super) fn targets(&self) -> Vec<Target> {
        let ours = own(&self.ours[TARGET_HITS]);
        let of = |name: &str, other: &Bill| {
            let what = format!("90 % hits, without CloudFront's requests and bytes: dollars, {name}");
            Target::new(what, Wanted::AtMost(TARGET), ours / own(other), "× a counter in the link")
        };
        vec![of("on the same function", &self.same), of("as deployed", &self.deployed)]
    }
}

/// Dollars for counting a link.
#[derive(Debug)]
struct Counting {
    /// In a run in which it was clicked.
    stored: f64,
    /// When an hour is rolled up in which it was.
    rolled_up: f64,
}

impl Counting {
    /// Dollars for a million clicks of which the edge answers a share, with a run every so many seconds.
    fn dollars(&self, hits: f64, every: f64) -> f64 {
        let stored = runs_a_click(hits, every) * self.stored;
        let rolled_up = runs_a_click(hits, HOUR) * ROLL_UPS * self.rolled_up;
        (stored + rolled_up) * CLICKS
    }
}

/// What a million redirects cost of which this share reaches a function that takes so many units of its table, without edge
/// functions and counting from logs.
fn bill(misses: f64, function: &Function, reads: f64, writes: f64) -> Bill {
    let reached = misses * CLICKS;
    let seconds = reached * function.ms / 1_000.0 * function.mb / 1_024.0;
    let edge = Price::EDGE_REQUEST.times(CLICKS) + Price::EDGE_BYTES.times(ANSWER_BYTES * CLICKS);
    [
        edge,
        Price::ORIGIN_BYTES.times(FORWARDED_BYTES * reached),
        0.0,
        Price::INVOCATION.times(reached),
        function.second.times(seconds),
        Price::READ.times(reads * reached),
        Price::WRITE.times(writes * reached),
        0.0,
        0.0,
    ]
}

/// The logs of a million redirects: written, read, and kept for a month.
fn logs() -> f64 {
    let files = CLICKS / LINES_A_FILE;
    let seconds = CLICKS * READS_OF_A_FILE / (LINES_A_SECOND * INGEST_MB / MB_A_CORE);
    Price::FILE_WRITE.times(files)
        + Price::FILE_READ.times(files * READS_OF_A_FILE)
        + Price::FILE_BYTES.times(CLICKS * LOG_BYTES)
        + Price::ARM_SECOND.times(seconds * INGEST_MB / 1_024.0)
}

/// In how many runs, which come every so many seconds, a link was clicked, for each of its clicks, where the edge answers
/// this share of them.
///
/// Clicks that come at random at a rate r are answered by a copy that is fresh for S seconds with a share of rS / (1 + rS), and
/// of the runs of R seconds a share of 1 − exp(−rR) sees one.
fn runs_a_click(hits: f64, every: f64) -> f64 {
    let clicks_a_run = hits / (1.0 - hits) / FRESH * every;
    if clicks_a_run == 0.0 { 1.0 } else { -(-clicks_a_run).exp_m1() / clicks_a_run }
}

fn all(bill: &Bill) -> f64 {
    bill.iter().sum()
}

/// Without what everyone pays behind this edge.
fn own(bill: &Bill) -> f64 {
    bill[1..].iter().sum()
}

/// Dollars to a tenth of a cent.
fn cents(dollars: f64) -> String {
    if dollars > 0.0 && dollars < 0.001 { "< 0.001".to_owned() } else { number(dollars, 3) }
}

fn ratio(value: f64) -> String {
    number(value, 2)
}

#[cfg(test)]
mod tests {
    use super::super::units::tests::units;
    use super::*;

    #[test]
    fn a_link_that_is_hardly_clicked_is_counted_by_itself_and_a_busy_one_once_a_run() {
        assert!((runs_a_click(0.0, RUN_EVERY) - 1.0).abs() < 1e-9);
        // Nine clicks a minute are 45 a run.
        assert!((runs_a_click(0.9, RUN_EVERY) - 1.0 / 45.0).abs() < 1e-9);
    }

    #[test]
    fn a_miss_costs_a_function_and_a_read_and_a_hit_neither() {
        let [hit, miss] = [0.0, 1.0].map(|misses| bill(misses, &OURS, 1.0, 0.0));
        assert!((own(&hit)).abs() < 1e-9 && (hit[0] - miss[0]).abs() < 1e-9);
        // 0.20 + 0.5 GB × 5,000 s × 0.0000133334 + 0.125 + 1 GB × 0.02
        assert!((own(&miss) - 0.378_333_5).abs() < 1e-6, "{}", own(&miss));
    }

    #[test]
    fn both_targets_leave_out_what_everyone_pays() {
        let bills = Bills::of(&units(&[
            ("redirect", 1, 1.0, 0.0, 0),
            ("counting run, links clicked for the first time in the hour", 100, 0.0, 0.0, 0),
            ("counting run, links clicked before in the hour", 100, 0.0, 0.0, 0),
            ("counting run that rolls up an hour", 100, 0.0, 0.0, 0),
            ("counter in the link: click", 1, 0.5, 1.0, 0),
        ]))
        .unwrap();
        // Two edge functions, a tenth of a miss, and the logs.
        assert!((own(&bills.ours[TARGET_HITS]) - (0.2 + 0.037_833_35 + logs())).abs() < 1e-6);
        assert!(bills.targets().iter().all(Target::is_met), "{:?}", bills.targets());
    }
}
