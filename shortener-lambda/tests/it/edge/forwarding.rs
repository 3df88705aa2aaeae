//! A link that forwards queries gives each visitor their own, though all of them share one copy.

use http::Method;
use proptest::prelude::*;
use serde_json::json;
use shortener_core::link::TargetUrl;

use super::habits::Habits;
use super::message::Request;
use super::world::{World, run};

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_visitor_gets_the_query_of_another(
        habits in Habits::any(),
        visits in prop::collection::vec((prop::option::of("[ -~&&[^#]]{0,40}"), 0_i64..70, any::<bool>()), 1..20),
    ) {
        run(async {
            let target = TargetUrl::parse("https://e.example/p?own=1#f").unwrap();
            let world = World::start(habits).await;
            world.create(json!({"target": target, "forward_query": true})).await;
            for (query, wait, head) in visits {
                world.wait(wait);
                let method = if head { Method::HEAD } else { Method::GET };
                let request = Request { query: query.clone(), ..Request::get("/launch") }.method(method);
                let expected = match query.as_deref() {
                    None | Some("") => target.to_string(),
                    Some(query) => target.with_query(query),
                };
                let response = world.edge.answer(&request).await;
                // A query that is no part of a URI is refused by the origin, and kept by nobody.
                if response.status != 400 {
                    assert_eq!(response.location(), expected);
                }
                assert_eq!(response.header("x-short-forward-query"), "");
            }
        });
    }
}

#[test]
fn a_link_that_does_not_forward_ignores_queries() {
    run(async {
        let world = World::start(Habits::DOCUMENTED).await;
        world.create(serde_json::Value::Null).await;
        for query in ["", "?", "?a=1", "?x-short-forward-query=1"] {
            assert_eq!(world.get(&format!("/launch{query}")).await.location(), "https://old.example/");
        }
        assert_eq!(world.origin.asked.get(), 1);
    });
}
