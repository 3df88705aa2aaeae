//! What people hear of the edge's copies after a change, and waiting until they are gone.

use std::time::Duration;

use shortener_core::edge::PurgeId;
use shortener_core::operations::Operations;
use shortener_core::wire::{EdgeLifetimes, Link, Problem, ProblemCode, Purge, PurgeStatus};
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::cli::Format;
use crate::config::{Location, TableLocation};
use crate::context::Context;
use crate::exit::ExitStatus;
use crate::report::{listed, name_of, span};

/// Pause before a purge is asked for the first time; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// Longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Whether to wait for the edge, and how long.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct WaitArgs {
    /// Wait until no edge serves the old answer any more
    #[arg(long)]
    wait: bool,
    /// How many seconds to wait at most
    #[arg(long, value_name = "SECONDS", default_value_t = 120, requires = "wait",
        value_parser = clap::value_parser!(u16).range(1..=3600))]
    wait_timeout: u16,
}

/// How long a change waits for its purge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    /// Not at all.
    No,
    /// At most so long.
    AtMost(Duration),
}

impl WaitArgs {
    /// The same in one value.
    pub(crate) fn wait(self) -> Wait {
        if self.wait { Wait::AtMost(Duration::from_secs(self.wait_timeout.into())) } else { Wait::No }
    }
}

/// Waits for the purges of changed links, if wanted, and says what became of them. The changes stand in any case; the
/// status is that of something to repeat if waiting was in vain.
pub(crate) async fn settle(
    context: &Context,
    operations: &dyn Operations,
    wait: Wait,
    links: &mut [&mut Link],
) -> ExitStatus {
    if context.is_dry_run() || links.is_empty() {
        return ExitStatus::Ok;
    }
    match wait {
        Wait::No => {
            mention(context, operations, links).await;
            ExitStatus::Ok
        }
        Wait::AtMost(limit) if links.iter().any(|link| link.purge.is_some()) => {
            follow(context, operations, limit, links).await;
            conclude(context, operations, limit, links).await
        }
        Wait::AtMost(_) => {
            context.output.note(&format!("nothing to wait for: {}", why_nothing(context)));
            ExitStatus::Ok
        }
    }
}

/// Says what was begun, and warns of what was not.
async fn mention(context: &Context, operations: &dyn Operations, links: &[&mut Link]) {
    let begun = with_status(links, PurgeStatus::InProgress);
    if !begun.is_empty() && context.output.format == Format::Table {
        context.output.note(&format!(
            "the edge is dropping its copies of {}; until it has, visitors may get the old answer",
            names(&begun)
        ));
    }
    let failed = with_status(links, PurgeStatus::Failed);
    if failed.is_empty() {
        return;
    }
    let bounds = Bounds::read(operations).await;
    for link in failed {
        context.output.warn(&format!(
            "the edge was not purged of {}: {}; visitors may get the old answer for {}; repeat the command to purge \
             again",
            name_of(link),
            detail(link),
            bounds.of(link)
        ));
    }
}

/// Asks how far each purge is until it is completed or time is up.
async fn follow(context: &Context, operations: &dyn Operations, limit: Duration, links: &mut [&mut Link]) {
    let pending = with_status(links, PurgeStatus::InProgress);
    if pending.is_empty() {
        return;
    }
    let seconds = limit.as_secs();
    context
        .output
        .note(&format!("waiting until the edge has dropped its copies of {}, {seconds} s at most", names(&pending)));
    let deadline = Instant::now() + limit;
    for purge in links.iter_mut().filter_map(|link| link.purge.as_mut()) {
        if let (PurgeStatus::InProgress, Some(id)) = (purge.status, purge.id.clone()) {
            *purge = end_of(operations, id, deadline).await;
        }
    }
}

/// The purge once it is completed, or as it is when time is up.
async fn end_of(operations: &dyn Operations, id: PurgeId, deadline: Instant) -> Purge {
    let unfinished = |detail| Purge { id: Some(id.clone()), status: PurgeStatus::InProgress, detail };
    let mut pause = FIRST_PAUSE;
    loop {
        sleep_until(deadline.min(Instant::now() + pause)).await;
        match timeout_at(deadline, operations.purge_status(&id)).await {
            Ok(Ok(purge)) if purge.status != PurgeStatus::InProgress => return purge,
            Ok(Err(problem)) if !problem.retryable => return unfinished(Some(problem.detail)),
            Ok(_) if Instant::now() < deadline => {}
            Ok(_) | Err(_) => return unfinished(None),
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Says how the waiting ended.
async fn conclude(context: &Context, operations: &dyn Operations, limit: Duration, links: &[&mut Link]) -> ExitStatus {
    let done = with_status(links, PurgeStatus::Completed);
    if !done.is_empty() && context.output.format == Format::Table {
        context.output.note(&format!("no edge serves an old answer of {} any more", names(&done)));
    }
    let stale: Vec<_> =
        links.iter().filter(|link| purge_status(link).is_some_and(|s| s != PurgeStatus::Completed)).collect();
    if stale.is_empty() {
        return ExitStatus::Ok;
    }
    let bounds = Bounds::read(operations).await;
    for link in stale {
        context.output.problem(&unsettled(link, limit, &bounds));
    }
    ExitStatus::Unavailable
}

fn unsettled(link: &Link, limit: Duration, bounds: &Bounds) -> Problem {
    let name = name_of(link);
    let why = match (purge_status(link), detail(link)) {
        (Some(PurgeStatus::Failed), why) => format!("the edge was not purged: {why}"),
        (_, "") => format!("the edge is not purged after {} s", limit.as_secs()),
        (_, why) => format!("its purge cannot be followed: {why}"),
    };
    Problem::new(ProblemCode::Unavailable, format!("{name} is changed, but {why}")).with_hint(format!(
        "visitors may get the old answer for {}; repeating the command is safe and purges again",
        bounds.of(link)
    ))
}

/// Why there is no purge to wait for.
fn why_nothing(context: &Context) -> &'static str {
    match context.config().map(|config| config.location) {
        Ok(Location::File(_)) => "no edge is configured, the new answer is served already",
        Ok(Location::Table(TableLocation { distribution: None, .. })) => {
            "no distribution is configured, so that no edge is purged; name one by --distribution"
        }
        _ => "no edge had to drop anything",
    }
}

/// For how long the edge serves what it holds, by domain.
struct Bounds(Vec<(String, EdgeLifetimes)>);

impl Bounds {
    /// What the domains say; what they say by default if that cannot be read.
    async fn read(operations: &dyn Operations) -> Self {
        let domains = operations.domains().await.map(|list| list.domains).unwrap_or_default();
        Self(domains.into_iter().map(|domain| (domain.domain.to_string(), domain.edge)).collect())
    }

    /// The bound for a link, in words.
    fn of(&self, link: &Link) -> String {
        let known = self.0.iter().find(|(domain, _)| domain == link.domain.as_str());
        let edge = known.map_or_else(EdgeLifetimes::default, |(_, edge)| *edge);
        let longest = |stale: u32| span(i64::from(edge.fresh) + i64::from(stale));
        format!("up to {}, or {} while the origin fails", longest(edge.revalidate), longest(edge.if_error))
    }
}

fn purge_status(link: &Link) -> Option<PurgeStatus> {
    link.purge.as_ref().map(|purge| purge.status)
}

fn detail(link: &Link) -> &str {
    link.purge.as_ref().and_then(|purge| purge.detail.as_deref()).unwrap_or_default()
}

fn with_status<'a>(links: &'a [&mut Link], status: PurgeStatus) -> Vec<&'a Link> {
    links.iter().map(|link| &**link).filter(|link| purge_status(link) == Some(status)).collect()
}

fn names(links: &[&Link]) -> String {
    listed(&links.iter().map(|link| name_of(link)).collect::<Vec<_>>())
}
