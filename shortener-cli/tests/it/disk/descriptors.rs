//! A server without a file descriptor left: connections have taken them all.

use std::net::TcpStream;
use std::time::Duration;

use crate::support::{Connection, Served, TestCli, within};

/// Descriptors that the server may have.
const LIMIT: usize = 48;

/// The answer's status; 0 if the connection broke.
fn create(connection: &mut Connection, code: &str) -> u16 {
    let link = format!(r#"{{"target":"https://example.com/","code":"{code}","tags":["a"]}}"#);
    connection.ask("POST", "/api/v1/links", &link).map_or(0, |answer| answer.status)
}

#[test]
fn a_server_without_descriptors_serves_whom_it_has_and_others_when_there_are_some_again() {
    let cli = TestCli::new().with("SHORT_FILE", "links.db");
    let served = Served::start_under(&cli, &["sh", "-c", &format!("ulimit -n {LIMIT}; exec \"$0\" \"$@\"")], &[]);
    let key = served.key.clone().unwrap();
    let mut first = Connection::to(&served.url, &key).unwrap();
    assert_eq!((create(&mut first, "warm"), create(&mut first, "cold")), (201, 201));
    assert_eq!(first.ask("GET", "/warm", "").unwrap().status, 302);
    let address = served.url.trim_start_matches("http://");
    // The system completes connections that the server has not accepted; those beyond the limit wait.
    let others: Vec<TcpStream> = (0..2 * LIMIT).map(|_| TcpStream::connect(address).unwrap()).collect();
    let open = || std::fs::read_dir(format!("/proc/{}/fd", served.id())).unwrap().count();
    within(Duration::from_secs(10), || (open() >= LIMIT).then_some(()));
    for round in 0..20 {
        assert_eq!(first.ask("GET", "/warm", "").unwrap().status, 302);
        assert_eq!(first.ask("GET", "/cold", "").unwrap().status, 302);
        let status = create(&mut first, &format!("c{round}"));
        assert!([201, 503].contains(&status), "{status}");
    }
    drop(others);
    // Until the server has seen that they are gone, it may refuse one more connection.
    let mut next = within(Duration::from_secs(5), || {
        let mut next = Connection::to(&served.url, &key)?;
        let status = create(&mut next, "after");
        assert!([0, 201, 503].contains(&status), "{status}");
        (status == 201).then_some(next)
    });
    assert_eq!(next.ask("GET", "/after", "").unwrap().status, 302);
    drop(served);
    cli.run(&["table", "status", "--check"]).exits(0);
}
