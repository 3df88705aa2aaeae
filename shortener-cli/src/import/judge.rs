//! What an answer of the service means for a row.

use shortener_core::operations::LinkRef;
use shortener_core::wire::{BatchResult, CreateLink, IfExists, Link, LinkState, Problem, ProblemCode, UpdateLink};

use super::outcome::{Outcome, Reason};
use crate::comparison::{Comparison, Difference, Fields};

/// What to do with a row whose code another link has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum OnConflict {
    /// Leave the link as it is, and report the row as failed.
    Fail,
    /// Leave the link as it is, and go on.
    Skip,
    /// Make the link what the row says.
    Update,
    /// Create the row's link under another code.
    NewCode,
}

impl OnConflict {
    /// Its name on the command line.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Skip => "skip",
            Self::Update => "update",
            Self::NewCode => "new-code",
        }
    }
}

/// What a row asks for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Wanted {
    /// The link.
    pub(crate) request: CreateLink,
    /// The fields that the row speaks of.
    pub(crate) given: Fields,
}

/// What an answer means for a row.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// The row is done.
    Settled(Settlement),
    /// Something else is to be sent.
    Then(Step),
    /// The same is to be sent again, later.
    Later(Problem),
    /// No row can be sent.
    Never(Problem),
}

/// What became of a row, and what is to be said of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Settlement {
    pub(crate) outcome: Outcome,
    /// The code of its link.
    pub(crate) code: Option<String>,
    /// Why it failed.
    pub(crate) reason: Option<Reason>,
    /// What differs, or differed.
    pub(crate) differences: Vec<Difference>,
}

/// What is sent for a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Step {
    /// A create.
    Create(IfExists),
    /// A change of the link that has its code.
    Update(Box<Change>),
}

/// A change of the link that has a row's code.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Change {
    pub(crate) link: LinkRef,
    /// The version that was compared.
    pub(crate) version: u64,
    pub(crate) update: UpdateLink,
    pub(crate) differences: Vec<Difference>,
}

impl Settlement {
    pub(crate) fn new(outcome: Outcome) -> Self {
        Self { outcome, code: None, reason: None, differences: Vec::new() }
    }

    pub(crate) fn because(outcome: Outcome, reason: Reason) -> Self {
        Self { reason: Some(reason), ..Self::new(outcome) }
    }

    fn of(self, link: &Link) -> Self {
        Self { code: Some(link.code.to_string()), ..self }
    }
}

impl Wanted {
    /// What the answer to a create means.
    pub(crate) fn after_create(&self, if_exists: IfExists, policy: OnConflict, result: BatchResult) -> Verdict {
        match (result.link, result.problem) {
            (_, Some(problem)) => self.after_problem(if_exists, policy, problem),
            (Some(link), None) if result.status == 201 => Verdict::Settled(Settlement::new(Outcome::Created).of(&link)),
            (Some(link), None) => self.after_own(policy, &link),
            (None, None) => Verdict::Never(Problem::new(ProblemCode::Internal, "the service answered no link")),
        }
    }

    /// The row made this link earlier. What people have done to it since is respected, unless told otherwise.
    fn after_own(&self, policy: OnConflict, link: &Link) -> Verdict {
        if policy != OnConflict::Update {
            return Verdict::Settled(Settlement::new(Outcome::Unchanged).of(link));
        }
        let found = Comparison::of(&self.request, self.given, link);
        if link.state == LinkState::Deleted {
            return Verdict::Settled(deleted(link));
        }
        self.changing(found, link)
    }

    fn after_problem(&self, if_exists: IfExists, policy: OnConflict, mut problem: Problem) -> Verdict {
        match problem.code {
            ProblemCode::CodeTaken | ProblemCode::CodeRetired => match problem.link.take() {
                Some(link) => self.after_conflict(if_exists, policy, &link, &problem),
                None => unseen_conflict(if_exists, policy, &problem),
            },
            ProblemCode::Forbidden if !problem.about_the_store => unseen_conflict(if_exists, policy, &problem),
            _ => after_failure(problem),
        }
    }

    /// Another link has the code.
    fn after_conflict(&self, if_exists: IfExists, policy: OnConflict, link: &Link, problem: &Problem) -> Verdict {
        let found = Comparison::of(&self.request, self.given, link);
        let is_deleted = link.state == LinkState::Deleted;
        if !is_deleted && found.is_same_link() && policy != OnConflict::Update {
            return Verdict::Settled(Settlement::new(Outcome::Unchanged).of(link));
        }
        match policy {
            OnConflict::Update if !is_deleted => self.changing(found, link),
            OnConflict::Update => Verdict::Settled(deleted(link)),
            _ => match unseen_conflict(if_exists, policy, problem) {
                Verdict::Settled(settled) => {
                    Verdict::Settled(Settlement { differences: found.differences, ..settled }.of(link))
                }
                other => other,
            },
        }
    }

    #[expect(clippy::unused_self, reason = "reads as what is done for the row")]
    fn changing(&self, found: Comparison, link: &Link) -> Verdict {
        if found.differences.is_empty() {
            return Verdict::Settled(Settlement::new(Outcome::Unchanged).of(link));
        }
        Verdict::Then(Step::Update(Box::new(Change {
            link: LinkRef { domain: link.domain.clone(), code: link.code.clone() },
            version: link.version,
            update: found.update,
            differences: found.differences,
        })))
    }

    /// What the answer to a change means.
    pub(crate) fn after_update(&self, change: &Change, result: Result<Link, Problem>) -> Verdict {
        let differences = change.differences.clone();
        match result {
            Ok(link) => Verdict::Settled(Settlement { differences, ..Settlement::new(Outcome::Updated) }.of(&link)),
            Err(Problem { code: ProblemCode::VersionMismatch, link: Some(link), .. }) => {
                if link.state == LinkState::Deleted {
                    return Verdict::Settled(deleted(&link));
                }
                self.changing(Comparison::of(&self.request, self.given, &link), &link)
            }
            Err(problem) => match problem.code {
                ProblemCode::NotFound | ProblemCode::StateConflict | ProblemCode::VersionMismatch => {
                    Verdict::Settled(conflict(&problem))
                }
                ProblemCode::Forbidden if !problem.about_the_store => Verdict::Settled(conflict(&problem)),
                _ => after_failure(problem),
            },
        }
    }
}

fn conflict(problem: &Problem) -> Settlement {
    Settlement::because(Outcome::Conflict, Reason::from(problem))
}

/// A deleted link is never brought back by a row.
fn deleted(link: &Link) -> Settlement {
    let detail = format!("the link '{}' was deleted: restore it first", link.code);
    Settlement::because(Outcome::Conflict, Reason::new("link_deleted", detail)).of(link)
}

/// The code is not to be had, whatever the link is that has it.
fn unseen_conflict(if_exists: IfExists, policy: OnConflict, problem: &Problem) -> Verdict {
    match policy {
        OnConflict::Skip => Verdict::Settled(Settlement::new(Outcome::Skipped)),
        OnConflict::NewCode if if_exists != IfExists::NewCode => Verdict::Then(Step::Create(IfExists::NewCode)),
        _ => Verdict::Settled(conflict(problem)),
    }
}

fn after_failure(problem: Problem) -> Verdict {
    match problem.code {
        _ if is_for_every_row(&problem) => Verdict::Never(problem),
        _ if problem.retryable => Verdict::Later(problem),
        ProblemCode::Invalid | ProblemCode::TooLarge | ProblemCode::Malformed => {
            Verdict::Settled(Settlement::because(Outcome::Invalid, Reason::from(&problem)))
        }
        _ => Verdict::Settled(Settlement::because(Outcome::Failed, Reason::from(&problem))),
    }
}

/// Whether what kept one row from being written keeps the others too.
fn is_for_every_row(problem: &Problem) -> bool {
    match problem.code {
        ProblemCode::Unauthenticated | ProblemCode::StorageFull => true,
        ProblemCode::Forbidden => problem.about_the_store,
        ProblemCode::Unavailable => !problem.retryable,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
