//! One connection: what is written to it and not yet answered.

use std::cell::{Cell, RefCell};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::net::TcpStream;

use super::figures::Figures;
use super::requests::Requests;

/// Pause before a connection that was closed or refused is opened again.
const AGAIN: Duration = Duration::from_millis(20);

pub(crate) struct Line {
    address: SocketAddr,
    stream: RefCell<Option<Rc<TcpStream>>>,
    /// When the request that waits for its answer was due, and when it was sent. There is no second one: few clients send one
    /// before the answer to another, and its time would be that of both.
    unanswered: Cell<Option<(Instant, Instant)>>,
    /// The end of a request that the kernel did not take whole.
    rest: RefCell<Vec<u8>>,
    figures: Rc<RefCell<Figures>>,
    requests: Rc<Requests>,
    /// Until when the next request follows each answer.
    closed_until: Cell<Option<Instant>>,
}

impl Line {
    pub(crate) async fn open(
        address: SocketAddr,
        figures: &Rc<RefCell<Figures>>,
        requests: &Rc<Requests>,
    ) -> io::Result<Rc<Self>> {
        let stream = connect(address).await?;
        let line = Rc::new(Self {
            address,
            stream: RefCell::new(Some(stream)),
            unanswered: Cell::default(),
            rest: RefCell::default(),
            figures: Rc::clone(figures),
            requests: Rc::clone(requests),
            closed_until: Cell::new(None),
        });
        tokio::task::spawn_local(Rc::clone(&line).listen());
        Ok(line)
    }

    /// From now on each answer is followed by a request, until a moment. Sends the first.
    pub(crate) fn keep_asking(&self, until: Instant) {
        self.closed_until.set(Some(until));
        self.send(Instant::now());
    }

    /// Sends a request that is due at `due`. False if none can be sent on this line now.
    pub(crate) fn send(&self, due: Instant) -> bool {
        let Some(stream) = self.stream.borrow().clone() else { return false };
        let mut rest = self.rest.borrow_mut();
        if self.unanswered.get().is_some() || !write(&stream, &mut rest) {
            return false;
        }
        *rest = self.requests.next();
        let mut figures = self.figures.borrow_mut();
        figures.due += 1;
        figures.sent(due);
        self.unanswered.set(Some((due, Instant::now())));
        // What is left is written before the next request; an error shows when the answer is read.
        write(&stream, &mut rest);
        true
    }

    /// What was never answered counts as lost.
    pub(crate) fn give_up(&self) {
        let mut figures = self.figures.borrow_mut();
        if let Some((due, _)) = self.unanswered.take() {
            figures.lost += 1;
            figures.unwell(due);
        }
    }

    async fn listen(self: Rc<Self>) {
        loop {
            let Some(stream) = self.stream.borrow().clone() else { return };
            let ended = self.read_answers(&stream).await;
            drop(ended);
            self.stream.replace(None);
            self.rest.borrow_mut().clear();
            self.give_up();
            self.figures.borrow_mut().reconnects += 1;
            while self.stream.borrow().is_none() {
                tokio::time::sleep(AGAIN).await;
                if let Ok(stream) = connect(self.address).await {
                    self.stream.replace(Some(stream));
                }
            }
            if self.closed_until.get().is_some_and(|until| Instant::now() < until) {
                self.send(Instant::now());
            }
        }
    }

    async fn read_answers(&self, stream: &TcpStream) -> io::Result<()> {
        let (mut received, mut buffer) = (Vec::new(), vec![0; 64 * 1024]);
        loop {
            stream.readable().await?;
            let length = match stream.try_read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                Err(error) => return Err(error),
            };
            received.extend_from_slice(buffer.get(..length).unwrap_or_default());
            let mut taken = 0;
            while let Some((answer, length)) = Answer::parse(received.get(taken..).unwrap_or_default()) {
                taken += length;
                self.take(&answer);
            }
            received.drain(..taken);
        }
    }

    fn take(&self, answer: &Answer) {
        let Some((due, sent)) = self.unanswered.take() else { return };
        let mut figures = self.figures.borrow_mut();
        if self.requests.is_good(answer.status) {
            figures.good(due, sent);
        } else if answer.status == 503 {
            figures.shed(due, sent);
            figures.without_retry_after += u64::from(!answer.says_when);
        } else {
            figures.other += 1;
        }
        drop(figures);
        if self.closed_until.get().is_some_and(|until| Instant::now() < until) {
            self.send(Instant::now());
        }
    }
}

/// Writes what the kernel takes; true if that was all.
fn write(stream: &TcpStream, rest: &mut Vec<u8>) -> bool {
    if !rest.is_empty() {
        let written = stream.try_write(rest).unwrap_or(0);
        rest.drain(..written);
    }
    rest.is_empty()
}

async fn connect(address: SocketAddr) -> io::Result<Rc<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    stream.writable().await?;
    Ok(Rc::new(stream))
}

struct Answer {
    status: u16,
    says_when: bool,
}

impl Answer {
    /// The answer at the beginning of `bytes` and its length, if it is there to its end.
    fn parse(bytes: &[u8]) -> Option<(Self, usize)> {
        let head = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let text = std::str::from_utf8(bytes.get(..head)?).ok()?;
        let status = text.get(9..12)?.parse().ok()?;
        let header = |name: &str| {
            text.split("\r\n").find_map(|line| {
                let (found, value) = line.split_once(':')?;
                found.eq_ignore_ascii_case(name).then_some(value.trim())
            })
        };
        let body = header("content-length").and_then(|length| length.parse::<usize>().ok()).unwrap_or(0);
        let end = head + 4 + body;
        (bytes.len() >= end).then(|| (Self { status, says_when: header("retry-after").is_some() }, end))
    }
}
