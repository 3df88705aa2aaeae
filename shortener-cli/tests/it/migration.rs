//! `short verify-migration`: an old host and the new one, asked for the same codes.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Served, TestCli, read_request};

/// A host that answers what it is told; its thread ends with the test process.
struct OldHost {
    url: String,
    /// When it was asked, and for what.
    asked: Arc<Mutex<Vec<(Instant, String)>>>,
}

/// A redirect as an answer.
fn redirect(status: u16, location: &str) -> String {
    format!("HTTP/1.1 {status} X\r\nlocation: {location}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
}

/// A status as an answer.
fn plain(status: u16) -> String {
    format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
}

impl OldHost {
    /// Answers by the path and the method, or not at all.
    fn start(answer: impl Fn(&str, &str) -> Option<String> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (seen, answer) = (Arc::clone(&asked), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                std::thread::spawn(move || {
                    let request = read_request(&mut stream);
                    seen.lock().unwrap().push((Instant::now(), request.clone()));
                    let mut words = request.split(' ');
                    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
                    match answer(method, path) {
                        // The command may have gone away.
                        Some(text) => drop(stream.write_all(text.as_bytes())),
                        None => std::thread::sleep(Duration::from_secs(30)),
                    }
                });
            }
        });
        Self { url, asked }
    }

    /// The codes that it was asked for.
    fn requests(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().map(|(_, request)| request.clone()).collect()
    }
}

/// The links of the new host.
const LINKS: &str = "code,target,disabled
right,https://example.com/right,
spelled,https://example.com/spelled,
wrong,https://example.com/wrong,
unknown,https://example.com/unknown,
error,https://example.com/error,
page,https://example.com/page,
chain,https://example.com/chain,
relative,https://example.com/relative,
both,https://example.com/both,
off,https://example.com/off,true
";

/// A new host that serves them, and the command on the same table.
fn new_host() -> (TestCli, Served) {
    let cli = TestCli::new().with("SHORT_FILE", "links.db");
    fs::write(cli.path("links.csv"), LINKS).unwrap();
    cli.run(&["apply", "-f", "links.csv", "--yes"]).exits(0);
    cli.run(&["update", "both", "--target", "https://example.com/elsewhere"]).exits(0);
    let served = Served::start(&cli, &[]);
    (cli, served)
}

fn old_host() -> OldHost {
    OldHost::start(|_, path| {
        let code = path.trim_start_matches('/');
        Some(match code {
            "right" => redirect(302, "https://example.com/right"),
            "spelled" => redirect(301, "HTTPS://Example.com:443/spelled"),
            "wrong" => redirect(302, "https://example.com/other"),
            "error" => plain(500),
            "page" => plain(200),
            "chain" => redirect(301, "/chain/"),
            "relative" => redirect(302, "?x=1"),
            "both" => redirect(302, "https://example.com/elsewhere"),
            _ => plain(404),
        })
    })
}

#[test]
fn every_difference_is_told() {
    let ((cli, new), old) = (new_host(), old_host());
    let cli = cli.redacting(&old.url, "[old]").redacting(&new.url, "[new]");
    let verify = |args: &[&str]| {
        cli.run(
            &[&["verify-migration", "--from", &old.url, "--to", &new.url, "links.csv", "--rate", "200"], args].concat(),
        )
    };
    let shown = [&[][..], &["--strict-status", "-o", "ndjson"], &["--json"]].map(|args| verify(args).exits(9).shown());
    insta::assert_snapshot!(shown.join("\n"));
    assert!(old.requests().iter().all(|request| request.starts_with("HEAD ")), "{:?}", old.requests());
    let agent = "user-agent: short/";
    assert!(old.requests().iter().all(|request| request.contains(agent) && request.contains("(verify-migration)")));
    // No redirect was followed: each code was asked for once a run.
    assert_eq!(old.requests().len(), 30);
}

#[test]
fn hosts_that_answer_alike_are_0_and_head_is_given_up_where_it_is_not_known() {
    let cli = TestCli::new().with("SHORT_FILE", "links.db");
    fs::write(
        cli.path("links.csv"),
        "code,target\na,https://example.com/a\nb,https://example.com/b\n,https://example.com/c\n",
    )
    .unwrap();
    cli.run(&["apply", "-f", "links.csv", "--yes"]).exits(6);
    cli.run(&["create", "https://example.com/a", "--code", "a"]).exits(0);
    cli.run(&["create", "https://example.com/b", "--code", "b"]).exits(0);
    let new = Served::start(&cli, &[]);
    let old = OldHost::start(|method, path| {
        Some(if method == "HEAD" { plain(405) } else { redirect(301, &format!("https://example.com{path}")) })
    });
    // The base URL of the default domain is where the new host listens.
    let cli = cli.with("SHORT_BASE_URL", &new.url);
    let alike = cli.run(&["verify-migration", "--from", &old.url, "links.csv"]).exits(0);
    assert_eq!(alike.stdout, "  2 alike, 0 differing, 0 without an answer, 1 without a code\n");
    cli.run(&["verify-migration", "--from", &old.url, "links.csv", "--strict-status"]).exits(9);
    cli.run(&["verify-migration", "--from", &old.url, "links.csv", "--method", "get"]).exits(0);
}

#[test]
fn who_does_not_answer_is_told_apart_from_who_answers_something_else() {
    let (cli, new) = new_host();
    let cli = cli.redacting(&new.url, "[new]");
    fs::write(cli.path("few.csv"), "code,target\nright,https://example.com/right\nhangs,https://example.com/hangs\n")
        .unwrap();
    let old = OldHost::start(|_, path| path.ends_with("right").then(|| redirect(302, "https://example.com/right")));
    let args = ["verify-migration", "--from", &old.url, "--to", &new.url, "few.csv", "--timeout", "1"];
    let some = cli.run(&args).exits(8);
    assert_eq!(some.stdout, "? hangs: old host: no answer in time\n  1 alike, 0 differing, 1 without an answer\n");

    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody =
        cli.run(&["verify-migration", "--from", &format!("http://{gone}"), "--to", &new.url, "few.csv", "--json"]);
    let nobody: Value = serde_json::from_str(&nobody.exits(7).stdout).unwrap();
    assert_eq!(nobody["findings"][0]["unanswered"], "old host: cannot connect: connection refused");

    let busy = OldHost::start(|_, _| Some(plain(503)));
    let busy_run = cli.run(&["verify-migration", "--from", &busy.url, "--to", &new.url, "few.csv"]).exits(7);
    assert!(busy_run.stdout.starts_with("? right: old host: answered 503\n"), "{}", busy_run.stdout);
    assert_eq!(busy.requests().len(), 6, "each is asked for three times");
}

#[test]
fn no_host_is_asked_faster_than_it_was_said() {
    let cli = TestCli::new();
    let mut file = "code,target\n".to_owned();
    (0..40).for_each(|n| writeln!(file, "c{n},https://example.com/c{n}").unwrap());
    fs::write(cli.path("links.csv"), &file).unwrap();
    let host = || OldHost::start(|_, path| Some(redirect(302, &format!("https://example.com{path}"))));
    let (old, new) = (host(), host());
    cli.run(&["verify-migration", "--from", &old.url, "--to", &new.url, "links.csv", "--rate", "50"]).exits(0);
    for host in [&old, &new] {
        let asked = host.asked.lock().unwrap();
        let times: Vec<Instant> = asked.iter().map(|(at, _)| *at).collect();
        assert_eq!(times.len(), 40);
        let span = times.iter().max().unwrap().duration_since(*times.iter().min().unwrap());
        assert!(span >= Duration::from_millis(39 * 20 - 100), "{span:?}");
    }
    // A sample is the same with each run.
    let sampled = || {
        let host = host();
        cli.run(&[
            "verify-migration",
            "--from",
            &host.url,
            "--to",
            &new.url,
            "links.csv",
            "--sample",
            "5",
            "--rate",
            "999",
        ])
        .exits(0);
        let mut codes: Vec<String> =
            host.requests().iter().map(|request| request.split(' ').nth(1).unwrap().to_owned()).collect();
        codes.sort();
        codes
    };
    let first = sampled();
    assert_eq!(first.len(), 5);
    assert_eq!(first, sampled());
}

#[test]
fn what_is_wrong_with_the_command_line_or_the_file_is_said() {
    let cli = TestCli::new();
    fs::write(cli.path("links.csv"), "code,target\na,https://example.com\n").unwrap();
    fs::write(cli.path("broken.csv"), "code,target\na,https://example.com\n\"b").unwrap();
    insta::assert_snapshot!(cli.transcript(&[
        &["verify-migration", "links.csv"],
        &["verify-migration", "--from", "old.example", "links.csv"],
        &["verify-migration", "--from", "ftp://old.example", "links.csv"],
        &["verify-migration", "--from", "http://127.0.0.1:1", "--to", "http://127.0.0.1:1/?x", "links.csv"],
        &["verify-migration", "--from", "http://127.0.0.1:1", "--to", "http://127.0.0.1:1", "missing.csv"],
        &["verify-migration", "--from", "http://127.0.0.1:1", "--to", "http://127.0.0.1:1", "broken.csv"],
        &["verify-migration", "--from", "http://127.0.0.1:1", "links.csv", "--sample", "3", "--all"],
        &["verify-migration", "--from", "http://127.0.0.1:1", "links.csv", "--rate", "0"],
    ]));
}
