//! A server's log under requests that are made to forge lines of it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use crate::support::{Served, TestCli};

/// What would end a line, close a string, or be no text.
const FORGERIES: [&[u8]; 8] = [
    b"\"} {\"level\":\"FORGED\"}",
    b"%0a{\"level\":\"FORGED\"}",
    b"\\n{\"level\":\"FORGED\"}",
    b"\xff\xfe\xc0\xaf",
    b"\xe2\x80\xa8{\"level\":\"FORGED\"}",
    b"\tFORGED",
    b"\x1b[7mFORGED",
    b"\r\n {\"level\":\"FORGED\"}",
];

/// Sends a request as it is; what is answered, if anything is, is another matter.
fn send(served: &Served, parts: &[&[u8]]) {
    let mut stream = TcpStream::connect(served.url.trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(&parts.concat()).unwrap();
    // A server may end a connection that makes no sense without an answer.
    let _ = stream.read_to_end(&mut Vec::new());
}

#[test]
fn every_line_of_the_log_is_one_json_object_whatever_is_asked() {
    let cli = TestCli::new().with("SHORT_FILE", "links.db").with("SHORT_LOG", "trace");
    cli.run(&["create", "https://example.com/", "--code", "a"]).exits(0);
    let mut served = Served::start(&cli, &["--log", "json"]);
    let key = served.key.clone().unwrap();
    for forgery in FORGERIES {
        let end: &[u8] = b"\r\nhost: s.example\r\nconnection: close\r\n\r\n";
        for path in [&b"/"[..], b"/a?", b"/a+", b"/api/v1/links/", b"/api/v1/links?tag=", b"/api/v1/"] {
            send(&served, &[b"GET ", path, forgery, b" HTTP/1.1", end]);
        }
        for name in [
            &b"user-agent"[..],
            b"x-request-id",
            b"x-api-key",
            b"x-forwarded-host",
            b"referer",
            b"idempotency-key",
            b"if-match",
        ] {
            for path in [&b"/a"[..], b"/api/v1/links"] {
                send(&served, &[b"GET ", path, b" HTTP/1.1\r\n", name, b": ", forgery, end]);
            }
        }
        let body = [br#"{"target":""#, forgery, br#""}"#].concat();
        let head = format!("x-api-key: {key}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n", body.len());
        send(
            &served,
            &[
                b"POST /api/v1/links HTTP/1.1\r\nhost: s.example\r\nconnection: close\r\n",
                head.as_bytes(),
                b"\r\n",
                &body,
            ],
        );
        send(&served, &[forgery, b" / HTTP/1.1", end]);
    }
    served.stop("-TERM");
    let log = served.log();
    let lines: Vec<&str> = log.lines().filter(|line| line.starts_with('{') || line.contains("FORGED")).collect();
    assert!(lines.len() > 100, "there is a log: {}", lines.len());
    for line in lines {
        let parsed: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        assert!(parsed.is_object() && parsed["level"] != "FORGED", "{line}");
        assert!(!line.contains(|c: char| c.is_control()), "{line:?}");
    }
}
