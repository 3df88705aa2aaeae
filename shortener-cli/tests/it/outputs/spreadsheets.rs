//! CSV: no cell that a spreadsheet would run, and nothing lost on the way out and in again.

use std::fs;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use shortener_core::proof::number;

use crate::support::BackEnd;

/// How many fuzzed rows there are, unless `PROOF_ROWS` says so.
const ROWS: usize = 600;

fn rows() -> usize {
    number("PROOF_ROWS").map_or(ROWS, |rows| usize::try_from(rows).unwrap())
}

/// A title as somebody might choose it who has a spreadsheet in mind.
fn title() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("=".to_owned()),
        Just("+".to_owned()),
        Just("-".to_owned()),
        Just("@".to_owned()),
        Just("'".to_owned()),
        Just("\"".to_owned()),
        Just(",".to_owned()),
        Just(";".to_owned()),
        Just("|".to_owned()),
        Just("＝".to_owned()),
        Just("cmd|' /C calc'!A0".to_owned()),
        Just("HYPERLINK(\"https://evil.example\")".to_owned()),
        Just(" ".to_owned()),
        Just("\u{feff}".to_owned()),
        Just("\u{202e}".to_owned()),
        Just("1+1".to_owned()),
        "\\PC{0,6}",
    ];
    proptest::collection::vec(part, 0..6).prop_map(|parts| parts.concat())
}

fn rows_of(count: usize) -> Vec<Value> {
    let mut runner = TestRunner::deterministic();
    let mut row = |at: usize| {
        let title: String = title().new_tree(&mut runner).unwrap().current();
        let title: String = title.chars().filter(|c| !c.is_control()).take(200).collect();
        // A code may begin with a hyphen, as a formula does.
        let code = if at.is_multiple_of(3) { format!("-{at}") } else { format!("c{at}") };
        json!({"code": code, "target": format!("https://example.com/{at}?a==1&b=+1&c=@x,\"{at}\""), "title": title.trim(),
            "tags": ["q4", format!("t{}", at % 7)], "redirect_status": 307, "expires_at": "2040-01-01T00:00:00Z"})
    };
    (0..count).map(&mut row).collect()
}

/// What of a link must come back.
fn essence(mut link: Value) -> Value {
    for name in ["created_at", "updated_at", "created_by", "version", "clicks", "short_url", "import", "clicks_used"] {
        link.as_object_mut().unwrap().remove(name);
    }
    link
}

#[test]
fn an_export_has_no_formula_and_comes_back_as_it_was() {
    let rows = rows_of(rows());
    let (first, second) = (BackEnd::file(), BackEnd::file());
    let text: String = rows.iter().map(|row| row.to_string() + "\n").collect();
    fs::write(first.cli.path("rows.ndjson"), text).unwrap();
    first.cli.run_for(&["import", "rows.ndjson", "-q"], 60).exits(0);
    let export = |back_end: &BackEnd| {
        back_end.cli.run_for(&["export", "--to", "out.csv", "-q", "--yes"], 60).exits(0);
        fs::read_to_string(back_end.cli.path("out.csv")).unwrap()
    };
    let csv = export(&first);
    let mut reader = csv::ReaderBuilder::new().has_headers(true).from_reader(csv.as_bytes());
    let mut count = 0;
    for record in reader.records() {
        for cell in &record.unwrap() {
            assert!(!is_live(cell), "{cell:?}");
        }
        count += 1;
    }
    assert_eq!(count, rows.len());
    fs::write(second.cli.path("back.csv"), &csv).unwrap();
    second.cli.run_for(&["import", "back.csv", "-q"], 60).exits(0);
    let essences = |back_end: &BackEnd| back_end.links().into_iter().map(essence).collect::<Vec<_>>();
    assert_eq!(essences(&first), essences(&second));
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(&export(&second)), sorted(&csv));
}

/// Whether a spreadsheet would run a cell.
fn is_live(cell: &str) -> bool {
    // Alone it is the name of the default domain, which no spreadsheet takes for a formula.
    cell != "-" && cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

#[test]
fn no_document_in_csv_has_a_formula() {
    let back_end = BackEnd::file();
    let cli = &back_end.cli;
    for (code, title) in [("-1", "=1+1"), ("a", "@SUM(A1)"), ("b", "+1"), ("c", "-1"), ("d", "＝1")] {
        cli.run(&[
            "create",
            "https://example.com/",
            &format!("--code={code}"),
            &format!("--title={title}"),
            "--tag",
            "x",
        ])
        .exits(0);
        cli.run(&["update", "--title", "plain", "--", code]).exits(0);
        cli.run(&["update", &format!("--title={title}"), "--", code]).exits(0);
    }
    for args in [
        ["list"].as_slice(),
        &["inspect", "a"],
        &["history", "a"],
        &["history", "--", "-1"],
        &["top"],
        &["tags", "list"],
        &["domains", "list"],
    ] {
        let args = [&["-o", "csv"], args].concat();
        let outcome = cli.run(&args).exits(0);
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(outcome.stdout.as_bytes());
        for record in reader.records() {
            for cell in &record.unwrap() {
                assert!(!is_live(cell), "{args:?}: {cell:?}");
            }
        }
    }
}
