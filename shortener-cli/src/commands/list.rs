//! `short list`

use shortener_core::table::Order;
use shortener_core::wire::{Link, LinkFilter, LinkPage};

use crate::cli::Format;
use crate::context::Context;
use crate::exit::ExitStatus;
use crate::filter::FilterArgs;
use crate::output::Header;

/// List links, newest first
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  short list --tag q2 --state active
  short list --target-host example.com --all -o csv > links.csv
  short list --created-after 2027-01-01 --json")]
pub(crate) struct Args {
    #[command(flatten)]
    filter: FilterArgs,
    /// In which order they were created
    #[arg(long, value_name = "ORDER")]
    order: Option<Direction>,
    /// Most links to show, 1 to 1000 [default: 50]
    #[arg(long, value_name = "N")]
    limit: Option<u16>,
    /// Continue where an earlier list ended
    #[arg(long, value_name = "CURSOR")]
    cursor: Option<String>,
    /// Every link, however many
    #[arg(long, conflicts_with = "limit")]
    all: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Direction {
    #[value(alias = "asc")]
    Ascending,
    #[value(alias = "desc")]
    Descending,
}

/// Runs the command.
pub(crate) async fn run(args: Args, context: &Context) -> anyhow::Result<ExitStatus> {
    let operations = context.operations().await?;
    // Only a table has room for them, and they cost reads.
    let mut filter = LinkFilter { clicks: context.output.format == Format::Table, ..filter(&args) };
    // Aligning and closing a document need every line; other formats are printed as the pages come.
    let whole = context.output.format == Format::Json || context.output.is_for_people();
    let mut links: Vec<Link> = Vec::new();
    let mut header = Header::Shown;
    let next_cursor = loop {
        let page = operations.list(&filter).await?;
        let next = page.next_cursor.clone();
        if whole {
            links.extend(page.links);
        } else {
            context.output.page(&page, header)?;
            header = Header::Omitted;
        }
        if !args.all || next.is_none() {
            break next;
        }
        filter.cursor = next;
    };
    if whole {
        context.output.report(&LinkPage { links, next_cursor: next_cursor.clone() })?;
    }
    if let Some(cursor) = next_cursor {
        context.output.note(&format!("there are more: repeat with --cursor {cursor}"));
    }
    Ok(ExitStatus::Ok)
}

fn filter(args: &Args) -> LinkFilter {
    LinkFilter {
        order: args.order.map(|order| match order {
            Direction::Ascending => Order::Ascending,
            Direction::Descending => Order::Descending,
        }),
        limit: if args.all { Some(1000) } else { args.limit },
        cursor: args.cursor.clone(),
        ..args.filter.filter()
    }
}
