//! Clients that send slowly, too much, or never read.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use shortener_lambda::server::{Bounds, Front, serve_within};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::app::TestApp;

/// A request that the server answers from memory.
pub(super) const GET: &str = "GET /launch HTTP/1.1\r\nhost: s.example\r\n\r\n";

/// What waits for nothing else ends in this time; otherwise a test fails.
const LIMIT: Duration = Duration::from_secs(20);

const SHORT: Duration = Duration::from_millis(200);

/// The server on a port of its own. It ends with its test.
pub(super) struct Server {
    pub(super) address: SocketAddr,
}

impl Server {
    pub(super) async fn start(bounds: Bounds) -> Self {
        let app = TestApp::setup().memory_first().start().await;
        app.create_launch().await;
        Self::within(bounds, app.router).await
    }

    pub(super) async fn of(front: impl Into<Front>) -> Self {
        Self::within(Bounds::default(), front).await
    }

    pub(super) async fn within(bounds: Bounds, front: impl Into<Front>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve_within(bounds, listener, front.into(), std::future::pending()));
        Self { address }
    }

    pub(super) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }
}

pub(super) async fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(LIMIT, work).await.expect("it takes too long")
}

/// The head of a create, as far as what is said of its body.
pub(super) fn create(key: &str) -> String {
    format!("POST /api/v1/links HTTP/1.1\r\nhost: s.example\r\nx-api-key: {key}\r\ncontent-type: application/json\r\n")
}

/// Sends a request and reads the first part of what comes.
pub(super) async fn ask(stream: &mut TcpStream, request: &str) -> String {
    // A server that refuses before it has read resets the connection.
    let _ = within(stream.write_all(request.as_bytes())).await;
    let mut answer = vec![0; 64 * 1024];
    let length = within(stream.read(&mut answer)).await.unwrap_or(0);
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

/// Reads until the server ends the connection, by closing it or by a reset.
async fn ended(stream: &mut TcpStream) {
    let mut answer = vec![0; 64 * 1024];
    within(async { while stream.read(&mut answer).await.is_ok_and(|length| length > 0) {} }).await;
}

#[tokio::test]
async fn a_head_that_comes_byte_by_byte_is_given_up() {
    let server = Server::start(Bounds { head: SHORT, ..Bounds::default() }).await;
    for beginning in ["", "GET /launch HTTP/1.1\r\nx-slow: "] {
        let mut stream = server.connect().await;
        stream.write_all(beginning.as_bytes()).await.unwrap();
        let (mut reader, mut writer) = stream.split();
        let mut byte = [0];
        within(async {
            loop {
                tokio::select! {
                    read = reader.read(&mut byte) => return assert_eq!(read.unwrap_or(0), 0),
                    // A byte now and then puts the end off no further.
                    () = tokio::time::sleep(SHORT / 10), if !beginning.is_empty() => {
                        let _ = writer.write_all(b"x").await;
                    }
                }
            }
        })
        .await;
        let mut other = server.connect().await;
        assert!(ask(&mut other, GET).await.starts_with("HTTP/1.1 302"));
    }
}

#[tokio::test]
async fn a_connection_that_does_nothing_is_closed() {
    let server = Server::start(Bounds { head: SHORT, ..Bounds::default() }).await;
    let mut stream = server.connect().await;
    assert!(ask(&mut stream, GET).await.starts_with("HTTP/1.1 302"));
    ended(&mut stream).await;
}

#[tokio::test]
async fn heads_that_are_too_large_or_have_too_many_lines_are_answered_431() {
    let server = Server::start(Bounds::default()).await;
    let head = |lines: String| format!("GET /launch HTTP/1.1\r\nhost: s.example\r\n{lines}\r\n");
    for (lines, status) in [
        (format!("x-large: {}\r\n", "x".repeat(31_000)), "302"),
        (format!("x-large: {}\r\n", "x".repeat(100_000)), "431"),
        ("x-one: 1\r\n".repeat(99), "302"),
        ("x-one: 1\r\n".repeat(100), "431"),
    ] {
        let answer = ask(&mut server.connect().await, &head(lines)).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{status}: {answer}");
    }
}

#[tokio::test]
async fn an_answer_does_not_wait_for_the_rest_of_the_next_request() {
    let server = Server::start(Bounds::default()).await;
    let mut stream = server.connect().await;
    let answer = tokio::time::timeout(LIMIT, ask(&mut stream, &format!("{GET}GET /launch HT"))).await;
    assert!(answer.unwrap().starts_with("HTTP/1.1 302"));
}

#[tokio::test]
async fn who_never_reads_gets_no_more_than_fits_and_is_given_up() {
    const PAGE: usize = 512 * 1024;
    let answered = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&answered);
    let page = get(move || {
        count.fetch_add(1, Ordering::SeqCst);
        std::future::ready("x".repeat(PAGE))
    });
    let bounds = Bounds { answer: SHORT, ..Bounds::default() };
    let server = Server::within(bounds, Router::new().route("/page", page)).await;
    let mut stream = server.connect().await;
    let request = "GET /page HTTP/1.1\r\nhost: s.example\r\n\r\n";
    // The last one is never finished: there is always something more to read.
    let flood = format!("{}GET /page", request.repeat(700));
    let _ = within(stream.write_all(flood.as_bytes())).await;
    // Without reading anything: the server must end this by itself, which the next write finds out.
    within(async {
        while stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(SHORT / 10).await;
        }
    })
    .await;
    // The kernel takes some megabytes on both sides; the server holds one answer more.
    let answered = answered.load(Ordering::SeqCst);
    assert!(answered < 100, "{answered} answers of {PAGE} bytes were made for somebody who reads none");
}

#[tokio::test]
async fn a_flood_of_requests_on_one_connection_does_not_keep_others_waiting() {
    let server = Server::start(Bounds::default()).await;
    let mut flooding = server.connect().await;
    let (mut answers, mut requests) = flooding.split();
    let mut other = server.connect().await;
    let flood = async {
        loop {
            if requests.write_all(GET.repeat(500).as_bytes()).await.is_err() {
                return;
            }
        }
    };
    let reading = async {
        let mut buffer = vec![0; 64 * 1024];
        while answers.read(&mut buffer).await.is_ok_and(|length| length > 0) {}
    };
    let asking = async {
        for _ in 0..5 {
            assert!(ask(&mut other, GET).await.starts_with("HTTP/1.1 302"));
        }
    };
    tokio::select! { () = asking => {}, () = flood => panic!("cut"), () = reading => panic!("closed") }
}

#[tokio::test]
async fn bodies_that_claim_to_be_huge_are_refused_and_never_held() {
    let app = TestApp::setup().start().await;
    let server = Server::of(app.router.clone()).await;
    let head = create(&app.key);
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    for (length, piece) in
        [("content-length: 1000000000000", "x".repeat(0x10000)), ("transfer-encoding: chunked", chunk)]
    {
        let mut stream = server.connect().await;
        let (mut reader, mut writer) = stream.split();
        writer.write_all(format!("{head}{length}\r\n\r\n").as_bytes()).await.unwrap();
        let sending = async {
            while writer.write_all(piece.as_bytes()).await.is_ok() {}
            std::future::pending::<()>().await;
        };
        let mut answer = vec![0; 4096];
        let reading = async { within(reader.read(&mut answer)).await.unwrap() };
        let read = tokio::select! { read = reading => read, () = sending => 0 };
        let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    }
}
