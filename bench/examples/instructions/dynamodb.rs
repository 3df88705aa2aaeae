//! A DynamoDB that costs next to nothing: it remembers the last item that was put, and gives it to whoever asks for one.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Room for a request.
const LONGEST_REQUEST: usize = 64 * 1024;

/// The answer to who asks for an item.
type Found = Arc<Mutex<Arc<[u8]>>>;

/// Serves on this thread, and returns the URL.
pub(crate) async fn serve() -> anyhow::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(accept(listener));
    Ok(url)
}

async fn accept(listener: TcpListener) -> anyhow::Result<()> {
    let found: Found = Arc::new(Mutex::new(answer(&json!({}))));
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(hold(stream, Arc::clone(&found)));
    }
}

/// Answers the requests of one connection, which come one after the other.
async fn hold(mut stream: TcpStream, found: Found) -> anyhow::Result<()> {
    let (mut room, mut length) = (vec![0; LONGEST_REQUEST], 0);
    loop {
        let read = stream.read(&mut room[length..]).await?;
        if read == 0 {
            return Ok(());
        }
        length += read;
        let Some((head, body)) = whole(&room[..length]) else { continue };
        let answer = answer_to(head, body, &found)?;
        stream.write_all(&answer).await?;
        length = 0;
    }
}

/// The head and the body of a request, once all of it is there.
fn whole(request: &[u8]) -> Option<(&str, &[u8])> {
    let end = request.windows(4).position(|bytes| bytes == b"\r\n\r\n")? + 4;
    let (head, body) = request.split_at(end);
    let head = std::str::from_utf8(head).ok()?;
    (body.len() >= header(head, "content-length: ")?.parse().ok()?).then_some((head, body))
}

/// The value of a header, whose name is given as it is sent.
fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let (_, after) = head.split_once(name)?;
    Some(after.split_once("\r\n")?.0)
}

fn answer_to(head: &str, body: &[u8], found: &Found) -> anyhow::Result<Arc<[u8]>> {
    let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
    match header(head, "x-amz-target: ").and_then(|target| target.rsplit('.').next()) {
        Some("GetItem") => Ok(Arc::clone(&found)),
        Some("PutItem") => {
            *found = answer(&json!({"Item": serde_json::from_slice::<Value>(body)?["Item"]}));
            Ok(answer(&json!({})))
        }
        _ => Ok(answer(&json!({}))),
    }
}

fn answer(body: &Value) -> Arc<[u8]> {
    let body = body.to_string();
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {length}\r\n\r\n{body}")
        .into_bytes()
        .into()
}
