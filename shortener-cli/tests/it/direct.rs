//! The command directly on an embedded file.

use crate::support::TestCli;

#[test]
fn without_any_configuration_a_link_is_created_and_found() {
    let cli = TestCli::new();
    let url = cli.run(&["create", "https://example.com/a"]).exits(0).stdout;
    assert!(url.starts_with("http://127.0.0.1:8080/") && url.lines().count() == 1, "{url}");
    assert!(cli.path(".local/share/short/links.db").exists());
    let link = cli.run(&["inspect", url.trim(), "--json"]).exits(0).stdout;
    assert!(link.contains(r#""target":"https://example.com/a""#), "{link}");
}

#[test]
fn the_life_of_a_link() {
    let cli = TestCli::new().with("SHORT_FILE", "links.db").with("SHORT_BASE_URL", "https://s.example");
    insta::assert_snapshot!(cli.transcript(&[
        &[
            "create",
            "https://example.com/a",
            "--code",
            "launch",
            "--tag",
            "q2",
            "--title",
            "Launch",
            "--expires",
            "30d"
        ],
        &["create", "https://example.com/b", "--code", "launch"],
        &["create", "https://example.com/b", "--code", "launch", "--if-exists", "return", "--json"],
        &["create", "https://example.com/b", "--code", "later", "--starts", "2d", "--dry-run"],
        &["inspect", "launch"],
        &["inspect", "s.example/launch+", "--json"],
        &["list"],
        &["list", "--tag", "nope", "--json"],
        &["update", "launch", "--target", "https://example.com/c", "--if-match", "1"],
        &["update", "launch", "--clear", "title", "--if-match", "1"],
        &["update", "launch", "--add-tag", "new", "--remove-tag", "q2", "--clear", "expires", "--json"],
        &["expire", "launch", "--at", "2040-01-31"],
        &["disable", "launch"],
        &["enable", "launch", "--dry-run"],
        &["enable", "launch"],
        &["expire", "launch"],
        &["list", "--state", "expired"],
        &["delete", "launch"],
        &["delete", "launch", "--yes"],
        &["list"],
        &["list", "--state", "deleted", "-o", "csv"],
        &["restore", "launch"],
        &["history", "launch", "--limit", "3", "-q"],
        &["history", "launch", "-o", "ndjson"],
        &["tags", "list"],
        &["inspect", "launch", "nope"],
        &["whoami", "--json"],
    ]));
}

#[test]
fn a_dry_run_writes_nothing() {
    let cli = TestCli::new().with("SHORT_FILE", "links.db");
    cli.run(&["create", "https://example.com", "--code", "kept"]).exits(0);
    let before = cli.run(&["list", "--state", "any", "--json"]).stdout;
    for args in [
        &["create", "https://example.com/2", "--dry-run"][..],
        &["update", "kept", "--title", "x", "--dry-run"],
        &["expire", "kept", "--dry-run"],
        &["disable", "kept", "--dry-run"],
        &["delete", "kept", "--dry-run"],
        &["keys", "create", "ci", "--dry-run"],
        &["domains", "set", "go.example", "--dry-run"],
        &["table", "backup", "copy.db", "--dry-run"],
    ] {
        cli.run(args).exits(0);
    }
    assert_eq!(cli.run(&["list", "--state", "any", "--json"]).stdout, before);
    assert_eq!(cli.run(&["keys", "list", "--json"]).stdout, "{\"keys\":[]}\n");
    assert_eq!(cli.run(&["domains", "list"]).stdout.lines().count(), 1);
    assert!(!cli.path("copy.db").exists());
}

#[test]
fn all_pages_are_listed_in_every_format() {
    let cli = TestCli::new().with("SHORT_FILE", "links.db");
    let input = (0..7).map(|n| format!("https://example.com/{n}")).collect::<Vec<_>>().join("\n");
    assert_eq!(cli.run_with_input(&["create", "-"], &input).exits(0).stdout.lines().count(), 7);
    let page = cli.run(&["list", "--limit", "2", "--json"]).exits(0);
    assert!(page.stderr.starts_with("there are more: repeat with --cursor "), "{}", page.stderr);
    let cursor = page.stderr.trim().rsplit(' ').next().unwrap();
    assert_eq!(cli.run(&["list", "--limit", "2", "--cursor", cursor]).exits(0).stdout.lines().count(), 2);
    for (format, lines) in [("table", 7), ("json", 1), ("ndjson", 7), ("csv", 8), ("tsv", 8)] {
        let all = cli.run(&["list", "--all", "-o", format]).exits(0);
        assert_eq!((all.stdout.lines().count(), all.stderr.as_str()), (lines, ""), "{format}");
    }
    cli.run(&["list", "--cursor", "nonsense"]).exits(6);
}

#[test]
fn one_request_repeated_with_its_key_makes_one_link() {
    let cli = TestCli::new().with("SHORT_FILE", "links.db");
    let create = |url: &str| cli.run(&["create", url, "--idempotency-key", "job-7"]);
    let first = create("https://example.com").exits(0).stdout;
    assert_eq!(create("https://example.com").exits(0).stdout, first);
    create("https://example.com/other").exits(6);
    assert_eq!(cli.run(&["list"]).stdout.lines().count(), 1);
}

#[test]
fn a_backup_is_a_table() {
    let cli = TestCli::new().with("SHORT_FILE", "links.db");
    cli.run(&["table", "create"]).exits(0);
    cli.run(&["create", "https://example.com", "--code", "kept"]).exits(0);
    cli.run(&["table", "backup", "copy.db"]).exits(0);
    cli.run(&["table", "backup", "copy.db"]).exits(5);
    cli.run(&["--file", "copy.db", "inspect", "kept"]).exits(0);
    let status = cli.run(&["--file", "copy.db", "table", "status", "--check", "--json"]).exits(0).stdout;
    assert!(status.contains(r#""engine":"sqlite","name":"copy.db","state":"ACTIVE""#), "{status}");
}

#[test]
fn keys_are_shown_once() {
    let cli = TestCli::new().with("SHORT_FILE", "links.db");
    let made = cli.run(&["keys", "create", "ci", "--role", "editor", "--scope-tag", "ci"]).exits(0);
    let key = made.stdout.trim();
    assert!(key.starts_with("short_") && made.stdout.lines().count() == 1, "{}", made.stdout);
    let id = key.split('_').nth(1).unwrap();
    let list = cli.run(&["keys", "list", "--json"]).exits(0).stdout;
    assert!(list.contains(&format!(r#""id":"{id}""#)) && !list.contains(key), "{list}");
    let rotated = cli.run(&["keys", "rotate", id, "--grace", "1h"]).exits(0).stdout;
    assert!(rotated.starts_with(&format!("short_{id}_")) && rotated.trim() != key);
    cli.run(&["keys", "revoke", id, "--yes"]).exits(0);
    cli.run(&["keys", "revoke", "nope", "--yes"]).exits(3);
}

#[test]
fn the_base_url_given_to_a_domain_is_not_that_of_the_default_one() {
    let cli = TestCli::new().with("SHORT_FILE", "links.db");
    cli.run(&["domains", "set", "go.example", "--base-url", "http://go.example:8081"]).exits(0);
    let domains = cli.run(&["domains", "list"]).exits(0).stdout;
    assert_eq!(domains, "-\thttp://127.0.0.1:8080\t7\t\ngo.example\thttp://go.example:8081\t7\t\n");
}

#[test]
fn a_bad_line_leaves_an_empty_one_and_the_others_are_created() {
    let cli = TestCli::new().with("SHORT_FILE", "links.db");
    let input = "https://example.com/1\nno url\nhttps://example.com/3\n";
    let made = cli.run_with_input(&["create", "-"], input).exits(8);
    let lines: Vec<&str> = made.stdout.lines().collect();
    assert_eq!(lines.iter().map(|line| line.is_empty()).collect::<Vec<_>>(), [false, true, false]);
    assert!(made.stderr.starts_with("error: URL 2: "), "{}", made.stderr);
    assert_eq!(cli.run(&["list"]).stdout.lines().count(), 2);
}
