//! Warm links outlive an outage, and no outage makes a link look unknown.

use serde_json::{Value, json};

use super::habits::{Habits, Superseded};
use super::origin::Health;
use super::world::{World, run};

const THREE_HOURS: i64 = 3 * 3_600;

#[test]
fn warm_links_outlive_three_hours_of_a_dead_store() {
    run(async {
        for superseded in [Superseded::Dropped, Superseded::Kept] {
            let world = World::start(Habits { superseded, ..Habits::DOCUMENTED }).await;
            world.create(Value::Null).await;
            world.create(json!({"code": "cold"})).await;
            assert_eq!(world.get("/launch").await.status, 302);
            world.origin.table.fail();
            for step in 0..THREE_HOURS / 30 {
                world.wait(30);
                if step % 7 == 0 {
                    world.origin.start_anew(&world.app);
                }
                assert_eq!(world.get("/launch").await.location(), "https://old.example/", "step {step}");
                for path in ["/cold", "/never-made", "/launch+"] {
                    let response = world.get(path).await;
                    assert_eq!((response.status, response.header("retry-after")), (503, "1"), "{path}, step {step}");
                }
            }
            world.origin.table.heal();
            assert_eq!(world.get("/cold").await.status, 302, "an outage leaves no trace");
            assert_eq!(world.get("/never-made").await.status, 404);
        }
    });
}

#[test]
fn warm_links_outlive_three_hours_without_any_function() {
    run(async {
        for health in [Health::Failing, Health::Silent] {
            let world = World::start(Habits::DOCUMENTED).await;
            world.create(Value::Null).await;
            assert_eq!(world.get("/launch").await.status, 302);
            world.functions_are(health);
            for step in 0..THREE_HOURS / 60 {
                world.wait(60);
                assert_eq!(world.get("/launch").await.status, 302, "step {step}");
                assert!(world.get("/cold").await.status >= 500, "step {step}");
            }
            world.functions_are(Health::Well);
            world.wait(1);
            assert_eq!(world.get("/launch").await.status, 302);
        }
    });
}

#[test]
fn a_404_from_before_the_outage_is_not_repeated_during_it() {
    run(async {
        let world = World::start(Habits::DOCUMENTED).await;
        assert_eq!(world.get("/launch").await.status, 404);
        world.create(Value::Null).await;
        world.origin.table.fail();
        world.wait(5);
        assert_eq!(world.get("/launch").await.status, 503);
    });
}

#[test]
fn a_function_that_may_not_run_shows_even_where_there_is_a_copy() {
    // 4xx answers bypass stale copies: reserved concurrency is a cap of cost and an outage in one.
    run(async {
        let world = World::start(Habits::DOCUMENTED).await;
        world.create(Value::Null).await;
        assert_eq!(world.get("/launch").await.status, 302);
        world.functions_are(Health::Throttled);
        for (second, status) in [(59, 302), (119, 302), (120, 429)] {
            world.wait(second - (world.now().as_second() - 1_795_521_600));
            assert_eq!(world.get("/launch").await.status, status, "{second}");
        }
        world.functions_are(Health::Well);
        assert_eq!(world.get("/launch").await.status, 302, "a 429 is kept by nobody");
    });
}
