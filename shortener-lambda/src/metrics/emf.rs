//! Metrics as log lines that CloudWatch reads: the embedded metric format
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>).

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use metrics_cloudwatch_embedded::{Builder, Collector};
use shortener_core::metrics::CACHE_HITS;

use super::{COLD_STARTS, INGEST_LAG, INGESTED_LINES, REDIRECTS, REJECTED_LINES, STORE_FAILURES, STORE_LATENCY};

/// The namespace of all metrics.
const NAMESPACE: &str = "Short";

/// Most values of one metric in one line: CloudWatch takes no more, and the collector has no room for more.
const MOST_VALUES: usize = 100;

/// How often metrics are written where nothing else tells when.
const EVERY: Duration = Duration::from_secs(30);

/// Collects metrics and writes them to standard output.
#[derive(Clone)]
pub struct Meter {
    collector: &'static Collector,
    room: Room,
}

/// How many latencies still fit into the next line.
#[derive(Debug, Clone)]
pub(super) struct Room(Arc<AtomicUsize>);

impl Room {
    /// Takes a place, if there is one.
    pub(super) fn take(&self) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }

    fn empty(&self) {
        self.0.store(MOST_VALUES, Ordering::Relaxed);
    }
}

impl std::fmt::Debug for Meter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Meter").field("room", &self.room).finish_non_exhaustive()
    }
}

impl Meter {
    /// Starts collecting for the whole process; `function` is the value of the dimension `Function`. None if something
    /// collects already.
    pub fn start(function: &str) -> Option<Self> {
        let builder = Builder::new().cloudwatch_namespace(NAMESPACE).with_dimension("Function", function.to_owned());
        let collector = builder.init().map_err(|error| tracing::warn!(error, "no metrics are collected")).ok()?;
        describe_histogram!(STORE_LATENCY, Unit::Milliseconds, "");
        describe_gauge!(INGEST_LAG, Unit::Seconds, "");
        for name in [REDIRECTS, STORE_FAILURES, COLD_STARTS, CACHE_HITS, INGESTED_LINES, REJECTED_LINES] {
            describe_counter!(name, Unit::Count, "");
        }
        Some(Self { collector, room: Room(Arc::new(AtomicUsize::new(MOST_VALUES))) })
    }

    pub(super) fn room(&self) -> Room {
        self.room.clone()
    }

    /// Writes what was collected since the last time; nothing if there was nothing.
    pub fn flush(&self) {
        if let Err(error) = self.collector.flush(io::stdout().lock()) {
            tracing::warn!(%error, "metrics cannot be written");
        }
        self.room.empty();
    }

    /// Writes every half minute, for as long as the process lives: where there are no invocations to write after.
    pub async fn flush_regularly(self) {
        let mut ticks = tokio::time::interval(EVERY);
        loop {
            ticks.tick().await;
            self.flush();
        }
    }

    /// Names the invocation in the lines that follow.
    pub(crate) fn name_invocation(&self, id: &str) {
        self.collector.set_property("lambda_request_id", id.to_owned());
    }
}
