//! Reads links again, strongly, and compares them with their rows field by field.

use std::sync::Arc;

use shortener_core::operations::{Mode, WriteOptions};
use shortener_core::wire::{BatchResult, CreateLink, IfExists, Link, LinkState, Problem};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::batch::{Row, Work};
use super::document::Verified;
use super::judge::{OnConflict, Settlement, Wanted};
use super::ledger::Ledger;
use super::outcome::{Outcome, Reason, RowNote};
use super::reading::Collected;
use super::rows;
use super::samples::{SHOWN, note};
use crate::comparison::Comparison;

/// Batches that are read again at the same time.
const AT_ONCE: usize = 4;

/// Compares each `step`th row with its link.
///
/// The code of a row without one is known to the service alone. A create that writes nothing answers the link that the row
/// made, read strongly, so that one request reads 500 links.
///
/// # Errors
/// [`Problem`] if links cannot be read.
pub(crate) async fn verify(
    work: Arc<Work>,
    mut collected: Box<Collected>,
    ledger: &Ledger,
    step: u64,
    progress: impl Fn(u64),
) -> anyhow::Result<Verified> {
    let (to_verifier, mut batches) = mpsc::channel(1);
    let ledger = ledger.clone();
    let reader =
        tokio::task::spawn_blocking(move || rows::send_sample(&mut collected, &ledger, step.max(1), &to_verifier));
    let mut verified = Verified::default();
    let mut running = JoinSet::new();
    let mut more = true;
    while more || !running.is_empty() {
        tokio::select! {
            Some(compared) = running.join_next() => {
                let (rows, differing): (u64, Vec<RowNote>) = compared??;
                progress(rows);
                verified.add(rows, differing);
            }
            rows = batches.recv(), if more && running.len() < AT_ONCE => match rows {
                Some(rows) => drop(running.spawn(compare(Arc::clone(&work), rows))),
                None => more = false,
            },
        }
    }
    reader.await??;
    verified.first.sort_by_key(|row| row.line);
    verified.first.truncate(SHOWN);
    Ok(verified)
}

async fn compare(work: Arc<Work>, rows: Vec<Row>) -> Result<(u64, Vec<RowNote>), Problem> {
    let requests: Vec<CreateLink> = rows.iter().map(|row| row.wanted.request.clone()).collect();
    let mut found: Vec<Option<Link>> = links(&work, &requests).await?;
    if work.on_conflict == OnConflict::NewCode {
        let moved: Vec<usize> =
            (0..rows.len()).filter(|at| difference(&rows[*at].wanted, found[*at].as_ref()).is_some()).collect();
        let again = |at: &usize| CreateLink { if_exists: IfExists::NewCode, ..requests[*at].clone() };
        let others = links(&work, &moved.iter().map(again).collect::<Vec<_>>()).await?;
        moved.into_iter().zip(others).for_each(|(at, link)| found[at] = link);
    }
    let differing = rows
        .iter()
        .zip(&found)
        .filter_map(|(row, link)| Some(note(row.line, &row.wanted.request, &difference(&row.wanted, link.as_ref())?)));
    Ok((rows.len() as u64, differing.collect()))
}

/// The link that each row made, or that has its code.
async fn links(work: &Work, requests: &[CreateLink]) -> Result<Vec<Option<Link>>, Problem> {
    if requests.is_empty() {
        return Ok(Vec::new());
    }
    let options = WriteOptions { mode: Mode::DryRun, ..WriteOptions::default() };
    let results = work.endurance.insist(|| async {
        let results = work.operations.create_batch(requests, &options).await?;
        let open = results.iter().filter_map(|result| result.problem.as_ref()).find(|problem| problem.retryable);
        open.cloned().map_or(Ok(results), Err)
    });
    Ok(results.await?.into_iter().map(link).collect())
}

fn link(result: BatchResult) -> Option<Link> {
    match result.problem {
        Some(problem) => problem.link.map(|link| *link),
        None => result.link.filter(|_| result.status != 201),
    }
}

/// How a link differs from its row; none if it does not.
fn difference(wanted: &Wanted, link: Option<&Link>) -> Option<Settlement> {
    let Some(link) = link else {
        return Some(Settlement::because(Outcome::Failed, Reason::new("missing", "there is no such link")));
    };
    if link.state == LinkState::Deleted {
        return Some(Settlement::because(Outcome::Failed, Reason::new("link_deleted", "the link was deleted")));
    }
    let found = Comparison::of(&wanted.request, wanted.given, link);
    let names: Vec<&str> = found.differences.iter().map(|difference| difference.field).collect();
    let detail = format!("the link differs in {}", names.join(", "));
    (!found.is_same_link()).then(|| Settlement {
        code: Some(link.code.to_string()),
        differences: found.differences,
        ..Settlement::because(Outcome::Failed, Reason::new("different", detail))
    })
}
