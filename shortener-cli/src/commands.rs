//! The commands: one file each.

use clap::Subcommand;

use crate::backend::Access;
use crate::context::Context;
use crate::exit::ExitStatus;

mod apply;
mod completions;
mod create;
mod delete;
mod diff;
mod disable;
mod domains;
mod enable;
mod expire;
mod export;
mod history;
mod import;
mod ingest;
mod inspect;
mod keys;
mod list;
mod profiles;
mod restore;
mod serve;
mod stats;
mod table;
mod tags;
mod top;
mod topics;
mod update;
mod verify_migration;
mod whoami;

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Create(Box<create::Args>),
    Inspect(inspect::Args),
    List(list::Args),
    Update(Box<update::Args>),
    Expire(expire::Args),
    Enable(enable::Args),
    Disable(disable::Args),
    Delete(delete::Args),
    Restore(restore::Args),
    History(history::Args),
    Stats(stats::Args),
    Top(top::Args),
    Apply(apply::Args),
    Diff(diff::Args),
    Export(Box<export::Args>),
    Import(Box<import::Args>),
    Ingest(ingest::Args),
    VerifyMigration(Box<verify_migration::Args>),
    Tags(tags::Args),
    Domains(domains::Args),
    Keys(keys::Args),
    Whoami(whoami::Args),
    Table(table::Args),
    Profiles(profiles::Args),
    Serve(serve::Args),
    Completions(completions::Args),
    #[command(flatten)]
    Topic(topics::Topic),
}

impl Command {
    /// Runs the command.
    pub(crate) async fn run(self, context: &Context) -> anyhow::Result<ExitStatus> {
        match self {
            Self::Create(args) => create::run(*args, context).await,
            Self::Inspect(args) => inspect::run(args, context).await,
            Self::List(args) => list::run(args, context).await,
            Self::Update(args) => update::run(*args, context).await,
            Self::Expire(args) => expire::run(args, context).await,
            Self::Enable(args) => enable::run(args, context).await,
            Self::Disable(args) => disable::run(args, context).await,
            Self::Delete(args) => delete::run(args, context).await,
            Self::Restore(args) => restore::run(args, context).await,
            Self::History(args) => history::run(args, context).await,
            Self::Stats(args) => stats::run(args, context).await,
            Self::Top(args) => top::run(args, context).await,
            Self::Apply(args) => apply::run(args, context).await,
            Self::Diff(args) => diff::run(args, context).await,
            Self::Export(args) => export::run(*args, context).await,
            Self::Import(args) => import::run(*args, context).await,
            Self::Ingest(args) => ingest::run(args, context).await,
            Self::VerifyMigration(args) => verify_migration::run(*args, context).await,
            Self::Tags(args) => tags::run(args, context).await,
            Self::Domains(args) => domains::run(args, context).await,
            Self::Keys(args) => keys::run(args, context).await,
            Self::Whoami(args) => whoami::run(args, context).await,
            Self::Table(args) => table::run(args, context).await,
            Self::Profiles(args) => profiles::run(args, context).await,
            Self::Serve(args) => serve::run(args, context).await,
            Self::Completions(args) => completions::run(args, context),
            Self::Topic(topic) => topics::run(topic, context),
        }
    }

    /// What the command does to the links.
    pub(crate) fn access(&self) -> Access {
        match self {
            Self::Inspect(_)
            | Self::List(_)
            | Self::History(_)
            | Self::Stats(_)
            | Self::Top(_)
            | Self::Tags(_)
            | Self::Whoami(_)
            | Self::Diff(_)
            | Self::Export(_)
            | Self::VerifyMigration(_) => Access::Read,
            Self::Ingest(_) => Access::Fill,
            Self::Domains(args) => args.access(),
            Self::Keys(args) => args.access(),
            Self::Table(args) => args.access(),
            _ => Access::Write,
        }
    }

    /// Whether the command ends by itself when it is interrupted.
    pub(crate) fn handles_signals(&self) -> bool {
        match self {
            Self::Serve(_) | Self::Import(_) => true,
            Self::Stats(args) => args.watches(),
            _ => false,
        }
    }

    /// Whether the command says itself what it does.
    pub(crate) fn logs(&self) -> bool {
        matches!(self, Self::Serve(_) | Self::Import(_))
    }
}
