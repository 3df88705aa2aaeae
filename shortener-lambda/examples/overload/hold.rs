//! Connections that are held open, and what is done on them.

use std::cell::Cell;
use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::str::FromStr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use super::Failure;

/// Connections under way at once.
const DIALING: usize = 64;

/// Pause between two bytes of whoever sends slowly.
const SLOWLY: Duration = Duration::from_secs(1);

/// What is done on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Habit {
    /// Nothing.
    Idle,
    /// A head, a byte a second.
    Head,
    /// A body, a byte a second.
    Body,
    /// Many requests whose answers are never read.
    Deaf,
}

impl FromStr for Habit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "idle" => Self::Idle,
            "head" => Self::Head,
            "body" => Self::Body,
            "deaf" => Self::Deaf,
            _ => return Err(format!("{text} is no habit")),
        })
    }
}

#[derive(Debug, Default)]
struct Counts {
    opened: Cell<usize>,
    failed: Cell<usize>,
    ended: Cell<usize>,
}

/// Opens `count` connections and holds them until standard input ends.
pub(crate) async fn hold(
    address: SocketAddr,
    count: usize,
    source: IpAddr,
    habit: Habit,
    key: &str,
) -> Result<(), Failure> {
    let counts = Rc::new(Counts::default());
    let dialing = std::sync::Arc::new(tokio::sync::Semaphore::new(DIALING));
    let key: Rc<str> = key.into();
    tokio::task::spawn_local({
        let counts = Rc::clone(&counts);
        async move {
            for _ in 0..count {
                let Ok(permit) = std::sync::Arc::clone(&dialing).acquire_owned().await else { return };
                let (counts, key) = (Rc::clone(&counts), Rc::clone(&key));
                tokio::task::spawn_local(async move {
                    let stream = dial(address, source).await;
                    drop(permit);
                    let Ok(stream) = stream else { return add(&counts.failed) };
                    add(&counts.opened);
                    let ended = behave(stream, habit, &key).await;
                    drop(ended);
                    add(&counts.ended);
                });
            }
        }
    });
    let (stop, mut stopped) = tokio::sync::oneshot::channel::<()>();
    std::thread::spawn(move || {
        let read = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        drop((read, stop));
    });
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! { _ = ticks.tick() => {}, _ = &mut stopped => return Ok(()) }
        let (opened, failed, ended) = (counts.opened.get(), counts.failed.get(), counts.ended.get());
        writeln!(std::io::stdout(), "opened={opened} failed={failed} ended={ended} open={}", opened - ended)?;
    }
}

fn add(count: &Cell<usize>) {
    count.set(count.get() + 1);
}

async fn dial(address: SocketAddr, source: IpAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind((source, 0).into())?;
    let connected = tokio::time::timeout(Duration::from_secs(20), socket.connect(address)).await;
    connected.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()))
}

/// Returns when the server ends the connection.
async fn behave(mut stream: TcpStream, habit: Habit, key: &str) -> std::io::Result<()> {
    let head = format!(
        "POST /api/v1/links HTTP/1.1\r\nhost: s.example\r\nx-api-key: {key}\r\ncontent-type: application/json\r\n"
    );
    match habit {
        Habit::Idle => {}
        Habit::Head => return slowly(stream, b"GET /hot HTTP/1.1\r\nx-slow: ").await,
        Habit::Body => {
            let head = format!("{head}content-length: 1000000\r\n\r\n");
            return slowly(stream, head.as_bytes()).await;
        }
        Habit::Deaf => {
            let requests = "GET /api/v1/openapi.json HTTP/1.1\r\nhost: s.example\r\n\r\n".repeat(400);
            loop {
                stream.write_all(requests.as_bytes()).await?;
            }
        }
    }
    let mut answer = [0; 1024];
    while stream.read(&mut answer).await? > 0 {}
    Ok(())
}

async fn slowly(mut stream: TcpStream, beginning: &[u8]) -> std::io::Result<()> {
    stream.write_all(beginning).await?;
    let mut answer = [0; 1024];
    loop {
        tokio::select! {
            read = stream.read(&mut answer) => if read? == 0 { return Ok(()) },
            () = tokio::time::sleep(SLOWLY) => stream.write_all(b"x").await?,
        }
    }
}
