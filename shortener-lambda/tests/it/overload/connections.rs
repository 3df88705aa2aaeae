//! More connections than the server holds.

use std::time::Duration;

use shortener_lambda::server::Bounds;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::hostile::{GET, Server, ask, create, within};
use crate::app::TestApp;

#[tokio::test]
async fn a_full_table_closes_those_that_do_nothing_for_those_that_come() {
    let server = Server::start(Bounds { connections: 8, idle: Duration::ZERO, ..Bounds::default() }).await;
    let mut idle = Vec::new();
    for _ in 0..100 {
        let mut stream = server.connect().await;
        assert!(ask(&mut stream, GET).await.starts_with("HTTP/1.1 302"));
        idle.push(stream);
    }
    let mut ended = 0;
    for stream in &mut idle[..92] {
        ended += usize::from(within(stream.read(&mut [0])).await.unwrap_or(0) == 0);
    }
    assert_eq!(ended, 92);
}

#[tokio::test]
async fn where_all_are_at_work_one_more_is_answered_503_until_there_is_room() {
    let server = Server::start(Bounds { connections: 8, idle: Duration::from_hours(1), ..Bounds::default() }).await;
    let mut held = Vec::new();
    for _ in 0..8 {
        let mut stream = server.connect().await;
        assert!(ask(&mut stream, GET).await.starts_with("HTTP/1.1 302"));
        held.push(stream);
    }
    for _ in 0..20 {
        let answer = ask(&mut server.connect().await, GET).await;
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
        assert!(answer.contains("\r\nretry-after: 1\r\n") && answer.contains("\r\nconnection: close\r\n"), "{answer}");
    }
    assert!(ask(&mut held[0], GET).await.starts_with("HTTP/1.1 302"), "a connection that was there is served");
    held.pop();
    within(async { while !ask(&mut server.connect().await, GET).await.starts_with("HTTP/1.1 302") {} }).await;
}

#[tokio::test]
async fn thousands_of_silent_connections_are_bounded_and_others_are_served() {
    let bounds = Bounds { idle: Duration::ZERO, ..Bounds::of_process(Some(250)) };
    let server = Server::start(bounds).await;
    let mut silent = Vec::new();
    // A limit of 1,024 open files allows less than a thousand, where nothing can raise it.
    while silent.len() < 2_000 {
        let Ok(stream) = TcpStream::connect(server.address).await else { break };
        silent.push(stream);
        if silent.len() % 100 == 0 {
            let answer = ask(&mut server.connect().await, GET).await;
            assert!(answer.starts_with("HTTP/1.1 302"), "{answer}");
        }
    }
    assert!(silent.len() >= 400, "only {} connections could be opened", silent.len());
    let (mut ended, bounded) = (0, silent.len() - 250);
    for stream in &mut silent[..bounded] {
        ended += usize::from(within(stream.read(&mut [0])).await.unwrap_or(0) == 0);
    }
    assert_eq!(ended, bounded);
}

/// A create whose body is said to have so many bytes, and does not come.
fn announced(key: &str, length: usize, more: &str) -> String {
    format!("{}{more}content-length: {length}\r\n\r\n", create(key))
}

#[tokio::test]
async fn who_announces_a_body_and_does_not_send_it_keeps_nobody_out() {
    let server = Server::start(Bounds { connections: 8, idle: Duration::ZERO, ..Bounds::default() }).await;
    for more in ["", "expect: 100-continue\r\n"] {
        let mut silent = Vec::new();
        for _ in 0..40 {
            let mut stream = server.connect().await;
            within(stream.write_all(announced("nobody", 60, more).as_bytes())).await.unwrap();
            silent.push(stream);
        }
        // The server may not have seen all of them yet, and looks for room some times a second.
        within(async { while !ask(&mut server.connect().await, GET).await.starts_with("HTTP/1.1 302") {} }).await;
    }
}

#[tokio::test]
async fn a_body_that_is_awaited_after_100_continue_is_a_request_under_way() {
    let app = TestApp::setup().memory_first().start().await;
    let bounds = Bounds { connections: 1, idle: Duration::ZERO, ..Bounds::default() };
    let server = Server::within(bounds, app.router.clone()).await;
    let link = r#"{"target":"https://www.example.com","code":"slow"}"#;
    // More than what is read before the caller is known.
    let body = format!("{link}{}", " ".repeat(20_000));
    let head = announced(&app.key, body.len(), "expect: 100-continue\r\n");
    let mut slow = server.connect().await;
    let told = ask(&mut slow, &head).await;
    assert_eq!(told, "HTTP/1.1 100 Continue\r\n\r\n");
    let other = ask(&mut server.connect().await, GET).await;
    assert!(other.starts_with("HTTP/1.1 503 "), "{other}");
    let made = ask(&mut slow, &body).await;
    assert!(made.starts_with("HTTP/1.1 201 "), "{made}");
}
