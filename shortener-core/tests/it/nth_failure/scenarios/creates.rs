//! Creates, alone and many at once.

use std::sync::Arc;

use serde_json::json;
use shortener_core::operations::{Mode, Operations, WriteOptions};
use shortener_core::wire::{BatchResult, CreateLink, IfExists, Problem};

use super::super::scenario::{Ending, Scenario, shown};
use super::super::world::World;
use crate::fixture::{coded, keyed, to};

pub(super) fn all() -> Vec<Scenario> {
    alone().into_iter().chain(together()).collect()
}

fn tagged(request: CreateLink) -> CreateLink {
    CreateLink { tags: vec!["a".to_owned(), "new".to_owned()], owner: Some("team".to_owned()), ..request }
}

fn row(request: CreateLink) -> CreateLink {
    CreateLink { occurrence: Some(1), ..request }
}

fn alone() -> Vec<Scenario> {
    let key = || keyed("once");
    let plain = WriteOptions::default;
    vec![
        create("its own code and an idempotency key", tagged(coded("mine", "https://example.com/")), key()).in_pairs(),
        create("its own code alone", coded("mine", "https://example.com/"), plain()).only_if_not_applied(),
        create("a drawn code and an idempotency key", tagged(to("https://example.com/")), key()).in_pairs(),
        create("a drawn code alone", to("https://example.com/"), plain()).only_if_not_applied(),
        create("a new table", to("https://example.com/"), key()).on_a_new_table(),
        create("a code that is taken", coded("launch", "https://example.com/"), key()),
        create("a code that is retired", coded("gone", "https://example.com/"), key()),
        create(
            "a code that is taken, whose link is asked for",
            CreateLink { if_exists: IfExists::Return, ..coded("launch", "https://example.com/") },
            key(),
        ),
        create(
            "a code that is taken, and then another",
            CreateLink { if_exists: IfExists::NewCode, ..coded("launch", "https://example.com/") },
            key(),
        ),
        create("reuse of what is there", CreateLink { reuse: true, ..to("https://example.com/reused") }, key()),
        create("reuse of nothing", CreateLink { reuse: true, ..to("https://example.com/fresh") }, key()),
        create(
            "the code of a deleted link",
            tagged(CreateLink { reissue: true, ..coded("gone", "https://example.com/") }),
            key(),
        )
        .in_pairs(),
        create("a row", row(tagged(to("https://example.com/"))), plain()),
        create("a dry run", coded("mine", "https://example.com/"), WriteOptions { mode: Mode::DryRun, ..plain() }),
    ]
}

fn together() -> Vec<Scenario> {
    vec![
        batch(
            "rows",
            vec![
                row(tagged(coded("r1", "https://example.com/1"))),
                row(tagged(to("https://example.com/2"))),
                row(coded("row", "https://example.com/row")),
                row(coded("r3", "https://example.com/3")),
            ],
        ),
        batch(
            "links of their own",
            vec![tagged(coded("l1", "https://example.com/1")), coded("l2", "https://example.com/2")],
        ),
        batch(
            "rows and a code that is reissued",
            vec![
                row(coded("r1", "https://example.com/1")),
                CreateLink { reissue: true, ..coded("gone", "https://example.com/2") },
            ],
        ),
        Scenario::new("check_batch", "rules alone", |world| async move {
            let requests = [coded("mine", "https://example.com/"), coded("mine", "nonsense")];
            Ok(shown(world.session.check_batch(&requests).await?))
        }),
    ]
}

fn create(case: &'static str, request: CreateLink, options: WriteOptions) -> Scenario {
    Scenario::new("create", case, move |world| {
        let (request, options) = (request.clone(), options.clone());
        async move {
            let (link, created) = world.session.create(&request, &options).await?;
            Ok(json!({ "link": link, "created": format!("{created:?}") }))
        }
    })
}

fn batch(case: &'static str, requests: Vec<CreateLink>) -> Scenario {
    let act = move |world: Arc<World>| {
        let requests = requests.clone();
        async move {
            let results = world.session.create_batch(&requests, &keyed("once")).await?;
            world.rows.lock().unwrap().clone_from(&results);
            whole(&results)
        }
    };
    Scenario::new("create_batch", case, act).in_steps()
}

/// The links, or the worst that became of one.
fn whole(results: &[BatchResult]) -> Ending {
    let problems: Vec<&Problem> = results.iter().filter_map(|result| result.problem.as_ref()).collect();
    match problems.iter().find(|problem| !problem.retryable).or(problems.first()) {
        Some(problem) => Err((*problem).clone()),
        None => Ok(shown(results.iter().map(|result| &result.link).collect::<Vec<_>>())),
    }
}
