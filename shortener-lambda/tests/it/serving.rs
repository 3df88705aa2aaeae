//! The server over real connections.

use std::time::Duration;

use shortener_lambda::server::serve;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::app::TestApp;

async fn exchange(stream: &mut TcpStream, request: &str) -> String {
    let _ = stream.write_all(request.as_bytes()).await;
    let mut answer = vec![0; 64 * 1024];
    // A server that refuses a request in the middle resets the connection.
    let length = stream.read(&mut answer).await.unwrap_or(0);
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

#[tokio::test]
async fn the_server_keeps_connections_and_stops_when_told() {
    let app = TestApp::start().await;
    app.create_launch().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(listener, app.router.clone(), async {
        let _ = stopped.await;
    }));

    let mut stream = TcpStream::connect(address).await.unwrap();
    for _ in 0..2 {
        let answer = exchange(&mut stream, "GET /launch HTTP/1.1\r\nhost: s.example\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 302 Found\r\n"), "{answer}");
        assert!(answer.contains("\r\nlocation: https://www.example.com/launch?x=1\r\n"), "{answer}");
    }
    let mut other = TcpStream::connect(address).await.unwrap();
    let long = format!("GET /{} HTTP/1.1\r\nhost: s.example\r\n\r\n", "x".repeat(70_000));
    let answer = exchange(&mut other, &long).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    let answer = exchange(&mut stream, "HEAD /unknown HTTP/1.1\r\nhost: s.example\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 404") && answer.ends_with("\r\n\r\n"), "{answer}");

    stop.send(()).unwrap();
    // The idle connection does not hold the server up.
    tokio::time::timeout(Duration::from_secs(5), server).await.unwrap().unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}
