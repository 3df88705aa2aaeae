//! Tells Lambda why a start failed, so that the reason stands beside the failed invocation.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use serde_json::json;

/// How long Lambda may take: it is on the same machine.
const PATIENCE: Duration = Duration::from_millis(500);

/// Posts the failure to the Runtime API at `address`. A few bytes by hand: a process that ends needs no HTTP client.
pub(super) fn post(address: &str, message: &str) -> io::Result<()> {
    let body = json!({"errorType": "Short.StartFailed", "errorMessage": message, "stackTrace": []}).to_string();
    let request = format!(
        "POST /2018-06-01/runtime/init/error HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
         lambda-runtime-function-error-type: Short.StartFailed\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let mut addresses = address.to_socket_addrs()?;
    let address = addresses.next().ok_or(io::ErrorKind::AddrNotAvailable)?;
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(request.as_bytes())?;
    // The answer says nothing, but it comes after the message was taken.
    stream.read_exact(&mut [0])
}
