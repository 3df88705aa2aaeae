//! Measures the product beside the least that could do the same, and writes `docs/PERFORMANCE.md`.
//!
//! What is compared runs in turns, pinned, after a warm-up, several times; see `bench --help`.

mod cli;
mod cost;
mod create;
mod document;
mod emulator;
mod import;
mod lambda;
mod machine;
mod process;
mod programs;
mod redirect;
mod report;
mod scale;
mod short;
mod wrk;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};

use crate::document::Section;
use crate::redirect::Other;

/// Measure the product beside the least that could do the same
///
/// Builds what it measures, for release. Each section that was measured takes its place in docs/PERFORMANCE.md.
#[derive(Debug, Parser)]
struct Args {
    /// What to measure; without any, everything
    sections: Vec<Name>,
    /// How often each side runs, in turns
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// How long each run of a load takes, in seconds
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Another server to put the redirects' load on: 'NAME URL PID', {code} in the URL standing for the code
    ///
    /// It must have the links b0000000, b0000001 … that lead anywhere, and run on the servers' core (taskset -c 0).
    #[arg(long = "server", value_name = "SERVER", value_parser = Other::parse)]
    servers: Vec<Other>,
    /// Print the sections and leave the document as it is
    #[arg(long)]
    print: bool,
}

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Name {
    /// Redirects, beside bare servers
    Redirect,
    /// Creates on the embedded table, beside the disk and SQLite
    Create,
    /// Imports, beside bare loops on the same stores
    Import,
    /// What operations cost in tables of different sizes
    Scale,
    /// Functions on Lambda, beside a hello world and a bare `GetItem`
    Lambda,
    /// The same functions built in other ways; takes an hour or two
    LambdaProfiles,
    /// Units of DynamoDB and dollars
    Cost,
    /// Whole calls of the command
    Cli,
}

/// What every section needs.
#[derive(Debug)]
struct Bench {
    rounds: usize,
    time: Duration,
    servers: Vec<Other>,
    folder: tempfile::TempDir,
}

impl Bench {
    /// A new folder for a part of a measurement.
    fn folder(&self, name: &str) -> anyhow::Result<PathBuf> {
        let folder = self.folder.path().join(name);
        std::fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    fn measure(&self, name: Name) -> anyhow::Result<Section> {
        match name {
            Name::Redirect => redirect::measure(self),
            Name::Create => create::measure(self),
            Name::Import => import::measure(self),
            Name::Scale => scale::measure(self),
            Name::Lambda => lambda::measure(self),
            Name::LambdaProfiles => lambda::measure_profiles(self),
            Name::Cost => cost::measure(self),
            Name::Cli => cli::measure(self),
        }
    }
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let bench = Bench {
        rounds: args.rounds.max(1),
        time: Duration::from_secs(args.seconds.max(1)),
        servers: args.servers,
        folder: tempfile::tempdir()?,
    };
    let sections = if args.sections.is_empty() { Name::value_variants().to_vec() } else { args.sections };
    for name in sections {
        let section = bench.measure(name)?;
        say(&section.figures());
        if !args.print {
            section.publish(&machine::conditions()?)?;
        }
    }
    Ok(())
}

/// Tells whoever waits.
#[expect(clippy::print_stdout, reason = "the figures are what this is run for")]
fn say(text: &str) {
    println!("{text}");
}
