//! `short domains`

use clap::Subcommand;
use shortener_core::link::Domain;
use shortener_core::operations::WriteOptions;
use shortener_core::wire::{EdgeLifetimes, Patch, PolicyRules, SetDomain};

use crate::backend::Access;
use crate::cli::Format;
use crate::config;
use crate::context::Context;
use crate::exit::{ExitStatus, Stopped};

/// Work with the domains that links live on
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  short domains list
  short domains set go.example.com --not-found https://example.com/")]
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
    /// List the domains
    #[command(after_long_help = "Examples:
  short domains list
  short domains list --json")]
    List,
    /// Add a domain, or change its settings; '-' is the default domain
    ///
    /// Here --base-url says where the links of this domain are reached, by default at https://DOMAIN.
    #[command(after_long_help = "Examples:
  short domains set go.example.com --code-length 5
  short domains set go.example.com --base-url http://go.example.com:8080
  short domains set - --deny evil.example --deny worse.example
  short domains set - --deny @private --deny @shorteners --deny @lookalikes")]
    Set(Box<SetArgs>),
    /// Remove a domain's settings; its links stay stored
    #[command(after_long_help = "Examples:
  short domains remove go.example.com
  short domains remove go.example.com --yes")]
    Remove {
        /// The domain
        domain: String,
        /// Only if it still has this version
        #[arg(long, value_name = "VERSION")]
        if_match: Option<u64>,
    },
}

#[derive(Debug, clap::Args)]
struct SetArgs {
    /// The domain; '-' is the default one
    #[arg(allow_hyphen_values = true)]
    domain: String,
    /// Length of drawn codes, 4 to 40 [default: 7]
    #[arg(long, value_name = "N")]
    code_length: Option<u8>,
    /// Where visitors of unknown codes are sent
    #[arg(long, value_name = "URL")]
    not_found: Option<String>,
    /// How long edges keep a redirect, in seconds: fresh,revalidate,if-error [default: 60,60,86400]
    #[arg(long, value_name = "S,S,S", value_delimiter = ',', num_args = 1)]
    edge: Vec<u32>,
    /// Only targets on this domain; may be given several times and replaces the list
    #[arg(long, value_name = "DOMAIN")]
    allow: Vec<String>,
    /// No targets on this domain; may be given several times and replaces the list. @private, @shorteners and
    /// @lookalikes stand for private addresses and names, other services that shorten links, and names that look like others
    #[arg(long, value_name = "DOMAIN|@KIND")]
    deny: Vec<String>,
    /// Reset a setting to its default; may be given several times
    #[arg(long, value_name = "SETTING")]
    clear: Vec<Clearable>,
    /// Only if it still has this version
    #[arg(long, value_name = "VERSION")]
    if_match: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Clearable {
    BaseUrl,
    CodeLength,
    NotFound,
    Edge,
    Policy,
}

/// Runs the command.
pub(crate) async fn run(args: Args, context: &Context) -> anyhow::Result<ExitStatus> {
    match args.command {
        Command::List => context.output.report(&context.operations().await?.domains().await?)?,
        Command::Set(args) => set(&args, context).await?,
        Command::Remove { domain, if_match } => remove(&domain, if_match, context).await?,
    }
    Ok(ExitStatus::Ok)
}

async fn set(args: &SetArgs, context: &Context) -> anyhow::Result<()> {
    let domain = Domain::parse(&args.domain).map_err(|error| config::invalid(&error))?;
    let options = WriteOptions { if_match: args.if_match, ..context.write_options() };
    let change = change(args, context.global.base_url.clone())?;
    let settings = context.without_base_url()?.operations().await?.set_domain(&domain, &change, &options).await?;
    match context.output.format {
        Format::Table => context.done(&format!("set {domain}, reached at {}", settings.base_url)),
        _ => context.output.report(&settings)?,
    }
    Ok(())
}

fn change(args: &SetArgs, base_url: Option<String>) -> Result<SetDomain, Stopped> {
    let edge = match args.edge.as_slice() {
        [] => None,
        [fresh, revalidate, if_error] => {
            Some(EdgeLifetimes { fresh: *fresh, revalidate: *revalidate, if_error: *if_error })
        }
        _ => return Err(Stopped::usage("--edge takes three numbers", "such as --edge 60,60,86400")),
    };
    let policy = (!args.allow.is_empty() || !args.deny.is_empty())
        .then(|| PolicyRules { allow: args.allow.clone(), deny: args.deny.clone() });
    let cleared = |setting| args.clear.contains(&setting);
    Ok(SetDomain {
        base_url: patch(base_url, cleared(Clearable::BaseUrl)),
        code_length: patch(args.code_length, cleared(Clearable::CodeLength)),
        not_found_target: patch(args.not_found.clone(), cleared(Clearable::NotFound)),
        edge: patch(edge, cleared(Clearable::Edge)),
        policy: patch(policy, cleared(Clearable::Policy)),
    })
}

fn patch<T>(value: Option<T>, clear: bool) -> Patch<T> {
    value.map_or(if clear { Patch::Clear } else { Patch::Keep }, Patch::Set)
}

async fn remove(domain: &str, if_match: Option<u64>, context: &Context) -> anyhow::Result<()> {
    let domain = Domain::parse(domain).map_err(|error| config::invalid(&error))?;
    context.confirmation().ask(format!("Remove the settings of {domain}?")).await?;
    let options = WriteOptions { if_match, ..context.write_options() };
    context.operations().await?.remove_domain(&domain, &options).await?;
    context.done(&format!("removed {domain}"));
    Ok(())
}
