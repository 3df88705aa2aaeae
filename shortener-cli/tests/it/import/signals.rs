//! Ctrl-C in the middle of an import.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::files::{many, write};
use super::killed::child;
use crate::support::{BackEnd, within};

const ROWS: usize = 20_000;

fn signal(process: &Child, signal: &str) {
    assert!(Command::new("kill").args([signal, &process.id().to_string()]).status().unwrap().success());
}

/// Waits for the end; answers the exit status and what was said.
fn end(mut process: Child) -> (i32, String) {
    let status = within(Duration::from_secs(30), || process.try_wait().unwrap());
    let mut said = String::new();
    process.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    (status.code().unwrap_or(-1), said)
}

#[test]
fn an_interrupted_import_says_how_to_go_on_and_does() {
    for name in ["-INT", "-TERM"] {
        let back_end = BackEnd::file();
        let cli = &back_end.cli;
        write(cli, "many links.csv", &many(ROWS));
        let import = child(cli, &["import", "many links.csv"]).stderr(Stdio::piped()).spawn().unwrap();
        let journal = cli.path("many links.rejects.csv.journal");
        // Two lines: what is imported, and the first batch that is done.
        let has_begun = || std::fs::read_to_string(&journal).is_ok_and(|text| text.lines().count() > 1);
        within(Duration::from_secs(30), || has_begun().then_some(()));
        signal(&import, name);
        let (status, said) = end(import);
        assert_eq!(status, 130, "{said}");
        assert!(said.contains("of 20,000 rows are done"), "{said}");
        assert!(said.contains("continue with: short import 'many links.csv' --resume"), "{said}");
        assert!(back_end.links().len() < ROWS, "it was too late to interrupt anything");
        let resumed = cli.run_for(&["import", "many links.csv", "--resume", "--json", "--quiet"], 120).exits(0).stdout;
        let resumed: serde_json::Value = serde_json::from_str(&resumed).unwrap();
        assert_eq!(resumed["created"], ROWS, "{resumed}");
        assert_eq!(back_end.links().len(), ROWS);
        assert!(!journal.exists());
    }
}

#[test]
fn an_import_that_still_reads_ends_at_once_and_has_written_nothing() {
    let back_end = BackEnd::file();
    let mut import =
        child(&back_end.cli, &["import", "-"]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let input = import.stdin.take();
    std::thread::sleep(Duration::from_millis(300));
    signal(&import, "-INT");
    let (status, said) = end(import);
    assert_eq!(status, 130, "{said}");
    drop(input);
    assert!(!back_end.cli.path("links.db").exists());
}
