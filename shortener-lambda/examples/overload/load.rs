//! Loads, and the clock that sends their requests.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::str::FromStr;
use std::time::{Duration, Instant};

use super::Failure;
use super::figures::Figures;
use super::line::Line;
use super::requests::{Kind, Requests};

/// How long answers may come after the last request.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// Up to this time before a moment the clock sleeps; then it looks at the time again and again.
const WAKES_EARLY: Duration = Duration::from_millis(2);

/// Requests sent one after the other before answers are looked at.
const AT_ONCE: u32 = 32;

/// What is sent, how often, and over how many connections.
#[derive(Debug, Clone)]
pub(crate) struct Load {
    name: String,
    kind: Kind,
    /// Requests a second; none is one after the other on each connection.
    rate: Option<f64>,
    connections: usize,
}

impl FromStr for Load {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self, Failure> {
        let parts: Vec<_> = text.split(':').collect();
        let [kind, rate, connections] = parts[..] else { return Err("a load is KIND:RATE:CONNECTIONS".into()) };
        let rate = if rate == "max" { None } else { Some(rate.parse()?) };
        Ok(Self { name: kind.to_owned(), kind: kind.parse()?, rate, connections: connections.parse()? })
    }
}

/// Sends all loads at once for `length`, and prints the figures of each.
pub(crate) async fn send(address: SocketAddr, length: Duration, key: &str, loads: &[Load]) -> Result<(), Failure> {
    let mut ready = Vec::new();
    for load in loads {
        let figures = Rc::new(RefCell::new(Figures::new(&load.name, Instant::now())));
        let requests = Rc::new(Requests::new(load.kind, key));
        let mut lines = Vec::new();
        for _ in 0..load.connections {
            lines.push(Line::open(address, &figures, &requests).await?);
        }
        ready.push((load.clone(), figures, lines));
    }
    let start = Instant::now() + WAKES_EARLY;
    let mut tasks = Vec::new();
    for (load, figures, lines) in ready {
        figures.borrow_mut().start = start;
        tasks.push(tokio::task::spawn_local(drive(load.rate, lines, figures, start, length)));
    }
    for task in tasks {
        println(&task.await?.borrow())?;
    }
    Ok(())
}

async fn drive(
    rate: Option<f64>,
    lines: Vec<Rc<Line>>,
    figures: Rc<RefCell<Figures>>,
    start: Instant,
    length: Duration,
) -> Rc<RefCell<Figures>> {
    let end = start + length;
    if let Some(rate) = rate {
        send_at(rate, &lines, &figures, start, end).await;
    } else {
        for line in &lines {
            line.keep_asking(end);
        }
        tokio::time::sleep_until(end.into()).await;
    }
    figures.borrow_mut().elapsed = start.elapsed();
    tokio::time::sleep(LAST_ANSWERS).await;
    for line in &lines {
        line.give_up();
    }
    figures
}

async fn send_at(rate: f64, lines: &[Rc<Line>], figures: &RefCell<Figures>, start: Instant, end: Instant) {
    let mut due = start;
    let mut cycle = lines.iter().cycle();
    for number in 1_u32.. {
        loop {
            let left = due.saturating_duration_since(Instant::now());
            match left.checked_sub(WAKES_EARLY) {
                Some(early) => tokio::time::sleep(early).await,
                None if left.is_zero() => break,
                None => tokio::task::yield_now().await,
            }
        }
        if due >= end {
            return;
        }
        if !cycle.by_ref().take(lines.len()).any(|line| line.send(due)) {
            figures.borrow_mut().held_back(due);
        }
        if number.is_multiple_of(AT_ONCE) {
            tokio::task::yield_now().await;
        }
        due = start + Duration::from_secs_f64(f64::from(number) / rate);
    }
}

fn println(figures: &Figures) -> std::io::Result<()> {
    use std::io::Write as _;
    writeln!(std::io::stdout(), "{figures}")
}
