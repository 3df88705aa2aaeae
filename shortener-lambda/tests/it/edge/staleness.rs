//! After a change the old answer is gone within the stated bound, and at once after a purge.
//!
//! With a healthy origin the bound is `s-maxage` + `stale-while-revalidate`; while it fails, `s-maxage` +
//! `stale-if-error`, where the edge obeys that. One second more where one tier of the cache asks another.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::actions::{Action, Visit};
use super::habits::{Habits, OnError, Tiers, Windows};
use super::message::Response;
use super::origin::Health;
use super::world::{Lifetimes, World, run};

const OLD: &str = "https://old.example/";

/// A change that takes the old target away, and what visitors get afterwards.
#[derive(Debug, Clone, Copy)]
enum Change {
    Retarget,
    Disable,
    Delete,
    Expire,
}

impl Change {
    const ALL: [Self; 4] = [Self::Retarget, Self::Disable, Self::Delete, Self::Expire];

    async fn make(self, world: &World) {
        match self {
            Self::Retarget => world.change(&json!({"target": "https://new.example/"})).await,
            Self::Disable => world.change(&json!({"disabled": true})).await,
            Self::Expire => world.change(&json!({"expires_at": world.now().to_string()})).await,
            Self::Delete => {
                let reply = world.app.api(http::Method::DELETE, "/api/v1/links/launch").send().await;
                assert_eq!(reply.status, http::StatusCode::OK, "{reply}");
            }
        }
    }

    fn expect_done(self, response: &Response) {
        match self {
            Self::Retarget => assert_eq!(response.location(), "https://new.example/", "{response:?}"),
            _ => assert_eq!(response.status, 410, "{response:?}"),
        }
    }
}

fn change() -> impl Strategy<Value = Change> {
    prop::sample::select(&Change::ALL[..])
}

fn lifetimes() -> impl Strategy<Value = Lifetimes> {
    (0_u32..100, 0_u32..100, 0_u32..1_000).prop_map(|(fresh, revalidate, if_error)| Lifetimes {
        fresh,
        revalidate,
        if_error,
    })
}

/// The moment from which on nobody may get the old answer.
fn bound(world: &World, seconds: u32) -> Timestamp {
    world.now() + SignedDuration::from_secs(seconds.into())
}

async fn tell(world: &World, story: Vec<Action>, check: impl Fn(&Response)) {
    for action in story {
        if let Some(response) = world.act(action).await {
            check(&response);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn with_a_healthy_origin_a_change_is_everywhere_when_copies_have_ended(
        habits in Habits::any(), lifetimes in lifetimes(), change in change(),
        before in prop::collection::vec(Action::of_health(), 0..20),
        after in prop::collection::vec(Action::of_health(), 1..20),
    ) {
        run(async {
            let world = World::start(habits).await;
            world.set_lifetimes(lifetimes).await;
            world.create(Value::Null).await;
            tell(&world, before, |response| assert_eq!(response.location(), OLD)).await;
            change.make(&world).await;
            let bound = bound(&world, lifetimes.fresh + lifetimes.revalidate + habits.tiers.lost_seconds());
            tell(&world, after, |response| {
                if world.now() >= bound { change.expect_done(response); }
            }).await;
        });
    }

    #[test]
    fn with_a_sick_origin_the_old_answer_ends_with_stale_if_error(
        habits in Habits::obedient(), lifetimes in lifetimes(), change in change(),
        before in prop::collection::vec(Action::any(), 0..20),
        after in prop::collection::vec(Action::any(), 1..40),
    ) {
        run(async {
            let world = World::start(habits).await;
            world.set_lifetimes(lifetimes).await;
            world.create(Value::Null).await;
            tell(&world, before, |_| ()).await;
            change.make(&world).await;
            let Lifetimes { fresh, revalidate, if_error } = lifetimes;
            let bound = bound(&world, fresh + match habits.windows {
                Windows::Together => revalidate.max(if_error),
                Windows::InTurn => revalidate + if_error,
            } + habits.tiers.lost_seconds());
            tell(&world, after, |response| {
                assert!(response.location() != OLD || world.now() < bound, "{response:?} {:?} later", world.now() - bound);
            }).await;
        });
    }

    #[test]
    fn after_a_purge_a_change_is_seen_at_once(
        habits in Habits::any(), lifetimes in lifetimes(), change in change(),
        before in prop::collection::vec(Action::of_health(), 0..20),
        visits in prop::collection::vec(prop::sample::select(&Visit::ALL[..]), 1..8),
    ) {
        run(async {
            let world = World::start(habits).await;
            world.set_lifetimes(lifetimes).await;
            world.create(Value::Null).await;
            tell(&world, before, |response| assert_eq!(response.location(), OLD)).await;
            change.make(&world).await;
            world.purge();
            for visit in visits {
                change.expect_done(&world.edge.answer(&visit.request()).await);
            }
        });
    }
}

#[test]
fn without_a_purge_the_old_answer_is_still_there_just_before_the_bound() {
    run(async {
        let world = World::start(Habits { tiers: Tiers::One, ..Habits::DOCUMENTED }).await;
        world.create(Value::Null).await;
        assert_eq!(world.get("/launch").await.location(), OLD);
        Change::Retarget.make(&world).await;
        world.wait(119);
        assert_eq!(world.get("/launch").await.location(), OLD, "so the bound of 120 s is no more than is needed");
        assert_eq!(world.get("/launch").await.location(), "https://new.example/", "and that visit fetched the new one");
    });
}

#[test]
fn the_bound_is_a_second_later_where_one_tier_tells_another_how_old_its_copy_is() {
    run(async {
        let world = World::start(Habits { tiers: Tiers::Two, ..Habits::DOCUMENTED }).await;
        world.create(Value::Null).await;
        assert_eq!(world.get("/launch").await.location(), OLD);
        Change::Retarget.make(&world).await;
        world.wait_ms(119_900);
        assert_eq!(world.get("/launch").await.location(), OLD);
        world.wait_ms(100);
        assert_eq!(world.get("/launch").await.location(), OLD, "120 s later: the nearer tier was told an age of 119 s");
        world.wait_ms(900);
        assert_eq!(world.get("/launch").await.location(), "https://new.example/");
    });
}

#[test]
fn a_forbidden_target_is_out_of_reach_a_minute_later_than_an_edit_would_be() {
    run(async {
        let world = World::start(Habits::DOCUMENTED).await;
        world.create(Value::Null).await;
        assert_eq!(world.get("/launch").await.location(), OLD);
        let policy = json!({"policy": {"deny": ["old.example"]}});
        let reply = world.app.api(http::Method::PUT, "/api/v1/domains/-").json(&policy).send().await;
        assert_eq!(reply.status, http::StatusCode::OK, "{reply}");
        for second in 1..=300 {
            world.wait(1);
            let response = world.get("/launch").await;
            assert!(response.status == 410 || second < 60 + 120, "{response:?} after {second} s");
        }
    });
}

#[test]
fn a_purge_of_another_link_purges_only_that() {
    run(async {
        let world = World::start(Habits::DOCUMENTED).await;
        world.create(Value::Null).await;
        world.create(json!({"code": "launcher"})).await;
        for path in ["/launch", "/launcher"] {
            world.get(path).await;
        }
        let asked = world.origin.asked.get();
        world.edge.invalidate("/launch");
        world.get("/launcher").await;
        assert_eq!(world.origin.asked.get(), asked, "still kept");
        world.get("/launch").await;
        assert_eq!(world.origin.asked.get(), asked + 1);
    });
}

#[test]
fn a_sick_function_serves_its_copy_no_longer_than_an_edge_would() {
    run(async {
        let world = World::start(Habits::DOCUMENTED).await;
        world.create(Value::Null).await;
        assert_eq!(world.get("/launch").await.location(), OLD);
        // The function's connection to the table breaks; the API's does not, and the link is changed.
        world.origin.table.fail();
        Change::Retarget.make(&world).await;
        for _ in 0..30 {
            world.wait(3_600);
            world.get("/launch").await;
        }
        world.functions_are(Health::Failing);
        assert_eq!(world.get("/launch").await.location(), "", "a day and more after the change");
    });
}

#[test]
fn a_cache_that_ignores_stale_if_error_needs_a_purge() {
    run(async {
        let world = World::start(Habits { on_error: OnError::Always, ..Habits::DOCUMENTED }).await;
        world.create(Value::Null).await;
        world.get("/launch").await;
        Change::Delete.make(&world).await;
        world.functions_are(Health::Failing);
        world.wait(100 * 86_400);
        assert_eq!(world.get("/launch").await.location(), OLD, "there is no bound without a purge");
        world.edge.invalidate("/launch");
        assert_eq!(world.get("/launch").await.status, 502);
    });
}
