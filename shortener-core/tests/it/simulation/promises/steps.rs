//! Every step that a link takes: by whom, from where, and what came with it.

use shortener_core::service::LinkRecord;
use shortener_core::table::keys::parse_link;
use shortener_core::wire::{LinkState, Patch};

use super::super::history::{Asked, Change, Op};
use super::super::timeline::{State, Step};
use super::{Judge, Verdict, promise};

impl Judge<'_> {
    /// Judges one step.
    pub(super) fn step(&self, step: Step<'_>) -> Verdict {
        let Some(after) = &step.after.record else {
            // Only the collector removes links, and it looks at their time itself.
            promise!(step.before.purge_at.is_some(), "acknowledged is never lost", "removed before its end");
            return Ok(());
        };
        let Some((_, op)) = self.maker(step) else {
            return Err(("every change has an author", format!("{after:?}")));
        };
        promise!(!op.dry, "a dry run writes nothing", "{after:?}");
        if step.is_creation() { self.creation(step, after, op) } else { self.made_change(step, after, op) }
    }

    fn creation(&self, step: Step<'_>, after: &LinkRecord, op: &Op) -> Verdict {
        let body = &after.body;
        promise!(body.created_by.as_str() == op.actor(), "actors are named", "{}", body.created_by);
        let Some(before) = &step.before.record else {
            promise!((body.version, body.first_version) == (1, 1), "versions have no gap", "version {}", body.version);
            return Ok(());
        };
        let reissued = matches!(&*op.asked, Asked::Create(request) if request.reissue && body.version > 1);
        let clock = self.latest_clock(op);
        if reissued {
            let state = before.state(clock);
            let over = matches!(state, LinkState::Deleted | LinkState::Expired);
            promise!(over, "codes are reissued when their link is over", "it was {state:?}");
            let next = before.body.version + 1;
            promise!((body.version, body.first_version) == (next, next), "versions have no gap", "{}", body.version);
            promise!(body.created_at > before.body.updated_at, "histories do not mix", "{}", body.created_at);
        } else {
            let ended = step.before.purge_at.is_some_and(|at| at <= clock.as_second());
            promise!(ended, "no code is reissued within its retention", "{:?} at {clock}", step.before.purge_at);
        }
        Ok(())
    }

    /// The latest moment that any attempt of an operation took it to be.
    fn latest_clock(&self, op: &Op) -> jiff::Timestamp {
        // Rows of one file are sent again by whoever has the file.
        let everyone = matches!(&*op.asked, Asked::Import(_));
        let ops =
            self.notes.ops.iter().filter(|other| other.first == op.first || (everyone && other.asked == op.asked));
        ops.map(|op| op.clock.to).max().unwrap_or(op.clock.to)
    }

    fn made_change(&self, step: Step<'_>, after: &LinkRecord, op: &Op) -> Verdict {
        let Some(before) = &step.before.record else {
            return Err(("nothing comes back", format!("{after:?}")));
        };
        let Asked::Change { change, .. } = &*op.asked else {
            return Err(("links change when asked", format!("{:?}", op.asked)));
        };
        let version = before.body.version;
        promise!(after.body.version == version + 1, "versions have no gap", "{version} to {}", after.body.version);
        promise!(after.body.updated_at > before.body.updated_at, "the history's order is that of changes", "{after:?}");
        // One key and one change, but now and then on another version.
        let token = after.body.change_id.as_deref().unwrap_or_default();
        let is_wanted = self.senders(token).iter().any(|id| match &*self.notes.ops[*id].asked {
            Asked::Change { if_match, .. } => if_match.is_none_or(|wanted| wanted == version),
            _ => false,
        });
        promise!(is_wanted, "no update is lost", "{:?} on {version}", op.asked);
        let over = step.after.purge_at.is_some_and(|at| at <= after.body.updated_at.as_second());
        promise!(!over, "no code is reissued within its retention", "it is over at once: {:?}", step.after.purge_at);
        let expected = changed(before, change, after);
        promise!(*after == expected, "a change changes what it says", "{after:?} and not {expected:?}");
        let made = self.steps_of(op.first, after.code.as_str());
        let earlier = made.iter().filter(|other| !other.is_creation() && other.after.tick < step.after.tick);
        // After its retention a code is free, and what was asked of its link is forgotten.
        let of_the_code = earlier.filter(|other| self.is_held_throughout(after.code.as_str(), other.after, step.after));
        promise!(of_the_code.count() == 0, "no change is made twice", "{change:?}");
        self.event(step, after, op)
    }

    /// Whether a code was one link's, or handed from one to the next, from one state to another.
    fn is_held_throughout(&self, code: &str, from: &State, to: &State) -> bool {
        let states = self.timeline(code).between(from.tick, to.tick);
        let is_new = |state: &State| state.record.as_ref().is_none_or(|record| record.body.first_version == 1);
        let issue = |state: &State| state.record.as_ref().map(|record| record.body.created_at);
        !states.iter().any(|state| is_new(state) && issue(state) != issue(from))
    }

    /// The change and its event are one.
    fn event(&self, step: Step<'_>, after: &LinkRecord, op: &Op) -> Verdict {
        let applied = &self.applied[step.after.applied];
        let events: Vec<_> = applied
            .changes
            .iter()
            .filter_map(|change| change.after.as_ref())
            .filter(|item| item.key.sk.starts_with("EVENT#") && parse_link(&item.key).is_none())
            .collect();
        let [event] = events.as_slice() else {
            return Err(("every change is in the history", format!("{} events", events.len())));
        };
        let version = event.number("link_version").and_then(|version| u64::try_from(version).ok());
        promise!(version == Some(after.body.version), "every change is in the history", "{event:?}");
        promise!(event.text("actor") == Some(&op.actor()), "actors are named", "{event:?}");
        Ok(())
    }
}

/// What a change makes of a link; what only the service can know is as it is.
pub(super) fn changed(before: &LinkRecord, change: &Change, after: &LinkRecord) -> LinkRecord {
    let mut wanted = patched(before, change);
    let body = &mut wanted.body;
    body.version = after.body.version;
    body.updated_at = after.body.updated_at;
    body.change_id.clone_from(&after.body.change_id);
    if body.deleted_at.is_some() && before.body.deleted_at.is_none() {
        body.deleted_at = after.body.deleted_at;
    }
    wanted
}

/// The link with the fields that a change sets.
pub(super) fn patched(before: &LinkRecord, change: &Change) -> LinkRecord {
    let mut link = before.clone();
    let body = &mut link.body;
    match change {
        Change::Delete => body.deleted_at = Some(body.deleted_at.unwrap_or_default()),
        Change::Restore => body.deleted_at = None,
        Change::Update(update) => {
            if let Some(target) = &update.target {
                body.target = shortener_core::link::TargetUrl::parse(target).unwrap();
            }
            if let Patch::Set(title) = &update.title {
                body.title = Some(title.clone());
            }
            if let Some(tags) = &update.tags {
                body.tags = tags.iter().map(|tag| shortener_core::link::Tag::parse(tag).unwrap()).collect();
                body.tags.sort();
            }
            body.disabled = update.disabled.unwrap_or(body.disabled);
            match &update.expires_at {
                Patch::Keep => {}
                Patch::Clear => body.expires_at = None,
                Patch::Set(text) => body.expires_at = Some(text.parse().unwrap()),
            }
            match update.max_clicks {
                Patch::Keep => {}
                Patch::Clear => body.max_clicks = None,
                Patch::Set(clicks) => body.max_clicks = Some(clicks),
            }
        }
    }
    link
}
