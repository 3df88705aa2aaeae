//! What every binary does around its work.

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

use shortener_core::version;

use crate::config::{self, Place};
use crate::log::{self, LogFormat};

mod init_error;

/// What ends a process.
pub type Failure = Box<dyn Error + Send + Sync>;

/// Runs a binary: prints the version if it is asked for, or else does the work. A failure of that is logged.
pub fn run(name: &str, work: impl FnOnce() -> Result<(), Failure>) -> ExitCode {
    let outcome =
        if asks_for_version(std::env::args().skip(1)) { print_version(name).map_err(Into::into) } else { work() };
    let Err(error) = outcome else { return ExitCode::SUCCESS };
    // Without effect if logging has begun, as it has unless the settings mean nothing.
    let _ = log::start(LogFormat::of_place(Place::current()), "info");
    tracing::error!(error = &*error as &dyn Error, "cannot serve");
    if let Some(Err(error)) = config::runtime_api().map(|address| init_error::post(&address, &error.to_string())) {
        tracing::warn!(%error, "Lambda cannot be told");
    }
    ExitCode::FAILURE
}

fn asks_for_version(mut arguments: impl Iterator<Item = String>) -> bool {
    matches!(arguments.next().as_deref(), Some("--version" | "-V"))
}

fn print_version(name: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{name} {}", version::LONG)
}
