//! One script on the three back ends: the same bytes, ids and times aside.

use crate::support::{BackEnd, Served, TestCli, redact_moments};

const SCRIPT: &[&[&str]] = &[
    &[
        "create",
        "https://example.com/a",
        "--code",
        "launch",
        "--tag",
        "Q2",
        "--title",
        "Launch",
        "--expires",
        "2040-01-31",
    ],
    &["create", "https://example.com/b", "--code", "launch"],
    &["create", "https://example.com/b", "--code", "launch", "--if-exists", "return"],
    &["create", "https://example.com/c", "--code", "second", "--redirect", "308", "--forward-query"],
    &["create", "ftp://example.com", "--tag", "!", "--redirect", "200"],
    &["create", "https://example.com/d", "--code", "api"],
    &["create", "https://example.com/d", "--code", "third", "--starts", "2039-01-01"],
    &["create", "https://example.com/e", "--code", "dry", "--dry-run"],
    &["create", "https://example.com/f", "--code", "keyed", "--idempotency-key", "k"],
    &["create", "https://example.com/f", "--code", "keyed", "--idempotency-key", "k"],
    &["inspect", "launch"],
    &["inspect", "https://s.example/launch+"],
    &["inspect", "https://other.example/launch"],
    &["inspect", "launch", "nope", "second"],
    &["list"],
    &["list", "--tag", "q2"],
    &["list", "--target-host", "example.com", "--order", "ascending"],
    &["list", "--search", "LAUNCH"],
    &["list", "--state", "scheduled"],
    &["list", "--all"],
    &["list", "--limit", "0"],
    &["list", "--cursor", "nonsense"],
    &["update", "launch", "--target", "https://example.com/new", "--add-tag", "x", "--if-match", "1"],
    &["update", "launch", "--title", "y", "--if-match", "1"],
    &["update", "launch", "--clear", "title", "--clear", "expires", "--dry-run"],
    &["update", "nope", "--title", "y"],
    &["update", "second", "--expires", "30d"],
    &["expire", "launch", "--at", "2041-01-01"],
    &["disable", "launch", "third"],
    &["enable", "launch"],
    &["delete", "second", "--yes"],
    &["delete", "second", "--yes"],
    &["create", "https://example.com/b", "--code", "second"],
    &["restore", "second"],
    &["history", "launch"],
    &["tags", "list"],
    &["domains", "set", "go.example", "--code-length", "5", "--deny", "evil.example"],
    &["create", "https://evil.example/", "--domain", "go.example"],
    &["create", "https://example.com/g", "--domain", "go.example", "--code", "here"],
    &["inspect", "go.example/here"],
    &["list", "--domain", "go.example"],
    &["domains", "remove", "go.example", "--yes"],
    &["domains", "list"],
    &["keys", "create", "ci", "--role", "reader", "--scope-tag", "q2", "--expires", "2040-01-01"],
    &["keys", "revoke", "nope", "--yes"],
    &["whoami"],
];

/// What the script prints, with what differs by nature left out: times, who it was, and the ids of keys and requests.
fn play(cli: &TestCli) -> Vec<String> {
    let run = |args: &&[&str]| {
        let outcome = cli.run(&[args, &["--json"][..]].concat());
        let text = format!("$ {}\n[{}]\n{}{}", args.join(" "), outcome.status, outcome.stdout, outcome.stderr);
        let varying = ["instance", "key", "id", "actor", "created_by"].map(|field| format!("\"{field}\":\""));
        let hidden = varying.iter().fold(redact_moments(&text), |text, begin| hide(&text, begin, "x"));
        hidden.replace(",\"instance\":\"x\"", "")
    };
    SCRIPT.iter().map(run).collect()
}

/// Replaces what stands between `begin` and the next quotation mark.
fn hide(text: &str, begin: &str, by: &str) -> String {
    let mut parts = text.split(begin);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |shown, part| {
        let rest = part.split_once('"').map_or("", |(_, rest)| rest);
        format!("{shown}{begin}{by}\"{rest}")
    })
}

#[test]
fn the_three_back_ends_print_the_same_bytes() {
    let [file, table, api] = BackEnd::all().map(|back_end| play(&back_end.cli));
    for ((file, table), api) in file.iter().zip(&table).zip(&api) {
        assert_eq!(file, table, "a file and a DynamoDB table differ");
        assert_eq!(file, api, "a file and the API differ");
    }
    insta::assert_snapshot!(file.join("\n"));
}

#[test]
fn a_server_on_a_dynamodb_table_serves_its_links() {
    let back_end = BackEnd::table();
    let cli = &back_end.cli;
    let served = Served::start(cli, &[]);
    cli.run(&["create", "https://example.com/a", "--code", "launch"]).exits(0);
    assert_eq!(served.get("/launch"), (302, Some("https://example.com/a".to_owned())));
}
