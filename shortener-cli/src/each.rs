//! One verb on several links.

use shortener_core::operations::{LinkRef, Operations};
use shortener_core::wire::{BatchResponse, BatchResult, Link, LinkPage, Problem};

use crate::address;
use crate::cli::Format;
use crate::context::Context;
use crate::exit::ExitStatus;
use crate::output::Header;
use crate::purge::{self, Wait};
use crate::report::name_of;

/// Which links a verb is for.
#[derive(Debug, clap::Args)]
pub(crate) struct LinkArgs {
    /// Codes or short URLs
    #[arg(required = true, value_name = "CODE")]
    pub(crate) codes: Vec<String>,
    /// Domain of the codes [default: the default domain]
    #[arg(long, value_name = "DOMAIN")]
    pub(crate) domain: Option<String>,
}

/// Which link a verb is for.
#[derive(Debug, clap::Args)]
pub(crate) struct OneLinkArgs {
    /// Code or short URL
    #[arg(value_name = "CODE")]
    pub(crate) code: String,
    /// Domain of the code [default: the default domain]
    #[arg(long, value_name = "DOMAIN")]
    pub(crate) domain: Option<String>,
}

/// What people see of a link that a verb was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Show {
    /// Everything.
    Link,
    /// A sentence that begins with this, on standard error, and what becomes of the edge's copies.
    Done(&'static str, Wait),
}

impl Show {
    fn wait(self) -> Wait {
        match self {
            Self::Link => Wait::No,
            Self::Done(_, wait) => wait,
        }
    }
}

/// Does something to each link: one alone as its own command, several as a batch whose failures do not stop it.
///
/// # Errors
/// The links cannot be found out, or the only one fails.
pub(crate) async fn each_link(
    context: &Context,
    links: &LinkArgs,
    show: Show,
    act: impl AsyncFn(&dyn Operations, &LinkRef) -> Result<Link, Problem>,
) -> anyhow::Result<ExitStatus> {
    let operations = context.operations().await?;
    let refs = address::resolve(operations, &links.codes, links.domain.as_deref()).await?;
    if let [only] = refs.as_slice() {
        let mut link = act(operations, only).await?;
        announce(context, &link, show);
        let settled = purge::settle(context, operations, show.wait(), &mut [&mut link]).await;
        if !is_told(context, show) {
            context.output.report(&link)?;
        }
        return Ok(settled);
    }
    let mut results = Vec::with_capacity(refs.len());
    for (link, name) in refs.iter().zip(&links.codes) {
        results.push(as_result(context, act(operations, link).await, name, show));
    }
    let mut changed: Vec<_> = results.iter_mut().filter_map(|result| result.link.as_mut()).collect();
    let settled = purge::settle(context, operations, show.wait(), &mut changed).await;
    match finish(context, results, show)? {
        ExitStatus::Ok => Ok(settled),
        failed => Ok(failed),
    }
}

/// Whether people are told what was done instead of being shown it.
fn is_told(context: &Context, show: Show) -> bool {
    matches!(show, Show::Done(..)) && context.output.format == Format::Table
}

/// Says what was done to a link, to people.
fn announce(context: &Context, link: &Link, show: Show) {
    if let (Show::Done(verb, _), Format::Table) = (show, context.output.format) {
        context.done(&format!("{verb} {}", name_of(link)));
    }
}

fn as_result(context: &Context, outcome: Result<Link, Problem>, name: &str, show: Show) -> BatchResult {
    match outcome {
        Ok(link) => {
            announce(context, &link, show);
            BatchResult { status: 200, link: Some(link), problem: None }
        }
        Err(problem) => {
            complain(context, name, &problem);
            BatchResult { status: problem.status, link: None, problem: Some(problem) }
        }
    }
}

/// Reports the failure of one of several, unless the document holds it.
pub(crate) fn complain(context: &Context, name: &str, problem: &Problem) {
    match context.output.format {
        Format::Json => {}
        Format::Ndjson => context.output.problem(problem),
        Format::Table | Format::Csv | Format::Tsv => context.output.problem_about(Some(name), problem),
    }
}

fn finish(context: &Context, results: Vec<BatchResult>, show: Show) -> anyhow::Result<ExitStatus> {
    let status = status_of(&results);
    if context.output.format == Format::Json {
        context.output.report(&BatchResponse { results })?;
    } else if !is_told(context, show) {
        let links: Vec<Link> = results.into_iter().filter_map(|result| result.link).collect();
        if !(links.is_empty() && context.output.is_for_people()) {
            context.output.page(&LinkPage { links, next_cursor: None }, Header::Shown)?;
        }
    }
    Ok(status)
}

/// The exit status of several results: what all failures have in common if everything failed, else partial.
pub(crate) fn status_of(results: &[BatchResult]) -> ExitStatus {
    let mut failures: Vec<ExitStatus> =
        results.iter().filter_map(|result| result.problem.as_ref()).map(ExitStatus::of).collect();
    let everything = failures.len() == results.len();
    failures.dedup();
    match failures.as_slice() {
        [] => ExitStatus::Ok,
        [same] if everything => *same,
        _ => ExitStatus::Partial,
    }
}
