//! A link with a click limit is never kept, whatever the edge does on its own.

use http::Method;
use proptest::prelude::*;
use serde_json::json;

use super::actions::Action;
use super::habits::Habits;
use super::message::Request;
use super::world::{World, run};

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_more_clicks_are_redirected_than_the_limit_says(
        habits in Habits::any(), limit in 1_usize..6, story in prop::collection::vec(Action::any(), 1..60),
    ) {
        run(async {
            let world = World::start(habits).await;
            world.create(json!({"max_clicks": limit})).await;
            let mut redirects = 0;
            for action in story {
                let is_click = matches!(action, Action::Visit(visit) if visit.request().method == Method::GET);
                let Some(response) = world.act(action).await else { continue };
                assert_ne!(response.status, 404, "the link exists");
                redirects += usize::from(is_click && !response.location().is_empty());
                assert!(redirects <= limit, "{redirects} of {limit}");
                let kept = response.header("cache-control");
                assert!(kept.is_empty() || kept == "private, no-store", "{response:?}");
            }
        });
    }

    #[test]
    fn in_good_health_every_click_up_to_the_limit_is_redirected(
        habits in Habits::any(), limit in 1_usize..20, story in prop::collection::vec(Action::of_health(), 1..60),
    ) {
        run(async {
            let world = World::start(habits).await;
            world.create(json!({"max_clicks": limit})).await;
            let mut clicks = 0;
            for action in story {
                let Action::Visit(visit) = action else {
                    world.act(action).await;
                    continue;
                };
                let (request, asked) = (visit.request(), world.origin.asked.get());
                let response = world.edge.answer(&request).await;
                assert_eq!(world.origin.asked.get(), asked + 1, "the edge answered for the origin");
                // A HEAD takes none, and is redirected while some are left.
                assert_eq!(response.status, if clicks < limit { 302 } else { 410 }, "click {clicks} of {limit}");
                clicks += usize::from(request.method == Method::GET);
            }
        });
    }
}

#[test]
fn who_asks_reaches_the_origin_and_decides_who_takes_a_click() {
    run(async {
        let world = World::start(Habits::DOCUMENTED).await;
        world.create(json!({"max_clicks": 1})).await;
        let ahead = [("sec-purpose", "prefetch;prerender"), ("purpose", "prefetch")];
        for (name, value) in ahead {
            let response = world.edge.answer(&Request::get("/launch").with(name, value)).await;
            assert_eq!(response.status, 302, "{name}");
        }
        assert_eq!(world.get("/launch+").await.status, 200, "the preview page takes none");
        assert_eq!(world.get("/launch").await.status, 302);
        for path in ["/launch", "/launch+"] {
            assert_eq!(world.get(path).await.status, 410, "{path}");
        }
        world.change(&json!({"max_clicks": 2})).await;
        assert_eq!(world.get("/launch").await.status, 302, "a 410 of a limit is not kept either");
    });
}
