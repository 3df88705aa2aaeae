//! kill -9 under load: whatever was acknowledged is there, and the file opens.
//!
//! The feature `soak` runs the long form: 200 kills of the server and 200 of creates.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use shortener_core::link::{Domain, ShortCode};
use shortener_core::table::sqlite::{SqliteOptions, SqliteTable};
use shortener_core::table::{Table, keys};

use super::support::{Served, TestCli};

const KILLS: u64 = if cfg!(feature = "soak") { 200 } else { 8 };
const CLIENTS: usize = 4;

fn command(cli: &TestCli, file: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_short"));
    command.args(args).env_clear().env("HOME", cli.home()).env("USER", "tester").env("SHORT_FILE", file);
    command.stdin(Stdio::null());
    command
}

/// Creates links on one connection until it breaks; notes each code whose 201 was read whole.
fn create_until_it_breaks(address: &str, key: &str, name: &str, acknowledged: &Mutex<Vec<String>>, stop: &AtomicBool) {
    let Ok(mut stream) = TcpStream::connect(address) else { return };
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    for number in 0.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let code = format!("{name}-{number}");
        let body = format!(r#"{{"target":"https://example.com/{code}","code":"{code}"}}"#);
        let request = format!(
            "POST /api/v1/links HTTP/1.1\r\nhost: {address}\r\nx-api-key: {key}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        if stream.write_all(request.as_bytes()).is_err() {
            return;
        }
        match read_status(&mut stream) {
            Some(201) => acknowledged.lock().unwrap().push(code),
            Some(other) => panic!("a create answered {other}"),
            None => return,
        }
    }
}

/// Reads one whole answer and tells its status; none if the connection broke.
fn read_status(stream: &mut TcpStream) -> Option<u16> {
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).ok().filter(|read| *read > 0)?;
        answer.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&answer);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_lowercase();
            let length: usize = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok())?;
            if body.len() >= length {
                return head.split_whitespace().nth(1)?.parse().ok();
            }
        }
    }
}

/// Says what was measured, for who runs the tests with `--nocapture`.
fn tell(text: &str) {
    writeln!(std::io::stderr(), "{text}").unwrap();
}

/// Demands that the file opens undamaged and holds every code.
fn demand_all(file: &Path, codes: &[String]) {
    let table = SqliteTable::open(file, SqliteOptions::default()).unwrap();
    table.check_integrity().unwrap();
    let default = Domain::default_domain();
    let keys: Vec<_> = codes.iter().map(|code| keys::link(&default, &ShortCode::parse(code).unwrap())).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let found = runtime.block_on(table.get_many(&keys)).unwrap();
    let lost: Vec<_> = codes.iter().zip(&found).filter(|(_, item)| item.is_none()).map(|(code, _)| code).collect();
    assert!(lost.is_empty(), "{} of {} acknowledged links are lost: {lost:?}", lost.len(), codes.len());
}

#[test]
fn a_killed_server_loses_no_acknowledged_link() {
    let cli = TestCli::new();
    let file = cli.path("links.db");
    let mut key = None;
    let mut all = Vec::new();
    for round in 0..KILLS {
        let server = Served::start(&cli, &["--file", file.to_str().unwrap()]);
        key = key.or(server.key.clone());
        let acknowledged = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let (address, key) = (server.url.replace("http://", ""), key.clone().unwrap());
                let (acknowledged, stop) = (Arc::clone(&acknowledged), Arc::clone(&stop));
                let name = format!("r{round}c{client}");
                std::thread::spawn(move || create_until_it_breaks(&address, &key, &name, &acknowledged, &stop))
            })
            .collect();
        std::thread::sleep(Duration::from_millis(30 + round * 7919 % 150));
        // Dropping it is kill -9.
        drop(server);
        stop.store(true, Ordering::Relaxed);
        for client in clients {
            client.join().unwrap();
        }
        let codes = acknowledged.lock().unwrap().clone();
        demand_all(&file, &codes);
        all.extend(codes);
    }
    demand_all(&file, &all);
    tell(&format!("{KILLS} kills of a server, {} links acknowledged, none lost", all.len()));
    assert!(all.len() as u64 > KILLS, "{} links in {KILLS} rounds are too few to test anything", all.len());
}

#[test]
fn a_killed_create_that_printed_its_link_stored_it() {
    let cli = TestCli::new();
    let file = cli.path("links.db");
    let mut printed = Vec::new();
    for round in 0..KILLS {
        let code = format!("k{round}");
        let mut child = command(&cli, &file, &["create", "https://example.com/", "--code", &code])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // From before it opens the file until after it has printed.
        std::thread::sleep(Duration::from_micros(500 * (round * 7919 % 80)));
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        if String::from_utf8_lossy(&output.stdout).trim_end().ends_with(&code) {
            printed.push(code);
        }
    }
    demand_all(&file, &printed);
    tell(&format!("{KILLS} kills of a create, {} links printed, none lost", printed.len()));
    assert!(!printed.is_empty(), "every create was killed before it printed");
}
