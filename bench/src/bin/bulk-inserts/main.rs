//! Bulk inserts of both engines beside bare loops on the same stores, in one process and in turns.
//!
//! `bulk-inserts [--rows N] [--rounds N] [--in-flight N] [--only TEXT]` inserts N links (default 200,000) of about 600 bytes with their
//! index keys, and prints the median of rows a second, what a row costs, the peak of resident memory, and the ratio.
//! Requests to DynamoDB in flight: 32. `TEXT` is the beginning of a line of the output, such as `SQLite` or `DynamoDB, 0 ms added: puts`.
//!
//! - SQLite: `SqliteTable::insert_many` with 500 items a call, beside a prepared INSERT in transactions of 1,000 into the
//!   same schema with the same pragmas. Then both again over a table that holds all rows, as a second run of an import does.
//! - DynamoDB, on the emulator in this process: `DynamoTable::insert_many` with 500 items a call, beside concurrent
//!   `BatchWriteItem` calls of 25 (which overwrite), as many in flight; with and without 30 ms added to each round trip.

use std::error::Error;
use std::time::{Duration, Instant};

mod dynamodb;
mod rows;
mod sqlite;
mod usage;

use dynamodb::Side;

/// Items in one call of `insert_many`.
pub(crate) const BATCH: u32 = 500;

/// What one side did in one round.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outcome {
    pub(crate) rows: u32,
    pub(crate) time: Duration,
    /// Processor time of all threads.
    pub(crate) processor: Duration,
    pub(crate) peak_kib: u64,
    /// Time inside the emulator, in all threads.
    pub(crate) emulator: Option<Duration>,
}

/// Measures one side of one round.
pub(crate) struct Watch {
    begin: Instant,
    processor: Duration,
}

impl Watch {
    pub(crate) fn start() -> Self {
        usage::forget_peak();
        Self { begin: Instant::now(), processor: usage::processor_time() }
    }

    pub(crate) fn stop(self, rows: u32) -> Outcome {
        let processor = usage::processor_time().saturating_sub(self.processor);
        let (time, peak_kib) = (self.begin.elapsed(), usage::peak_kib());
        Outcome { rows, time, processor, peak_kib, emulator: None }
    }
}

/// What is measured.
struct Options {
    rows: u32,
    rounds: usize,
    in_flight: usize,
    only: Option<String>,
    endpoint: Option<String>,
}

type Failure = Box<dyn Error>;

/// A name, and what does one round.
type Contender<'a> = (&'a str, &'a dyn Fn() -> Result<Outcome, Failure>);

fn main() -> Result<(), Failure> {
    let options = options()?;
    let wanted = |title: &str| options.only.as_deref().is_none_or(|only| only.starts_with(title));
    if let Some(url) = &options.endpoint {
        let outcome = dynamodb::bare_over_http(url, options.rows, options.in_flight)?;
        say(&format!("BatchWriteItem over HTTP: {}", describe(&[outcome])));
        return Ok(());
    }
    say(&format!("{} links, medians of {} rounds in turns", options.rows, options.rounds));
    if wanted("SQLite") {
        let begin = Instant::now();
        (0..options.rows).for_each(|n| _ = std::hint::black_box(rows::item(n)));
        say(&format!("making the items alone: {:.0} a second", per_second(options.rows, begin.elapsed())));
        let (bare, ours) = (|| sqlite::bare(options.rows), || sqlite::ours(options.rows));
        compare("SQLite", &options, &[("bare loop", &bare), ("insert_many", &ours)])?;
        let again =
            [sqlite::Again::Insert, sqlite::Again::Read].map(|again| move || sqlite::again(options.rows, again));
        compare("SQLite, all is there", &options, &[("insert_many", &again[0]), ("get_many", &again[1])])?;
    }
    if wanted("DynamoDB") {
        for round_trip in [0, 30].map(Duration::from_millis) {
            let run = |side| move || dynamodb::run(side, options.rows, options.in_flight, round_trip);
            let (bare, statements, puts) = (run(Side::BatchWriteItem), run(Side::Statements), run(Side::Puts));
            let title = format!("DynamoDB, {} ms added", round_trip.as_millis());
            compare(&title, &options, &[("BatchWriteItem", &bare), ("statements", &statements), ("puts", &puts)])?;
        }
    }
    Ok(())
}

fn options() -> Result<Options, Failure> {
    let mut options = Options { rows: 200_000, rounds: 3, in_flight: 32, only: None, endpoint: None };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--rows" => options.rows = value.parse()?,
            "--rounds" => options.rounds = value.parse()?,
            "--in-flight" => options.in_flight = value.parse()?,
            "--only" => options.only = Some(value),
            "--endpoint" => options.endpoint = Some(value),
            _ => return Err(format!("unknown option {name}").into()),
        }
    }
    Ok(options)
}

/// Runs the sides in turns, and prints what each did beside the first.
fn compare(title: &str, options: &Options, sides: &[Contender<'_>]) -> Result<(), Failure> {
    let wanted = |name: &str| options.only.as_deref().is_none_or(|only| format!("{title}: {name}").contains(only));
    let mut sides: Vec<_> = sides.iter().filter(|(name, _)| wanted(name)).map(|side| (side, Vec::new())).collect();
    for _ in 0..options.rounds {
        for ((_, run), outcomes) in &mut sides {
            outcomes.push(run()?);
        }
    }
    let bare = sides.first().map_or(1.0, |(_, outcomes)| median(outcomes));
    for ((name, _), outcomes) in &sides {
        say(&format!("{title}: {name:15} {}   ratio {:.2}", describe(outcomes), median(outcomes) / bare));
    }
    Ok(())
}

fn describe(outcomes: &[Outcome]) -> String {
    let rates: Vec<f64> = outcomes.iter().map(|outcome| per_second(outcome.rows, outcome.time)).collect();
    let (least, most) =
        rates.iter().fold((f64::MAX, 0.0_f64), |(least, most), rate| (least.min(*rate), most.max(*rate)));
    let peak = outcomes.iter().map(|outcome| outcome.peak_kib).max().unwrap_or(0) / 1024;
    let a_row = |time: fn(&Outcome) -> Option<Duration>| {
        let times = outcomes.iter().filter_map(|outcome| Some(1e6 / per_second(outcome.rows, time(outcome)?)));
        times.min_by(f64::total_cmp)
    };
    let processor = a_row(|outcome| Some(outcome.processor)).unwrap_or(0.0);
    let emulator = a_row(|outcome| outcome.emulator);
    let emulator = emulator.map_or(String::new(), |time| format!(", {time:.1} µs in the emulator"));
    let median = median(outcomes);
    format!(
        "{median:8.0} rows/s ({least:.0} to {most:.0}), at best {processor:.1} µs of processor a row{emulator}, peak {peak} MiB"
    )
}

/// Rows a second.
fn median(outcomes: &[Outcome]) -> f64 {
    let mut rates: Vec<f64> = outcomes.iter().map(|outcome| per_second(outcome.rows, outcome.time)).collect();
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

fn per_second(rows: u32, time: Duration) -> f64 {
    f64::from(rows) / time.as_secs_f64()
}

#[expect(clippy::print_stdout, reason = "the numbers are what this is run for")]
fn say(line: &str) {
    println!("{line}");
}
