//! Clicks and previews.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::json;
use shortener_core::link::ShortCode;
use shortener_core::redirect::{Click, Preview, Resolution, Resolver, Visitor};
use shortener_core::wire::{Problem, ProblemCode};

use super::super::scenario::{Ending, Scenario};
use super::super::world::World;

/// How long a click takes at most.
const BUDGET: Duration = Duration::from_millis(900);

const PERSON: Visitor<'_> = Visitor::Agent("Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0");

pub(super) fn all() -> Vec<Scenario> {
    let mut scenarios = vec![
        click("a link", "launch", by_store).in_pairs(),
        click("no link", "nothing", by_store).in_pairs(),
        click("a deleted link", "gone", by_store),
        click("a disabled link", "off", by_store),
        // A lost reply may waste a click and never grants one.
        click("a limited link", "limited", by_store).only_if_not_applied().in_pairs(),
        click("a link, from memory", "launch", by_memory),
        click("no link, from memory", "nothing", by_memory),
        click("a limited link, from memory", "limited", by_memory).only_if_not_applied(),
        warm("a link read before", "launch", by_store),
        warm("a link read before, from memory", "launch", by_memory),
        warm("no link, when the domains are known", "nothing", by_store),
        preview("a link", "launch"),
        preview("a limited link", "limited"),
        preview("no link", "nothing"),
    ];
    scenarios.push(late_in_the_day());
    scenarios
}

fn by_store(world: &World) -> &Resolver {
    &world.resolver
}

fn by_memory(world: &World) -> &Resolver {
    &world.follower
}

type Way = fn(&World) -> &Resolver;

fn click(case: &'static str, code: &'static str, resolver: Way) -> Scenario {
    Scenario::new("answer", case, move |world| async move { clicked(resolver(&world), code).await })
        .within(BUDGET)
        .lagging()
}

/// After a click that went well.
fn warm(case: &'static str, code: &'static str, resolver: Way) -> Scenario {
    Scenario::new("answer", case, move |world| async move {
        world.plan.pausing(clicked(resolver(&world), code)).await?;
        clicked(resolver(&world), code).await
    })
    .within(BUDGET)
    .lagging()
}

/// When the domains in memory are too old.
fn late_in_the_day() -> Scenario {
    let act = |world: Arc<World>| async move {
        world.plan.pausing(clicked(&world.resolver, "launch")).await?;
        world.clock.advance(SignedDuration::from_secs(70));
        let ending = clicked(&world.resolver, "launch").await;
        world.clock.advance(SignedDuration::from_secs(-70));
        ending
    };
    Scenario::new("answer", "a link, when the domains are to be read again", act).within(BUDGET).lagging()
}

async fn clicked(resolver: &Resolver, code: &str) -> Ending {
    let code = ShortCode::parse(code).unwrap();
    let click = Click { host: "s.example", code: &code, visitor: PERSON, deadline: None };
    match resolver.answer(&click).await.resolution {
        Resolution::Redirect(redirect) => Ok(json!(redirect.target.as_str())),
        Resolution::NotFound { .. } => Ok(json!(404)),
        Resolution::Gone { .. } => Ok(json!(410)),
        Resolution::Unavailable => Err(unavailable()),
    }
}

fn preview(case: &'static str, code: &'static str) -> Scenario {
    Scenario::new("preview", case, move |world| async move {
        match world.resolver.preview("s.example", &ShortCode::parse(code).unwrap()).await {
            Preview::Link(link) => Ok(json!(link)),
            Preview::NotFound => Ok(json!(404)),
            Preview::Gone => Ok(json!(410)),
            Preview::Unavailable => Err(unavailable()),
        }
    })
    .within(BUDGET)
}

/// A visitor is told nothing but 503; whether a click was taken is not known.
fn unavailable() -> Problem {
    Problem { about_the_store: true, ..Problem::new(ProblemCode::OutcomeUnknown, "the store failed") }
}
