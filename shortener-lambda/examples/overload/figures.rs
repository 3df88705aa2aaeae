//! What became of the requests of one load.

use std::fmt;
use std::time::{Duration, Instant};

/// An answer that took longer than this after its request was sent is none of a server that is well.
const WELL: Duration = Duration::from_millis(250);

#[derive(Debug)]
pub(crate) struct Figures {
    pub(crate) name: String,
    pub(crate) start: Instant,
    pub(crate) elapsed: Duration,
    pub(crate) due: u64,
    /// Not sent, because all connections waited for answers.
    held_back: u64,
    /// Sent, and never answered.
    pub(crate) lost: u64,
    pub(crate) other: u64,
    pub(crate) without_retry_after: u64,
    pub(crate) reconnects: u64,
    good: Vec<u32>,
    shed: Vec<u32>,
    /// The same, from when they were sent: where this core was late, the server is not to blame.
    good_sent: Vec<u32>,
    shed_sent: Vec<u32>,
    late: Vec<u32>,
    settled: Duration,
}

impl Figures {
    pub(crate) fn new(name: &str, start: Instant) -> Self {
        Self {
            name: name.to_owned(),
            start,
            elapsed: Duration::ZERO,
            due: 0,
            held_back: 0,
            lost: 0,
            other: 0,
            without_retry_after: 0,
            reconnects: 0,
            good: Vec::new(),
            shed: Vec::new(),
            good_sent: Vec::new(),
            shed_sent: Vec::new(),
            late: Vec::new(),
            settled: Duration::ZERO,
        }
    }

    /// A request that was due at `due` is sent now.
    pub(crate) fn sent(&mut self, due: Instant) {
        self.late.push(micros(due.elapsed()));
    }

    /// A request that was due at `due` cannot be sent.
    pub(crate) fn held_back(&mut self, due: Instant) {
        self.due += 1;
        self.held_back += 1;
        self.unwell(due);
    }

    pub(crate) fn good(&mut self, due: Instant, sent: Instant) {
        let took = sent.elapsed();
        self.good.push(micros(due.elapsed()));
        self.good_sent.push(micros(took));
        if took > WELL {
            self.unwell(due);
        }
    }

    pub(crate) fn shed(&mut self, due: Instant, sent: Instant) {
        self.shed_sent.push(micros(sent.elapsed()));
        self.shed.push(micros(due.elapsed()));
        self.unwell(due);
    }

    /// The request that was due at `due` did not fare as one on a server that is well.
    pub(crate) fn unwell(&mut self, due: Instant) {
        self.settled = self.settled.max(due.saturating_duration_since(self.start));
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per_second = |count: usize| u128::try_from(count).unwrap_or(0) * 1000 / self.elapsed.as_millis().max(1);
        write!(
            f,
            "load={} due={} good={} good_per_s={}",
            self.name,
            self.due,
            self.good.len(),
            per_second(self.good.len())
        )?;
        percentiles(f, "good", &self.good)?;
        write!(f, " shed={} shed_per_s={}", self.shed.len(), per_second(self.shed.len()))?;
        percentiles(f, "shed", &self.shed)?;
        percentiles(f, "good_sent", &self.good_sent)?;
        percentiles(f, "shed_sent", &self.shed_sent)?;
        write!(
            f,
            " no_retry_after={} held_back={} lost={} other={} reconnects={}",
            self.without_retry_after, self.held_back, self.lost, self.other, self.reconnects
        )?;
        percentiles(f, "late", &self.late)?;
        write!(f, " settled_s={:.2}", self.settled.as_secs_f64())
    }
}

fn percentiles(f: &mut fmt::Formatter<'_>, name: &str, micros: &[u32]) -> fmt::Result {
    let mut sorted = micros.to_vec();
    sorted.sort_unstable();
    for (label, per_mille) in [("p50", 500), ("p99", 990)] {
        let at = (sorted.len() * per_mille / 1000).min(sorted.len().saturating_sub(1));
        let value = f64::from(sorted.get(at).copied().unwrap_or(0)) / 1000.0;
        write!(f, " {name}_{label}_ms={value:.2}")?;
    }
    Ok(())
}

fn micros(duration: Duration) -> u32 {
    u32::try_from(duration.as_micros()).unwrap_or(u32::MAX)
}
