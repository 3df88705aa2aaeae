//! `short apply` and `short diff`: links that files declare.

use std::fmt::Write;
use std::fs;

use serde_json::Value;
use shortener_core::table::dynamo::in_process::Fault;

#[cfg(unix)]
use crate::support::Terminal;
use crate::support::{BackEnd, TestCli};

fn cli() -> TestCli {
    TestCli::new().with("SHORT_FILE", "links.db").with("SHORT_BASE_URL", "https://s.example")
}

fn write(cli: &TestCli, name: &str, text: &str) {
    let path = cli.path(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A file of this many links that `website` declares.
fn many(count: usize) -> String {
    let mut text = "owner = \"website\"\n[defaults]\ntags = [\"campaign\"]\n".to_owned();
    for n in 0..count {
        writeln!(text, "[links.code-{n}]\ntarget = \"https://example.com/{n}\"\ntitle = \"Page {n}\"").unwrap();
    }
    text
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn link(cli: &TestCli, code: &str) -> Value {
    json(&cli.run(&["inspect", code, "--json"]).exits(0).stdout)
}

#[test]
fn a_large_file_is_applied_once_and_drift_is_found_exactly() {
    let cli = cli();
    write(&cli, "links.toml", &many(5000));
    let planned = cli.run(&["apply", "-f", "links.toml", "--dry-run"]).exits(9);
    assert!(planned.stdout.ends_with("  5000 to create, 0 to update, 0 to delete, 0 unchanged\n"));
    assert!(!cli.path("links.db").exists(), "a dry run writes nothing");
    cli.run(&["apply", "-f", "links.toml", "--yes"]).exits(0);
    let second = cli.run(&["apply", "-f", "links.toml"]).exits(0);
    assert_eq!(second.stdout, "  0 to create, 0 to update, 0 to delete, 5000 unchanged\n");
    assert_eq!(second.stderr, "nothing to do\n");

    cli.run(&["update", "code-4321", "--title", "by hand"]).exits(0);
    let drift = json(&cli.run(&["diff", "-f", "links.toml", "--json"]).exits(9).stdout);
    assert_eq!(drift["changes"].as_array().unwrap().len(), 1);
    assert_eq!(drift["changes"][0]["code"], "code-4321");
    assert_eq!(
        drift["changes"][0]["differences"],
        json(r#"[{"field": "title", "from": "by hand", "to": "Page 4321"}]"#)
    );
    cli.run(&["apply", "-f", "links.toml", "--yes"]).exits(0);
    cli.run(&["diff", "-f", "links.toml"]).exits(0);
    assert_eq!(link(&cli, "code-4321")["version"], 3);
    assert_eq!(link(&cli, "code-0")["version"], 1, "what did not differ was not written");

    write(&cli, "links.toml", &many(1));
    let pruned = cli.run(&["diff", "-f", "links.toml", "--prune"]).exits(9);
    assert!(pruned.stdout.ends_with("  0 to create, 0 to update, 4999 to delete, 1 unchanged\n"));
}

#[test]
fn the_three_back_ends_plan_and_apply_alike() {
    let play = |back_end: &BackEnd| {
        let cli = &back_end.cli;
        let run = |args: &[&str]| {
            let outcome = cli.run(&[args, &["--json"]].concat());
            format!("$ {}\n[{}]\n{}{}", args.join(" "), outcome.status, outcome.stdout, outcome.stderr)
        };
        write(cli, "links.toml", &many(620));
        let mut shown = vec![run(&["apply", "-f", "links.toml", "--yes"]), run(&["apply", "-f", "links.toml"])];
        assert_eq!(shown[0].matches(r#""outcome":"done""#).count(), 620, "{}", back_end.name);
        shown.push(run(&["update", "code-7", "--clear", "tags", "--redirect", "307", "--expires", "2040-01-01"]));
        shown.remove(2);
        run(&["delete", "code-8", "--yes"]);
        run(&["disable", "code-9"]);
        run(&["create", "https://example.com/x", "--code", "bystander"]);
        write(cli, "links.toml", &many(12));
        shown.push(run(&["diff", "-f", "links.toml"]));
        shown.push(run(&["apply", "-f", "links.toml", "--prune", "--yes"]));
        shown.push(run(&["diff", "-f", "links.toml", "--prune"]));
        assert_eq!(link(cli, "bystander")["state"], "active");
        assert_eq!(link(cli, "code-619")["state"], "deleted");
        assert_eq!(link(cli, "code-9")["disabled"], Value::Null);
        shown
    };
    let [file, table, api] = BackEnd::all().map(|back_end| play(&back_end));
    for ((file, table), api) in file.iter().zip(&table).zip(&api) {
        assert_eq!(file, table, "a file and a DynamoDB table differ");
        assert_eq!(file, api, "a file and the API differ");
    }
    insta::assert_snapshot!(file[2]);
}

#[test]
fn people_see_each_field_that_differs() {
    let cli = cli();
    cli.run(&["create", "https://example.com/old", "--code", "launch", "--tag", "b", "--expires", "2040-01-01"])
        .exits(0);
    cli.run(&["create", "https://example.com/gone", "--code", "gone"]).exits(0);
    cli.run(&["delete", "gone", "--yes"]).exits(0);
    cli.run(&["create", "https://example.com/same", "--code", "same", "--title", "Same"]).exits(0);
    write(
        &cli,
        "links.yaml",
        "owner: web\nlinks:\n  launch: {target: 'https://example.com/new', title: Launch, tags: [c, B], disabled: true}\n  \
         gone: {target: https://example.com/gone}\n  same: {target: 'HTTPS://example.com/same', title: ' Same '}\n  \
         made: {target: https://example.com/made}\n",
    );
    insta::assert_snapshot!(cli.transcript(&[
        &["apply", "-f", "links.yaml", "--dry-run"],
        &["apply", "-f", "links.yaml"],
        &["apply", "-f", "links.yaml", "--yes"],
        &["apply", "-f", "links.yaml"],
        &["diff", "-f", "links.yaml", "-o", "ndjson"],
    ]));
    assert_eq!(link(&cli, "launch")["owner"], Value::Null, "who changes a link does not own it");
    assert_eq!(link(&cli, "made")["owner"], "web");
}

#[test]
fn prune_deletes_only_what_the_owner_declared() {
    let cli = cli();
    write(
        &cli,
        "web.toml",
        "[links.a]\ntarget = \"https://example.com/a\"\n[links.b]\ntarget = \"https://example.com/b\"\n",
    );
    write(&cli, "shop.toml", "owner = \"shop\"\n[links.c]\ntarget = \"https://example.com/c\"\n");
    cli.run(&["create", "https://example.com/x", "--code", "by-hand"]).exits(0);
    cli.run(&["create", "https://example.com/b", "--code", "b"]).exits(0);
    cli.run(&["apply", "-f", "web.toml", "--owner", "Web", "--yes"]).exits(0);
    cli.run(&["apply", "-f", "shop.toml", "--yes"]).exits(0);
    write(&cli, "web.toml", "links = {}\n");
    insta::assert_snapshot!(cli.transcript(&[
        &["apply", "-f", "web.toml", "--prune"],
        &["apply", "-f", "web.toml", "--prune", "--owner", "web", "--dry-run"],
        &["apply", "-f", "web.toml", "--owner", "web", "--yes"],
        &["apply", "-f", "web.toml", "--prune", "--owner", "web", "--yes"],
        &["apply", "-f", "web.toml", "--prune", "--owner", "web", "--yes"],
        &["apply", "-f", "shop.toml", "--owner", "web", "--yes"],
    ]));
    let states: Vec<_> = ["a", "b", "c", "by-hand"].map(|code| link(&cli, code)["state"].clone()).to_vec();
    assert_eq!(states, ["deleted", "active", "active", "active"]);
}

#[test]
fn a_link_of_another_owner_is_a_conflict_and_stops_everything() {
    let cli = cli();
    write(&cli, "web.toml", "owner = \"web\"\n[links.a]\ntarget = \"https://example.com/a\"\n");
    cli.run(&["apply", "-f", "web.toml", "--yes"]).exits(0);
    write(
        &cli,
        "shop.toml",
        "[links.a]\ntarget = \"https://example.com/shop\"\n[links.z]\ntarget = \"https://example.com/z\"\n",
    );
    insta::assert_snapshot!(cli.transcript(&[
        &["apply", "-f", "shop.toml", "--owner", "shop", "--yes"],
        &["apply", "-f", "shop.toml", "--yes"],
        &["diff", "-f", "shop.toml", "--json"],
        &["inspect", "z"],
    ]));
    assert_eq!(link(&cli, "a")["target"], "https://example.com/a");
}

#[test]
#[cfg(unix)]
fn a_link_that_is_changed_between_plan_and_answer_is_left_as_it_is() {
    let cli = cli().with("NO_COLOR", "1");
    cli.run(&["create", "https://example.com/a", "--code", "a"]).exits(0);
    cli.run(&["create", "https://example.com/b", "--code", "b"]).exits(0);
    let table = |code: &str| format!("[links.{code}]\ntarget = \"https://example.com/new\"\n");
    write(&cli, "links.toml", &["a", "b", "c", "d"].map(table).concat());
    let mut apply = Terminal::start(&cli, &["apply", "-f", "links.toml"]);
    apply.wait_for("Apply 4 changes?");
    cli.run(&["update", "a", "--title", "meanwhile"]).exits(0);
    cli.run(&["create", "https://example.com/other", "--code", "c"]).exits(0);
    apply.press("y");
    let (status, shown) = apply.end();
    assert_eq!(status, 8, "{shown}");
    assert!(shown.contains("error: a: it was changed since the plan was made, and is left as it is now\n"), "{shown}");
    assert!(shown.contains("error: c: another link took the code since the plan was made\n"), "{shown}");
    assert!(shown.contains("created 1, updated 1, deleted 0\nrun it again for what is left\n"), "{shown}");
    let state = |code| (link(&cli, code)["target"].clone(), link(&cli, code)["title"].clone());
    assert_eq!(state("a"), ("https://example.com/a".into(), "meanwhile".into()));
    assert_eq!(state("c"), ("https://example.com/other".into(), Value::Null));
    for done in ["b", "d"] {
        assert_eq!(state(done).0, "https://example.com/new");
    }
    // Nothing but conflicts has their own status.
    let mut apply = Terminal::start(&cli, &["apply", "-f", "links.toml"]);
    apply.wait_for("Apply 2 changes?");
    cli.run(&["update", "a", "--title", "again"]).exits(0);
    cli.run(&["update", "c", "--title", "again"]).exits(0);
    apply.press("y");
    assert_eq!(apply.end().0, 5);
}

#[test]
#[cfg(unix)]
fn deletes_are_named_before_they_are_made_and_no_is_an_answer() {
    let cli = cli().with("NO_COLOR", "1");
    write(&cli, "links.toml", &many(14));
    cli.run(&["apply", "-f", "links.toml", "--yes"]).exits(0);
    write(&cli, "links.toml", &many(1));
    let mut apply = Terminal::start(&cli, &["apply", "-f", "links.toml", "--prune"]);
    apply.wait_for("and 3 more)?");
    apply.press("n");
    let (status, shown) = apply.end();
    assert_eq!(status, 130, "{shown}");
    assert!(shown.contains("Apply 13 changes, which delete 13 links (code-1, code-10,"), "{shown}");
    cli.run(&["diff", "-f", "links.toml"]).exits(0);
    assert_eq!(link(&cli, "code-5")["state"], "active");
}

#[test]
fn lost_replies_and_throttles_leave_every_link_written_once() {
    let back_end = BackEnd::table();
    let (cli, engine) = (&back_end.cli, back_end.engine.as_ref().unwrap());
    write(cli, "links.toml", &many(150));
    engine.inject_share(None, Fault::LostReply, 2, 1);
    engine.inject_share(None, Fault::Throttle, 15, 2);
    cli.run(&["apply", "-f", "links.toml", "--yes"]).exits(0);
    let edited = many(150).replace("Page", "Seite");
    write(cli, "links.toml", &edited);
    cli.run(&["apply", "-f", "links.toml", "--yes"]).exits(0);
    engine.heal();
    let second = cli.run(&["diff", "-f", "links.toml"]).exits(0);
    assert_eq!(second.stdout, "  0 to create, 0 to update, 0 to delete, 150 unchanged\n");
    let listed = json(&cli.run(&["list", "--all", "--json"]).stdout);
    let versions: Vec<u64> =
        listed["links"].as_array().unwrap().iter().map(|l| l["version"].as_u64().unwrap()).collect();
    assert_eq!(versions, [2; 150]);
}

/// Files of which something is wrong.
const BROKEN: &[(&str, &str)] = &[
    ("syntax.toml", "[links.a]\ntarget = https://example.com\n[links.b\n"),
    ("syntax.yaml", "links:\n  a: {target: https://example.com\n  b: [\n"),
    (
        "bomb.yaml",
        "a: &a [x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c]\ne: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d]\nf: [*e, *e, *e, *e, *e, *e, *e, *e, *e]\ng: [*e, *e, *e, *e, *e, *e, *e, *e, *e]\nh: [*e, *e, *e, *e, *e, *e, *e, *e, *e]\n",
    ),
    ("twice.toml", "[links.a]\ntarget = \"https://example.com\"\n[links.a]\ntarget = \"https://example.com\"\n"),
    (
        "many.toml",
        "owner = 7\nlinkz = 1\n[defaults]\ntarget = \"https://example.com\"\ntags = \"campaign\"\n[links.a]\n\
             target = \"https://example.com\"\nexpires_at = \"30d\"\ntitel = \"x\"\n[links.b]\ntarget = 5\n\
             [links.\"b c\"]\ntarget = \"https://example.com\"\n[links.d]\ntitle = \"é\"\n[links.e]\n\
             target = \"https://example.com\"\nstarts_at = 2030-01-01T09:00:00\nexpires_at = 1e3\nmax_clicks = -1\n[links]\nf = \"x\"\n",
    ),
    (
        "many.yaml",
        "links:\n- {code: a, target: https://example.com, redirect_status: '302'}\n- {target: https://example.com}\n\
             - {code: 0123, target: https://example.com}\n- text\n- {code: é, target: https://example.com}\n\
             - {code: b, domain: 'a b', target: https://example.com, title: 2026, forward_query: yes}\n\
             - {code: c, target: https://example.com, target: https://example.com}\n",
    ),
    (
        "rules.toml",
        "[links.api]\ntarget = \"https://example.com\"\n[links.a]\ntarget = \"ftp://example.com\"\ntags = [\"b\", \"a b\"]\n\
             [links.b]\ntarget = \"https://example.com\"\nredirect_status = 308\nmax_clicks = 0\n\
             [links.c]\ndomain = \"nowhere.example\"\ntarget = \"https://example.com\"\n",
    ),
    ("unknown.txt", "x"),
    ("list.toml", "links = 5\n"),
    ("text.yaml", "just a text\n"),
];

#[test]
fn what_is_wrong_with_a_file_is_said_with_its_place() {
    let cli = cli();
    write(&cli, "one.toml", "[links.same]\ntarget = \"https://example.com\"\n");
    write(&cli, "two.yaml", "links:\n  same:\n    target: https://example.com\n");
    for (name, text) in BROKEN {
        write(&cli, name, text);
    }
    let records = "code,target,colour,expires_at\na,https://example.com,red,30d\n,https://example.com,,\n\
                   b c,https://example.com,,2030-13-01\n\"q";
    write(&cli, "records.csv", records);
    write(&cli, "records.ndjson", "{\"code\":\"a\",\"target\":\"https://example.com\",\"x\":1}\n{\"code\":\"a\"}\n{");
    fs::write(cli.path("latin.toml"), b"[links.a]\ntitle = \"\xe9\"\n").unwrap();
    fs::create_dir(cli.path("empty")).unwrap();
    let mut shown = String::new();
    for (name, _) in BROKEN {
        shown += &cli.run(&["apply", "--yes", "-f", name]).shown();
    }
    shown += &cli.transcript(&[
        &["apply", "--yes", "-f", "latin.toml"],
        &["apply", "--yes", "-f", "records.csv"],
        &["apply", "--yes", "-f", "records.ndjson"],
        &["apply", "--yes", "-f", "missing.toml"],
        &["apply", "--yes", "-f", "empty"],
        &["apply", "--yes", "-f", "-"],
        &["apply", "--yes", "-f", "one.toml", "-f", "two.yaml"],
        &["apply", "--yes", "-f", "many.yaml", "--json"],
        &["apply", "--yes", "-f", "one.toml", "--owner", "a b"],
        &["apply", "--yes"],
    ]);
    insta::assert_snapshot!(shown);
    assert_eq!(cli.run(&["list"]).stdout, "");
}

#[test]
fn a_folder_is_all_of_its_files_and_standard_input_needs_its_format() {
    let cli = cli();
    write(&cli, "links/b.toml", "owner = \"web\"\n[[links]]\ncode = \"b\"\ntarget = \"https://example.com/b\"\n");
    write(&cli, "links/a/deep.yml", "links:\n- {code: a, target: https://example.com/a, expires_at: 2040-01-31}\n");
    write(&cli, "links/.hidden.toml", "broken");
    let planned = cli.run(&["apply", "-f", "links", "--yes"]).exits(0);
    assert_eq!(
        planned.stdout,
        "+ a  https://example.com/a\n+ b  https://example.com/b\n  2 to create, 0 to update, 0 to delete, 0 unchanged\n"
    );
    assert_eq!(link(&cli, "a")["owner"], "web", "an owner is one of the run");
    let raw = cli.command(&["inspect", "a", "--json"]).output().unwrap();
    assert!(String::from_utf8(raw.stdout).unwrap().contains(r#""expires_at":"2040-01-31T23:59:59Z""#));
    let text = "owner = \"web\"\n[links.b]\ntarget = \"https://example.com/b\"\n[links.a]\ntarget = \"https://example.com/a\"\nexpires_at = 2040-01-31\n";
    cli.run_with_input(&["diff", "-f", "-", "--format", "toml", "--prune"], text).exits(0);
    write(&cli, "links/c.csv.bak", "x");
    cli.run(&["diff", "-f", "links"]).exits(2);
}

#[test]
fn a_key_that_may_only_read_is_enough_to_compare() {
    let back_end = BackEnd::api();
    let cli = &back_end.cli;
    write(cli, "links.toml", &many(3));
    cli.run(&["apply", "-f", "links.toml", "--yes"]).exits(0);
    cli.run(&["update", "code-1", "--title", "x"]).exits(0);
    let made = json(&cli.run(&["keys", "create", "ci", "--role", "reader", "--json"]).exits(0).stdout);
    let url = &back_end.served().unwrap().url;
    let reader = TestCli::new().with("SHORT_API_URL", url).with("SHORT_API_KEY", made["key"].as_str().unwrap());
    write(&reader, "links.toml", &many(4));
    let compared = reader.run(&["diff", "-f", "links.toml", "--prune"]).exits(9);
    assert_eq!(
        compared.stdout,
        "~ code-1  title: x → Page 1\n+ code-3  https://example.com/3\n  1 to create, 1 to update, 0 to delete, 2 unchanged\n"
    );
    assert!(compared.stderr.contains("this key may only read"), "{}", compared.stderr);
    reader.run(&["apply", "-f", "links.toml", "--yes"]).exits(4);
    assert_eq!(link(cli, "code-1")["title"], "x");
}
