//! The same over real connections: what a client library would never send.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use super::world::{World, report};

/// A server on a loopback port, and what stops it.
async fn served(world: &World) -> (std::net::SocketAddr, oneshot::Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let router = world.router.clone();
    tokio::spawn(shortener_lambda::server::serve(listener, router, async {
        let _ = stopped.await;
    }));
    (address, stop)
}

/// Every status line that a connection gets for these bytes, until the server closes it.
async fn statuses(address: std::net::SocketAddr, request: &str) -> (Vec<u16>, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // A server that refuses a request in the middle closes at once.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(std::time::Duration::from_secs(10), stream.read_to_end(&mut answer)).await.unwrap();
    let text = String::from_utf8_lossy(&answer).into_owned();
    let lines = text.match_indices("HTTP/1.1 ").filter_map(|(at, _)| text.get(at + 9..at + 12)?.parse().ok());
    (lines.collect(), text.clone())
}

/// A request as it is sent, and the statuses that come out of it; 400 may also be a closed connection.
type Case = (&'static str, String, Vec<u16>);

#[expect(clippy::too_many_lines, reason = "a table")]
fn cases(world: &World) -> Vec<Case> {
    let good = world.caller("editor of everything").key.clone();
    let reader = world.caller("reader of everything").key.clone();
    let who = "GET /api/v1/whoami HTTP/1.1\r\nhost: s.example\r\nconnection: close\r\n";
    let delete = "DELETE /api/v1/links/in-mine HTTP/1.1\r\nhost: s.example\r\nconnection: close\r\n";
    let keyed = |head: &str, key: &str| format!("{head}x-api-key: {key}\r\n\r\n");
    let smuggled =
        format!("GET /api/v1/keys HTTP/1.1\r\nhost: s.example\r\nconnection: close\r\nx-api-key: {reader}\r\n\r\n");
    vec![
        ("good", keyed(who, &good), vec![200]),
        ("no key", format!("{who}\r\n"), vec![401]),
        ("spaces around", keyed(who, &format!("  {good}\t ")), vec![200]),
        ("name in capitals", format!("{who}X-API-KEY: {good}\r\n\r\n"), vec![200]),
        ("a space before the colon", format!("{who}x-api-key : {good}\r\n\r\n"), vec![400]),
        ("a folded line", format!("{who}x-api-key:\r\n {good}\r\n\r\n"), vec![400]),
        ("good and bad", format!("{who}x-api-key: {good}\r\nx-api-key: bad\r\n\r\n"), vec![401]),
        ("bad and good", format!("{who}x-api-key: bad\r\nX-Api-Key: {good}\r\n\r\n"), vec![401]),
        ("a NUL in it", keyed(who, &format!("{good}\0")), vec![400]),
        ("reader deletes", keyed(delete, &reader), vec![403]),
        ("reader by override", keyed(&format!("{delete}x-http-method-override: GET\r\n"), &reader), vec![403]),
        (
            "absolute form of another host",
            keyed(
                "DELETE http://go.test/api/v1/links/in-mine HTTP/1.1\r\nhost: s.example\r\nconnection: close\r\n",
                &reader,
            ),
            vec![403],
        ),
        (
            "absolute form",
            keyed("GET http://s.example/api/v1/whoami HTTP/1.1\r\nhost: evil\r\nconnection: close\r\n", &good),
            vec![200],
        ),
        (
            "dots",
            keyed("GET /api/v1/health/../keys HTTP/1.1\r\nhost: s.example\r\nconnection: close\r\n", &reader),
            vec![404],
        ),
        (
            "two slashes",
            keyed("GET //api/v1/keys HTTP/1.1\r\nhost: s.example\r\nconnection: close\r\n", &good),
            vec![404],
        ),
        ("asterisk", keyed("OPTIONS * HTTP/1.1\r\nhost: s.example\r\nconnection: close\r\n", &good), vec![405]),
        ("trace", keyed("TRACE /api/v1/whoami HTTP/1.1\r\nhost: s.example\r\nconnection: close\r\n", &good), vec![405]),
        (
            "unknown method",
            keyed("DELETEX /api/v1/links/in-mine HTTP/1.1\r\nhost: a\r\nconnection: close\r\n", &good),
            vec![405],
        ),
        ("HTTP/1.0", format!("GET /api/v1/whoami HTTP/1.0\r\nx-api-key: {good}\r\n\r\n"), vec![]),
        (
            "two lengths",
            format!(
                "POST /api/v1/links HTTP/1.1\r\nhost: a\r\nx-api-key: {good}\r\ncontent-length: 0\r\ncontent-length: {}\r\n\r\n{smuggled}",
                smuggled.len()
            ),
            vec![400],
        ),
        (
            "length and chunks",
            format!(
                "GET /api/v1/whoami HTTP/1.1\r\nhost: a\r\nx-api-key: {good}\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n{smuggled}"
            ),
            // The chunks count and the connection ends with this answer (RFC 9112, 6.1): what follows is never a request.
            vec![200],
        ),
        (
            "chunks of another name",
            format!(
                "POST /api/v1/links HTTP/1.1\r\nhost: a\r\nx-api-key: {good}\r\ntransfer-encoding: xchunked\r\n\r\n{smuggled}"
            ),
            vec![400],
        ),
        (
            "the key of the request before",
            format!("GET /api/v1/whoami HTTP/1.1\r\nhost: a\r\nx-api-key: {good}\r\n\r\n{who}\r\n"),
            vec![200, 401],
        ),
    ]
}

#[tokio::test]
async fn raw_requests_get_what_their_keys_give_them() {
    let world = World::start().await;
    let (address, stop) = served(&world).await;
    let cases = cases(&world);
    let count = cases.len();
    for (what, request, expected) in cases {
        let (found, text) = statuses(address, &request).await;
        if what == "HTTP/1.0" {
            assert!(text.starts_with("HTTP/1.0 200"), "{text}");
        } else {
            // A server may also close the connection on what is no HTTP.
            let is_closed = expected == [400] && found.is_empty();
            assert!(is_closed || found == expected, "{what}: {found:?} and not {expected:?}: {text}");
        }
        assert!(
            !text.to_lowercase().contains("set-cookie") && !text.to_lowercase().contains("access-control-allow"),
            "{text}"
        );
        assert_eq!(world.table.dump().await, world.start, "{what}");
    }
    report("requests over sockets", count);
    let _ = stop.send(());
}
