//! What files declare of links, and making a table say the same: `short apply` and `short diff`.

use std::collections::HashMap;
use std::sync::Arc;

use shortener_core::operations::LinkRef;
use shortener_core::wire::{CreateLink, Problem};

use crate::comparison::Fields;

mod batch;
mod carry_out;
mod command;
mod document;
mod fault;
mod fields;
#[cfg(test)]
mod fuzz;
mod plan;
mod reading;
mod records;
mod show;
mod sources;
mod toml;
mod tree;
mod yaml;

pub(crate) use carry_out::carry_out;
pub(crate) use command::{DeclaredArgs, planned};
use fault::{Fault, Place, Position};
use plan::Plan;
pub(crate) use show::{conclude, question};

/// A link that a file declares.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Declaration {
    /// The file.
    file: Arc<str>,
    /// Where it begins.
    at: Position,
    /// Where its fields stand, by their names on the wire.
    places: Vec<(&'static str, Position)>,
    /// Which link it is about.
    link: LinkRef,
    /// The create that makes it so.
    request: CreateLink,
    /// The fields that it decides on.
    given: Fields,
}

impl Declaration {
    /// Where it stands, as people look it up.
    fn place(&self) -> String {
        Place { file: &self.file, at: Some(self.at) }.to_string()
    }

    /// What the service finds wrong with it, at the fields it is about.
    fn faults(&self, problem: &Problem) -> Vec<Fault> {
        let fault = |field: &str, code, detail: &str| {
            let at = self.places.iter().find(|(name, _)| *name == field).map_or(self.at, |(_, at)| *at);
            let detail = format!("{}: {detail}", self.link.code);
            Fault { file: self.file.to_string(), at: Some(at), code, detail, hint: None }
        };
        if problem.errors.is_empty() {
            return vec![fault("code", "refused", &problem.detail)];
        }
        let violations = problem.errors.iter();
        violations
            .map(|found| fault(found.pointer.split('/').nth(1).unwrap_or_default(), "rule", &found.detail))
            .collect()
    }
}

/// What all files of a run declare together.
#[derive(Debug, Default)]
pub(crate) struct Declarations {
    /// Who declares it, for all files of the run.
    owner: Option<Owner>,
    links: Vec<Declaration>,
}

/// An owner and the file that names it; none for the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Owner {
    name: String,
    file: Option<(Arc<str>, Position)>,
}

impl Declarations {
    /// Adds what a file declares; its owner must be the one of the others.
    fn add(&mut self, owner: Option<Owner>, links: Vec<Declaration>, faults: &mut Vec<Fault>) {
        self.links.extend(links);
        let Some(owner) = owner else { return };
        match &self.owner {
            None => self.owner = Some(owner),
            Some(known) if known.name == owner.name => {}
            Some(known) => faults.extend(another_owner(known, &owner)),
        }
    }

    /// Every link that is declared a second time.
    fn duplicates(&self) -> Vec<Fault> {
        let mut first: HashMap<&LinkRef, &Declaration> = HashMap::with_capacity(self.links.len());
        let mut faults = Vec::new();
        for declared in &self.links {
            match first.get(&declared.link) {
                None => drop(first.insert(&declared.link, declared)),
                Some(earlier) => faults.push(Fault {
                    file: declared.file.to_string(),
                    at: Some(declared.at),
                    code: "duplicate_code",
                    detail: format!("code '{}' is declared already at {}", declared.link.code, earlier.place()),
                    hint: None,
                }),
            }
        }
        faults
    }

    /// The links as one owner declares them, each made at most once however often it is sent.
    fn owned(mut self) -> (Option<String>, Vec<Declaration>) {
        let owner = self.owner.map(|owner| owner.name);
        for declared in &mut self.links {
            declared.request.owner.clone_from(&owner);
            declared.request.occurrence = Some(1);
        }
        (owner, self.links)
    }
}

fn another_owner(known: &Owner, found: &Owner) -> Option<Fault> {
    let (file, at) = found.file.clone()?;
    let by = known
        .file
        .as_ref()
        .map_or_else(|| "--owner".to_owned(), |(file, at)| Place { file, at: Some(*at) }.to_string());
    Some(Fault {
        file: file.to_string(),
        at: Some(at),
        code: "another_owner",
        detail: format!("owner '{}' is not '{}', which {by} names", found.name, known.name),
        hint: Some("files of one run have one owner; run the command once for each".to_owned()),
    })
}
