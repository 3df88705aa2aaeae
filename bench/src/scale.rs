//! What one operation costs in tables of different sizes.

use std::fmt::Write as _;
use std::path::Path;

use crate::document::Section;
use crate::emulator::Emulator;
use crate::process::{LOAD_CORE, SERVER_CORE, output};
use crate::programs::SHORT;
use crate::report::{Target, Wanted, number, table};
use crate::short::{Serving, Short, write_links};
use crate::wrk::{Codes, Load, Run, Wrk};
use crate::{Bench, say};

/// Links in the embedded tables.
const EMBEDDED: [u32; 3] = [1_000, 100_000, 10_000_000];

/// Links in the tables of the DynamoDB engine, which holds them in memory.
const DYNAMO: [u32; 2] = [1_000, 1_000_000];

/// How much dearer an operation may be in the largest table than in the smallest: as much deeper as a tree is that holds it.
const GROWTH: f64 = 2.3;

/// What is asked of a server.
#[derive(Debug, Clone, Copy)]
enum Operation {
    Redirect,
    Inspect,
    Create,
    List,
    Stats,
}

impl Operation {
    const ALL: [Self; 5] = [Self::Redirect, Self::Inspect, Self::Create, Self::List, Self::Stats];

    fn name(self) -> &'static str {
        match self {
            Self::Redirect => "redirect of any link",
            Self::Inspect => "any link, by the API",
            Self::Create => "create",
            Self::List => "page of 50 links",
            Self::Stats => "statistics of a link over 30 days",
        }
    }

    fn ask(self, serving: &Serving, links: u32) -> (String, Load) {
        let reads = || Load::reads(&serving.key, Codes::Uniform, links);
        match self {
            Self::Redirect => {
                let load = Load { connections: 1, ..Load::redirects(Codes::Uniform, links) };
                (serving.url("/{code}"), load)
            }
            Self::Inspect => (serving.url("/api/v1/links/{code}"), reads()),
            Self::Create => (serving.url("/api/v1/links"), Load::creates(&serving.key, 1)),
            Self::List => (serving.url("/api/v1/links?limit=50"), reads()),
            Self::Stats => (serving.url("/api/v1/links/{code}/stats?since=30d&by=day"), reads()),
        }
    }
}

/// The same operations on one table.
struct Size {
    links: u32,
    runs: Vec<Run>,
}

pub(crate) fn measure(bench: &Bench) -> anyhow::Result<Section> {
    let ours = SHORT.run()?;
    let folder = bench.folder("scale")?;
    let short = Short::new(ours.path("short")?, &folder);
    let mut embedded = Vec::new();
    for links in EMBEDDED {
        let file = folder.join(format!("{links}.db"));
        short.fill(&file, links)?;
        embedded.push(ask(bench, &short.serve(&file, &[])?, links, &folder)?);
        std::fs::remove_file(file)?;
    }
    let mut dynamo = Vec::new();
    for links in DYNAMO {
        let emulator = Emulator::start(LOAD_CORE, 0)?;
        fill(&emulator, &short, links, &folder)?;
        let serving = Serving::start(emulator.short(&short, SERVER_CORE), &folder.join("dynamo.log"), &[])?;
        dynamo.push(ask(bench, &serving, links, &folder)?);
    }
    let mut body = format!(
        "One client that asks `short serve` for one thing after the other, {} s each: median microseconds until the answer, in \
         parentheses the processor time of the server. The API reads the table each time. Redirects are answered from the server's \
         memory, which holds a tenth of 10,000,000 links: most redirects of those read the file.\n\n",
        bench.time.as_secs()
    );
    let mut targets = Vec::new();
    write_up("embedded file", &embedded, &mut body, &mut targets)?;
    write_up("DynamoDB engine on loopback", &dynamo, &mut body, &mut targets)?;
    Ok(Section { name: "scale", title: "Tables of different sizes", targets, body })
}

fn fill(emulator: &Emulator, short: &Short, links: u32, folder: &Path) -> anyhow::Result<()> {
    emulator.create_table(short)?;
    let file = folder.join("dynamo.csv");
    write_links(&file, links)?;
    output(emulator.short(short, "0,1").args(["--quiet", "import"]).arg(&file))?;
    Ok(())
}

fn ask(bench: &Bench, serving: &Serving, links: u32, folder: &Path) -> anyhow::Result<Size> {
    let wrk = Wrk::new(folder)?;
    let mut runs = Vec::new();
    for operation in Operation::ALL {
        let (url, load) = operation.ask(serving, links);
        let run = wrk.run(&url, serving.server.pid(), &load, bench.time)?;
        say(&format!("{links} links, {}: {:.0} µs", operation.name(), run.p50_us));
        runs.push(run);
    }
    Ok(Size { links, runs })
}

fn write_up(store: &str, sizes: &[Size], body: &mut String, targets: &mut Vec<Target>) -> anyhow::Result<()> {
    let (first, last) = (&sizes[0], &sizes[sizes.len() - 1]);
    let mut rows = Vec::new();
    for (at, operation) in Operation::ALL.iter().enumerate() {
        let growth = last.runs[at].p50_us / first.runs[at].p50_us;
        let figure = |size: &Size| format!("{:.0} ({:.0})", size.runs[at].p50_us, size.runs[at].processor_us);
        let mut row = vec![operation.name().to_owned()];
        row.extend(sizes.iter().map(figure));
        row.push(format!("{growth:.2}"));
        rows.push(row);
        let what = format!("{store}: {}, {} links", operation.name(), number(last.links.into(), 0));
        targets.push(Target::new(what, Wanted::AtMost(GROWTH), growth, "× the smallest"));
    }
    let counts = sizes.iter().map(|size| format!("{} links", number(size.links.into(), 0)));
    let head: Vec<String> =
        [store.to_owned()].into_iter().chain(counts).chain(["largest ÷ smallest".to_owned()]).collect();
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    writeln!(body, "{}", table(&head, rows))?;
    Ok(())
}
