//! Text from others on terminals and in pipes.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};
use shortener_core::link::{Domain, ShortCode};
use shortener_core::table::sqlite::{SqliteOptions, SqliteTable};
use shortener_core::table::{Table, Write, keys};

use crate::support::{Terminal, TestCli};

/// What could deceive a reader, each around a word of its own.
const PAYLOADS: [&str; 12] = [
    "\u{1b}[7mPWN",
    "\u{1b}]0;PWN\u{7}",
    "\u{1b}]8;;PWN\u{1b}\\",
    "\u{1b}PPWN",
    "\u{9b}7mPWN",
    "\u{9d}0;PWN\u{9c}",
    "\u{85}PWN",
    "\u{8}PWN",
    "\u{7f}PWN",
    "\u{202e}PWN",
    "\u{2066}PWN",
    "\u{200f}PWN",
];

fn hostile() -> String {
    PAYLOADS.join(" ")
}

/// The part of each payload that may never be shown as it is: its characters up to the word.
#[track_caller]
fn demand_harmless(shown: &str, what: &str) {
    for payload in PAYLOADS {
        let head = &payload[..payload.find("PWN").unwrap() + 3];
        assert!(!shown.contains(head), "{what}: {head:?} in {shown:?}");
    }
    let deceptive = |c: &char| matches!(c, '\u{80}'..='\u{9f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}');
    assert!(!shown.chars().any(|c| deceptive(&c)), "{what}: {shown:?}");
}

/// A link in the file whose texts are hostile, which no way in would have let through.
fn plant(file: &Path, code: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let table = SqliteTable::open(file, SqliteOptions::default()).unwrap();
    let key = keys::link(&Domain::default_domain(), &ShortCode::parse(code).unwrap());
    let fields = json!({"title": hostile()});
    let Value::Object(fields) = fields else { unreachable!() };
    let fields: Map<String, Value> = fields;
    runtime.block_on(table.write(&[Write::update(key, fields, vec![])])).unwrap();
}

fn world() -> TestCli {
    let cli = TestCli::new().with("SHORT_FILE", "links.db").with("NO_COLOR", "1");
    let title = format!("A {} title", "\u{202e}PWN \u{2066}PWN \u{200f}PWN");
    cli.run(&["create", "https://example.com/%1b%5b7mPWN", "--code", "launch", "--title", &title, "--tag", "q4"])
        .exits(0);
    cli.run(&["create", "https://example.com/", "--code", "planted"]).exits(0);
    plant(&cli.path("links.db"), "planted");
    cli.run(&["update", "planted", "--target", "https://example.com/other"]).exits(0);
    cli.run(&["update", "launch", "--title", &format!("{title}2")]).exits(0);
    cli
}

const READING: [&[&str]; 12] = [
    &["list"],
    &["list", "--search", "PWN"],
    &["inspect", "launch"],
    &["inspect", "planted"],
    &["inspect", "launch", "planted"],
    &["history", "launch"],
    &["history", "planted"],
    &["tags", "list"],
    &["top"],
    &["stats", "launch"],
    &["domains", "list"],
    &["export"],
];

#[test]
fn texts_of_links_move_nothing_on_a_terminal_in_any_format() {
    let cli = world();
    for args in READING {
        let formats: &[&str] = if args[0] == "export" {
            &["", "--format ndjson"]
        } else {
            &["", "-o json", "-o ndjson", "-o csv", "-o tsv"]
        };
        for format in formats {
            let args: Vec<&str> = args.iter().copied().chain(format.split_whitespace()).collect();
            let (status, shown) = Terminal::start(&cli, &args).end();
            assert_eq!(status, 0, "{args:?}: {shown}");
            demand_harmless(&shown, &format!("{args:?}"));
        }
    }
}

#[test]
fn texts_of_links_move_nothing_in_a_pipe_that_is_read_by_people() {
    let cli = world();
    for args in READING.into_iter().filter(|args| args[0] != "export") {
        let outcome = cli.run(args).exits(0);
        demand_harmless(&(outcome.stdout + &outcome.stderr), &format!("{args:?}"));
        let document = cli.run(&[args, &["--json"]].concat()).exits(0);
        assert!(!document.stdout.contains(|c: char| c.is_control() && c != '\n' && u32::from(c) < 0x20), "{args:?}");
        serde_json::from_str::<Value>(&document.stdout).unwrap();
    }
}

/// Commands that quote what they were given when they fail, where `X` is hostile.
const QUOTING: [&[&str]; 31] = [
    &["X"],
    &["create", "X"],
    &["create", "https://example.com/", "--code", "X"],
    &["create", "https://example.com/", "--tag", "X"],
    &["create", "https://example.com/", "--title", "X"],
    &["create", "https://example.com/", "--expires", "X"],
    &["create", "https://example.com/", "--redirect", "X"],
    &["create", "https://example.com/", "--domain", "X"],
    &["create", "https://example.com/", "--idempotency-key", "X"],
    &["create", "https://example.com/", "--base-url", "X"],
    &["create", "https://X.example/"],
    &["create", "X://example.com/"],
    &["inspect", "X"],
    &["inspect", "X", "launch"],
    &["update", "launch", "--target", "X"],
    &["list", "--tag", "X"],
    &["list", "--cursor", "X"],
    &["list", "--state", "X"],
    &["list", "--created-after", "X"],
    &["domains", "set", "X"],
    &["domains", "set", "go.example", "--deny", "X"],
    &["domains", "set", "go.example", "--not-found", "X"],
    &["stats", "launch", "--from", "X"],
    &["top", "--period", "X"],
    &["import", "X"],
    &["apply", "-f", "X"],
    &["ingest", "X"],
    &["--profile", "X", "list"],
    &["--api", "X", "list"],
    &["--file", "X/y/links.db", "list"],
    &["list", "--X"],
];

#[test]
fn errors_that_quote_what_was_given_move_nothing() {
    let cli = world();
    let hostile = hostile();
    for args in QUOTING {
        let args: Vec<String> = args.iter().map(|arg| arg.replace('X', &hostile)).collect();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let (_, shown) = Terminal::start(&cli, &args).end();
        demand_harmless(&shown, &format!("{args:?} on a terminal"));
        let outcome = cli.run(&args);
        demand_harmless(&(outcome.stdout + &outcome.stderr), &format!("{args:?} in a pipe"));
    }
}

#[test]
fn files_of_others_move_nothing() {
    let cli = world();
    let hostile = hostile();
    let name = format!("{}.csv", hostile.replace('/', ""));
    fs::write(cli.path(&name), "code,target\na,nonsense\n").unwrap();
    let header = format!("code,target,{hostile}\nb,https://example.com/b,1\nc,{hostile},2\n");
    fs::write(cli.path("header.csv"), header).unwrap();
    fs::write(cli.path("unknown.csv"), format!("{hostile},{hostile}2\n1,2\n")).unwrap();
    fs::write(
        cli.path("rows.ndjson"),
        json!({"code": hostile, "target": hostile, "tags": [hostile], "title": hostile}).to_string(),
    )
    .unwrap();
    fs::write(cli.path("broken.json"), format!("{{\"links\": [ {hostile}")).unwrap();
    fs::write(cli.path("links.toml"), format!("owner = \"o\"\n[links.\"{0}\"]\ntarget = \"{0}\"\n", toml(&hostile)))
        .unwrap();
    fs::write(cli.path("broken.toml"), format!("owner = {hostile}")).unwrap();
    fs::write(
        cli.path("links.yaml"),
        format!("owner: o\nlinks:\n  a: {{target: \"{}\", nonsense: 1}}\n", toml(&hostile)),
    )
    .unwrap();
    fs::write(
        cli.path("dump.sql"),
        format!("INSERT INTO `yourls_url` (`keyword`,`url`,`{hostile}`) VALUES ('a','{hostile}','x');\n"),
    )
    .unwrap();
    fs::create_dir(cli.path("logs")).unwrap();
    fs::write(
        cli.path("logs").join(format!("E1{}.2026-11-25-10.a", hostile.replace('/', ""))),
        format!("#Fields: {hostile}\n{hostile}\n"),
    )
    .unwrap();
    for args in [
        ["import", name.as_str()].as_slice(),
        &["import", "header.csv"],
        &["import", "header.csv", "--dry-run"],
        &["import", "unknown.csv"],
        &["import", "rows.ndjson"],
        &["import", "broken.json"],
        &["import", "dump.sql"],
        &["apply", "-f", "links.toml"],
        &["apply", "-f", "broken.toml"],
        &["diff", "-f", "links.yaml"],
        &["ingest", "logs"],
    ] {
        let (_, shown) = Terminal::start(&cli, args).end();
        demand_harmless(&shown, &format!("{args:?} on a terminal"));
        let outcome = cli.run(args);
        demand_harmless(&(outcome.stdout + &outcome.stderr), &format!("{args:?} in a pipe"));
    }
}

fn toml(text: &str) -> String {
    let escape = |c: char| if c.is_control() || c == '\\' { format!("\\u{:04X}", u32::from(c)) } else { c.to_string() };
    text.chars().map(escape).collect()
}

#[test]
fn an_environment_and_a_configuration_of_others_move_nothing() {
    let hostile = hostile();
    for name in [
        "SHORT_OUTPUT",
        "SHORT_BASE_URL",
        "SHORT_API_URL",
        "SHORT_PROFILE",
        "SHORT_TABLE",
        "SHORT_LOG",
        "SHORT_COUNTING",
    ] {
        let cli = TestCli::new().with("NO_COLOR", "1").with(name, &hostile);
        let command: &[&str] = if matches!(name, "SHORT_LOG" | "SHORT_COUNTING") {
            &["serve", "--listen", "127.0.0.1:0"]
        } else {
            &["list"]
        };
        let outcome = cli.run(command);
        assert_ne!(outcome.status, 0, "{name}");
        demand_harmless(&(outcome.stdout + &outcome.stderr), name);
    }
    for text in [
        format!("[profiles.\"{}\"]\nfile = \"x\"\n", toml(&hostile)),
        format!("profiles = {hostile}"),
        format!("[profiles.a]\n\"{}\" = 1\n", toml(&hostile)),
    ] {
        let cli = TestCli::new().with("NO_COLOR", "1");
        fs::create_dir_all(cli.config_file().parent().unwrap()).unwrap();
        fs::write(cli.config_file(), text).unwrap();
        for args in [["profiles", "list"].as_slice(), &["list"], &["whoami", "--profile", "none"]] {
            let (_, shown) = Terminal::start(&cli, args).end();
            demand_harmless(&shown, &format!("{args:?} on a terminal"));
            let outcome = cli.run(args);
            demand_harmless(&(outcome.stdout + &outcome.stderr), &format!("{args:?} in a pipe"));
        }
    }
}
