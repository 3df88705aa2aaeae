//! Which of the declared links are there.

use futures_util::stream::{self, StreamExt, TryStreamExt};
use shortener_core::operations::{Mode, Operations, WriteOptions};
use shortener_core::service::MAX_BATCH;
use shortener_core::table::Order;
use shortener_core::wire::{BatchResult, CreateLink, Link, LinkFilter, Problem, ProblemCode, Role};

use super::fault::Fault;
use super::{Declaration, batch};
use crate::again::patiently;

/// Batches that are asked at the same time.
const BATCHES: usize = 4;

/// Links that are read one by one at the same time.
const READS: usize = 16;

/// Most links in a page of a list.
const PAGE: u16 = 1000;

/// What was found.
pub(super) enum Found {
    /// The link that each declaration is about, if there is one.
    Links(Vec<Option<Link>>),
    /// What is declared breaks rules.
    Faults(Vec<Fault>),
}

/// What a caller may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asking {
    /// Anything that a create would be asked.
    AsCreator,
    /// Only for links, whose rules the service then does not judge.
    AsReader,
}

impl Asking {
    /// What the role of the caller allows.
    pub(super) async fn of(operations: &dyn Operations) -> Result<Self, Problem> {
        let role = patiently(|| operations.whoami()).await?.role;
        Ok(if role == Role::Reader { Self::AsReader } else { Self::AsCreator })
    }
}

/// Looks up every declared link.
///
/// # Errors
/// The links cannot be read.
pub(super) async fn look_up(
    operations: &dyn Operations,
    asking: Asking,
    declared: &[Declaration],
) -> Result<Found, Problem> {
    if asking == Asking::AsReader {
        let reads = stream::iter(declared).map(|declaration| get(operations, declaration));
        return Ok(Found::Links(reads.buffered(READS).try_collect().await?));
    }
    let faults = check(operations, declared).await?;
    if !faults.is_empty() {
        return Ok(Found::Faults(faults));
    }
    let batches = stream::iter(declared.chunks(MAX_BATCH)).map(|batch| rehearse(operations, batch));
    let answers: Vec<Vec<Answer>> = batches.buffered(BATCHES).try_collect().await?;
    let answers: Vec<Answer> = answers.into_iter().flatten().collect();
    let faults: Vec<Fault> = answers.iter().zip(declared).flat_map(|(answer, of)| answer.faults(of)).collect();
    if !faults.is_empty() {
        return Ok(Found::Faults(faults));
    }
    Ok(Found::Links(answers.into_iter().map(Answer::link).collect()))
}

/// Every link of an owner that is not deleted.
///
/// # Errors
/// The list cannot be read.
pub(super) async fn owned(operations: &dyn Operations, owner: &str) -> Result<Vec<Link>, Problem> {
    let owner = Some(owner.to_owned());
    let mut filter = LinkFilter { owner, order: Some(Order::Ascending), limit: Some(PAGE), ..LinkFilter::default() };
    let mut links = Vec::new();
    loop {
        let page = patiently(|| operations.list(&filter)).await?;
        links.extend(page.links);
        filter.cursor = page.next_cursor;
        if filter.cursor.is_none() {
            return Ok(links);
        }
    }
}

async fn get(operations: &dyn Operations, declared: &Declaration) -> Result<Option<Link>, Problem> {
    match patiently(|| operations.get(&declared.link)).await {
        Ok(link) => Ok(Some(link)),
        Err(problem) if problem.code == ProblemCode::NotFound => Ok(None),
        Err(problem) => Err(problem),
    }
}

fn requests(declared: &[Declaration]) -> Vec<CreateLink> {
    declared.iter().map(|declaration| declaration.request.clone()).collect()
}

/// What the service finds wrong by rules alone.
async fn check(operations: &dyn Operations, declared: &[Declaration]) -> Result<Vec<Fault>, Problem> {
    let checks = stream::iter(declared.chunks(MAX_BATCH)).map(|batch| async move {
        let requests = requests(batch);
        let problems = patiently(|| operations.check_batch(&requests)).await?;
        judged(batch, &problems)
    });
    Ok(checks.buffered(BATCHES).try_collect::<Vec<_>>().await?.concat())
}

/// The faults of a batch; what is no fault of a file is a problem of the caller.
fn judged(batch: &[Declaration], problems: &[Option<Problem>]) -> Result<Vec<Fault>, Problem> {
    let mut faults = Vec::new();
    for (declared, problem) in batch.iter().zip(problems) {
        match problem {
            Some(problem) if problem.code == ProblemCode::Invalid => faults.extend(declared.faults(problem)),
            Some(problem) => return Err(problem.clone()),
            None => {}
        }
    }
    Ok(faults)
}

/// What a create would meet.
enum Answer {
    /// Nothing.
    Free,
    /// This link, which may be the very one.
    Held(Box<Link>),
    /// A rule.
    Refused(Problem),
}

impl Answer {
    fn link(self) -> Option<Link> {
        if let Self::Held(link) = self { Some(*link) } else { None }
    }

    fn faults(&self, declared: &Declaration) -> Vec<Fault> {
        if let Self::Refused(problem) = self { declared.faults(problem) } else { Vec::new() }
    }
}

/// Tries the creates of a batch without making them: the answers hold the links that have the codes, read strongly.
async fn rehearse(operations: &dyn Operations, batch: &[Declaration]) -> Result<Vec<Answer>, Problem> {
    let requests = requests(batch);
    let options = WriteOptions { mode: Mode::DryRun, ..WriteOptions::default() };
    let results = batch::create(operations, &requests, &options).await?;
    let answer = |result: BatchResult| match (result.status, result.link, result.problem) {
        (200, Some(link), _) => Ok(Answer::Held(Box::new(link))),
        (_, Some(_), _) => Ok(Answer::Free),
        (_, None, Some(Problem { link: Some(link), .. })) => Ok(Answer::Held(link)),
        (_, None, Some(problem)) if problem.code == ProblemCode::Invalid => Ok(Answer::Refused(problem)),
        (_, None, Some(problem)) => Err(problem),
        (_, None, None) => Err(Problem::new(ProblemCode::Internal, "the service answered neither link nor problem")),
    };
    results.into_iter().map(answer).collect()
}
