//! What is told of changes.

use shortener_core::link::ShortCode;
use shortener_core::wire::{Link, Problem, ProblemCode};

use super::super::history::{Answer, Asked, Change, Op, OpId};
use super::super::timeline::State;
use super::steps::patched;
use super::{Judge, Verdict, promise};

impl Judge<'_> {
    pub(super) fn change(
        &self,
        id: OpId,
        op: &Op,
        code: &ShortCode,
        change: &Change,
        if_match: Option<u64>,
    ) -> Verdict {
        let states = self.timeline(code.as_str()).during(op);
        match &op.answer {
            Answer::Link(_) if op.dry => Ok(()),
            Answer::Link(link) => self.acknowledged(op, link, change, states),
            Answer::Refused(problem) => {
                self.told_truly(id, op, code.as_str(), problem)?;
                refused(op, problem, change, if_match, states)
            }
            Answer::Lost => Ok(()),
            other => Err(("answers fit", format!("{other:?}"))),
        }
    }

    fn acknowledged(&self, op: &Op, link: &Link, change: &Change, states: &[State]) -> Verdict {
        let shown = states.iter().find(|state| state.shows(link));
        promise!(shown.is_some(), "a change shows the link as it is", "{link:?}");
        let made = self.steps_of(op.first, link.code.as_str());
        let is_made = made.iter().any(|step| step.after.tick < op.ended);
        let changes_nothing =
            states.iter().filter_map(|state| state.record.as_ref()).any(|link| patched(link, change) == *link);
        promise!(is_made || changes_nothing, "acknowledged is never lost", "{change:?} was not made");
        Ok(())
    }

    /// A refusal means that nothing was done: also by what is still on its way, and by earlier attempts.
    pub(super) fn told_truly(&self, id: OpId, op: &Op, code: &str, problem: &Problem) -> Verdict {
        if problem.code == ProblemCode::OutcomeUnknown {
            return Ok(());
        }
        let mut made = self.steps_of(op.first, code);
        if matches!(&*op.asked, Asked::Create(_)) {
            // It was made, ended, and its code handed on before the reply came: then there is nothing left of it.
            let issue = |state: &State| state.record.as_ref().map(|record| record.body.created_at);
            let states = self.timeline(code).during(op);
            made.retain(|step| states.last().is_some_and(|last| issue(last) == issue(step.after)));
        }
        let is_first = self.attempts(op).all(|other| is_refusal(other) || other.invoked >= op.invoked);
        if is_first && self.attempts(op).filter(|other| other.invoked > op.invoked).all(is_refusal) {
            promise!(made.is_empty(), "what is refused is not done", "operation {id}: {problem:?}");
        }
        // It could not be done this time; of the times before that says nothing.
        if problem.retryable {
            return Ok(());
        }
        let states = self.timeline(code).during(op);
        let stands = made.iter().filter(|step| step.after.tick < op.invoked).any(|step| {
            let issue = |state: &State| state.record.as_ref().map(|record| record.body.created_at);
            states.iter().all(|state| state.present(op.clock).is_some() && issue(state) == issue(step.after))
        });
        promise!(!stands, "a retry tells the truth", "it was done and is refused: {problem:?}");
        Ok(())
    }
}

fn is_refusal(op: &Op) -> bool {
    matches!(&op.answer, Answer::Refused(problem) if problem.code != ProblemCode::OutcomeUnknown)
}

fn refused(op: &Op, problem: &Problem, change: &Change, if_match: Option<u64>, states: &[State]) -> Verdict {
    let any = |holds: &dyn Fn(&State) -> bool| states.iter().any(holds);
    let fits = match problem.code {
        ProblemCode::NotFound => any(&|state| state.may_be_absent(op.clock)),
        ProblemCode::VersionMismatch => {
            let link = problem.link.as_deref();
            let shown = link.is_some_and(|link| any(&|state| state.shows(link)) && Some(link.version) != if_match);
            shown && if_match.is_some()
        }
        ProblemCode::StateConflict => any(&|state| {
            matches!(change, Change::Update(_)) && state.record.as_ref().is_some_and(|r| r.body.deleted_at.is_some())
        }),
        ProblemCode::Invalid => matches!(change, Change::Update(_)),
        ProblemCode::IdempotencyKeyReused => op.key.is_some(),
        ProblemCode::Unavailable | ProblemCode::OutcomeUnknown => true,
        _ => false,
    };
    promise!(fits, "refusals are right", "{problem:?}");
    Ok(())
}
