//! `short table`

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Subcommand, ValueEnum};
use shortener_core::table::TableError;
use shortener_core::table::dynamo::{Created, DeletionProtection, DynamoTable};
use shortener_core::table::sqlite::SqliteTable;
use shortener_core::wire::{Problem, ProblemCode};

use crate::backend::{Access, Store};
use crate::config::Location;
use crate::context::Context;
use crate::exit::{ExitStatus, Stopped};

mod status;

use status::TableReport;

/// Work with the table itself
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  short table create --table short-links --region eu-central-1
  short table backup backup.db")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

impl Args {
    /// What the command does to the links.
    pub(crate) fn access(&self) -> Access {
        if matches!(self.command, Command::Status { .. } | Command::Backup { .. }) {
            Access::Read
        } else {
            Access::Write
        }
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Create the table, if it is missing
    #[command(after_long_help = "Examples:
  short table create --table short-links --region eu-central-1
  short table create --file links.db")]
    Create {
        /// Whether a new DynamoDB table refuses to be deleted
        #[arg(long, value_name = "SWITCH", default_value = "on")]
        deletion_protection: Switch,
    },
    /// Show whether the table is there and fit; exits with 9 if its shape is not the one needed
    #[command(after_long_help = "Examples:
  short table status
  short table status --table short-links --json
  short table status --file links.db --check")]
    Status {
        /// Read an embedded table through and look for damage
        #[arg(long)]
        check: bool,
    },
    /// Copy an embedded table to a new file while it is in use
    #[command(after_long_help = "Examples:
  short table backup backup.db
  short --file links.db table backup /mnt/backup/links.db")]
    Backup {
        /// The new file; it must not exist
        #[arg(value_name = "FILE")]
        to: PathBuf,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Switch {
    On,
    Off,
}

/// Runs the command.
pub(crate) async fn run(args: Args, context: &Context) -> anyhow::Result<ExitStatus> {
    match args.command {
        Command::Create { deletion_protection } => create(deletion_protection, context).await,
        Command::Status { check } => show_status(check, context).await,
        Command::Backup { to } => backup(to, context).await,
    }
}

async fn create(protection: Switch, context: &Context) -> anyhow::Result<ExitStatus> {
    let location = context.config()?.location;
    if let Location::File(file) = &location {
        let is_new = !file.path.exists();
        context.store().await?;
        context.done(&created(is_new, &file.path.display().to_string()));
        return Ok(ExitStatus::Ok);
    }
    let Store::Table(table) = context.store().await? else { return Ok(ExitStatus::Ok) };
    let is_new = if context.is_dry_run() {
        is_missing(&table).await?
    } else {
        let protection = if protection == Switch::On { DeletionProtection::On } else { DeletionProtection::Off };
        table.create(protection).await.map_err(Problem::from)? == Created::New
    };
    context.done(&created(is_new, table.name()));
    Ok(ExitStatus::Ok)
}

fn created(is_new: bool, name: &str) -> String {
    if is_new { format!("created {name}") } else { format!("{name} is there already") }
}

async fn is_missing(table: &DynamoTable) -> Result<bool, Problem> {
    match table.status().await {
        Ok(_) => Ok(false),
        Err(TableError::NoSuchTable(_)) => Ok(true),
        Err(other) => Err(other.into()),
    }
}

async fn show_status(check: bool, context: &Context) -> anyhow::Result<ExitStatus> {
    let report = match context.store().await? {
        Store::File(table) => {
            let look = move || file_status(&table, check);
            tokio::task::spawn_blocking(look).await?.map_err(Problem::from)?
        }
        Store::Table(table) => TableReport::from(table.status().await.map_err(Problem::from)?),
        Store::Memory(_) => return Err(missing_file(&context.config()?.location).into()),
    };
    context.output.report(&report)?;
    Ok(if report.is_fit() { ExitStatus::Ok } else { ExitStatus::Drift })
}

/// The problem of a table that only a dry run takes for one.
fn missing_file(location: &Location) -> Problem {
    let name = if let Location::File(file) = location { file.path.display().to_string() } else { String::new() };
    TableError::NoSuchTable(name).into()
}

fn file_status(table: &SqliteTable, check: bool) -> Result<TableReport, TableError> {
    if check {
        table.check_integrity()?;
    }
    table.status().map(TableReport::from)
}

async fn backup(to: PathBuf, context: &Context) -> anyhow::Result<ExitStatus> {
    let table = match context.store().await? {
        Store::File(table) => Some(table),
        Store::Memory(_) => None,
        Store::Table(_) => {
            let hint = "use its point-in-time recovery, or AWS Backup";
            return Err(Stopped::usage("only an embedded table is backed up to a file", hint).into());
        }
    };
    if to.exists() {
        let problem = Problem::new(ProblemCode::StateConflict, format!("{} exists already", to.display()));
        return Err(problem.with_hint("choose another name, or remove it").into());
    }
    if let Some(table) = table.filter(|_| !context.is_dry_run()) {
        copy(table, &to).await?;
    }
    context.done(&format!("backed up to {}", to.display()));
    Ok(ExitStatus::Ok)
}

async fn copy(table: Arc<SqliteTable>, to: &Path) -> anyhow::Result<()> {
    let path = to.to_owned();
    let outcome = tokio::task::spawn_blocking(move || table.backup(&path)).await?;
    outcome.map_err(|error| {
        let problem = Problem::from(error);
        Problem { detail: format!("cannot back up to {}: {}", to.display(), problem.detail), ..problem }.into()
    })
}
