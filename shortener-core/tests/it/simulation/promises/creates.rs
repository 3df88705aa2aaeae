//! What is told of creates and imports, and that nothing is created twice.

use std::collections::BTreeMap;

use shortener_core::wire::{BatchResult, CreateLink, Created, IfExists, Link, Problem, ProblemCode};

use super::super::history::{Answer, Asked, Op, OpId};
use super::super::timeline::{State, Step};
use super::{Judge, Verdict, promise};

impl Judge<'_> {
    pub(super) fn create(&self, id: OpId, op: &Op, request: &CreateLink) -> Verdict {
        match &op.answer {
            Answer::Created(..) if op.dry => Ok(()),
            Answer::Created(link, created) => self.created(op, request, link, *created),
            Answer::Refused(problem) => self.create_refused(id, op, request, problem),
            Answer::Lost => Ok(()),
            other => Err(("answers fit", format!("{other:?}"))),
        }
    }

    fn created(&self, op: &Op, request: &CreateLink, link: &Link, created: Created) -> Verdict {
        let states = self.timeline(link.code.as_str()).during(op);
        let shown = states.iter().find(|state| state.shows(link));
        promise!(shown.is_some(), "a create shows the link as it is", "{link:?}");
        let made =
            self.steps_of(op.first, link.code.as_str()).into_iter().filter(Step::is_creation).collect::<Vec<_>>();
        match created {
            Created::New => {
                // When a reply was lost, others may have changed it before it is recognised.
                let is_it = |state: &State| state.record.as_ref().is_some_and(|r| r.body.created_at == link.created_at);
                let is_made = made.iter().any(|step| step.after.tick < op.ended && is_it(step.after));
                promise!(is_made, "acknowledged is never lost", "{link:?} is not what was made");
                promise!(named_right(request, link), "a create has the code that was asked for", "{link:?}");
            }
            Created::Replayed => {
                let is_made = made.iter().any(|step| step.after.tick < op.ended) || self.same_key_made(op, link);
                promise!(is_made, "a replay is of what was made", "{link:?}");
            }
            Created::Existing => {
                let asked = request.reuse || request.if_exists == IfExists::Return;
                promise!(asked, "existing links are answered when asked for", "{link:?}");
                let same = !request.reuse || (link.target.as_str() == request.target && link.tags.is_empty());
                promise!(same, "reuse finds links to its target", "{link:?}");
                let plain = !request.reuse || shown.is_some_and(is_pristine);
                promise!(plain, "reuse finds unedited links", "{link:?}");
            }
        }
        Ok(())
    }

    /// Whether the same request under the same key, sent as another operation, made the link.
    fn same_key_made(&self, op: &Op, link: &Link) -> bool {
        let twins = self.notes.ops.iter().filter(|other| {
            (&other.key, other.client, &other.asked) == (&op.key, op.client, &op.asked) && other.first != op.first
        });
        twins.into_iter().any(|twin| !self.steps_of(twin.first, link.code.as_str()).is_empty())
    }

    fn create_refused(&self, id: OpId, op: &Op, request: &CreateLink, problem: &Problem) -> Verdict {
        if let Some(code) = &request.code {
            self.told_truly(id, op, code, problem)?;
        }
        let any = |holds: &dyn Fn(&State) -> bool| {
            request.code.as_ref().is_some_and(|code| self.timeline(code).during(op).iter().any(holds))
        };
        let fits = match problem.code {
            ProblemCode::CodeTaken | ProblemCode::CodeRetired => {
                problem.link.as_deref().is_some_and(|link| any(&|state| state.shows(link)))
            }
            ProblemCode::IdempotencyKeyReused => self.other_under_key(op),
            ProblemCode::Invalid => request.expires_at.is_some(),
            ProblemCode::Unavailable | ProblemCode::OutcomeUnknown => !problem.detail.contains("no free code"),
            _ => false,
        };
        promise!(fits, "refusals are right", "{problem:?}");
        Ok(())
    }

    /// Whether another body was sent under the key before.
    fn other_under_key(&self, op: &Op) -> bool {
        let same_key = |other: &&Op| other.client == op.client && other.key.is_some() && other.key == op.key;
        self.notes.ops.iter().filter(same_key).any(|other| other.asked != op.asked && other.invoked < op.ended)
    }

    pub(super) fn import(&self, op: &Op, rows: &[CreateLink]) -> Verdict {
        let results = match &op.answer {
            Answer::Rows(results) => results,
            Answer::Refused(_) | Answer::Lost => return Ok(()),
            other => return Err(("answers fit", format!("{other:?}"))),
        };
        promise!(results.len() == rows.len(), "each row is answered", "{} of {}", results.len(), rows.len());
        rows.iter().zip(results).try_for_each(|(row, result)| self.row(op, row, result))
    }

    fn row(&self, op: &Op, row: &CreateLink, result: &BatchResult) -> Verdict {
        let Some(link) = &result.link else {
            let Some(problem) = &result.problem else { return Err(("each row is answered", format!("{result:?}"))) };
            let shown = problem.link.as_deref().is_some_and(|link| self.showed(op, link));
            let fits = match problem.code {
                ProblemCode::CodeTaken | ProblemCode::CodeRetired => shown,
                ProblemCode::Unavailable | ProblemCode::OutcomeUnknown => !op.quiet,
                _ => false,
            };
            promise!(fits, "refusals are right", "{problem:?}");
            let own = problem.link.as_deref().is_some_and(|link| self.is_of_row(row, link));
            promise!(!own, "no row meets itself", "{problem:?}");
            return Ok(());
        };
        promise!(self.showed(op, link), "a row shows the link as it is", "{link:?}");
        promise!(self.is_of_row(row, link), "acknowledged is never lost", "{link:?} was not made of {row:?}");
        Ok(())
    }

    fn showed(&self, op: &Op, link: &Link) -> bool {
        self.timeline(link.code.as_str()).during(op).iter().any(|state| state.shows(link))
    }

    /// Whether a link was made of a row, whatever became of it since.
    fn is_of_row(&self, row: &CreateLink, link: &Link) -> bool {
        self.timeline(link.code.as_str()).steps().filter(Step::is_creation).any(|step| {
            let record = step.after.record.as_ref();
            record.is_some_and(|r| r.body.target.as_str() == row.target && r.body.created_at == link.created_at)
        })
    }

    /// Nothing is created twice: no row, no operation, no key, no target that is reused.
    pub(super) fn creations(&self) -> Verdict {
        let mut links: BTreeMap<String, Vec<(&str, Step<'_>)>> = BTreeMap::new();
        for (code, timeline) in &self.timelines {
            for step in timeline.steps().filter(Step::is_creation) {
                let Some(record) = &step.after.record else { continue };
                links.entry(record.body.create_token.clone()).or_default().push((code, step));
            }
        }
        for (token, mut made) in links {
            let codes: Vec<&str> = made.iter().map(|(code, _)| *code).collect();
            made.sort_by_key(|(_, step)| step.after.tick);
            let is_one_code = codes.windows(2).all(|pair| pair[0] == pair[1]);
            // A key is good for one link on each code that is named with it, or found by its target.
            let is_named = self.senders(&token).iter().any(|id| match &*self.notes.ops[*id].asked {
                Asked::Create(request) => {
                    (request.code.is_some() || request.reuse) && self.notes.ops[*id].key.is_some()
                }
                _ => false,
            });
            let is_over =
                made.iter().all(|(code, step)| !made.iter().any(|(_, later)| self.stands_at(code, *step, *later)));
            promise!(is_one_code || is_named || is_over, "no create makes two links", "{codes:?} by {token}");
            for pair in made.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
                // After the retention the code is free again, and the row that had it may be run again.
                let over = pair[0].1.after.tick < pair[1].1.before.tick && pair[1].1.before.record.is_none()
                    || pair[1].1.before.purge_at.is_some();
                promise!(over, "no create makes two links", "{codes:?} by {token}");
            }
        }
        Ok(())
    }
}

impl Judge<'_> {
    /// Whether the link that a step made still has its code when a later step makes another one. One that was ended, and
    /// whose code was handed on, before its creator heard of it, is no second link.
    fn stands_at(&self, code: &str, made: Step<'_>, later: Step<'_>) -> bool {
        let issue = |state: &State| state.record.as_ref().map(|record| record.body.created_at);
        let then = &self.timeline(code).between(later.after.tick, later.after.tick)[0];
        made.after.tick < later.after.tick && issue(then) == issue(made.after)
    }
}

fn named_right(request: &CreateLink, link: &Link) -> bool {
    match (&request.code, request.if_exists) {
        (Some(code), IfExists::Fail | IfExists::Return) => code == link.code.as_str(),
        _ => true,
    }
}

fn is_pristine(state: &State) -> bool {
    state.record.as_ref().is_some_and(|record| record.body.reusable && record.body.version == record.body.first_version)
}
