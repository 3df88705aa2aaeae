//! Counts clicks from the edge's access logs, for one invocation at a time.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use metrics::{counter, gauge};
use serde::Serialize;
use shortener_core::clock::{Clock, SystemClock};
use shortener_core::ingest::run::MEMORY_BYTES;
use shortener_core::ingest::{
    CloudWatch, Ingest, IngestError, IngestOptions, IngestReport, Lease, LogSource, Reach, RollUp, S3Logs, S3Place,
    S3Settings,
};
use shortener_core::pace::Patience;
use shortener_core::service::{Service, Settings};
use shortener_core::table::dynamo::{CredentialSource, DynamoSettings, DynamoTable};
use shortener_core::version;
use tokio::time::Instant;

use crate::config::Config;
use crate::process::Failure;

/// Time that is left at the end of an invocation: to finish a write, to remember what was counted, and to answer.
const RESERVE: Duration = Duration::from_secs(20);

/// What an invocation is answered with.
#[derive(Debug, Serialize)]
pub struct Answer {
    /// `counted`, or `busy` while another invocation counts.
    status: &'static str,
    version: &'static str,
    revision: &'static str,
    #[serde(flatten)]
    report: IngestReport,
}

/// Everything that an invocation needs.
#[derive(Debug, Clone)]
pub struct Counting {
    service: Arc<Service>,
    logs: Arc<dyn LogSource>,
    meter: Option<Arc<CloudWatch>>,
    options: IngestOptions,
    function: String,
}

impl Counting {
    /// Reads the settings. Nothing is sent yet.
    ///
    /// # Errors
    /// A setting is missing or means nothing.
    pub async fn connect(config: &Config) -> Result<Self, Failure> {
        let bucket = config.log_bucket.as_deref().ok_or("SHORT_LOG_BUCKET: it names the bucket of the access logs")?;
        let place = S3Place::parse(&format!("s3://{bucket}/{}", config.log_prefix));
        let place = place.ok_or("SHORT_LOG_BUCKET: this is no name of a bucket")?;
        let credentials = CredentialSource::Environment;
        let mut settings = DynamoSettings::new(&config.table);
        settings.endpoint_url.clone_from(&config.endpoint_url);
        settings.credentials = credentials;
        let table = Arc::new(DynamoTable::connect(&settings).await?);
        let service = Arc::new(Service::new(table, Settings::new(config.base_url.clone())));
        let logs = S3Logs::connect(&S3Settings { credentials, ..S3Settings::default() }, place).await;
        let meter =
            if config.asks_for_requests { Some(Arc::new(CloudWatch::connect(credentials, None).await)) } else { None };
        let options = IngestOptions {
            distribution: config.distribution.as_ref().map(|id| id.as_str().to_owned()),
            // The rest is for what is read ahead and stored at the moment.
            memory_bytes: config
                .memory_mb
                .map_or(MEMORY_BYTES, |megabytes| MEMORY_BYTES.min((megabytes << 20) * 3 / 8)),
            reach: Reach::Recent,
            roll_up: RollUp::Hourly,
            patience: Patience::BULK,
            ..IngestOptions::default()
        };
        Ok(Self { service, logs: Arc::new(logs), meter, options, function: config.function.clone() })
    }

    /// Counts what is new, until some time before `deadline`, in milliseconds since 1970.
    ///
    /// # Errors
    /// Nothing could be counted: Lambda tries again.
    pub async fn run(self, deadline: u64) -> Result<Answer, Failure> {
        let left = remaining(deadline);
        let options = IngestOptions {
            // Of a short invocation at least a half is used.
            deadline: Some(Instant::now() + left.saturating_sub(RESERVE.min(left / 2))),
            lease: Some(Lease { owner: self.function, length: left }),
            ..self.options
        };
        let mut ingest = Ingest::new(self.service, self.logs, options);
        if let Some(meter) = self.meter {
            ingest = ingest.comparing_with(meter);
        }
        match ingest.run().await {
            Ok(report) => {
                tell(&report);
                Ok(answer("counted", report))
            }
            Err(IngestError::Busy { until }) => {
                tracing::info!(%until, "another invocation is counting");
                Ok(answer("busy", IngestReport::default()))
            }
            Err(error) => {
                tracing::error!(error = &error as &dyn Error, "nothing could be counted");
                Err(error.into())
            }
        }
    }
}

fn answer(status: &'static str, report: IngestReport) -> Answer {
    Answer { status, version: version::VERSION, revision: version::REVISION, report }
}

fn remaining(deadline: u64) -> Duration {
    let now = u64::try_from(SystemClock.now().as_millisecond()).unwrap_or_default();
    Duration::from_millis(deadline.saturating_sub(now))
}

/// Logs a report and counts it.
fn tell(report: &IngestReport) {
    let rejected: u64 = report.rejected_lines.values().sum();
    counter!("IngestedLines").increment(report.lines);
    counter!("RejectedLines").increment(rejected);
    if let Some(as_of) = report.as_of {
        gauge!("IngestLag").set(SystemClock.now().duration_since(as_of).as_secs_f64().max(0.0));
    }
    let reasons = serde_json::to_string(&report.rejected_lines).unwrap_or_default();
    tracing::info!(
        files = report.files,
        new_files = report.new_files,
        hours = report.hours,
        hours_left = report.hours_left,
        lines = report.lines,
        duplicates = report.duplicates,
        rejected,
        reasons,
        orphans = report.orphans,
        written = report.written,
        unchanged = report.unchanged,
        problems = report.problems.len(),
        "counted"
    );
}
