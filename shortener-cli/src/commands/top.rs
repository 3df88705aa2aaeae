//! `short top`

use jiff::civil::Date;
use jiff::tz::TimeZone;
use shortener_core::stats::Month;
use shortener_core::wire::TopQuery;

use crate::cli::Format;
use crate::context::Context;
use crate::exit::{ExitStatus, Stopped};
use crate::output::now;
use crate::stats::{DrawingArgs, as_of, ranking};

/// Show the most clicked links
///
/// Clicks are those of people. Without a day or month they are those of all time.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  short top
  short top --day today --limit 20
  short top --month 2026-11 -o csv > november.csv")]
pub(crate) struct Args {
    /// A day of UTC: a date, today, or yesterday
    #[arg(long, value_name = "DAY", conflicts_with = "month")]
    day: Option<String>,
    /// A month of UTC, such as 2026-11
    #[arg(long, value_name = "MONTH")]
    month: Option<String>,
    /// Most links, 1 to 100 [default: 10]
    #[arg(long, value_name = "N")]
    limit: Option<u16>,
    /// Only links of this domain
    #[arg(long, value_name = "DOMAIN")]
    domain: Option<String>,
    #[command(flatten)]
    drawing: DrawingArgs,
}

/// Runs the command.
pub(crate) async fn run(args: Args, context: &Context) -> anyhow::Result<ExitStatus> {
    let query = TopQuery { domain: args.domain.clone(), period: period(&args)?, limit: args.limit };
    let top = context.operations().await?.top(&query).await?;
    let output = &context.output;
    if !output.is_for_people() || top.links.is_empty() {
        output.report(&top)?;
    } else {
        output.text(&ranking(&top, args.drawing.look(context)))?;
    }
    // The document says it itself.
    if output.format != Format::Json {
        output.note(&as_of(top.as_of, (&TimeZone::UTC, "UTC"), now()));
    }
    Ok(ExitStatus::Ok)
}

/// The period as the service reads it.
fn period(args: &Args) -> Result<Option<String>, Stopped> {
    if let Some(month) = &args.month {
        let wrong = || Stopped::usage("--month names no month", "write it as in --month 2026-11");
        return Ok(Some(Month::parse(month).ok_or_else(wrong)?.to_string()));
    }
    let today = now().to_zoned_datetime(TimeZone::UTC).date();
    let wrong = || Stopped::usage("--day names no day", "write it as in --day 2026-11-26, or today, or yesterday");
    let day = match args.day.as_deref() {
        None => return Ok(None),
        Some("today") => today,
        Some("yesterday") => today.yesterday().map_err(|_| wrong())?,
        Some(date) => date.parse::<Date>().map_err(|_| wrong())?,
    };
    Ok(Some(day.to_string()))
}
