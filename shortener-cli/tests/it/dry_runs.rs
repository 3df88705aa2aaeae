//! A dry run of whatever command leaves no trace.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use clap::Command;

use super::ingest::{log, name};
use crate::support::TestCli;

/// A command, what its dry run exits with on a table that is missing, and on the one of [`filled`].
struct Case(&'static [&'static str], i32, i32);

/// Every command that writes. `KEY` stands for the identifier of a key.
const CASES: &[Case] = &[
    Case(&["create", "https://example.com/new"], 0, 0),
    Case(&["create", "https://example.com/new", "--reuse"], 0, 0),
    Case(&["create", "https://example.com/new", "--code", "kept"], 0, 5),
    Case(&["create", "https://example.com/new", "--idempotency-key", "job-7", "--tag", "new"], 0, 0),
    Case(&["update", "kept", "--title", "x", "--add-tag", "new"], 3, 0),
    Case(&["expire", "kept"], 3, 0),
    Case(&["enable", "kept"], 3, 0),
    Case(&["disable", "kept"], 3, 0),
    Case(&["delete", "kept"], 3, 0),
    Case(&["restore", "gone"], 3, 0),
    Case(&["import", "links.csv"], 9, 8),
    Case(&["import", "links.csv", "--on-conflict", "update", "--tag", "new"], 9, 9),
    Case(&["import", "links.csv", "--on-conflict", "new-code", "--verify"], 9, 9),
    Case(&["apply", "-f", "links.toml"], 9, 9),
    Case(&["ingest", "logs"], 1, 0),
    Case(&["ingest", "logs", "--again", "--without-missing"], 1, 0),
    Case(&["keys", "create", "ci"], 0, 0),
    Case(&["keys", "rotate", "KEY", "--grace", "1h"], 3, 0),
    Case(&["keys", "revoke", "KEY"], 3, 0),
    Case(&["domains", "set", "-", "--code-length", "9"], 0, 0),
    Case(&["domains", "remove", "go.example"], 3, 0),
    Case(&["table", "create"], 0, 0),
    Case(&["table", "backup", "copy.db"], 1, 0),
    Case(&["serve", "--listen", "127.0.0.1:0"], 2, 2),
    Case(&["profiles", "add", "new", "--base-url", "https://go.example"], 0, 0),
    Case(&["profiles", "use", "new"], 2, 2),
    Case(&["profiles", "remove", "new"], 2, 2),
];

/// Every other command. A file that nobody named would be made for some of them.
const READING: &[&[&str]] = &[
    &["inspect", "kept"],
    &["list"],
    &["history", "kept"],
    &["stats", "kept"],
    &["top"],
    &["diff", "-f", "links.toml"],
    &["export"],
    &["verify-migration", "--from", "http://127.0.0.1:9", "--to", "http://127.0.0.1:9", "links.csv"],
    &["tags", "list"],
    &["domains", "list"],
    &["keys", "list"],
    &["whoami"],
    &["table", "status"],
    &["profiles", "list"],
    &["completions", "bash"],
    &["exit-codes"],
    &["environment"],
    &["formatting"],
];

/// A home with all that the commands read, and no table.
fn home() -> TestCli {
    let cli = TestCli::new();
    fs::write(cli.path("links.csv"), "code,target\nkept,https://example.com/other\n,https://example.com/2\n").unwrap();
    fs::write(cli.path("links.toml"), "[links.declared]\ntarget = \"https://example.com/declared\"\n").unwrap();
    fs::create_dir(cli.path("logs")).unwrap();
    let requests = [("r1", "/kept", 302), ("r2", "/nothing", 404)];
    fs::write(cli.path("logs").join(name("E2EXAMPLE", "a")), log(&requests)).unwrap();
    cli
}

/// Makes a table with links, a key and a domain, and nothing yet that only some changes need; answers the key's identifier.
fn filled(cli: &TestCli) -> String {
    cli.run(&["create", "https://example.com", "--code", "kept"]).exits(0);
    cli.run(&["create", "https://example.com", "--code", "gone"]).exits(0);
    cli.run(&["delete", "gone", "--yes"]).exits(0);
    cli.run(&["domains", "set", "go.example"]).exits(0);
    let key = cli.run(&["keys", "create", "old"]).exits(0).stdout;
    key.split('_').nth(1).unwrap().to_owned()
}

/// Every file and folder below a folder, with the bytes of the files.
fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(tree(&path));
        }
        found.insert(path.display().to_string(), fs::read(&path).unwrap_or_default());
    }
    found
}

/// Demands that a dry run exits so and leaves the home as it is.
#[track_caller]
fn leaves_no_trace(cli: &TestCli, global: &[&str], args: &[&str], status: Option<i32>) {
    let before = tree(cli.home());
    let args = [global, args, &["--dry-run"]].concat();
    let outcome = cli.run(&args);
    let after = tree(cli.home());
    let names = |tree: &BTreeMap<String, Vec<u8>>| tree.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&after), names(&before), "{args:?}");
    assert!(after == before, "{args:?} changes a file");
    if let Some(status) = status {
        outcome.exits(status);
    }
}

#[test]
fn what_is_missing_stays_missing() {
    let cli = home();
    for Case(args, missing, _) in CASES {
        leaves_no_trace(&cli, &["--file", "new/folder/links.db"], args, Some(*missing));
    }
    for args in READING {
        leaves_no_trace(&cli, &["--file", "new/folder/links.db"], args, None);
    }
}

#[test]
fn the_file_of_the_user_is_not_made_either() {
    let cli = home();
    for args in CASES.iter().map(|Case(args, ..)| args).chain(READING) {
        leaves_no_trace(&cli, &[], args, None);
    }
    leaves_no_trace(&cli, &[], &["list"], Some(0));
    cli.run(&["list"]).exits(0);
    assert!(cli.path(".local/share/short/links.db").exists(), "without --dry-run it is made");
}

#[test]
fn a_file_that_is_there_keeps_its_bytes() {
    let cli = home().with("SHORT_FILE", "links.db");
    let key = filled(&cli);
    for Case(args, _, there) in CASES {
        let args: Vec<&str> = args.iter().map(|arg| if *arg == "KEY" { key.as_str() } else { arg }).collect();
        // A profile names its file by a flag.
        let global: &[&str] = if args[0] == "profiles" { &["--file", "links.db"] } else { &[] };
        leaves_no_trace(&cli, global, &args, Some(*there));
    }
    for args in READING {
        leaves_no_trace(&cli, &[], args, None);
    }
}

#[test]
fn an_empty_file_stays_empty() {
    let cli = home();
    fs::write(cli.path("empty.db"), "").unwrap();
    leaves_no_trace(&cli, &["--file", "empty.db"], &["create", "https://example.com"], Some(0));
    leaves_no_trace(&cli, &["--file", "empty.db"], &["import", "links.csv"], Some(9));
    cli.run(&["--file", "empty.db", "create", "https://example.com"]).exits(0);
}

#[test]
fn every_command_is_among_these() {
    let known: Vec<String> =
        CASES.iter().map(|Case(args, ..)| args).chain(READING).map(|args| args.join(" ")).collect();
    let mut leaves = Vec::new();
    collect_leaves(&shortener_cli::command(), "", &mut leaves);
    assert!(leaves.len() > 30, "{leaves:?}");
    for leaf in leaves {
        assert!(known.iter().any(|args| format!("{args} ").starts_with(&leaf)), "no dry run of '{leaf}' is tested");
    }
}

/// The names of all commands without commands of their own, each followed by a space.
fn collect_leaves(command: &Command, prefix: &str, leaves: &mut Vec<String>) {
    for child in command.get_subcommands().filter(|child| child.get_name() != "help") {
        let name = format!("{prefix}{} ", child.get_name());
        if child.has_subcommands() {
            collect_leaves(child, &name, leaves);
        } else {
            leaves.push(name);
        }
    }
}
