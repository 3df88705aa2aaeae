//! What it takes to make a table say what files declare.

use std::collections::HashSet;

use serde::Serialize;
use serde_json::json;
use shortener_core::link::{Domain, ShortCode, Tag, TargetUrl};
use shortener_core::operations::LinkRef;
use shortener_core::wire::{CreateLink, Link, LinkState, Problem, UpdateLink};

use super::Declaration;
use crate::comparison::{Comparison, Difference};
use crate::exit::ExitStatus;

/// What is done to a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Action {
    /// It is made.
    Create,
    /// It is changed, or restored.
    Update,
    /// No file names it any more.
    Delete,
    /// It may not be touched.
    Conflict,
}

/// How far a change is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// Not begun.
    Planned,
    /// Made.
    Done,
    /// Not made, or not wholly.
    Failed,
}

/// One link that differs from what files declare.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Change {
    /// What is done.
    pub(crate) action: Action,
    /// Its domain.
    pub(crate) domain: Domain,
    /// Its code.
    pub(crate) code: ShortCode,
    /// Where it is declared: file, line and column.
    pub(crate) declared_at: Option<String>,
    /// Where it leads, or is to lead.
    pub(crate) target: String,
    /// The fields that differ.
    pub(crate) differences: Vec<Difference>,
    /// How far it is.
    pub(crate) outcome: Outcome,
    /// Why it may not be made, or was not.
    pub(crate) problem: Option<Problem>,
    /// How it is made.
    #[serde(skip)]
    pub(super) step: Step,
}

/// How a change is made.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// By a create that is known by its content.
    Create(Box<CreateLink>),
    /// By an update of the version that was compared, after a restore if it is deleted.
    Update { version: u64, is_deleted: bool, update: Box<UpdateLink> },
    /// By a delete of the version that was listed.
    Delete { version: u64 },
    /// Not at all.
    Nothing,
}

impl Change {
    /// Which link it is about.
    pub(super) fn link(&self) -> LinkRef {
        LinkRef { domain: self.domain.clone(), code: self.code.clone() }
    }

    /// The code, with its domain if that is not the default one.
    pub(crate) fn name(&self) -> String {
        if self.domain.is_default() { self.code.to_string() } else { format!("{}/{}", self.domain, self.code) }
    }
}

/// How many links are in which state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub(crate) struct Totals {
    pub(crate) create: usize,
    pub(crate) update: usize,
    pub(crate) delete: usize,
    pub(crate) unchanged: usize,
    pub(crate) conflict: usize,
}

/// What differs, and what becomes of it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Plan {
    /// Who declares it.
    pub(crate) owner: Option<String>,
    /// The links that differ: as they are declared, then what is to be deleted.
    pub(crate) changes: Vec<Change>,
    /// All links, by what is done to them.
    pub(crate) totals: Totals,
}

impl Plan {
    /// Compares what is declared with the links that are there; none where there is none.
    pub(super) fn of(owner: Option<String>, declared: Vec<Declaration>, links: Vec<Option<Link>>) -> Self {
        let mut plan = Self { owner, changes: Vec::new(), totals: Totals::default() };
        for (declaration, link) in declared.into_iter().zip(links) {
            match change(plan.owner.as_deref(), declaration, link) {
                Some(change) => plan.add(change),
                None => plan.totals.unchanged += 1,
            }
        }
        plan
    }

    /// Adds the deletes of the owner's links that are declared no more.
    pub(super) fn prune(&mut self, owned: Vec<Link>, declared: &HashSet<LinkRef>) {
        let mut left: Vec<Link> = owned
            .into_iter()
            .filter(|link| !declared.contains(&LinkRef { domain: link.domain.clone(), code: link.code.clone() }))
            .collect();
        left.sort_by(|a, b| (a.domain.as_str(), &a.code).cmp(&(b.domain.as_str(), &b.code)));
        for link in left {
            self.add(Change {
                action: Action::Delete,
                declared_at: None,
                target: link.target.to_string(),
                differences: Vec::new(),
                outcome: Outcome::Planned,
                problem: None,
                step: Step::Delete { version: link.version },
                domain: link.domain,
                code: link.code,
            });
        }
    }

    fn add(&mut self, change: Change) {
        let totals = &mut self.totals;
        *match change.action {
            Action::Create => &mut totals.create,
            Action::Update => &mut totals.update,
            Action::Delete => &mut totals.delete,
            Action::Conflict => &mut totals.conflict,
        } += 1;
        self.changes.push(change);
    }

    /// How many links are to be changed.
    pub(crate) fn size(&self) -> usize {
        self.totals.create + self.totals.update + self.totals.delete
    }

    /// What is to be said of it before anything is written.
    pub(crate) fn status(&self) -> ExitStatus {
        match self.totals.conflict {
            0 if self.size() == 0 => ExitStatus::Ok,
            0 => ExitStatus::Drift,
            _ => ExitStatus::Conflict,
        }
    }

    /// The names of the links that are to be deleted.
    pub(crate) fn deleted(&self) -> Vec<String> {
        self.changes.iter().filter(|change| change.action == Action::Delete).map(Change::name).collect()
    }
}

/// What it takes to make a link what is declared; none if it is that.
fn change(owner: Option<&str>, declared: Declaration, found: Option<Link>) -> Option<Change> {
    let declared_at = Some(declared.place());
    let LinkRef { domain, code } = declared.link.clone();
    let target =
        TargetUrl::parse(&declared.request.target).map_or_else(|_| declared.request.target.clone(), Into::into);
    let of = |action, differences, problem, step| Change {
        action,
        domain,
        code,
        declared_at,
        target,
        differences,
        outcome: Outcome::Planned,
        problem,
        step,
    };
    let Some(link) = found else {
        return Some(of(Action::Create, Vec::new(), None, Step::Create(Box::new(declared.request))));
    };
    if let Some(other) = link.owner.as_ref().map(Tag::as_str).filter(|other| Some(*other) != owner) {
        let problem = super::carry_out::owned_by(other, owner);
        return Some(of(Action::Conflict, Vec::new(), Some(problem), Step::Nothing));
    }
    let Comparison { mut differences, update } = Comparison::of(&declared.request, declared.given, &link);
    let is_deleted = link.state == LinkState::Deleted;
    if is_deleted {
        differences.insert(0, Difference { field: "deleted", from: json!(true), to: json!(false) });
    }
    let step = Step::Update { version: link.version, is_deleted, update: Box::new(update) };
    (!differences.is_empty()).then(|| of(Action::Update, differences, None, step))
}
