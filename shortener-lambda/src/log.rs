//! Where log lines go: to standard error, for people or for machines.

use std::io;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::fmt::format::JsonFields;

use crate::config::Place;

mod json_lines;
mod seldom;

use json_lines::JsonLines;
pub(crate) use seldom::Seldom;

/// Lines of the Lambda runtime that repeat what a handler has logged already.
const REPEATED: &str = "lambda_runtime::layers::panic=off";

/// Events as a whole, which the runtime traces: they hold keys, bodies and cookies.
const WITHOUT_EVENTS: &str = "lambda_runtime=info";

/// Answers of AWS services as a whole, which the SDK traces: they hold items, and so targets with their queries, digests of
/// keys and the table's secret.
pub const WITHOUT_ANSWERS: &str = "aws_smithy_runtime::client::orchestrator=info";

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Human,
    /// One JSON object per line.
    Json,
}

impl LogFormat {
    /// What is read by whom: CloudWatch reads a function's lines, people those of a process elsewhere.
    pub fn of_place(place: Place) -> Self {
        match place {
            Place::Lambda => Self::Json,
            Place::Elsewhere => Self::Human,
        }
    }
}

/// Starts logging for the whole process; a second start is ignored. `filter` is as `tracing` has it: `info`, or
/// `info,shortener_core=debug`.
///
/// # Errors
/// If the filter cannot be parsed.
pub fn start(format: LogFormat, filter: &str) -> Result<(), ParseError> {
    let mut filter = EnvFilter::try_new(filter)?;
    for withheld in [WITHOUT_EVENTS, REPEATED, WITHOUT_ANSWERS] {
        filter = filter.add_directive(withheld.parse()?);
    }
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    // Only a process that logs already can make these fail.
    let _ = match format {
        LogFormat::Human => lines.try_init(),
        LogFormat::Json => lines.fmt_fields(JsonFields::new()).event_format(JsonLines).try_init(),
    };
    Ok(())
}
