//! Batches of creates: each on its own, answered in the order of the request.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::bulk::{Outcome, is_row};
use super::purge::is_reissue;
use super::{ServiceError, Session};
use crate::error::InvalidValue;
use crate::operations::WriteOptions;
use crate::wire::{BatchResult, CreateLink, Created, Problem, ProblemCode};

/// Most links in one batch.
pub const MAX_BATCH: usize = 500;

/// Links of a batch that are created alone at the same time.
const CONCURRENCY: usize = 32;

impl Session {
    pub(super) async fn create_all(
        &self,
        requests: &[CreateLink],
        options: &WriteOptions,
    ) -> Result<Vec<BatchResult>, Problem> {
        check_size(requests)?;
        let mut results: Vec<Option<BatchResult>> = vec![None; requests.len()];
        let (rows, mut alone): (Vec<usize>, Vec<usize>) = (0..requests.len()).partition(|at| is_row(&requests[*at]));
        if !rows.is_empty() {
            let bulk = self.service().create_rows(self.caller(), requests, &rows, options).await;
            for (at, outcome) in bulk.done {
                results[at] = Some(batch_result(outcome));
            }
            alone.extend(bulk.alone);
        }
        let reissued = self.create_alone(requests, &alone, options, &mut results).await?;
        let mut results = results.into_iter().collect::<Option<Vec<_>>>().ok_or_else(internal)?;
        let links = results.iter_mut().enumerate().filter(|(at, _)| reissued.contains(at));
        self.purge(&mut links.filter_map(|(_, result)| result.link.as_mut()).collect::<Vec<_>>(), options).await;
        Ok(results)
    }

    /// Creates the links at `positions` one by one, and tells which of them took over a code.
    async fn create_alone(
        &self,
        requests: &[CreateLink],
        positions: &[usize],
        options: &WriteOptions,
        results: &mut [Option<BatchResult>],
    ) -> Result<Vec<usize>, Problem> {
        let slots = Arc::new(Semaphore::new(CONCURRENCY));
        let mut creates = JoinSet::new();
        for at in positions.iter().copied() {
            let (session, slots, request) = (self.clone(), Arc::clone(&slots), requests[at].clone());
            let key = options.idempotency_key.as_ref().map(|key| format!("{key} #{at}"));
            let options = WriteOptions { idempotency_key: key, ..options.clone() };
            creates.spawn(async move {
                let _slot = slots.acquire().await;
                let created = session.service().create(session.caller(), &request, &options).await;
                let is_reissue = created.as_ref().is_ok_and(|(link, created)| is_reissue(&request, *created, link));
                (at, is_reissue, batch_result(created.map_err(Problem::from)))
            });
        }
        let mut reissued = Vec::new();
        while let Some(joined) = creates.join_next().await {
            let (at, is_reissue, result) = joined.map_err(|_| internal())?;
            results[at] = Some(result);
            reissued.extend(is_reissue.then_some(at));
        }
        Ok(reissued)
    }

    pub(super) async fn check_all(&self, requests: &[CreateLink]) -> Result<Vec<Option<Problem>>, Problem> {
        check_size(requests)?;
        let checked = self.service().check_all(self.caller(), requests).await?;
        Ok(checked.into_iter().map(|checked| checked.err().map(Problem::from)).collect())
    }
}

fn check_size(requests: &[CreateLink]) -> Result<(), Problem> {
    if (1..=MAX_BATCH).contains(&requests.len()) {
        return Ok(());
    }
    let detail = format!("a batch has 1 to {MAX_BATCH} links, this one has {}", requests.len());
    Err(ServiceError::violation("/links", &InvalidValue::new("batch_size", detail)).into())
}

fn batch_result(outcome: Outcome) -> BatchResult {
    match outcome {
        Ok((link, Created::New | Created::Replayed)) => BatchResult { status: 201, link: Some(link), problem: None },
        Ok((link, Created::Existing)) => BatchResult { status: 200, link: Some(link), problem: None },
        Err(problem) => BatchResult { status: problem.status, link: None, problem: Some(problem) },
    }
}

fn internal() -> Problem {
    Problem::new(ProblemCode::Internal, "a create of the batch failed")
}
