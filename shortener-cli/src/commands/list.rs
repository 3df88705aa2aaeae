//! `short list`

use serde::Serialize;
use serde_json::Value;
use shortener_core::table::Order;
use shortener_core::wire::{Link, LinkFilter, LinkPage};

use crate::cli::Format;
use crate::context::Context;
use crate::exit::ExitStatus;
use crate::filter::FilterArgs;
use crate::output::Header;
use crate::report::{LINK_FIELDS, Report, Shape};

/// List links, newest first
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  short list --tag q2 --state active
  short list --target-host example.com --all -o csv > links.csv
  short list --created-after 2027-01-01 --json
  short list --clicks --json

With --clicks, JSON and NDJSON have 'clicks', an object of 'human' and 'total';
CSV and TSV have a last column 'clicks' of those by people, as the table has.")]
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
    /// Say the clicks of each link too, as the table always does
    #[arg(long)]
    clicks: bool,
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
    let output = &context.output;
    // They cost reads, and most who read other formats have no use for them.
    let mut filter = LinkFilter { clicks: args.clicks || output.format == Format::Table, ..filter(&args) };
    // Aligning and closing a document need every line; other formats are printed as the pages come.
    let whole = output.format == Format::Json || output.is_for_people();
    let in_column = args.clicks && matches!(output.format, Format::Csv | Format::Tsv);
    let mut links: Vec<Link> = Vec::new();
    let mut header = Header::Shown;
    let next_cursor = loop {
        let page = operations.list(&filter).await?;
        let next = page.next_cursor.clone();
        if whole {
            links.extend(page.links);
        } else {
            if in_column { output.page(&WithClicks::of(&page.links), header) } else { output.page(&page, header) }?;
            header = Header::Omitted;
        }
        if !args.all || next.is_none() {
            break next;
        }
        filter.cursor = next;
    };
    if whole {
        output.report(&LinkPage { links, next_cursor: next_cursor.clone() })?;
    }
    if let Some(cursor) = next_cursor {
        output.note(&format!("there are more: repeat with --cursor {cursor}"));
    }
    Ok(ExitStatus::Ok)
}

/// Links as a spreadsheet reads them, with a last column for their clicks by people.
#[derive(Debug, Serialize)]
#[serde(transparent)]
struct WithClicks(Vec<Value>);

impl WithClicks {
    fn of(links: &[Link]) -> Self {
        let line = |link: &Link| {
            let mut line = serde_json::to_value(link).unwrap_or_default();
            line["clicks"] = link.clicks.map(|clicks| clicks.human).into();
            line
        };
        Self(links.iter().map(line).collect())
    }
}

impl Report for WithClicks {
    type Line = Value;
    const FIELDS: &'static [&'static str] = &{
        let mut fields = ["clicks"; LINK_FIELDS.len() + 1];
        fields.split_at_mut(LINK_FIELDS.len()).0.copy_from_slice(LINK_FIELDS);
        fields
    };
    const SHAPE: Shape = Shape::List;

    fn lines(&self) -> &[Value] {
        &self.0
    }
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
