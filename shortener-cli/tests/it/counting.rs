//! A real server counts the clicks that it answers.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use shortener_core::link::{Domain, ShortCode};
use shortener_core::stats::{Hour, Subject};
use shortener_core::table::sqlite::{SqliteOptions, SqliteTable};
use shortener_core::table::{Order, Query, Table, keys};

use super::support::{Served, TestCli, within};

mod killed;
#[cfg(unix)]
mod proxies;

const BROWSER: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
const CRAWLER: &str = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
const PREVIEW: &str = "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)";

fn cli() -> TestCli {
    TestCli::new().with("SHORT_FILE", "links.db")
}

/// One connection on which requests are sent one after the other.
struct Client {
    stream: TcpStream,
    host: String,
}

impl Client {
    fn of(served: &Served) -> Self {
        let host = served.url.trim_start_matches("http://").to_owned();
        let stream = TcpStream::connect(&host).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Self { stream, host }
    }

    /// The status of the answer; none if the connection broke before it was whole.
    fn ask(&mut self, method: &str, path: &str, headers: &str) -> Option<u16> {
        let request = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n{headers}\r\n", self.host);
        self.stream.write_all(request.as_bytes()).ok()?;
        let (mut answer, mut buffer) = (Vec::new(), [0; 4096]);
        loop {
            let read = self.stream.read(&mut buffer).ok().filter(|read| *read > 0)?;
            answer.extend_from_slice(&buffer[..read]);
            let text = String::from_utf8_lossy(&answer);
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
            if method == "HEAD" || body.len() >= length {
                return head.split_whitespace().nth(1)?.parse().ok();
            }
        }
    }

    fn click(&mut self, code: &str) -> Option<u16> {
        self.ask("GET", &format!("/{code}"), &format!("user-agent: {BROWSER}\r\n"))
    }
}

/// What a file has of a link, or of the default domain where there is no code: all hours and servers together, flat.
pub(crate) fn stored(file: &Path, code: Option<&str>) -> BTreeMap<String, u64> {
    let table = SqliteTable::open(file, SqliteOptions::default()).unwrap();
    let domain = Domain::default_domain();
    let subject = match code {
        Some(code) => Subject::Link(domain, ShortCode::parse(code).unwrap()),
        None => Subject::Site(domain),
    };
    let hour = |text| Hour::parse(text).unwrap();
    let (partition, range) = keys::hours_stats(&subject, hour("2020-01-01T00"), hour("2100-01-01T00"));
    let query = Query { index: None, partition, range, order: Order::Ascending, limit: 1000, start: None };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut flat = BTreeMap::new();
    for item in runtime.block_on(table.query(&query)).unwrap().items {
        for part in ["clicks", "gone", "orphans", "names"] {
            flatten(part, item.attributes.get(part).unwrap_or(&Value::Null), &mut flat);
        }
        if item.attributes.contains_key("visitors") {
            *flat.entry("sketches".to_owned()).or_default() += 1;
        }
    }
    flat
}

fn flatten(path: &str, value: &Value, flat: &mut BTreeMap<String, u64>) {
    match value {
        Value::Number(number) => *flat.entry(path.to_owned()).or_default() += number.as_u64().unwrap(),
        Value::Array(split) => split.iter().for_each(|value| flatten(path, value, flat)),
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| flatten(&format!("{path}/{name}"), value, flat));
        }
        _ => {}
    }
}

pub(crate) fn of(flat: &BTreeMap<String, u64>, path: &str) -> u64 {
    flat.get(path).copied().unwrap_or(0)
}

#[test]
#[cfg(unix)]
fn what_was_answered_is_counted_and_stored_when_the_server_is_told_to_end() {
    let cli = cli();
    let file = cli.path("links.db");
    let mut served = Served::start(&cli, &[]);
    for code in ["a", "off"] {
        cli.run(&["create", "https://example.com/", "--code", code]).exits(0);
    }
    cli.run(&["disable", "off"]).exits(0);
    let mut client = Client::of(&served);
    let browser = format!("user-agent: {BROWSER}\r\nreferer: https://News.example/x?y\r\n");
    for (times, method, path, headers, status) in [
        (7, "GET", "/a?utm_source=mail&utm_medium=post&utm_campaign=a%20b", browser.clone(), 302),
        (3, "GET", "/%61", format!("user-agent: {BROWSER}\r\n"), 302),
        (2, "GET", "/a", format!("user-agent: {CRAWLER}\r\n"), 302),
        (4, "GET", "/a", format!("user-agent: {PREVIEW}\r\n"), 302),
        (5, "GET", "/a", String::new(), 302),
        (6, "HEAD", "/a", browser.clone(), 302),
        (1, "GET", "/a", format!("{browser}sec-purpose: prefetch\r\n"), 302),
        (3, "GET", "/off", browser.clone(), 410),
        (8, "GET", "/unknown", browser.clone(), 404),
        // Never counted.
        (2, "GET", "/a+", browser.clone(), 200),
        (2, "GET", "/", browser.clone(), 200),
        (2, "GET", "/robots.txt", browser.clone(), 200),
        (2, "GET", "/api/v1/health", browser.clone(), 200),
        (2, "GET", "/a/b", browser, 404),
    ] {
        for _ in 0..times {
            assert_eq!(client.ask(method, path, &headers), Some(status), "{method} {path}");
        }
    }
    assert_eq!(served.stop("-TERM").code(), Some(0));
    let (link, all) = (stored(&file, Some("a")), stored(&file, None));
    for flat in [&link, &all] {
        for (path, expected) in [
            ("clicks/human", 10),
            ("clicks/bot", 2),
            ("clicks/preview", 4),
            ("clicks/tool", 5),
            ("clicks/head", 7),
            ("names/referrer/names/news.example", 7),
            ("names/referrer/names/(direct)", 14),
            ("names/utm_campaign/names/a b", 7),
            ("names/browser/names/Chrome", 10),
            ("sketches", 1),
        ] {
            assert_eq!(of(flat, path), expected, "{path}: {flat:#?}");
        }
    }
    assert_eq!((of(&stored(&file, Some("off")), "gone"), of(&all, "gone"), of(&all, "orphans")), (3, 3, 8));
    assert!(!std::fs::read(&file).unwrap().windows(9).any(|bytes| bytes == b"127.0.0.1"), "an address is stored");
    assert_eq!(stored(&file, Some("unknown")), BTreeMap::new());
}

/// How many clicks were sent at all and acknowledged, by clients that go on until their connection breaks.
fn click_until_it_ends(
    served: &Served,
    clients: usize,
    stop: &Arc<AtomicBool>,
) -> Vec<std::thread::JoinHandle<(u64, u64)>> {
    let spawn = |_| {
        let (mut client, stop) = (Client::of(served), Arc::clone(stop));
        std::thread::spawn(move || {
            let (mut sent, mut acknowledged) = (0, 0);
            while !stop.load(Ordering::Relaxed) {
                sent += 1;
                let Some(status) = client.click("a") else { break };
                assert_eq!(status, 302);
                acknowledged += 1;
            }
            (sent, acknowledged)
        })
    };
    (0..clients).map(spawn).collect()
}

/// kill -9 loses what was counted since it was gathered for the last time, a second before at most, and what of that was
/// not stored yet.
#[test]
fn a_killed_server_loses_what_it_counted_in_its_last_moments_and_nothing_else() {
    let cli = cli();
    let file = cli.path("links.db");
    let (mut acknowledged_before, mut tested) = (0, 0);
    for round in 0..3 {
        let served = Served::start(&cli, &[]);
        if round == 0 {
            cli.run(&["create", "https://example.com/", "--code", "a"]).exits(0);
        }
        let (stop, begin) = (Arc::new(AtomicBool::new(false)), Instant::now());
        // These are sent longer before the end than the bound: they must all be there.
        let mut client = Client::of(&served);
        for _ in 0..200 {
            assert_eq!(client.click("a"), Some(302));
        }
        let stored_in_time = within(Duration::from_secs(10), || {
            (of(&stored(&file, Some("a")), "clicks/human") >= acknowledged_before + 200).then(|| begin.elapsed())
        });
        assert!(stored_in_time < Duration::from_secs(8), "a second and some, on a busy machine: {stored_in_time:?}");
        let clients = click_until_it_ends(&served, 4, &stop);
        std::thread::sleep(Duration::from_millis(300 + 450 * round));
        // Dropping it is kill -9.
        drop(served);
        let (sent, acknowledged) = clients
            .into_iter()
            .map(|client| client.join().unwrap())
            .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        let found = of(&stored(&file, Some("a")), "clicks/human");
        assert!(found >= acknowledged_before + 200, "{found} of {acknowledged_before} + 200 + {acknowledged}");
        assert!(found <= acknowledged_before + 200 + sent, "{found} are more than were sent");
        acknowledged_before = found;
        tested += acknowledged;
    }
    assert!(tested > 100, "{tested} clicks are too few to test anything");
}

#[test]
#[cfg(unix)]
fn two_servers_on_one_file_add_up_and_neither_loses_a_click_when_told_to_end() {
    let cli = cli();
    let file = cli.path("links.db");
    let mut servers = [Served::start(&cli, &[]), Served::start(&cli, &[])];
    cli.run(&["create", "https://example.com/", "--code", "a"]).exits(0);
    let stop = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = servers.iter().flat_map(|served| click_until_it_ends(served, 2, &stop)).collect();
    std::thread::sleep(Duration::from_millis(1500));
    // Under load: requests under way are answered, and what was answered is stored.
    for served in &mut servers {
        assert_eq!(served.stop("-TERM").code(), Some(0));
        served.wait_for("stopped");
    }
    let acknowledged: u64 = clients.into_iter().map(|client| client.join().unwrap().1).sum();
    let found = of(&stored(&file, Some("a")), "clicks/human");
    assert!(acknowledged > 100 && found >= acknowledged, "{found} of {acknowledged}");
    assert!(found <= acknowledged + 4, "each client may have missed one answer: {found} of {acknowledged}");
}

#[test]
#[cfg(unix)]
fn counting_can_be_switched_off() {
    for (args, variable) in [(&["--no-counting"][..], ""), (&[], "off")] {
        let cli = cli().with("SHORT_COUNTING", variable);
        let mut served = Served::start(&cli, args);
        cli.run(&["create", "https://example.com/", "--code", "a"]).exits(0);
        assert_eq!(Client::of(&served).click("a"), Some(302));
        served.stop("-TERM");
        assert_eq!(stored(&cli.path("links.db"), Some("a")), BTreeMap::new());
    }
    cli().with("SHORT_COUNTING", "maybe").run(&["serve", "--listen", "127.0.0.1:0"]).exits(2);
}
