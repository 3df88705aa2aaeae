//! What people see on a terminal of 80 columns.

use crate::support::{Terminal, TestCli};

const LONG: &str = "https://example.com/blog/2026/a/very/long/path/with/many/segments/that/never/ends?utm=1";

fn show(cli: &TestCli, args: &[&str]) -> String {
    let (status, shown) = Terminal::start(cli, args).end();
    format!("$ short {}\n[{status}]\n{}", args.join(" "), cli.redact(&shown))
}

#[test]
fn links_are_readable_on_a_terminal() {
    let cli = TestCli::new().with("SHORT_FILE", "links.db").with("NO_COLOR", "1");
    let create = [
        "create",
        LONG,
        "--code",
        "launch",
        "--tag",
        "q4",
        "--tag",
        "spring",
        "--title",
        "A launch",
        "--expires",
        "45d",
    ];
    let commands: &[&[&str]] = &[
        &["list"],
        &["tags", "list"],
        &["keys", "list"],
        &["profiles", "list"],
        &["create", "https://example.com", "--code", "home"],
        &["list", "--tag", "spring"],
        &["inspect", "launch"],
        &["inspect", "launch", "nope"],
        &["inspect", "nope", "other"],
        &["update", "launch", "--target", "https://example.com/short", "--clear", "title"],
        &["history", "launch"],
        &["whoami"],
        &["create", "https://example.com", "--code", "home"],
    ];
    cli.run(&["table", "create"]).exits(0);
    let shown: Vec<String> = commands[..4].iter().map(|args| show(&cli, args)).collect();
    cli.run(&create).exits(0);
    let shown = shown.into_iter().chain(commands[4..].iter().map(|args| show(&cli, args)));
    let shown = shown.collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(shown.lines().map(steady).collect::<Vec<_>>().join("\n"));
}

/// A line without what depends on how long the test takes: ages, and with them the widths of columns.
fn steady(line: &str) -> String {
    // Whether the tags are cut depends on the width that the age leaves.
    let is_cut = |word: &str| word.ends_with('…') || word == "q4,spring";
    let cut = |word: &str| if is_cut(word) { "[cut]…".to_owned() } else { word.to_owned() };
    let words: Vec<String> = line.split(' ').filter(|word| !word.is_empty()).map(cut).collect();
    let line = words.join(" ");
    let ages = |n| ["s", "second", "seconds"].map(|unit| format!("{n} {unit} ago"));
    (1..30).rev().flat_map(ages).fold(line, |line, age| line.replace(&age, "[age]")).replace("now", "[age]")
}

#[test]
fn no_list_is_wider_than_the_terminal() {
    let cli = TestCli::new().with("SHORT_FILE", "links.db").with("NO_COLOR", "1");
    cli.run(&["create", LONG, "--tag", "a-rather-long-tag", "--tag", "and-another-one", "--expires", "30d"]).exits(0);
    let (_, shown) = Terminal::start(&cli, &["list"]).end();
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
}

#[test]
fn a_server_runs_on_a_terminal_until_it_is_interrupted() {
    let cli = TestCli::new().with("SHORT_FILE", "links.db").with("SHORT_LOG", "debug");
    let mut server = Terminal::start(&cli, &["serve", "--listen", "127.0.0.1:0"]);
    server.wait_for("listening on ");
    server.signal("-INT");
    let (status, shown) = server.end();
    assert_eq!(status, 0, "{shown}");
    assert!(shown.ends_with("stopped\n"), "{shown}");
}

#[test]
fn requests_are_told_on_a_terminal() {
    let cli = TestCli::new();
    let (status, shown) = Terminal::start(&cli, &["-v", "--api", "http://127.0.0.1:1", "whoami"]).end();
    assert_eq!(status, 7, "{shown}");
    assert!(shown.contains("error"), "{shown}");
}

#[test]
fn a_delete_asks_and_does_what_is_answered() {
    let cli = TestCli::new().with("SHORT_FILE", "links.db").with("NO_COLOR", "1");
    cli.run(&["create", "https://example.com", "--code", "launch"]).exits(0);
    for (keys, expected, state) in [("n", 130, "active"), ("\r", 130, "active"), ("y", 0, "deleted")] {
        let mut delete = Terminal::start(&cli, &["delete", "launch"]);
        delete.wait_for("Delete launch?");
        delete.press(keys);
        let (status, shown) = delete.end();
        assert_eq!(status, expected, "{shown}");
        let link = cli.run(&["inspect", "launch", "--json"]).stdout;
        assert!(link.contains(&format!(r#""state":"{state}""#)), "{link}");
    }
}
