//! Whole calls of `short`: from exec to exit.

use std::path::Path;
use std::process::Stdio;

use anyhow::ensure;

use crate::Bench;
use crate::document::Section;
use crate::process::{apart, plain, start_on_server_core};
use crate::programs::SHORT;
use crate::report::{Spread, Target, Wanted, number, table};
use crate::short::Short;

/// Links in the table.
const LINKS: u32 = 1_000_000;

/// Calls of each command for a round of other sections.
const CALLS: usize = 5;

pub(crate) fn measure(bench: &Bench) -> anyhow::Result<Section> {
    let built = SHORT.run()?;
    let folder = bench.folder("cli")?;
    let short = Short::new(built.path("short")?, &folder);
    let (full, empty) = (folder.join("full.db"), folder.join("links.db"));
    short.fill(&full, LINKS)?;
    let (full, empty) = (path(&full), path(&empty));
    let create = ["create", "https://example.com/some/path", "--file", &empty];
    let list = ["list", "--limit", "100", "--file", &full];
    let cases: [(&str, &[&str], f64); 4] = [
        ("`true`, for comparison", &[], f64::INFINITY),
        ("`short --version`", &["--version"], 5.0),
        ("`short create`, embedded file", &create, 20.0),
        ("`short list`, 100 rows of 1,000,000", &list, 30.0),
    ];
    let mut runs = cases.map(|_| Vec::new());
    apart(|| {
        // The first call makes the file.
        for _ in 0..=bench.rounds * CALLS {
            for ((_, arguments, _), runs) in cases.iter().zip(&mut runs) {
                runs.push(call(&short, arguments)?);
            }
        }
        Ok(())
    })?;
    let spreads = runs.map(|runs| Spread::of(runs.into_iter().skip(1)));
    let rows = cases.iter().zip(&spreads).map(|((name, ..), spread)| [(*name).to_owned(), format!("{spread:.2}")]);
    let body = format!(
        "Whole processes, with the cost of starting them, on one core: medians of {} calls in turns. The create ends when its link \
         is on the disk.\n\n{}",
        number(u32::try_from(bench.rounds * CALLS)?.into(), 0),
        table(&["call", "milliseconds"], rows)
    );
    let targets = cases.iter().zip(&spreads).filter(|((.., most), _)| most.is_finite());
    let targets =
        targets.map(|((name, _, most), spread)| Target::new(*name, Wanted::AtMost(*most), spread.median, "ms"));
    Ok(Section { name: "cli", title: "The command", targets: targets.collect(), body })
}

fn path(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// Milliseconds of a call; without arguments that of a program that does nothing.
fn call(short: &Short, arguments: &[&str]) -> anyhow::Result<f64> {
    let mut command = match arguments {
        [] => plain("true"),
        arguments => {
            let mut command = short.call();
            command.args(arguments);
            command
        }
    };
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let (mut process, begin) = start_on_server_core(&mut command)?;
    let status = process.wait()?;
    let took = begin.elapsed();
    ensure!(status.success(), "short {arguments:?}: {status}");
    Ok(took.as_secs_f64() * 1e3)
}
