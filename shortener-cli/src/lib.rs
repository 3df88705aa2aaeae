//! The `short` command as a library, so that its tests can walk the tree of commands: one file per command, `output`
//! is the only module that prints, `confirm` the only one that asks.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

mod address;
mod again;
mod backend;
#[expect(clippy::doc_markdown, reason = "comments on arguments are the text of the help, which shows backticks")]
mod cli;
#[expect(clippy::doc_markdown, reason = "comments on arguments are the text of the help, which shows backticks")]
mod commands;
mod comparison;
mod config;
mod confirm;
mod context;
mod declared;
mod each;
mod exit;
mod export;
mod filter;
mod formats;
mod hints;
mod import;
mod ingest;
mod interrupt;
mod migration;
mod output;
mod purge;
mod report;
mod stats;

use exit::ExitStatus;

/// Runs the command line and answers the status to exit with.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    let matches = command().try_get_matches_from(&args);
    match matches.and_then(|matches| cli::Cli::from_arg_matches(&matches)) {
        Ok(cli) => execute(cli).into(),
        Err(error) => output::usage_failure(&error, &args).into(),
    }
}

/// The tree of commands.
pub fn command() -> clap::Command {
    cli::Cli::command()
}

fn execute(cli: cli::Cli) -> ExitStatus {
    let environment = config::Environment::read();
    let output = output::Output::new(&cli.global, &environment);
    let access = cli.command.access();
    output::log_requests(cli.global.verbose && !cli.command.logs());
    let context = match context::Context::new(cli.global, environment, output.clone(), access) {
        Ok(context) => context,
        Err(error) => return output.failure(&error),
    };
    let runtime = match runtime(&cli.command) {
        Ok(runtime) => runtime,
        Err(error) => return context.output.failure(&error.into()),
    };
    let result = runtime.block_on(async {
        if cli.command.handles_signals() {
            return cli.command.run(&context).await;
        }
        tokio::select! {
            result = cli.command.run(&context) => result,
            _ = tokio::signal::ctrl_c() => {
                confirm::restore_terminal();
                Err(exit::Stopped::Interrupted.into())
            }
        }
    });
    // A thread that waits for input would hold the process for ever.
    runtime.shutdown_background();
    result.unwrap_or_else(|error| context.output.failure(&error))
}

/// Threads that an import works with, beside the first one and those that read and write files. More would not make it faster,
/// and each holds memory that it has freed.
const IMPORT_THREADS: usize = 1;

fn runtime(command: &commands::Command) -> std::io::Result<tokio::runtime::Runtime> {
    let mut builder = match command {
        commands::Command::Serve(_) | commands::Command::Import(_) => tokio::runtime::Builder::new_multi_thread(),
        _ => tokio::runtime::Builder::new_current_thread(),
    };
    if let commands::Command::Import(_) = command {
        builder.worker_threads(IMPORT_THREADS);
    }
    builder.enable_all().build()
}
