//! One script on the three back ends: the same bytes, times and derived codes aside.

use super::files::{EDITED, GOOD, MIXED, write};
use crate::support::{BackEnd, TestCli, redact_moments};

const SCRIPT: &[(i32, &[&str])] = &[
    (8, &["import", "mixed.csv", "--dry-run"]),
    (0, &["list", "--search", "launch"]),
    (8, &["import", "mixed.csv", "--max-errors", "4"]),
    (0, &["list", "--search", "launch"]),
    (8, &["import", "mixed.csv"]),
    (8, &["import", "mixed.csv"]),
    (9, &["import", "good.csv", "--dry-run"]),
    (0, &["import", "good.csv"]),
    (0, &["import", "good.csv", "--dry-run"]),
    (0, &["import", "good.csv", "--verify=all", "--resume"]),
    (0, &["inspect", "first", "third"]),
    (8, &["import", "edited.csv", "--dry-run"]),
    (8, &["import", "edited.csv"]),
    (0, &["import", "edited.csv", "--on-conflict", "skip"]),
    (9, &["import", "edited.csv", "--on-conflict", "update", "--dry-run"]),
    (2, &["import", "edited.csv", "--on-conflict", "update"]),
    (0, &["import", "edited.csv", "--on-conflict", "update", "--yes", "--verify"]),
    (0, &["import", "edited.csv", "--on-conflict", "update"]),
    (0, &["inspect", "second", "third"]),
    (0, &["import", "good.csv"]),
    (0, &["import", "clash.csv", "--on-conflict", "new-code", "--tag", "moved"]),
    (0, &["import", "clash.csv", "--on-conflict", "new-code", "--tag", "moved", "--verify=all"]),
    (0, &["list", "--tag", "moved"]),
    (0, &["delete", "first", "--yes"]),
    (8, &["import", "good.csv", "--on-conflict", "update", "--yes"]),
    (8, &["import", "first.ndjson"]),
    (0, &["import", "first.ndjson", "--on-conflict", "skip"]),
    (0, &["update", "launch", "--title", "Another"]),
    (8, &["import", "mixed.csv", "--verify"]),
    (0, &["import", "mapped.csv", "--map", "Wohin=target", "--map", "Kurz=code"]),
    (2, &["import", "good.csv", "--report", "good.csv"]),
    (2, &["import", "missing.csv"]),
    (2, &["import", "."]),
    (6, &["import", "cut.ndjson"]),
];

/// What the script prints, and the rejects that it leaves.
fn play(back_end: &BackEnd) -> Vec<String> {
    let cli = &back_end.cli;
    write(cli, "mixed.csv", MIXED);
    write(cli, "good.csv", GOOD);
    write(cli, "edited.csv", EDITED);
    write(cli, "clash.csv", "code,target\nfirst,https://example.com/new\n");
    write(cli, "first.ndjson", "{\"code\":\"first\",\"target\":\"https://example.com/again\"}\n");
    write(cli, "mapped.csv", "Wohin;Kurz;Farbe\nhttps://example.com/m;mapped;rot\n");
    write(cli, "cut.ndjson", "{\"code\":\"a\",\"target\":\"https://exa");
    let mut shown: Vec<String> = SCRIPT.iter().map(|(status, args)| run(cli, args, *status)).collect();
    shown.push(std::fs::read_to_string(cli.path("mixed.rejects.csv")).unwrap());
    let mut left: Vec<_> = std::fs::read_dir(cli.home()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.retain(|name| name.to_string_lossy().contains("rejects"));
    left.sort();
    shown.push(format!("{left:?}"));
    shown
}

fn run(cli: &TestCli, args: &[&str], status: i32) -> String {
    let outcome = cli.run(&[args, &["--json", "--quiet"][..]].concat()).exits(status);
    let text = format!("$ {}\n[{status}]\n{}{}", args.join(" "), outcome.stdout, outcome.stderr);
    let text = hide(&redact_moments(&text), "\"elapsed_ms\":", |rest| rest.find(','));
    let text = hide(&text, "\"created_by\":\"", |rest| rest.find('"'));
    let text = hide(&text, ",\"instance\":\"", |rest| rest.find('"'));
    // Derived codes have seven characters, and no others have.
    let derived = |rest: &str| rest.find('"').filter(|end| *end == 7);
    hide(&hide(&text, "\"code\":\"", derived), "https://s.example/", derived).replace(",\"instance\":\"x\"", "")
}

/// Replaces what follows `begin` to where `end` finds its end.
fn hide(text: &str, begin: &str, end: impl Fn(&str) -> Option<usize>) -> String {
    let mut parts = text.split(begin);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |shown, part| match end(part) {
        Some(end) => format!("{shown}{begin}x{}", &part[end..]),
        None => format!("{shown}{begin}{part}"),
    })
}

#[test]
fn an_import_prints_the_same_bytes_on_every_back_end() {
    let [file, table, api] = BackEnd::all().map(|back_end| play(&back_end));
    for ((file, table), api) in file.iter().zip(&table).zip(&api) {
        assert_eq!(file, table, "a file and a DynamoDB table differ");
        assert_eq!(file, api, "a file and the API differ");
    }
    insta::assert_snapshot!(file.join("\n"));
}

#[test]
fn people_are_told_what_happened() {
    let back_end = BackEnd::file();
    write(&back_end.cli, "mixed.csv", MIXED);
    write(&back_end.cli, "good.csv", GOOD);
    let shown = back_end.cli.transcript(&[
        &["import", "good.csv", "--dry-run"],
        &["import", "good.csv", "--verify"],
        &["import", "mixed.csv"],
        &["import", "mixed.csv", "--max-errors", "1"],
    ]);
    insta::assert_snapshot!(hide(&shown, " in ", |rest| rest.find(" s\n").filter(|end| *end < 5)));
}

#[test]
fn rejected_rows_are_imported_once_they_are_right() {
    let back_end = BackEnd::file();
    let cli = &back_end.cli;
    write(cli, "mixed.csv", MIXED);
    cli.run(&["import", "mixed.csv"]).exits(8);
    let rejects = std::fs::read_to_string(cli.path("mixed.rejects.csv")).unwrap();
    assert_eq!(rejects.lines().count(), 6, "{rejects}");
    let right = rejects
        .replace("launch,,https://example.com/other", "other,,https://example.com/other")
        .replace("api,,", "application,,")
        .replace("ftp://", "https://")
        .replace("2019-01-01", "2040-01-01")
        .replace("no.such.example", "");
    write(cli, "mixed.rejects.csv", &right);
    cli.run(&["import", "mixed.rejects.csv"]).exits(0);
    assert_eq!(back_end.links().len(), 3 + 5);
    assert!(!cli.path("mixed.rejects.rejects.csv").exists());
}

#[test]
fn standard_input_is_imported_like_a_file() {
    let back_end = BackEnd::file();
    let bad = "{\"target\":\"https://example.com/a\",\"code\":\"a\"}\n{\"target\":\"nonsense\"}\n";
    back_end.cli.run_with_input(&["import", "-"], bad).exits(8);
    assert_eq!(back_end.links().len(), 1);
    let rejects = std::fs::read_to_string(back_end.cli.path("import.rejects.ndjson")).unwrap();
    assert!(rejects.starts_with("{\"target\":\"nonsense\",\"import_error\":\""), "{rejects}");
}
