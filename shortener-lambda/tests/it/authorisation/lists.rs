//! What lists show: what is in scope and nothing else, whoever's cursor continues them.

use std::collections::BTreeSet;

use http::Method;
use serde_json::Value;

use super::callers::{Caller, OTHER, Rank};
use super::world::{Effect, World};

type Found = BTreeSet<(String, String)>;

fn shown(page: &Value) -> Found {
    let text = |link: &Value, name: &str| link[name].as_str().unwrap().to_owned();
    page["links"].as_array().unwrap().iter().map(|link| (text(link, "domain"), text(link, "code"))).collect()
}

/// What a caller may see of the links that a filter is about.
fn visible(world: &World, caller: &Caller, filter: &str) -> Found {
    let has = |part: &str| filter.split('&').any(|there| there == part);
    let places = world.places.iter().filter(|place| {
        let Some(tag) = place.tag else { return false };
        caller.reach.has_place(place.domain, &place.code)
            && caller.reach.has_tag(tag)
            && (!has("domain=go.test") || place.domain == OTHER)
            && (!has("tag=other") || tag == "other")
            && (!has("tag=mine") || tag == "mine")
            && (!has("search=out-") || place.code.contains("out-"))
            && if has("state=deleted") { place.is_deleted } else { has("state=any") || !place.is_deleted }
    });
    places.map(|place| (place.domain.to_owned(), place.code.clone())).collect()
}

const FILTERS: [&str; 10] = [
    "limit=1000",
    "domain=go.test",
    "tag=other",
    "tag=mine&state=any",
    "state=deleted",
    "state=any&clicks=true",
    "search=out-",
    "target_host=www.example.com",
    "order=ascending&domain=go.test",
    "created_after=2020-01-01&tag=other&domain=go.test",
];

#[tokio::test]
async fn a_list_shows_exactly_what_is_in_scope() {
    let world = World::start().await;
    for caller in &world.callers {
        for filter in FILTERS {
            let status = if caller.rank == Rank::None { 401 } else { 200 };
            let request = World::request(
                caller,
                &Method::GET,
                &format!("/api/v1/links?limit=500&{filter}").replace("limit=500&limit", "limit"),
                None,
            );
            let answer = world.cell(&caller.name, request, status, Effect::None).await;
            if status == 200 {
                assert_eq!(shown(&answer.json()), visible(&world, caller, filter), "{} {filter}", caller.name);
            }
        }
        let request = World::request(caller, &Method::GET, "/api/v1/tags", None);
        let answer =
            world.cell(&caller.name, request, if caller.rank == Rank::None { 401 } else { 200 }, Effect::None).await;
        for tag in answer.json()["tags"].as_array().into_iter().flatten() {
            assert!(caller.reach.has_tag(tag.as_str().unwrap()), "{} sees {tag}", caller.name);
        }
    }
    world.report("lists");
}

#[tokio::test]
async fn a_cursor_of_another_key_shows_no_more_than_ones_own_and_one_of_another_list_nothing() {
    let world = World::start().await;
    for filter in ["limit=1", "limit=3&state=any", "limit=2&tag=other", "limit=2&domain=go.test"] {
        let path = format!("/api/v1/links?{filter}");
        let first = world.ask(world.admin(), Method::GET, &path, None).await.json();
        let cursor = first["next_cursor"].as_str().unwrap();
        for caller in &world.callers {
            let status = if caller.rank == Rank::None { 401 } else { 200 };
            let request = World::request(caller, &Method::GET, &format!("{path}&cursor={cursor}"), None);
            let answer = world.cell(&caller.name, request, status, Effect::None).await;
            if status == 200 {
                let shown = shown(&answer.json());
                assert!(shown.is_subset(&visible(&world, caller, filter)), "{} {filter}: {shown:?}", caller.name);
            }
            for elsewhere in ["/api/v1/links?search=x&", "/api/v1/links/in-mine/history?", "/api/v1/links?owner=x&"] {
                let reaches = elsewhere.contains("links?")
                    || (caller.reach.has_place("-", "in-mine") && caller.reach.has_tag("mine"));
                let status = match caller.rank {
                    Rank::None => 401,
                    _ if reaches => 400,
                    _ => 403,
                };
                let request = World::request(caller, &Method::GET, &format!("{elsewhere}cursor={cursor}"), None);
                world.cell(&caller.name, request, status, Effect::None).await;
            }
        }
    }
    world.report("cursors");
}
