//! `short update`

use shortener_core::operations::{LinkRef, Operations, WriteOptions};
use shortener_core::wire::{Patch, UpdateLink};

use crate::context::Context;
use crate::each::{LinkArgs, Show, each_link};
use crate::exit::{ExitStatus, Stopped};
use crate::purge::WaitArgs;

/// Change links
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  short update launch --target https://example.com/new --if-match 3
  short update launch spring --add-tag q2 --expires 30d
  short update launch --clear title --clear expires --clear max-clicks
  short update launch --target https://example.com/new --wait")]
pub(crate) struct Args {
    #[command(flatten)]
    links: LinkArgs,
    /// New target URL
    #[arg(long, value_name = "URL")]
    target: Option<String>,
    /// New title
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// Replace all tags; may be given several times
    #[arg(long = "tag", value_name = "TAG", conflicts_with_all = ["add_tags", "remove_tags"])]
    tags: Vec<String>,
    /// Add a tag; may be given several times
    #[arg(long = "add-tag", value_name = "TAG")]
    add_tags: Vec<String>,
    /// Remove a tag; may be given several times
    #[arg(long = "remove-tag", value_name = "TAG")]
    remove_tags: Vec<String>,
    /// When it expires: a date, RFC 3339, a span such as 30d, or never
    #[arg(long, value_name = "WHEN")]
    expires: Option<String>,
    /// When it starts
    #[arg(long, value_name = "WHEN")]
    starts: Option<String>,
    /// Redirect only so many clicks; those that were taken already count
    #[arg(long, value_name = "N")]
    max_clicks: Option<u64>,
    /// Status of the redirect: 301, 302, 303, 307 or 308
    #[arg(long, value_name = "STATUS")]
    redirect: Option<u16>,
    /// Whether the query of the short URL is appended to the target's
    #[arg(long, value_name = "BOOL", num_args = 1)]
    forward_query: Option<bool>,
    /// Clear a field; may be given several times
    #[arg(long, value_name = "FIELD")]
    clear: Vec<Clearable>,
    /// Only if the link still has this version
    #[arg(long, value_name = "VERSION")]
    if_match: Option<u64>,
    #[command(flatten)]
    wait: WaitArgs,
}

/// Fields that can be without a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Clearable {
    Title,
    Tags,
    Starts,
    Expires,
    MaxClicks,
}

/// Runs the command.
pub(crate) async fn run(args: Args, context: &Context) -> anyhow::Result<ExitStatus> {
    let options = WriteOptions { if_match: args.if_match, ..context.write_options() };
    let change = change(&args)?;
    let update = async |operations: &dyn Operations, link: &LinkRef| operations.update(link, &change, &options).await;
    each_link(context, &args.links, Show::Done("updated", args.wait.wait()), update).await
}

fn change(args: &Args) -> Result<UpdateLink, Stopped> {
    let cleared = |field| args.clear.contains(&field);
    let tags = (cleared(Clearable::Tags) || !args.tags.is_empty()).then(|| args.tags.clone());
    let change = UpdateLink {
        target: args.target.clone(),
        title: patch(args.title.as_ref(), cleared(Clearable::Title), "title")?,
        tags,
        add_tags: args.add_tags.clone(),
        remove_tags: args.remove_tags.clone(),
        redirect_status: args.redirect,
        forward_query: args.forward_query,
        starts_at: patch(args.starts.as_ref(), cleared(Clearable::Starts), "starts")?,
        expires_at: patch(args.expires.as_ref(), cleared(Clearable::Expires), "expires")?,
        max_clicks: patch(args.max_clicks.as_ref(), cleared(Clearable::MaxClicks), "max-clicks")?,
        ..UpdateLink::default()
    };
    if change == UpdateLink::default() {
        return Err(Stopped::usage("nothing is to be changed", "name what to change, such as --target URL"));
    }
    Ok(change)
}

fn patch<T: Clone>(value: Option<&T>, clear: bool, name: &str) -> Result<Patch<T>, Stopped> {
    match (value, clear) {
        (Some(_), true) => {
            Err(Stopped::usage(format!("--{name} and --clear {name} contradict each other"), "give one"))
        }
        (Some(value), false) => Ok(Patch::Set(value.clone())),
        (None, true) => Ok(Patch::Clear),
        (None, false) => Ok(Patch::Keep),
    }
}
