//! What is new is seen in time, and browsers ask each time.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::actions::Action;
use super::habits::Habits;
use super::lifetimes::seconds;
use super::message::Response;
use super::world::{World, run};

/// For how many seconds a browser may show an answer again without asking first (RFC 9111; RFC 5861, section 3).
fn reusable_seconds(response: &Response) -> i64 {
    let control = response.header("cache-control");
    if control.contains("no-cache") || control.contains("no-store") {
        return 0;
    }
    let age = |name| seconds(control, name).unwrap_or(0);
    assert!(control.contains("max-age"), "a browser would guess: {response:?}");
    age("max-age") + age("stale-while-revalidate")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_code_created_after_a_probe_works_within_five_seconds(
        habits in Habits::any(), before in prop::collection::vec(Action::of_health(), 1..20), home in any::<bool>(),
    ) {
        run(async {
            let world = World::start(habits).await;
            if home {
                world.set_domain("-", &json!({"not_found_target": "https://home.example/"})).await;
            }
            for action in before {
                world.act(action).await;
            }
            world.create(Value::Null).await;
            world.wait(5);
            assert_eq!(world.get("/launch").await.location(), "https://old.example/");
        });
    }

    #[test]
    fn a_scheduled_link_starts_on_time(
        habits in Habits::any(), wait in 1_i64..400, story in prop::collection::vec(Action::of_health(), 1..30),
        home in any::<bool>(),
    ) {
        run(async {
            let world = World::start(habits).await;
            if home {
                world.set_domain("-", &json!({"not_found_target": "https://home.example/"})).await;
            }
            let start = world.milestone(wait);
            world.create(json!({"starts_at": start})).await;
            for action in story {
                let Some(response) = world.act(action).await else { continue };
                let has_started = response.location() == "https://old.example/";
                assert_eq!(has_started, world.now() >= start, "{response:?} at {}", world.now());
            }
        });
    }
}

#[test]
fn browsers_ask_each_time() {
    run(async {
        let world = World::start(Habits::DOCUMENTED).await;
        world.create(Value::Null).await;
        world.create(json!({"code": "permanent", "redirect_status": 301})).await;
        world.create(json!({"code": "over", "expires_at": world.in_seconds(1)})).await;
        world.create(json!({"code": "later", "starts_at": world.in_seconds(10_000)})).await;
        world.create(json!({"code": "soon", "expires_at": world.in_seconds(10_000)})).await;
        world.wait(10);
        for (path, status) in [
            ("/launch", 302),
            ("/permanent", 301),
            ("/soon", 302),
            ("/over", 410),
            ("/later", 404),
            ("/unknown", 404),
            ("/a/b", 404),
            ("/launch+", 200),
            ("/", 200),
            ("/api/v1/health", 200),
            ("/api/v1/links", 401),
        ] {
            // Fetched, kept, and stale.
            for wait in [0, 1, 70] {
                world.wait(wait);
                let response = world.get(path).await;
                assert_eq!(response.status, status, "{path}");
                assert_eq!(reusable_seconds(&response), 0, "{path}: {response:?}");
            }
        }
        world.origin.table.fail();
        assert_eq!(reusable_seconds(&world.get("/cold").await), 0);
        for path in ["/robots.txt", "/favicon.ico"] {
            assert!(reusable_seconds(&world.get(path).await) > 0, "{path} is the same for all");
        }
    });
}

#[test]
fn the_edge_answers_without_the_origin_while_a_copy_is_fresh() {
    run(async {
        let world = World::start(Habits::DOCUMENTED).await;
        world.create(Value::Null).await;
        for second in 0..60 {
            let response = world.get("/launch").await;
            let age = if second == 0 { String::new() } else { second.to_string() };
            assert_eq!((response.status, response.header("age")), (302, age.as_str()));
            world.wait(1);
        }
        assert_eq!(world.origin.asked.get(), 1);
    });
}
