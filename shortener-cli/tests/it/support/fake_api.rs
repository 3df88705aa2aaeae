//! A service that answers what it is told, to see what the command makes of each answer.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use shortener_core::wire::{Problem, ProblemCode};

/// The service. Its thread ends with the test process.
pub(crate) struct FakeApi {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl FakeApi {
    /// Answers by the first of these whose method and path the request begins with; 404 otherwise.
    pub(crate) fn answering(answers: Vec<(&'static str, String)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let request = read_request(&mut stream);
                let answer = answers.iter().find(|(begin, _)| request.starts_with(begin));
                let answer = answer.map_or_else(|| problem(ProblemCode::NotFound, "no such route"), |a| a.1.clone());
                seen.lock().unwrap().push(request);
                // The command may have gone away.
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        Self { url, requests }
    }

    /// Answers everything with one problem.
    pub(crate) fn failing(code: ProblemCode) -> Self {
        Self::answering(vec![("", problem(code, "it is so"))])
    }

    /// What was asked, heads and bodies.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

pub(crate) fn read_request(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    let mut buffer = [0; 8192];
    loop {
        let read = stream.read(&mut buffer).unwrap_or(0);
        request.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&request).into_owned();
        // The first byte of a TLS handshake: answered as by any server that does not speak TLS.
        if request.first() == Some(&0x16) {
            return text;
        }
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            if read == 0 {
                return text;
            }
            continue;
        };
        let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if read == 0 || body.len() >= length.unwrap_or(0) {
            return text;
        }
    }
}

/// An answer.
pub(crate) fn answer(status: u16, kind: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

/// A problem as an answer.
pub(crate) fn problem(code: ProblemCode, detail: &str) -> String {
    let body = serde_json::to_string(&Problem::new(code, detail).with_hint("do something")).unwrap();
    answer(code.status(), "application/problem+json", &body)
}

/// A link as an answer.
pub(crate) fn link(status: u16, code: &str, title: &str) -> String {
    let link = serde_json::json!({
        "code": code, "domain": "-", "short_url": format!("https://s.example/{code}"),
        "target": "https://example.com/", "title": title, "tags": ["a", "b"], "redirect_status": 302,
        "forward_query": false, "state": "active", "version": 1, "created_at": "2026-01-01T00:00:00Z",
        "created_by": "key:x", "updated_at": "2026-01-01T00:00:00Z", "starts_at": null, "expires_at": null,
        "max_clicks": null,
    });
    answer(status, "application/json", &link.to_string())
}
