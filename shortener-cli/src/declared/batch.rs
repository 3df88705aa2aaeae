//! Batches of creates whose every link gets an answer that lasts.

use std::cell::RefCell;

use shortener_core::operations::{Operations, WriteOptions};
use shortener_core::wire::{BatchResult, CreateLink, Problem, ProblemCode};

use crate::again::patiently;

/// Sends creates, and those again whose problem may pass: known by their content, none is made twice. What did not pass
/// in time is in the results.
///
/// # Errors
/// The batch as a whole has no answer.
pub(super) async fn create(
    operations: &dyn Operations,
    requests: &[CreateLink],
    options: &WriteOptions,
) -> Result<Vec<BatchResult>, Problem> {
    let results: RefCell<Vec<Option<BatchResult>>> = RefCell::new(vec![None; requests.len()]);
    let round = patiently(async || {
        let open: Vec<usize> = (0..requests.len()).filter(|at| is_open(results.borrow()[*at].as_ref())).collect();
        let asked: Vec<CreateLink> = open.iter().map(|at| requests[*at].clone()).collect();
        let answers = operations.create_batch(&asked, options).await?;
        let passing = answers.iter().find_map(|answer| answer.problem.clone().filter(|problem| problem.retryable));
        for (at, answer) in open.into_iter().zip(answers) {
            results.borrow_mut()[at] = Some(answer);
        }
        passing.map_or(Ok(()), Err)
    });
    let outcome = round.await;
    match (results.into_inner().into_iter().collect(), outcome) {
        (Some(results), _) => Ok(results),
        (None, Err(problem)) => Err(problem),
        (None, Ok(())) => Err(Problem::new(ProblemCode::Internal, "the service did not answer each link")),
    }
}

/// Whether a link still has no answer that lasts.
fn is_open(result: Option<&BatchResult>) -> bool {
    result.is_none_or(|result| result.problem.as_ref().is_some_and(|problem| problem.retryable))
}
