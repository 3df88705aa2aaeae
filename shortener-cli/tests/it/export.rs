//! `short export`: what it writes, that it is stable, and that it comes back the same.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use shortener_core::table::dynamo::in_process::Fault;

use crate::support::{BackEnd, TestCli};

/// Links of every kind.
fn fill(cli: &TestCli) {
    let mut file = String::new();
    let titles = ["=SUM(A1)", "'@x", "漢字 \"q\", ü", "", "-1"];
    for n in 0..60 {
        let title = titles[n % titles.len()].replace('"', "\"\"");
        let (disabled, forward) = (n % 7 == 0, n % 3 == 0);
        let starts = if n % 5 == 1 { "2040-01-01" } else { "" };
        let expires = if n % 4 == 2 { "2041-06-30T12:00:00+02:00" } else { "" };
        let clicks = if n % 6 == 0 { "42" } else { "" };
        let status = if expires.is_empty() { 301 } else { 307 };
        writeln!(
            file,
            "code-{n},https://example.com/é?n={n},\"{title}\",\"b,tág\",{status},{forward},{disabled},{starts},{expires},{clicks},\
             2026-01-02T03:04:05.{:03}Z",
            n / 2
        )
        .unwrap();
    }
    let header =
        "code,target,title,tags,redirect_status,forward_query,disabled,starts_at,expires_at,imported_clicks,created_at";
    fs::write(cli.path("links.csv"), format!("{header}\n{file}")).unwrap();
    cli.run(&["apply", "-f", "links.csv", "--yes"]).exits(0);
    cli.run(&["create", "https://example.com/over", "--code", "over", "--expires", "2040-01-01"]).exits(0);
    cli.run(&["expire", "over"]).exits(0);
    cli.run(&["create", "https://example.com/gone", "--code", "gone"]).exits(0);
    cli.run(&["delete", "gone", "--yes"]).exits(0);
    cli.run(&["domains", "set", "go.example"]).exits(0);
    cli.run(&["create", "https://example.com/there", "--code", "over", "--domain", "go.example"]).exits(0);
}

fn exported(cli: &TestCli, args: &[&str]) -> Vec<u8> {
    let output = cli.command(&[&["export"], args].concat()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[test]
fn an_export_that_is_applied_elsewhere_is_exported_the_same_by_every_back_end() {
    let [file, table, api] = BackEnd::all();
    fill(&file.cli);
    for form in ["csv", "ndjson"] {
        let original = exported(&file.cli, &["--format", form]);
        let lines = original.split(|byte| *byte == b'\n').count();
        assert_eq!(lines, 63 + usize::from(form == "csv"));
        for target in [&table, &api, &BackEnd::file()] {
            let cli = &target.cli;
            cli.run(&["domains", "set", "go.example"]).exits(0);
            fs::write(cli.path("copy"), &original).unwrap();
            cli.run(&["apply", "-f", "copy", "--format", form, "--yes"]).exits(0);
            assert_eq!(exported(cli, &["--format", form]), original, "{form} on {}", target.name);
        }
    }
}

#[test]
fn an_export_that_is_imported_elsewhere_is_exported_the_same_by_every_back_end() {
    let [file, table, api] = BackEnd::all();
    fill(&file.cli);
    for form in ["csv", "ndjson"] {
        let original = exported(&file.cli, &["--format", form]);
        for target in [&table, &api, &BackEnd::file()] {
            let cli = &target.cli;
            cli.run(&["domains", "set", "go.example"]).exits(0);
            fs::write(cli.path("copy"), &original).unwrap();
            cli.run(&["import", "copy", "--yes"]).exits(0);
            assert_eq!(exported(cli, &["--format", form]), original, "{form} on {}", target.name);
        }
    }
}

#[test]
fn files_are_written_as_their_name_says_and_replaced_only_if_wanted() {
    let cli = TestCli::new().with("SHORT_FILE", "links.db");
    fill(&cli);
    let plain = exported(&cli, &[]);
    for name in ["out.csv", "out.csv.gz", "out.csv.zst", "out"] {
        cli.run(&["export", "--to", name]).exits(0);
        let written = fs::read(cli.path(name)).unwrap();
        match name.rsplit_once('.') {
            Some((_, "gz")) => assert_eq!(&written[..2], [0x1f, 0x8b]),
            Some((_, "zst")) => assert_eq!(&written[..4], [0x28, 0xb5, 0x2f, 0xfd]),
            _ => assert_eq!(written, plain),
        }
        let back = cli.run(&["diff", "-f", name, "--format", "csv"]).exits(0);
        assert_eq!(back.stdout, "  0 to create, 0 to update, 0 to delete, 62 unchanged\n");
    }
    cli.run(&["export", "-O", "out.ndjson", "--tag", "b"]).exits(0);
    assert_eq!(fs::read_to_string(cli.path("out.ndjson")).unwrap().lines().count(), 60);
    cli.run(&["create", "https://example.com/new", "--code", "new"]).exits(0);
    let refused = cli.run(&["export", "-O", "out.csv"]).exits(2);
    assert!(refused.stderr.contains("pass --yes"), "{}", refused.stderr);
    assert_eq!(fs::read(cli.path("out.csv")).unwrap(), plain);
    cli.run(&["export", "-O", "out.csv", "--yes"]).exits(0);
    assert_ne!(fs::read(cli.path("out.csv")).unwrap(), plain);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(cli.path("out.csv")).unwrap().permissions().mode();
        assert_eq!(mode & 0o400, 0o400);
        assert_ne!(mode & 0o777, 0o600, "as the umask says");
    }
}

#[test]
fn filters_choose_and_what_cannot_be_written_is_said() {
    let cli = TestCli::new().with("SHORT_FILE", "links.db");
    fill(&cli);
    let count =
        |args: &[&str]| exported(&cli, &[&["--format", "ndjson"], args].concat()).split(|b| *b == b'\n').count() - 1;
    assert_eq!(count(&[]), 62);
    assert_eq!(count(&["--state", "expired"]), 1);
    assert_eq!(count(&["--state", "disabled"]), 9);
    assert_eq!(count(&["--domain", "go.example"]), 1);
    assert_eq!(count(&["--target-host", "EXAMPLE.com"]), 62);
    assert_eq!(count(&["--target-host", "example.org"]), 0);
    assert_eq!(count(&["--created-before", "2026-01-02T03:04:06Z"]), 60);
    assert_eq!(count(&["--search", "there"]), 1);
    fs::create_dir(cli.path("folder")).unwrap();
    insta::assert_snapshot!(cli.transcript(&[
        &["export", "--state", "deleted"],
        &["export", "--state", "any"],
        &["export", "-O", "folder", "--yes"],
        &["export", "-O", "nowhere/out.csv"],
        &["export", "-O", "out.csv", "--search", "there"],
        &["export", "--created-after", "soon"],
        &["--file", "missing.db", "export"],
        &["--file", "missing.db", "export", "-O", "out2.csv"],
    ]));
    assert!(!cli.path("out2.csv").exists());
    let left: Vec<_> = fs::read_dir(cli.home()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with(".short-export")), "{left:?}");
}

/// Ends what runs beside a test, also when the test fails.
struct EndWhenDropped<'a>(&'a AtomicBool);

impl Drop for EndWhenDropped<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Exports while others create, change and delete: what existed throughout comes once.
fn stays_stable(back_end: &BackEnd, steady: usize, exports: usize) {
    let cli = &back_end.cli;
    let mut file = "code,target,title\n".to_owned();
    for n in 0..steady {
        writeln!(file, "steady-{n},https://example.com/{n},x").unwrap();
        if n % 4 == 0 {
            writeln!(file, "goes-{n},https://example.com/{n},x").unwrap();
        }
    }
    fs::write(cli.path("links.csv"), file).unwrap();
    cli.run(&["apply", "-f", "links.csv", "--yes"]).exits(0);
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0.. {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                let n = (round * 37) % steady;
                let changed = format!("steady-{n}");
                cli.run(&["update", &changed, "--title", &format!("round {round}"), "--add-tag", "t"]);
                cli.run(&["update", &changed, "--target", &format!("https://example.com/z{round}")]);
                cli.run(&["delete", &format!("goes-{}", n / 4 * 4), "--yes"]);
                cli.run(&["create", "https://example.com/new"]);
            }
        });
        let _end = EndWhenDropped(&over);
        for at in 0..exports {
            let filter: &[&str] = if at % 2 == 0 { &[] } else { &["--target-host", "example.com"] };
            let text = String::from_utf8(exported(cli, filter)).unwrap();
            let codes: Vec<&str> = text.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
            let unique: HashSet<&str> = codes.iter().copied().collect();
            assert_eq!(unique.len(), codes.len(), "a link came twice from {}", back_end.name);
            let found = unique.iter().filter(|code| code.starts_with("steady-")).count();
            assert_eq!(found, steady, "a link is missing from {}", back_end.name);
        }
    });
}

#[test]
fn links_that_others_change_meanwhile_come_once() {
    stays_stable(&BackEnd::file(), 3500, 8);
    stays_stable(&BackEnd::table(), 1100, 3);
}

#[test]
fn a_page_that_fails_is_asked_for_again() {
    let back_end = BackEnd::table();
    let engine = back_end.engine.as_ref().unwrap();
    fill(&back_end.cli);
    let whole = exported(&back_end.cli, &[]);
    engine.inject_share(None, Fault::Throttle, 20, 3);
    engine.inject_share(None, Fault::LostReply, 10, 4);
    assert_eq!(exported(&back_end.cli, &[]), whole);
}

#[test]
fn a_page_that_keeps_failing_leaves_the_old_file() {
    let back_end = BackEnd::table();
    let (cli, engine) = (&back_end.cli, back_end.engine.as_ref().unwrap());
    cli.run(&["create", "https://example.com"]).exits(0);
    fs::write(cli.path("out.csv"), "old").unwrap();
    engine.inject_share(Some("Query"), Fault::Unreachable, 100, 1);
    cli.run(&["export", "-O", "out.csv", "--yes"]).exits(7);
    assert_eq!(fs::read_to_string(cli.path("out.csv")).unwrap(), "old");
}

#[test]
fn a_reader_that_goes_away_ends_an_export_quietly() {
    let cli = TestCli::new().with("SHORT_FILE", "links.db");
    let mut file = "code,target\n".to_owned();
    (0..3000).for_each(|n| writeln!(file, "code-{n},https://example.com/{n}").unwrap());
    fs::write(cli.path("links.csv"), file).unwrap();
    cli.run(&["apply", "-f", "links.csv", "--yes"]).exits(0);
    for form in ["csv", "ndjson"] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_short"))
            .args(["export", "--format", form])
            .env_clear()
            .envs(cli.variables())
            .current_dir(cli.home())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = child.stdout.take().unwrap();
        stdout.read_exact(&mut [0; 10]).unwrap();
        drop(stdout);
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]), "{form}");
    }
}
