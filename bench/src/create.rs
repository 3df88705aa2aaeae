//! Creates on the embedded table, beside what the disk and SQLite can do at most.

use std::fmt::Write as _;
use std::path::Path;

use crate::document::Section;
use crate::process::{SERVER_CORE, output, pinned};
use crate::programs::{LOOPS, SHORT};
use crate::report::{Spread, Target, Wanted, number, table};
use crate::short::Short;
use crate::wrk::{Load, Wrk};
use crate::{Bench, say};

/// A way to create, with so many clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// One file that is synchronised after each write.
    Sync,
    /// One connection of SQLite, with so many rows in a transaction.
    Sqlite(u32),
    /// The product's rules, in one process.
    Direct(u32),
    /// `short serve`.
    Api(u32),
}

const WAYS: [Way; 7] =
    [Way::Sync, Way::Sqlite(1), Way::Direct(1), Way::Api(1), Way::Sqlite(32), Way::Direct(32), Way::Api(32)];

impl Way {
    fn name(self) -> String {
        match self {
            Self::Sync => "4 KiB appended and synchronised".to_owned(),
            Self::Sqlite(rows) => format!("raw SQLite, {rows} rows a transaction").replace(" 1 rows", " a row"),
            Self::Direct(clients) => format!("direct, clients: {clients}"),
            Self::Api(clients) => format!("through the API, clients: {clients}"),
        }
    }
}

pub(crate) fn measure(bench: &Bench) -> anyhow::Result<Section> {
    let (loops, ours) = (LOOPS.run()?, SHORT.run()?);
    let creates = loops.path("creates")?;
    let mut runs = WAYS.map(|way| (way, Vec::new()));
    for round in 0..bench.rounds {
        for (way, runs) in &mut runs {
            let folder = bench.folder(&format!("create-{round}-{}", runs.len()))?;
            let short = Short::new(ours.path("short")?, &folder);
            let rate = match *way {
                Way::Sync => direct(bench, creates, "sync", 1, &folder)?,
                Way::Sqlite(rows) => direct(bench, creates, "sqlite", rows, &folder)?,
                Way::Direct(clients) => direct(bench, creates, "service", clients, &folder)?,
                Way::Api(clients) => through_api(bench, &short, clients, &folder)?,
            };
            say(&format!("{}: {rate:.0}/s", way.name()));
            runs.push(rate);
            std::fs::remove_dir_all(folder)?;
        }
    }
    let of = |wanted: Way| runs.iter().find(|(way, _)| *way == wanted).map_or(&[][..], |(_, runs)| runs);
    let ratio = |ours, theirs| Spread::of_ratios(of(ours), of(theirs)).median;
    let targets = vec![
        Target::new(
            "32 clients, direct: creates/s",
            Wanted::AtLeast(2_500.0),
            Spread::of(of(Way::Direct(32)).to_vec()).median,
            "",
        ),
        Target::new("1 client, direct", Wanted::AtLeast(1.0), ratio(Way::Direct(1), Way::Sync), "× one fsync of 4 KiB"),
        Target::new("32 clients, API", Wanted::AtLeast(0.9), ratio(Way::Api(32), Way::Direct(32)), "× direct"),
    ];
    let mut body = format!(
        "Each link has a random code and is on the disk before it is acknowledged. {} rounds of {} s, each on an empty file; server \
         and direct clients have one core, clients of the API the other.\n\n",
        bench.rounds,
        bench.time.as_secs()
    );
    let row = |(way, runs): &(Way, Vec<f64>)| {
        let spread = Spread::of(runs.clone());
        [way.name(), format!("{spread}"), number(1e6 / spread.median, 0)]
    };
    writeln!(body, "{}", table(&["way", "creates/s", "µs each"], runs.iter().map(row)))?;
    Ok(Section { name: "create", title: "Creates", targets, body })
}

fn direct(bench: &Bench, creates: &Path, way: &str, clients: u32, folder: &Path) -> anyhow::Result<f64> {
    let (clients, time) = (clients.to_string(), bench.time.as_secs().to_string());
    let rate = output(pinned(SERVER_CORE, creates).args([way, &clients, &time]).arg(folder))?;
    Ok(rate.trim().parse()?)
}

fn through_api(bench: &Bench, short: &Short, clients: u32, folder: &Path) -> anyhow::Result<f64> {
    let serving = short.serve(&folder.join("served.db"), &[])?;
    let (url, load) = (serving.url("/api/v1/links"), Load::creates(&serving.key, clients));
    Ok(Wrk::new(folder)?.run(&url, serving.server.pid(), &load, bench.time)?.per_second)
}
