//! Links with a click limit, asked for by real clients over real connections.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Barrier};
use std::time::Duration;

use super::support::{Served, TestCli};

const BROWSER: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";

/// The status of one request on a connection of its own, sent when all are ready.
fn ask(host: &str, request: &str, ready: &Barrier) -> u16 {
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    ready.wait();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

fn request(host: &str, method: &str, agent: &str, more: &str) -> String {
    format!("{method} /few HTTP/1.1\r\nhost: {host}\r\nuser-agent: {agent}\r\n{more}connection: close\r\n\r\n")
}

#[test]
fn two_hundred_clients_at_once_get_exactly_as_many_redirects_as_the_limit_says() {
    let cli = TestCli::new().with("SHORT_FILE", "links.db");
    let served = Served::start(&cli, &[]);
    let host = served.url.trim_start_matches("http://").to_owned();
    cli.run(&["create", "https://example.com/", "--code", "few", "--max-clicks", "50"]).exits(0);
    let alone = |method: &str, more: &str| ask(&host, &request(&host, method, BROWSER, more), &Barrier::new(1));
    assert_eq!((alone("HEAD", ""), alone("GET", "sec-purpose: prefetch\r\n")), (302, 302));

    let ready = Arc::new(Barrier::new(200));
    let clients: Vec<_> = (0..200)
        .map(|_| {
            let (host, ready) = (host.clone(), Arc::clone(&ready));
            std::thread::spawn(move || ask(&host, &request(&host, "GET", BROWSER, ""), &ready))
        })
        .collect();
    let statuses: Vec<u16> = clients.into_iter().map(|client| client.join().unwrap()).collect();
    let of = |status| statuses.iter().filter(|found| **found == status).count();
    assert_eq!((of(302), of(410)), (50, 150), "{statuses:?}");
    assert_eq!((alone("GET", ""), alone("HEAD", "")), (410, 410));
}

/// Takes a click of the link `few` from the table in `links.db`.
fn take_a_click(cli: &TestCli) -> u16 {
    let served = Served::start(cli, &[]);
    let host = served.url.trim_start_matches("http://").to_owned();
    ask(&host, &request(&host, "GET", BROWSER, ""), &Barrier::new(1))
}

#[test]
fn a_limit_is_removed_and_set_again() {
    let cli = TestCli::new().with("SHORT_FILE", "links.db");
    cli.run(&["create", "https://example.com/", "--code", "few", "--max-clicks", "1"]).exits(0);
    let limit = || {
        let link = cli.run(&["inspect", "few", "--json"]).exits(0).stdout;
        serde_json::from_str::<serde_json::Value>(&link).unwrap()["max_clicks"].clone()
    };
    assert_eq!((limit(), take_a_click(&cli), take_a_click(&cli)), (1.into(), 302, 410));
    cli.run(&["update", "few", "--clear", "max-clicks", "--max-clicks", "2"]).exits(2);
    cli.run(&["update", "few", "--clear", "max-clicks"]).exits(0);
    assert_eq!((limit(), take_a_click(&cli)), (serde_json::Value::Null, 302));
    cli.run(&["update", "few", "--max-clicks", "1"]).exits(0);
    assert_eq!((limit(), take_a_click(&cli)), (1.into(), 410));
}

#[cfg(unix)]
#[test]
fn people_see_that_a_limit_is_used_up() {
    use super::support::Terminal;
    let cli = TestCli::new().with("SHORT_FILE", "links.db").with("NO_COLOR", "1");
    cli.run(&["create", "https://example.com/", "--code", "few", "--max-clicks", "2"]).exits(0);
    let used = || {
        let (_, shown) = Terminal::start(&cli, &["inspect", "few"]).end();
        let line = shown.lines().find(|line| line.starts_with("clicks used")).unwrap_or_default().to_owned();
        line.trim_start_matches("clicks used").trim().to_owned()
    };
    let mut seen = vec![used()];
    for _ in 0..2 {
        take_a_click(&cli);
        seen.push(used());
    }
    assert_eq!(seen, ["0 of 2", "1 of 2", "2 of 2, used up: visitors get 410"]);
    let json = cli.run(&["inspect", "few", "--json"]).exits(0).stdout;
    assert!(json.contains(r#""state":"active""#) && json.contains(r#""clicks_used":2"#), "{json}");
}
