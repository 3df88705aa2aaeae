//! `short ingest`, as people and schedules run it.

mod broken;
mod places;
mod s3;

use std::fs;

use serde_json::Value;
use shortener_core::clock::{Clock, SystemClock};
use shortener_core::ingest::testing::{LEGACY_FIELDS, Written, write_header, write_line};
use shortener_core::ingest::{IngestReport, LogLine};
use shortener_core::stats::Hour;
use shortener_core::table::dynamo::in_process::InProcess;

use crate::support::TestCli;

/// A log of requests at this moment: identifier, path, status.
pub(crate) fn log(requests: &[(&str, &str, u16)]) -> Vec<u8> {
    let mut out = Vec::new();
    write_header(&mut out, Written::W3c, &LEGACY_FIELDS);
    for (id, path, status) in requests {
        let line = LogLine {
            second: SystemClock.now().as_second(),
            request_id: id.as_bytes(),
            method: b"GET",
            path: path.as_bytes(),
            status: *status,
            result: b"Hit",
            user_agent: b"curl/8.7.1",
            ..LogLine::default()
        };
        write_line(&mut out, Written::W3c, &LEGACY_FIELDS, &line);
    }
    out
}

/// A name that CloudFront gives a log of this hour.
pub(crate) fn name(distribution: &str, id: &str) -> String {
    let hour = Hour::of(SystemClock.now()).to_string().replace('T', "-");
    format!("{distribution}.{hour}.{id}")
}

/// A table with a link, and a folder with a log of two clicks on it.
fn cli() -> TestCli {
    let cli = TestCli::new().with("SHORT_FILE", "links.db");
    cli.run(&["create", "https://example.com", "--code", "launch"]).exits(0);
    fs::create_dir(cli.path("logs")).unwrap();
    let requests = [("r1", "/launch", 302), ("r2", "/launch", 302), ("r2", "/launch", 302), ("r3", "/nothing", 404)];
    fs::write(cli.path("logs").join(name("E2EXAMPLE", "a")), log(&requests)).unwrap();
    cli
}

/// A report without its moments, which the outcome hides.
fn report(json: &str) -> IngestReport {
    let mut report: Value = serde_json::from_str(json).unwrap();
    report["as_of"].take();
    report["complete_until"].take();
    serde_json::from_value(report).unwrap()
}

#[test]
fn logs_are_counted_once_however_often_they_are_given() {
    let cli = cli();
    let dry = report(&cli.run(&["ingest", "logs", "--dry-run", "--json"]).exits(0).stdout);
    assert_eq!((dry.hours, dry.lines, dry.duplicates, dry.orphans, dry.written), (1, 3, 1, 1, 0));
    let first = report(&cli.run(&["ingest", "logs", "--json"]).exits(0).stdout);
    assert_eq!((first.new_files, first.hours, first.lines, first.hours_left), (1, 1, 3, 0));
    assert!(first.written > 0);
    let again = report(&cli.run(&["ingest", "logs", "logs", "--json"]).exits(0).stdout);
    assert_eq!((again.files, again.new_files, again.hours), (1, 0, 0));
}

#[test]
fn what_was_counted_is_said_in_words_and_what_is_wrong_as_well() {
    let cli = cli().redacting(&name("", ""), ".[hour].");
    let mut damaged = log(&[("r4", "/launch", 302)]);
    damaged.extend_from_slice(b"half a li");
    fs::write(cli.path("logs").join(name("E2EXAMPLE", "b")), damaged).unwrap();
    let esc = "E\u{1b}[31mRED";
    fs::write(cli.path("logs").join(name(esc, "c")), log(&[("r5", "/launch", 302)])).unwrap();
    let shown = cli.transcript(&[
        &["ingest", "logs", "--distribution", "E2EXAMPLE"],
        &["ingest", "logs"],
        &["ingest", "nowhere"],
        &["ingest", "s3:/bucket"],
        &["--api", "https://go.example.com", "ingest", "logs"],
    ]);
    assert!(!shown.contains('\u{1b}'), "{shown:?}");
    insta::assert_snapshot!(shown);
    let rejected = report(&cli.run(&["ingest", "logs", "--json", "--distribution", "E2EXAMPLE"]).exits(8).stdout);
    assert_eq!((rejected.files, rejected.new_files, rejected.problems.len()), (2, 0, 1));
}

#[test]
fn a_table_that_is_not_there_is_refused_as_by_other_commands_and_not_made() {
    let cli = cli();
    let (engine, file) = (InProcess::start().unwrap(), ["--file", "new/x.db"]);
    let server = engine.serve().unwrap();
    let table = ["--table", "links", "--endpoint-url", server.url(), "--region", "eu-central-1"];
    let cli = cli.with("AWS_ACCESS_KEY_ID", "test").with("AWS_SECRET_ACCESS_KEY", "test");
    for place in [&file[..], &table] {
        let said = |args: &[&str]| cli.run(&[place, args].concat()).exits(1).stderr;
        let refused = said(&["list"]);
        assert!(refused.starts_with("error: there is no table '"), "{refused}");
        for args in [&["ingest", "logs"][..], &["ingest", "logs", "--dry-run"], &["ingest", "logs", "--again"]] {
            assert_eq!(said(args), refused, "{args:?}");
        }
    }
    assert!(!cli.path("new").exists());
    let without_a_name = TestCli::new();
    let refused = without_a_name.run(&["ingest", "."]).exits(1).stderr;
    assert!(refused.starts_with("error: there is no table '[home]/.local/share/short/links.db'\n"), "{refused}");
    assert!(!without_a_name.path(".local").exists());
}
