//! Redirects of `short serve`, counting and not, beside bare servers that look nothing up.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};

use crate::document::Section;
use crate::process::{SERVER_CORE, Server, Stopped, Usage, free_address, pinned};
use crate::programs::{LIMITS, Programs, SHORT};
use crate::report::{Spread, Target, Wanted, number, table};
use crate::short::Short;
use crate::wrk::{Codes, Load, Run, Wrk};
use crate::{Bench, say};

const AXUM: &str = "bare axum";
const HYPER: &str = "bare hyper";
const COUNTING: &str = "`short serve`";
const SILENT: &str = "`short serve --no-counting`";

/// A server that is not ours: a name, a URL with `{code}` in it, and its process.
#[derive(Debug, Clone)]
pub(crate) struct Other {
    name: String,
    url: String,
    pid: u32,
}

impl Other {
    /// Parses `NAME URL PID`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{text}' is not 'NAME URL PID', such as 'other http://127.0.0.1:3000/{{code}} 4711'");
        let [name, url, pid] = text.split_whitespace().collect::<Vec<_>>().try_into().map_err(|_| wrong())?;
        let pid = pid.parse().map_err(|_| wrong())?;
        Ok(Self { name: name.to_owned(), url: url.to_owned(), pid })
    }
}

/// Someone who answers, and what came of it.
struct Contender {
    name: String,
    url: String,
    pid: u32,
    runs: Vec<Run>,
    /// Ended with this.
    _server: Option<Server>,
}

/// A load, and which share of a bare axum server's redirects `short serve` is to make of it.
struct Case {
    codes: Codes,
    links: u32,
    wanted: f64,
}

const CASES: [Case; 5] = [
    Case { codes: Codes::Hot, links: 100_000, wanted: 0.95 },
    Case { codes: Codes::Uniform, links: 100_000, wanted: 0.85 },
    Case { codes: Codes::Zipf, links: 100_000, wanted: 0.85 },
    Case { codes: Codes::Uniform, links: 1_000_000, wanted: 0.75 },
    Case { codes: Codes::Zipf, links: 1_000_000, wanted: 0.75 },
];

/// How much longer than those of a bare axum server the slowest hundredth of the redirects may take.
const P99: f64 = 1.2;

pub(crate) fn measure(bench: &Bench) -> anyhow::Result<Section> {
    let (limits, ours) = (LIMITS.run()?, SHORT.run()?);
    let folder = bench.folder("redirect")?;
    let wrk = Wrk::new(&folder)?;
    let (mut targets, mut body) = (Vec::new(), introduction(bench));
    for links in [100_000, 1_000_000] {
        let mut contenders = contenders(bench, &limits, &ours, &folder, links)?;
        let started = memory(&contenders)?;
        for contender in &contenders {
            let warm_up = |codes, time| wrk.run(&contender.url, contender.pid, &Load::redirects(codes, links), time);
            // Everything is in memory before anything is measured: each run begins with the first link.
            let mut time = Duration::from_secs(2 + u64::from(links) / 50_000);
            while warm_up(Codes::All, time)?.requests < links {
                time = time * 3 / 2;
            }
            warm_up(Codes::Zipf, bench.time)?;
        }
        for case in CASES.iter().filter(|case| case.links == links) {
            take_turns(bench, &wrk, case, &mut contenders)?;
            write_up(case, &contenders, &mut body, &mut targets)?;
        }
        write_memory(links, &contenders, &started, &mut body)?;
    }
    Ok(Section { name: "redirect", title: "Redirects", targets, body })
}

fn introduction(bench: &Bench) -> String {
    format!(
        "One core for the server and one for the load: 32 connections of wrk that ask again at once, {} rounds of {} s for \
         each. `hot` asks for one code, `uniform` for any, `zipf` for that of rank r with a probability of about 1/r. The bare \
         servers look nothing up and count nothing. p50 and p99 are of the time until the answer with the server fully busy.\n\n",
        bench.rounds,
        bench.time.as_secs()
    )
}

fn contenders(
    bench: &Bench,
    limits: &Programs,
    ours: &Programs,
    folder: &Path,
    links: u32,
) -> anyhow::Result<Vec<Contender>> {
    let mut contenders = Vec::new();
    for (name, program) in [(AXUM, "bare-axum"), (HYPER, "bare-hyper")] {
        let address = free_address()?;
        let mut command = pinned(SERVER_CORE, limits.path(program)?);
        command.arg(address.to_string());
        contenders.push(started(name, address, Server::start(command, address, &folder.join(program))?));
    }
    let short = Short::new(ours.path("short")?, folder);
    for (name, flags) in [(SILENT, &["--no-counting"][..]), (COUNTING, &[])] {
        say(&format!("{name}: {links} links"));
        let table = folder.join(format!("{links}-{}.db", flags.len()));
        short.fill(&table, links)?;
        let serving = short.serve(&table, flags)?;
        contenders.push(started(name, serving.address, serving.server));
    }
    for Other { name, url, pid } in bench.servers.clone() {
        contenders.push(Contender { name, url, pid, runs: Vec::new(), _server: None });
    }
    Ok(contenders)
}

fn started(name: &str, address: SocketAddr, server: Server) -> Contender {
    let (name, url) = (name.to_owned(), format!("http://{address}/{{code}}"));
    Contender { name, url, pid: server.pid(), runs: Vec::new(), _server: Some(server) }
}

/// Each is asked in its turn, while the others are stopped; every second round the other way round.
fn take_turns(bench: &Bench, wrk: &Wrk, case: &Case, contenders: &mut [Contender]) -> anyhow::Result<()> {
    for contender in &mut *contenders {
        contender.runs.clear();
    }
    let load = Load::redirects(case.codes, case.links);
    for _ in 0..bench.rounds {
        for at in 0..contenders.len() {
            let others = contenders.iter().enumerate().filter(|(other, _)| *other != at);
            let stopped = others.map(|(_, other)| Stopped::process(other.pid)).collect::<anyhow::Result<Vec<_>>>()?;
            let contender = &mut contenders[at];
            contender.runs.push(wrk.run(&contender.url, contender.pid, &load, bench.time)?);
            drop(stopped);
        }
        contenders.reverse();
    }
    if bench.rounds % 2 == 1 {
        contenders.reverse();
    }
    Ok(())
}

fn write_up(case: &Case, contenders: &[Contender], body: &mut String, targets: &mut Vec<Target>) -> anyhow::Result<()> {
    let title = format!("{}, {} links", case.codes.name(), number(case.links.into(), 0));
    let bare = contenders.iter().find(|contender| contender.name == AXUM).context("nothing to compare with")?;
    let of = |contender: &Contender, figure: fn(&Run) -> f64| contender.runs.iter().map(figure).collect::<Vec<_>>();
    let ratio = |contender: &Contender, figure| Spread::of_ratios(&of(contender, figure), &of(bare, figure));
    let row = |contender: &Contender| {
        [
            contender.name.clone(),
            format!("{}", Spread::of(of(contender, |run| run.per_second))),
            format!("{:.3}", ratio(contender, |run| run.per_second)),
            format!("{:.2}", Spread::of(of(contender, |run| run.processor_us))),
            format!("{:.0}", Spread::of(of(contender, |run| run.p50_us)).median),
            format!("{:.0}", Spread::of(of(contender, |run| run.p99_us)).median),
        ]
    };
    let head = ["server", "redirects/s", "ratio to bare axum", "CPU µs each", "p50 µs", "p99 µs"];
    writeln!(body, "**{title}**\n\n{}", table(&head, contenders.iter().map(row)))?;
    let ours = contenders.iter().find(|contender| contender.name == COUNTING).context("nothing to compare")?;
    let rate = ratio(ours, |run| run.per_second).median;
    targets.push(Target::new(format!("{title}: redirects/s"), Wanted::AtLeast(case.wanted), rate, "× bare axum"));
    let p99 = ratio(ours, |run| run.p99_us).median;
    targets.push(Target::new(format!("{title}: p99"), Wanted::AtMost(P99), p99, "× bare axum"));
    Ok(())
}

fn memory(contenders: &[Contender]) -> anyhow::Result<Vec<u64>> {
    contenders.iter().map(|contender| Ok(Usage::of(contender.pid)?.resident)).collect()
}

fn write_memory(links: u32, contenders: &[Contender], started: &[u64], body: &mut String) -> anyhow::Result<()> {
    let mib = |bytes: u64| format!("{:.1}", f64::from(u32::try_from(bytes >> 10).unwrap_or(u32::MAX)) / 1024.0);
    let mut rows = Vec::new();
    for (contender, started) in contenders.iter().zip(started) {
        let usage = Usage::of(contender.pid)?;
        ensure!(usage.peak >= usage.resident, "the system does not tell the memory of {}", contender.name);
        let per_link = usage.resident.saturating_sub(*started) / u64::from(links);
        rows.push([contender.name.clone(), mib(*started), mib(usage.resident), mib(usage.peak), per_link.to_string()]);
    }
    let head = ["server", "MiB at the start", "after the loads", "at most", "bytes a link"];
    writeln!(
        body,
        "**Resident memory, {} links, all of which were asked for**\n\n{}",
        number(links.into(), 0),
        table(&head, rows)
    )?;
    Ok(())
}
