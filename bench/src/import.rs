//! Imports of a million links, beside bare loops on the same stores.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use anyhow::Context;

use crate::document::Section;
use crate::emulator::{Emulator, with_credentials};
use crate::process::{Took, output, pinned, watch};
use crate::programs::{LOOPS, Programs, SHORT};
use crate::report::{Target, Wanted, number, table};
use crate::short::Short;
use crate::{Bench, say};

/// Rows of the embedded file and the API.
const ROWS: u32 = 1_000_000;

/// Rows of the DynamoDB engine, which takes a tenth as many a second.
const DYNAMO_ROWS: u32 = 100_000;

/// Milliseconds that are added to each call of DynamoDB: none, and those of a runner that is far away.
const ROUND_TRIPS_MS: [u32; 2] = [0, 30];

/// Both cores: what is imported into runs beside the importer.
const BOTH: &str = "0,1";

/// What one import came to.
struct Row {
    name: String,
    rows: u32,
    took: Took,
    /// Rows a second of the bare loop.
    bare: f64,
}

impl Row {
    fn per_second(&self) -> f64 {
        f64::from(self.rows) / self.took.time.as_secs_f64()
    }

    fn megabytes(&self) -> f64 {
        f64::from(u32::try_from(self.took.peak / 1000).unwrap_or(u32::MAX)) / 1000.0
    }

    fn cells(&self) -> [String; 5] {
        let rate = self.per_second();
        let (peak, ratio) = (format!("{:.0}", self.megabytes()), format!("{:.2}", rate / self.bare));
        [self.name.clone(), number(rate, 0), number(self.bare, 0), ratio, peak]
    }
}

pub(crate) fn measure(bench: &Bench) -> anyhow::Result<Section> {
    let (loops, ours) = (LOOPS.run()?, SHORT.run()?);
    let folder = bench.folder("import")?;
    let short = Short::new(ours.path("short")?, &folder);
    let mut rows = embedded(bench, &loops, &short, &folder)?;
    let few = folder.join("few.csv");
    write_links(&few, DYNAMO_ROWS)?;
    for round_trip in ROUND_TRIPS_MS {
        rows.extend(dynamo(&loops, &short, &few, round_trip)?);
    }
    let head = ["import", "rows/s", "bare loop, rows/s", "ratio", "peak MB"];
    let body = format!(
        "{} links, of which the DynamoDB engine gets the first {}, two thirds of them with codes, a tenth with a title, all with an \
         expiry. The bare loops write the same rows without reading a file, checking anything or looking whether a link is there: SQLite in transactions of 1,000 rows; \
         `BatchWriteItem` with 32 requests of 25 in flight, which overwrites. `again` finds everything there.\n\n{}",
        number(ROWS.into(), 0),
        number(DYNAMO_ROWS.into(), 0),
        table(&head, rows.iter().map(Row::cells))
    );
    Ok(Section { name: "import", title: "Imports", targets: targets(&rows), body })
}

fn targets(rows: &[Row]) -> Vec<Target> {
    let first = &rows[0];
    let peak = rows.iter().map(Row::megabytes).fold(0.0, f64::max);
    let mut targets = vec![
        Target::new("embedded: rows/s", Wanted::AtLeast(50_000.0), first.per_second(), ""),
        Target::new("peak of resident memory", Wanted::AtMost(64.0), peak, "MB"),
    ];
    let dynamo = rows.iter().filter(|row| row.name.starts_with("DynamoDB") && !row.name.ends_with("again"));
    targets.extend(dynamo.map(|row| {
        Target::new(row.name.clone(), Wanted::AtLeast(0.9), row.per_second() / row.bare, "× BatchWriteItem")
    }));
    targets
}

fn embedded(bench: &Bench, loops: &Programs, short: &Short, folder: &Path) -> anyhow::Result<Vec<Row>> {
    let file = &folder.join("links.csv");
    write_links(file, ROWS)?;
    let rounds = bench.rounds.min(3).to_string();
    let arguments = ["--rows", &ROWS.to_string(), "--rounds", &rounds, "--only", "SQLite: bare loop"];
    let bare = rate(&output(pinned(BOTH, loops.path("bulk-inserts")?).args(arguments))?, "SQLite: bare loop")?;
    let links = folder.join("links.db");
    let mut rows = Vec::new();
    for name in ["embedded file", "embedded file, again"] {
        rows.push(import(name, ROWS, bare, short.on(BOTH).arg("--file").arg(&links), file)?);
    }
    let serving = short.serve(&folder.join("served.db"), &[])?;
    let api = serving.url("");
    let mut command = short.on(BOTH);
    command.args(["--api", &api]).env("SHORT_API_KEY", &serving.key);
    rows.push(import("through the API of `short serve`", ROWS, bare, &mut command, file)?);
    Ok(rows)
}

fn dynamo(loops: &Programs, short: &Short, file: &Path, round_trip: u32) -> anyhow::Result<Vec<Row>> {
    let emulator = Emulator::start(BOTH, round_trip)?;
    let arguments = ["--rows", &DYNAMO_ROWS.to_string(), "--endpoint", &emulator.url];
    let printed = output(with_credentials(pinned(BOTH, loops.path("bulk-inserts")?)).args(arguments))?;
    let bare = rate(&printed, "BatchWriteItem over HTTP:")?;
    emulator.create_table(short)?;
    let name = format!("DynamoDB engine over HTTP, {round_trip} ms added");
    let mut rows = Vec::new();
    for name in [name.clone(), format!("{name}, again")] {
        rows.push(import(&name, DYNAMO_ROWS, bare, &mut emulator.short(short, BOTH), file)?);
    }
    Ok(rows)
}

fn import(name: &str, rows: u32, bare: f64, command: &mut Command, file: &Path) -> anyhow::Result<Row> {
    let rejects = file.with_extension("rejects");
    let took = watch(command.args(["--quiet", "import"]).arg(file).arg("--report").arg(rejects))?;
    let row = Row { name: name.to_owned(), rows, took, bare };
    say(&row.cells().join(" · "));
    Ok(row)
}

/// The rows a second in the line that begins with `name`.
fn rate(printed: &str, name: &str) -> anyhow::Result<f64> {
    let line = printed.lines().find_map(|line| line.strip_prefix(name));
    let rate = line.and_then(|line| line.split_whitespace().next()).with_context(|| format!("no figure of {name}"))?;
    Ok(rate.parse()?)
}

/// Writes a file of links.
fn write_links(file: &Path, rows: u32) -> anyhow::Result<()> {
    let mut csv = std::io::BufWriter::new(std::fs::File::create(file)?);
    writeln!(csv, "code,target,title,expires_at")?;
    for n in 0..rows {
        let code = if n % 3 == 0 { String::new() } else { format!("b{n:07}") };
        let title = if n % 10 == 0 { format!("Campaign {n}") } else { String::new() };
        let target = format!("https://www.example{}.com/some/path/{n}?utm_source=bench&n={n}", n % 50);
        writeln!(csv, "{code},{target},{title},2035-12-31")?;
    }
    Ok(csv.flush()?)
}
