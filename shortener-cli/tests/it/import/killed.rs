//! kill -9 in the middle of an import, again and again: in the end the table is the file.
//!
//! The feature `soak` runs the long form: a million rows.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use shortener_core::table::dynamo::in_process::Fault;

use super::files::{many, write};
use crate::support::{BackEnd, TestCli};

const ROWS: usize = if cfg!(feature = "soak") { 1_000_000 } else { 20_000 };

/// Rows for an emulator with faults, which is slow where it is not optimized.
const ROWS_WITH_FAULTS: usize = if cfg!(feature = "soak") { 1_000_000 } else { 4_000 };
const KILLS: u64 = if cfg!(feature = "soak") { 40 } else { 6 };

/// Time until the first kill; each later one waits a little longer, so that all parts of an import are met.
const FIRST: Duration = Duration::from_millis(if cfg!(feature = "soak") { 2_000 } else { 150 });

/// How long a whole import may take.
const PATIENCE: u64 = 3_600;

/// The command as a child without a voice.
pub(super) fn child(cli: &TestCli, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_short"));
    command.args(args).env_clear().envs(cli.variables()).current_dir(cli.home());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Kills imports of the file, every other one of which resumes; answers how many were still running then.
fn kill_imports(cli: &TestCli, file: &str) -> u64 {
    let mut killed = 0;
    for round in 0..KILLS {
        let args = if round % 2 == 0 { &["import", file][..] } else { &["import", file, "--resume"] };
        let mut import = child(cli, args).spawn().unwrap();
        std::thread::sleep(FIRST * u32::try_from(1 + round * 5 % 7).unwrap());
        killed += u64::from(import.try_wait().unwrap().is_none());
        import.kill().unwrap();
        import.wait().unwrap();
    }
    killed
}

/// How often each link is there.
fn count(links: impl Iterator<Item = String>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    links.for_each(|link| *counts.entry(link).or_default() += 1);
    counts
}

/// Demands that the table holds every row of [`many`] once, and nothing else.
fn demand_equality(back_end: &BackEnd, rows: usize) {
    let list = back_end.cli.run_for(&["list", "--all", "--state", "any", "-o", "ndjson"], PATIENCE).exits(0).stdout;
    let found = list.lines().map(|line| {
        let link: Value = serde_json::from_str(line).unwrap();
        let code = link["code"].as_str().unwrap();
        format!("{} {} {}", if code.starts_with("row-") { code } else { "" }, link["target"], link["title"])
    });
    let file = many(rows);
    let wanted = file.lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        let title = if cells[2].is_empty() { "null".to_owned() } else { format!("\"{}\"", cells[2]) };
        format!("{} \"{}\" {title}", cells[0], cells[1])
    });
    assert!(count(found) == count(wanted), "the table is not the file");
}

fn summary(cli: &TestCli, args: &[&str]) -> Value {
    let outcome = cli.run_for(args, PATIENCE);
    serde_json::from_str(&outcome.exits(0).stdout).unwrap()
}

fn is_exact_after_kills(back_end: &BackEnd, rows: usize) {
    let cli = &back_end.cli;
    write(cli, "many.csv", &many(rows));
    let started = Instant::now();
    let killed = kill_imports(cli, "many.csv");
    assert!(killed >= KILLS / 2, "{killed} of {KILLS} imports were killed: too few to test anything");
    let last = summary(cli, &["import", "many.csv", "--resume", "--json", "--quiet"]);
    assert_eq!(last["created"].as_u64().unwrap() + last["unchanged"].as_u64().unwrap(), rows as u64, "{last}");
    if let Some(engine) = &back_end.engine {
        engine.heal();
    }
    demand_equality(back_end, rows);
    let second = summary(cli, &["import", "many.csv", "--json", "--quiet"]);
    assert_eq!(second["unchanged"], rows, "{second}");
    assert!(!cli.path("many.rejects.csv.journal").exists() && !cli.path("many.rejects.csv").exists());
    tell(&format!("{killed} kills of an import of {rows} rows into a {}: {:?}", back_end.name, started.elapsed()));
}

/// Says what was measured, for who runs the tests with `--nocapture`.
fn tell(text: &str) {
    use std::io::Write;
    writeln!(std::io::stderr(), "{text}").unwrap();
}

#[test]
fn an_embedded_table_is_the_file_after_any_number_of_kills() {
    is_exact_after_kills(&BackEnd::file(), ROWS);
}

#[test]
fn the_table_of_a_service_is_the_file_after_any_number_of_kills() {
    is_exact_after_kills(&BackEnd::api(), ROWS);
}

#[test]
fn a_dynamodb_table_is_the_file_after_kills_throttles_and_lost_replies() {
    let back_end = BackEnd::table();
    let engine = back_end.engine.as_ref().unwrap();
    engine.inject_share(None, Fault::Throttle, 10, 1);
    engine.inject_share(None, Fault::LostReply, 10, 2);
    engine.inject_share(None, Fault::Unprocessed, 10, 3);
    is_exact_after_kills(&back_end, ROWS_WITH_FAULTS);
}

/// The most memory that an import of so many rows has held, in bytes.
#[cfg(all(feature = "soak", target_os = "linux"))]
fn peak_memory(rows: usize) -> u64 {
    let back_end = BackEnd::file();
    write(&back_end.cli, "many.csv", &many(rows));
    let mut import = child(&back_end.cli, &["import", "many.csv"]).spawn().unwrap();
    let mut peak = 0;
    while import.try_wait().unwrap().is_none() {
        let status = std::fs::read_to_string(format!("/proc/{}/status", import.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        peak = line.and_then(|kilobytes| kilobytes.trim().parse().ok()).unwrap_or(peak);
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(import.wait().unwrap().success());
    peak * 1024
}

#[cfg(all(feature = "soak", target_os = "linux"))]
#[test]
fn memory_does_not_grow_with_the_file() {
    let (few, many) = (peak_memory(30_000), peak_memory(300_000));
    tell(&format!("an import of 30,000 rows held {few} bytes at most, one of 300,000 rows {many}"));
    assert!(many < few + 8 * 1024 * 1024, "{few} bytes became {many}");
    assert!(many < 64 * 1024 * 1024, "{many} bytes");
}
