//! `short create`

use std::io::{self, BufRead, Stdin};

use shortener_core::operations::WriteOptions;
use shortener_core::wire::{
    BatchResponse, BatchResult, CreateLink, Created, IfExists, Link, LinkPage, Problem, ProblemCode,
};

use crate::cli::Format;
use crate::context::Context;
use crate::each::{complain, status_of};
use crate::exit::{ExitStatus, Stopped};
use crate::output::Header;
use crate::purge::{Wait, settle};
use crate::report::name_of;

/// Most links sent at once; the API takes up to 500.
const BATCH: usize = 100;

/// Create a short link and print its short URL
///
/// With '-' instead of a URL, reads one URL per line from standard input and prints one short URL per line, in the
/// same order; empty lines are skipped, and a URL that fails leaves an empty line, so that the outputs stay aligned.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  short create https://example.com/a/long/path
  short create https://example.com/spring --code spring --tag q2 --expires 30d
  short create https://example.com --code home --if-exists return --json
  short create - < urls.txt > short-urls.txt")]
pub(crate) struct Args {
    /// Target URL, or '-' to read URLs from standard input
    #[arg(value_name = "URL|-")]
    url: String,
    /// Code to use [default: drawn at random]
    #[arg(long, value_name = "CODE")]
    code: Option<String>,
    /// Domain of the link [default: the default domain]
    #[arg(long, value_name = "DOMAIN")]
    domain: Option<String>,
    /// Title, for people
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// Tag; may be given several times
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// When it expires: a date, RFC 3339, or a span such as 30d
    #[arg(long, value_name = "WHEN")]
    expires: Option<String>,
    /// When it starts
    #[arg(long, value_name = "WHEN")]
    starts: Option<String>,
    /// Redirect only so many clicks, exactly: people's and programs', not those of bots, previews and monitors
    #[arg(long, value_name = "N")]
    max_clicks: Option<u64>,
    /// Status of the redirect: 301, 302, 303, 307 or 308 [default: 302]
    #[arg(long, value_name = "STATUS")]
    redirect: Option<u16>,
    /// Append the query of the short URL to the target's
    #[arg(long)]
    forward_query: bool,
    /// What to do if the code is taken
    #[arg(long, value_name = "WHAT", default_value = "fail")]
    if_exists: WhenTaken,
    /// Return an earlier link to the same target that was made so, instead of a new one
    #[arg(long, conflicts_with = "code")]
    reuse: bool,
    /// Take the code of a deleted or expired link
    #[arg(long, requires = "code")]
    reissue: bool,
    /// Length of a drawn code, 4 to 40
    #[arg(long, value_name = "N", conflicts_with = "code")]
    length: Option<u8>,
    /// Makes repeated runs create one link
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum WhenTaken {
    /// Fail with exit status 5.
    Fail,
    /// Print the link that has it.
    Return,
    /// Draw another code.
    NewCode,
}

/// Runs the command.
pub(crate) async fn run(args: Args, context: &Context) -> anyhow::Result<ExitStatus> {
    if args.url == "-" {
        return create_from_input(&args, context).await;
    }
    let operations = context.operations().await?;
    let (mut link, created) = operations.create(&request(&args, &args.url), &options(&args, context)).await?;
    show(context, &link)?;
    if context.output.is_for_people() || context.is_dry_run() {
        context.done(&summary(&link, created));
    }
    Ok(settle(context, operations, Wait::No, &mut [&mut link]).await)
}

fn request(args: &Args, url: &str) -> CreateLink {
    CreateLink {
        target: url.to_owned(),
        code: args.code.clone(),
        domain: args.domain.clone(),
        code_length: args.length,
        title: args.title.clone(),
        tags: args.tags.clone(),
        redirect_status: args.redirect,
        forward_query: args.forward_query,
        starts_at: args.starts.clone(),
        expires_at: args.expires.clone(),
        max_clicks: args.max_clicks,
        if_exists: match args.if_exists {
            WhenTaken::Fail => IfExists::Fail,
            WhenTaken::Return => IfExists::Return,
            WhenTaken::NewCode => IfExists::NewCode,
        },
        reuse: args.reuse,
        reissue: args.reissue,
        ..CreateLink::default()
    }
}

fn options(args: &Args, context: &Context) -> WriteOptions {
    WriteOptions { idempotency_key: args.idempotency_key.clone(), ..context.write_options() }
}

fn show(context: &Context, link: &Link) -> io::Result<()> {
    match context.output.format {
        Format::Table => context.output.text(&format!("{}\n", link.short_url)),
        _ => context.output.report(link),
    }
}

fn summary(link: &Link, created: Created) -> String {
    let verb = match created {
        Created::New => "created",
        Created::Replayed => "created before",
        Created::Existing => "found",
    };
    let expiry = link.expires_at.map(|at| format!(", expires {at}")).unwrap_or_default();
    format!("{verb} {} → {} ({}{expiry})", name_of(link), link.target.as_str(), u16::from(link.redirect_status))
}

async fn create_from_input(args: &Args, context: &Context) -> anyhow::Result<ExitStatus> {
    if args.code.is_some() {
        return Err(Stopped::usage("one code cannot be given to several links", "leave --code out").into());
    }
    let operations = context.operations().await?;
    let mut input = Lines::new();
    let mut results = Vec::new();
    let mut header = Header::Shown;
    loop {
        let batch;
        (input, batch) = tokio::task::spawn_blocking(|| input.batch()).await?;
        let (first, urls) = batch?;
        if urls.is_empty() {
            break;
        }
        let requests: Vec<CreateLink> = urls.iter().map(|url| request(args, url)).collect();
        let answered = match operations.create_batch(&requests, &batch_options(args, context, first)).await {
            Ok(answered) => answered,
            // What keeps a batch from being made at all keeps the next one too.
            Err(problem) if results.is_empty() => return Err(problem.into()),
            Err(problem) => {
                context.output.problem_about(Some(&format!("URL {first} and after")), &problem);
                return finish(context, results, ExitStatus::Partial);
            }
        };
        report_batch(context, first, &answered, header)?;
        header = Header::Omitted;
        results.extend(answered);
    }
    let status = status_of(&results);
    finish(context, results, status)
}

fn finish(context: &Context, results: Vec<BatchResult>, status: ExitStatus) -> anyhow::Result<ExitStatus> {
    if context.output.format == Format::Json {
        context.output.report(&BatchResponse { results })?;
    }
    if context.is_dry_run() {
        context.output.note("dry run, nothing written");
    }
    Ok(status)
}

/// Each batch is a request of its own, told apart by where it begins.
fn batch_options(args: &Args, context: &Context, first: usize) -> WriteOptions {
    let mut options = options(args, context);
    options.idempotency_key = options.idempotency_key.map(|key| format!("{key}:{first}"));
    options
}

fn report_batch(context: &Context, first: usize, results: &[BatchResult], header: Header) -> anyhow::Result<()> {
    for (number, result) in (first..).zip(results) {
        if let Some(problem) = &result.problem {
            complain(context, &format!("URL {number}"), problem);
        }
    }
    match context.output.format {
        Format::Json => {}
        Format::Table => {
            let line = |result: &BatchResult| {
                result.link.as_ref().map(|link| link.short_url.clone()).unwrap_or_default() + "\n"
            };
            context.output.text(&results.iter().map(line).collect::<String>())?;
        }
        Format::Ndjson | Format::Csv | Format::Tsv => {
            let links = results.iter().filter_map(|result| result.link.clone()).collect();
            context.output.page(&LinkPage { links, next_cursor: None }, header)?;
        }
    }
    Ok(())
}

/// The lines of standard input, as many at a time as are there without waiting.
struct Lines {
    input: io::BufReader<Stdin>,
    next: usize,
}

impl Lines {
    fn new() -> Self {
        Self { input: io::BufReader::new(io::stdin()), next: 1 }
    }

    /// Reads lines until enough are read or more would have to be waited for; none at the end. Also says the number
    /// of the first among all that are not empty.
    fn batch(mut self) -> (Self, Result<(usize, Vec<String>), Problem>) {
        let first = self.next;
        let lines = self.read();
        self.next += lines.as_ref().map_or(0, Vec::len);
        (self, lines.map(|lines| (first, lines)))
    }

    fn read(&mut self) -> Result<Vec<String>, Problem> {
        let unreadable = |error: io::Error| {
            Problem::new(ProblemCode::Invalid, format!("cannot read standard input: {}", error.kind()))
                .with_hint("give one URL per line, in UTF-8")
        };
        let mut lines = Vec::new();
        while lines.len() < BATCH && (lines.is_empty() || self.input.buffer().contains(&b'\n')) {
            let mut line = String::new();
            if self.input.read_line(&mut line).map_err(unreadable)? == 0 {
                break;
            }
            // What else stands around a URL is up to the service, which sees it in every other way in.
            let line = line.trim_end_matches(['\r', '\n']);
            if !line.trim().is_empty() {
                lines.push(line.to_owned());
            }
        }
        Ok(lines)
    }
}
