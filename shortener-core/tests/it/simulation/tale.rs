//! A history in words, for whoever looks for what went wrong.

use std::fmt::Write as _;

use shortener_core::redirect::Resolution;
use shortener_core::table::Item;
use shortener_core::wire::{CreateLink, Link, Problem};

use super::history::{Answer, Asked, Change, Op};
use super::world::World;

/// The operations on a code, or all, and what was applied, in the order of their ticks.
pub(super) fn tell(world: &World, code: Option<&str>) -> String {
    let mut lines: Vec<(u64, String)> = Vec::new();
    for (id, op) in world.log.notes().ops.iter().enumerate() {
        if code.is_none() || op.code().is_none() || op.code() == code {
            lines.push((op.invoked, asks(id, op)));
            lines.push((op.ended, answers(id, op)));
        }
    }
    for applied in world.table.inner().applied() {
        for change in applied.changes {
            if code.is_none_or(|code| change.key.pk.ends_with(&format!("#{code}")) || change.key.sk.ends_with(code)) {
                let after = change.after.as_ref().map_or("gone".to_owned(), item);
                let line = format!("{:?} applied {} {}: {after}", applied.at, change.key.pk, change.key.sk);
                lines.push((applied.tick, line));
            }
        }
    }
    lines.sort();
    lines.into_iter().fold(String::new(), |mut story, (tick, line)| {
        let _ = writeln!(story, "{tick:>5} {line}");
        story
    })
}

fn asks(id: usize, op: &Op) -> String {
    let dry = if op.dry { " dry" } else { "" };
    let key = op.key.as_deref().unwrap_or("no key");
    let again = if op.first == id { String::new() } else { format!(" (again {})", op.first) };
    let asked = match &*op.asked {
        Asked::Create(request) => format!("create {}", create(request)),
        Asked::Import(rows) => format!("import {}", rows.iter().map(create).collect::<Vec<_>>().join(", ")),
        Asked::Change { code, change: Change::Update(update), if_match } => {
            format!("update {code} if {if_match:?}: {}", serde_json::to_string(update).unwrap_or_default())
        }
        other => format!("{other:?}"),
    };
    format!("{:?} #{id}{again} client {} process {} {key}{dry}: {asked}", op.began, op.client, op.process)
}

fn answers(id: usize, op: &Op) -> String {
    let answer = match &op.answer {
        Answer::Refused(problem) => refusal(problem),
        Answer::Created(made, created) => format!("{created:?} {}", link(made)),
        Answer::Link(found) => link(found),
        Answer::Links(links, _) => links.iter().map(link).collect::<Vec<_>>().join(", "),
        Answer::History(history) => {
            let event = |event: &shortener_core::wire::HistoryEvent| {
                format!("{} {:?} by {} at {}", event.version, event.action, event.actor, event.at)
            };
            history.events.iter().map(event).collect::<Vec<_>>().join(", ")
        }
        Answer::Rows(rows) => {
            let one = |row: &shortener_core::wire::BatchResult| {
                let link = row.link.as_ref().map(link);
                format!("{} {}", row.status, link.or(row.problem.as_ref().map(refusal)).unwrap_or_default())
            };
            rows.iter().map(one).collect::<Vec<_>>().join(", ")
        }
        Answer::Resolved(Resolution::Redirect(redirect)) => {
            format!("to {} {:?} until {:?}", redirect.target.as_str(), redirect.cache, redirect.until)
        }
        other => format!("{other:?}"),
    };
    let (calls, troubles) = (op.calls, op.troubles);
    format!("{:?}   #{id} [{calls} calls, {troubles} ill, {} to {}] {answer}", op.done, op.clock.from, op.clock.to)
}

fn create(request: &CreateLink) -> String {
    serde_json::to_string(request).unwrap_or_default()
}

fn link(link: &Link) -> String {
    let Link { code, version, target, state, tags, created_at, .. } = link;
    format!("{code} v{version} {state:?} to {} tags {} made {created_at}", target.as_str(), tags.len())
}

fn refusal(problem: &Problem) -> String {
    let link = problem.link.as_deref().map(link).unwrap_or_default();
    format!("{}: {} {link}", problem.code.as_str(), problem.detail)
}

fn item(item: &Item) -> String {
    let shown = |name: &&String| !name.ends_with("_pk") && !name.ends_with("_sk") && *name != "request_digest";
    let fields = item.attributes.keys().filter(shown);
    fields.map(|name| format!("{name}={}", item.attributes[name])).collect::<Vec<_>>().join(" ")
}
