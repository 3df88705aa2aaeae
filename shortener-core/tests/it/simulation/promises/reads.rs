//! Reading one's writes: what get, history and lists show.

use shortener_core::link::ShortCode;
use shortener_core::wire::{History, ProblemCode};

use super::super::history::{Answer, Op};
use super::super::timeline::{State, Timeline};
use super::{Judge, Verdict, promise};

impl Judge<'_> {
    pub(super) fn get(&self, op: &Op, code: &ShortCode) -> Verdict {
        let states = self.timeline(code.as_str()).during(op);
        match &op.answer {
            Answer::Link(link) => {
                let shown = states.iter().any(|state| state.present(op.clock).is_some() && state.shows(link));
                promise!(shown, "one reads what was written", "{link:?}");
                Ok(())
            }
            other => read_failed(op, other, states),
        }
    }

    pub(super) fn history(&self, op: &Op, code: &ShortCode) -> Verdict {
        let timeline = self.timeline(code.as_str());
        match &op.answer {
            Answer::History(history) => shown_whole(op, history, timeline),
            other => read_failed(op, other, timeline.during(op)),
        }
    }

    pub(super) fn list(&self, op: &Op, tag: Option<&str>) -> Verdict {
        let Answer::Links(links, is_last) = &op.answer else { return Ok(()) };
        for link in links {
            let timeline = self.timeline(link.code.as_str());
            // An index may be late; what lists links by tag is read strongly.
            let states = if tag.is_some() || op.quiet { timeline.during(op) } else { timeline.between(0, op.ended) };
            promise!(states.iter().any(|state| state.shows(link)), "a list shows links as they are", "{link:?}");
            let tagged = tag.is_none_or(|tag| link.tags.iter().any(|has| has.as_str() == tag));
            promise!(tagged, "a list shows what was asked for", "{link:?}");
        }
        let mut codes: Vec<_> = links.iter().map(|link| link.code.as_str()).collect();
        codes.sort_unstable();
        promise!(codes.windows(2).all(|pair| pair[0] != pair[1]), "a list shows each link once", "{codes:?}");
        if !is_last || (tag.is_none() && !op.quiet) {
            return Ok(());
        }
        for (code, timeline) in &self.timelines {
            let states = timeline.during(op);
            let listed = codes.binary_search(&code.as_str()).is_ok();
            promise!(listed || !is_listed_throughout(op, states, tag), "a list shows every link", "{code} is missing");
        }
        Ok(())
    }
}

/// Whether a link was one and the same, and to be listed, all the while.
fn is_listed_throughout(op: &Op, states: &[State], tag: Option<&str>) -> bool {
    let issue = |state: &State| state.record.as_ref().map(|record| record.body.created_at);
    states.iter().all(|state| {
        issue(state) == issue(&states[0])
            && !state.may_be_absent(op.clock)
            && state.record.as_ref().is_some_and(|record| {
                record.body.deleted_at.is_none()
                    && tag.is_none_or(|tag| record.body.tags.iter().any(|has| has.as_str() == tag))
            })
    })
}

fn read_failed(op: &Op, answer: &Answer, states: &[State]) -> Verdict {
    match answer {
        Answer::Refused(problem) if problem.code == ProblemCode::NotFound => {
            let absent = states.iter().any(|state| state.may_be_absent(op.clock));
            promise!(absent, "a failure is no 404", "{states:?}");
            Ok(())
        }
        Answer::Refused(problem) => {
            promise!(problem.code == ProblemCode::Unavailable, "refusals are right", "{problem:?}");
            Ok(())
        }
        Answer::Lost => Ok(()),
        other => Err(("answers fit", format!("{other:?}"))),
    }
}

/// Every version once, newest first, down to the creation, each by its author.
fn shown_whole(op: &Op, history: &History, timeline: &Timeline) -> Verdict {
    let versions: Vec<u64> = history.events.iter().map(|event| event.version).collect();
    let whole = versions.windows(2).all(|pair| pair[0] == pair[1] + 1);
    promise!(whole && !versions.is_empty(), "a history has no gap", "{versions:?}");
    let creation = &history.events[history.events.len() - 1];
    let issue = |link: &State| {
        link.record.as_ref().is_some_and(|r| r.body.first_version == creation.version && r.here_since() == creation.at)
    };
    let states = timeline.during(op);
    promise!(states.iter().any(issue), "a history is of one link", "{creation:?}");
    // What was acknowledged before is in it, and nothing that never was.
    let before = states[0].record.as_ref().filter(|_| issue(&states[0])).map_or(0, |record| record.body.version);
    promise!(versions[0] >= before, "a history has every change", "{versions:?} of {before}");
    for event in &history.events {
        let mut made = timeline.states.iter().filter(|state| issue(state)).filter_map(|state| state.record.as_ref());
        let of_version = made.rfind(|record| record.body.version == event.version);
        let fits =
            of_version.is_some_and(|record| event.version == creation.version || record.body.updated_at == event.at);
        promise!(fits, "a history has what was done", "{event:?}");
    }
    Ok(())
}
