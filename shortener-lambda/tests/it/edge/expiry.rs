//! A link is never served after its end, also while the origin is sick and whatever the edge does on its own.

use std::cell::Cell;

use proptest::prelude::*;
use serde_json::json;

use super::actions::Action;
use super::habits::{Habits, OnError, Superseded, Windows};
use super::message::Request;
use super::origin::Health;
use super::world::{Lifetimes, World, run};

fn lifetimes() -> impl Strategy<Value = Lifetimes> {
    (0_u32..100, 0_u32..100, prop_oneof![0_u32..100, 0_u32..90_000])
        .prop_map(|(fresh, revalidate, if_error)| Lifetimes { fresh, revalidate, if_error })
}

fn story(longest: usize) -> impl Strategy<Value = Vec<Action>> {
    prop::collection::vec(Action::any(), 1..longest)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_visitor_is_redirected_after_the_end(
        habits in Habits::any(), lifetimes in lifetimes(), life in 1_i64..4_000, story in story(60),
    ) {
        run(async {
            let world = World::start(habits).await;
            world.set_lifetimes(lifetimes).await;
            let end = world.milestone(life);
            world.create(json!({"expires_at": end})).await;
            for action in story {
                let Some(response) = world.act(action).await else { continue };
                assert!(response.location().is_empty() || world.now() < end, "{response:?} at {}", world.now());
                assert_ne!(response.status, 404, "the link exists");
                assert_eq!(response.header("x-short-until"), "", "the visitor sees what is the edge's");
            }
        });
    }

    #[test]
    fn lifetimes_alone_keep_an_obedient_cache_from_it(
        habits in Habits::obedient(), lifetimes in lifetimes(), life in 1_i64..4_000, story in story(60),
    ) {
        let habits = Habits { windows: Windows::Together, ..habits };
        run(async {
            let world = World::start(habits).await;
            world.set_lifetimes(lifetimes).await;
            let end = world.milestone(life);
            world.create(json!({"expires_at": end})).await;
            for action in story {
                let Action::Visit(visit) = action else {
                    world.act(action).await;
                    continue;
                };
                // Past the viewer-response function, which would hide what the cache does.
                let kept = world.edge.kept(&visit.request()).await;
                let is_redirect = kept.is_some_and(|response| !response.location().is_empty());
                assert!(!is_redirect || world.now() < end, "served at {}", world.now());
            }
        });
    }
}

#[test]
fn the_edge_itself_ends_a_link_where_the_cache_would_serve_it_for_ever() {
    let served = Cell::new(0);
    run(async {
        let habits = Habits { on_error: OnError::Always, ..Habits::DOCUMENTED };
        let world = World::start(habits).await;
        world.create(json!({"expires_at": world.in_seconds(600)})).await;
        assert_eq!(world.get("/launch").await.location(), "https://old.example/");
        world.functions_are(Health::Failing);
        for second in (1..1200).step_by(7) {
            world.wait(7);
            let kept = world.edge.kept(&Request::get("/launch")).await.unwrap();
            assert_eq!(kept.status, 302, "this cache serves what it has for ever");
            let response = world.get("/launch").await;
            let is_over = second + 6 >= 600;
            assert_eq!(response.status, if is_over { 410 } else { 302 }, "{second}");
            if is_over {
                served.set(served.get() + 1);
                assert_eq!((response.location(), response.header("cache-control")), ("", "private, no-store"));
                assert!(response.body.starts_with(b"<!doctype html>"));
            }
        }
    });
    assert!(served.get() > 50);
}

#[test]
fn a_link_is_served_up_to_its_last_second() {
    run(async {
        let world = World::start(Habits { superseded: Superseded::Kept, ..Habits::DOCUMENTED }).await;
        world.create(json!({"expires_at": world.in_seconds(100)})).await;
        for second in 0..130 {
            let status = world.get("/launch").await.status;
            assert_eq!(status, if second < 100 { 302 } else { 410 }, "{second}");
            world.wait(1);
        }
    });
}
