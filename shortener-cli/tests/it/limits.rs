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
