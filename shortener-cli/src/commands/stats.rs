//! `short stats`

use std::time::Duration;

use shortener_core::operations::{LinkRef, Operations};
use shortener_core::wire::{Bots, Problem, ProblemCode, Stats, StatsQuery, Step};

use crate::address;
use crate::cli::Format;
use crate::context::Context;
use crate::exit::{ExitStatus, Stopped};
use crate::interrupt::Interrupt;
use crate::output::now;
use crate::stats::{DrawingArgs, Look, Names, Page, Subject, View, freshness};

/// Show clicks: how many, when, and from where
///
/// Bots are counted apart, and the service says how fresh and how complete its numbers are.
/// Without a code it is about all links.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  short stats launch --since 7d
  short stats launch --by referrer --limit 20
  short stats --since 2026-11-01 --until 2026-11-30 --tz Europe/Berlin
  short stats launch --by day -o csv > clicks.csv
  short stats --watch

CSV, TSV and NDJSON are the series (at,human,bot,preview,tool,head,total); with
--by and a kind of name they are that list (name,clicks). JSON is always the
whole document. As of when the numbers are is said on standard error, unless the
document says it.")]
pub(crate) struct Args {
    /// Code or short URL [default: all links]
    #[arg(value_name = "CODE")]
    code: Option<String>,
    /// Domain of the code, or the one whose links are meant
    #[arg(long, value_name = "DOMAIN")]
    domain: Option<String>,
    /// Beginning: a span such as 7d or 48h, a date, or RFC 3339 [default: 30d]
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// End: a date (its last second), RFC 3339, or a span ago [default: now]
    #[arg(long, value_name = "WHEN")]
    until: Option<String>,
    /// Time zone in which days begin, such as Europe/Berlin [default: UTC]
    #[arg(long, value_name = "ZONE")]
    tz: Option<String>,
    /// Show one table: steps of time, or names
    #[arg(long, value_name = "WHAT")]
    by: Option<By>,
    /// Whose clicks to show [default: exclude; with --by class include]
    #[arg(long, value_name = "WHICH")]
    bots: Option<WhichBots>,
    /// Most names in each list, 1 to 100 [default: 10]
    #[arg(long, value_name = "N")]
    limit: Option<u16>,
    #[command(flatten)]
    drawing: DrawingArgs,
    /// Show it again and again until Ctrl-C, every 2 seconds or every so many, as in --watch=5
    #[arg(
        long,
        value_name = "SECONDS",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "2",
        value_parser = clap::value_parser!(u64).range(1..=3600)
    )]
    watch: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum By {
    Day,
    Hour,
    Country,
    Referrer,
    Device,
    Browser,
    Os,
    Class,
    UtmSource,
    UtmMedium,
    UtmCampaign,
}

impl By {
    fn step(self) -> Option<Step> {
        match self {
            Self::Day => Some(Step::Day),
            Self::Hour => Some(Step::Hour),
            _ => None,
        }
    }

    fn subject(self) -> Option<Subject> {
        Some(match self {
            Self::Day | Self::Hour => return None,
            Self::Country => Subject::Country,
            Self::Referrer => Subject::Referrer,
            Self::Device => Subject::Device,
            Self::Browser => Subject::Browser,
            Self::Os => Subject::Os,
            Self::Class => Subject::Class,
            Self::UtmSource => Subject::UtmSource,
            Self::UtmMedium => Subject::UtmMedium,
            Self::UtmCampaign => Subject::UtmCampaign,
        })
    }
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum WhichBots {
    /// People and bots
    Include,
    /// People
    Exclude,
    /// Bots
    Only,
}

impl From<WhichBots> for Bots {
    fn from(which: WhichBots) -> Self {
        match which {
            WhichBots::Include => Self::Include,
            WhichBots::Exclude => Self::Exclude,
            WhichBots::Only => Self::Only,
        }
    }
}

impl Args {
    /// Whether it is shown until it is interrupted.
    pub(crate) fn watches(&self) -> bool {
        self.watch.is_some()
    }
}

/// Runs the command.
pub(crate) async fn run(args: Args, context: &Context) -> anyhow::Result<ExitStatus> {
    if args.watch.is_some() && !context.output.is_for_people() {
        let hint = "run it on a terminal without --output, or repeat the command as often as you need";
        return Err(Stopped::usage("--watch draws tables on a terminal and nothing else", hint).into());
    }
    let operations = context.operations().await?;
    let link = match &args.code {
        Some(code) => address::resolve(operations, std::slice::from_ref(code), args.domain.as_deref()).await?.pop(),
        None => None,
    };
    let asked = Asked { operations, link, query: query(&args), args: &args, context };
    match args.watch {
        Some(seconds) => asked.watch(Duration::from_secs(seconds)).await,
        None => asked.once().await,
    }
}

fn query(args: &Args) -> StatsQuery {
    StatsQuery {
        domain: args.domain.clone().filter(|_| args.code.is_none()),
        since: args.since.clone(),
        until: args.until.clone(),
        tz: args.tz.clone(),
        by: args.by.and_then(By::step),
        // Of one class there is nothing to compare.
        bots: args.bots.map(Bots::from).or((args.by == Some(By::Class)).then_some(Bots::Include)),
        limit: args.limit,
    }
}

/// What was asked for, and where.
struct Asked<'a> {
    operations: &'a dyn Operations,
    link: Option<LinkRef>,
    query: StatsQuery,
    args: &'a Args,
    context: &'a Context,
}

impl Asked<'_> {
    async fn stats(&self) -> Result<Stats, Problem> {
        match &self.link {
            Some(link) => self.operations.link_stats(link, &self.query).await,
            None => self.operations.site_stats(&self.query).await,
        }
    }

    async fn once(&self) -> anyhow::Result<ExitStatus> {
        let stats = self.stats().await?;
        let output = &self.context.output;
        if output.is_for_people() {
            output.text(&self.page(&stats, self.target().await?.as_deref()).draw(self.look()))?;
        } else if let Some(subject) = self.args.by.and_then(By::subject) {
            let as_of = freshness(&stats, now());
            output.report(&Names::of(stats, subject, self.bots(), output.format))?;
            self.say(&as_of);
        } else {
            output.report(&stats)?;
            self.say(&freshness(&stats, now()));
        }
        Ok(ExitStatus::Ok)
    }

    /// Says as of when the numbers are, for which there is no place among them, unless they are in a document.
    fn say(&self, as_of: &str) {
        if self.context.output.format != Format::Json {
            self.context.output.note(as_of);
        }
    }

    /// Draws it again and again until the process is interrupted, which is how it ends.
    async fn watch(&self, pause: Duration) -> anyhow::Result<ExitStatus> {
        let interrupt = Interrupt::catch()?;
        tokio::select! {
            result = self.redraw(pause) => result,
            () = interrupt.raised(1) => {
                self.context.output.end_screen()?;
                Ok(ExitStatus::Ok)
            }
        }
    }

    /// Draws it again and again. What can pass is told under the numbers of before.
    async fn redraw(&self, pause: Duration) -> anyhow::Result<ExitStatus> {
        let output = &self.context.output;
        let target = self.target().await.map_err(|problem| self.advised(problem))?;
        let mut stats = self.stats().await?;
        let mut trouble = None;
        output.text("\x1b[2J")?;
        loop {
            let look = self.look();
            let trouble_lines =
                trouble.as_ref().map_or_else(Vec::new, |trouble: &String| look.fold(&look.text(trouble)));
            let most = output.height().unwrap_or(usize::MAX).saturating_sub(trouble_lines.len());
            let page = self.page(&stats, target.as_deref()).draw_within(most, look);
            output.screen(&(page + &trouble_lines.join("\n")))?;
            tokio::time::sleep(pause).await;
            match self.stats().await {
                Ok(new) => (stats, trouble) = (new, None),
                Err(problem) if problem.retryable => trouble = Some(format!("not refreshed: {}", problem.detail)),
                Err(problem) => return Err(problem.into()),
            }
        }
    }

    /// The problem with advice, where a number behind `--watch` was read as a code.
    fn advised(&self, problem: Problem) -> Problem {
        match &self.args.code {
            Some(code) if problem.code == ProblemCode::NotFound && code.bytes().all(|byte| byte.is_ascii_digit()) => {
                problem.with_hint(format!("to show it every {code} seconds, write --watch={code}"))
            }
            _ => problem,
        }
    }

    /// Where the link leads.
    async fn target(&self) -> Result<Option<String>, Problem> {
        match &self.link {
            Some(link) => Ok(Some(self.operations.get(link).await?.target.as_str().to_owned())),
            None => Ok(None),
        }
    }

    fn page<'p>(&self, stats: &'p Stats, target: Option<&'p str>) -> Page<'p> {
        let view = match self.args.by.map(By::subject) {
            Some(Some(subject)) => View::Names(subject),
            Some(None) => View::Series,
            None => View::Whole,
        };
        Page { stats, target, bots: self.bots(), view, now: now() }
    }

    fn bots(&self) -> Bots {
        self.query.bots.unwrap_or_default()
    }

    fn look(&self) -> Look {
        self.args.drawing.look(self.context)
    }
}
