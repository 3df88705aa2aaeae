//! `short keys`

use clap::{Subcommand, ValueEnum};
use shortener_core::wire::{CreateKey, CreatedKey, Role, RotateKey, Scope};

use crate::backend::Access;
use crate::cli::Format;
use crate::context::Context;
use crate::exit::ExitStatus;

/// Work with the keys of the API
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  short keys create ci --role creator --expires 90d
  short keys list")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

impl Args {
    /// What the command does to the links.
    pub(crate) fn access(&self) -> Access {
        if matches!(self.command, Command::List) { Access::Read } else { Access::Write }
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a key and print it; it is never shown again
    #[command(after_long_help = "Examples:
  short keys create ci --role creator --expires 90d
  short keys create blog --role editor --scope-domain blog.example.com \\
      --scope-tag blog")]
    Create(CreateArgs),
    /// List the keys
    #[command(after_long_help = "Examples:
  short keys list
  short keys list --json")]
    List,
    /// Give a key a new secret and print it
    #[command(after_long_help = "Examples:
  short keys rotate 3kTMd7Vf
  short keys rotate 3kTMd7Vf --grace 1h")]
    Rotate(RotateArgs),
    /// Revoke a key for good
    #[command(after_long_help = "Examples:
  short keys revoke 3kTMd7Vf
  short keys revoke 3kTMd7Vf --yes")]
    Revoke {
        /// Identifier of the key, as 'short keys list' shows it
        id: String,
    },
}

#[derive(Debug, clap::Args)]
struct CreateArgs {
    /// What the key is for
    #[arg(value_name = "NAME", required_unless_present = "name")]
    positional: Option<String>,
    /// What the key is for, as a flag
    #[arg(long, value_name = "NAME", conflicts_with = "positional", hide = true)]
    name: Option<String>,
    /// What it may do
    #[arg(long, value_name = "ROLE", default_value = "creator")]
    role: RoleName,
    /// When it stops working: a date, RFC 3339, or a span such as 90d
    #[arg(long, value_name = "WHEN")]
    expires: Option<String>,
    /// Only links of this domain; may be given several times
    #[arg(long, value_name = "DOMAIN")]
    scope_domain: Vec<String>,
    /// Only links whose code begins so; may be given several times
    #[arg(long, value_name = "PREFIX")]
    scope_prefix: Vec<String>,
    /// Only links with this tag; may be given several times
    #[arg(long, value_name = "TAG")]
    scope_tag: Vec<String>,
}

#[derive(Debug, clap::Args)]
struct RotateArgs {
    /// Identifier of the key, as 'short keys list' shows it
    id: String,
    /// How long the old secret works on, such as 1h; at most 30d
    #[arg(long, value_name = "SPAN", value_parser = seconds, default_value = "0s")]
    grace: u32,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum RoleName {
    /// Reads.
    Reader,
    /// Creates links too.
    Creator,
    /// Changes and deletes links too.
    Editor,
    /// Manages keys and domains too.
    Admin,
}

impl From<RoleName> for Role {
    fn from(role: RoleName) -> Self {
        match role {
            RoleName::Reader => Self::Reader,
            RoleName::Creator => Self::Creator,
            RoleName::Editor => Self::Editor,
            RoleName::Admin => Self::Admin,
        }
    }
}

fn seconds(text: &str) -> Result<u32, String> {
    let wrong = || "give a span such as 90s, 15m, 1h or 7d".to_owned();
    let span: jiff::Span = text.parse().map_err(|_| wrong())?;
    let duration = span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).map_err(|_| wrong())?;
    u32::try_from(duration.as_secs()).map_err(|_| wrong())
}

/// Runs the command.
pub(crate) async fn run(args: Args, context: &Context) -> anyhow::Result<ExitStatus> {
    match args.command {
        Command::Create(args) => create(args, context).await?,
        Command::List => context.output.report(&context.operations().await?.keys().await?)?,
        Command::Rotate(args) => {
            let request = RotateKey { grace_seconds: args.grace };
            let operations = context.operations().await?;
            let key = operations.rotate_key(&args.id, &request, &context.write_options()).await?;
            show(context, &key)?;
        }
        Command::Revoke { id } => revoke(&id, context).await?,
    }
    Ok(ExitStatus::Ok)
}

async fn create(args: CreateArgs, context: &Context) -> anyhow::Result<()> {
    let request = CreateKey {
        name: args.positional.or(args.name).unwrap_or_default(),
        role: args.role.into(),
        scope: Scope { domains: args.scope_domain, prefixes: args.scope_prefix, tags: args.scope_tag },
        expires_at: args.expires,
    };
    let key = context.operations().await?.create_key(&request, &context.write_options()).await?;
    show(context, &key)
}

fn show(context: &Context, key: &CreatedKey) -> anyhow::Result<()> {
    if context.output.format != Format::Table {
        context.output.report(key)?;
        return Ok(());
    }
    if context.is_dry_run() {
        context.done(&format!("key for {}", key.view.name));
        return Ok(());
    }
    context.output.text(&format!("{}\n", key.key))?;
    context.output.note("keep this key now: only its hash is stored, it is never shown again");
    Ok(())
}

async fn revoke(id: &str, context: &Context) -> anyhow::Result<()> {
    context.confirmation().ask(format!("Revoke key {id}? Whoever uses it is locked out for good")).await?;
    let key = context.operations().await?.revoke_key(id, &context.write_options()).await?;
    match context.output.format {
        Format::Table => context.done(&format!("revoked {} ({}); it stops working within a minute", key.id, key.name)),
        _ => context.output.report(&key)?,
    }
    Ok(())
}
