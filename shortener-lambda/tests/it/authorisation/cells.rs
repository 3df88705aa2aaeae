//! Every operation by every caller at every place, for real and as a rehearsal; and every other method of every route.

use http::Method;
use serde_json::json;
use shortener_core::routes::{api, public};

use super::callers::{Caller, OTHER, Rank, Reach};
use super::places::Place;
use super::rules::{Operation, Rule, of_create, operations};
use super::world::{Effect, World};

/// Methods that no route takes, and some that no server knows.
const METHODS: [&str; 14] = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "QUERY", "get", "Post",
    "DELETEX",
];

fn effect(operation: &Operation, status: u16) -> Effect {
    if operation.is_write() && status < 300 { Effect::Allowed } else { Effect::None }
}

fn with_query(path: &str, query: &[String]) -> String {
    if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) }
}

#[tokio::test]
async fn every_operation_of_the_document_has_a_rule_and_every_rule_an_operation() {
    let world = World::start().await;
    let mut documented: Vec<String> = Vec::new();
    for (route, item) in world.document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let is_open = operation["security"].is_null();
            documented.push(format!("{} {route} {}", method.to_uppercase(), if is_open { "open" } else { "key" }));
        }
    }
    let said = |operation: &Operation| {
        let kind = if operation.rule == Rule::Open { "open" } else { "key" };
        format!("{} {} {kind}", operation.method, operation.route)
    };
    let mut ruled: Vec<String> = operations().iter().map(said).collect();
    documented.sort();
    ruled.sort();
    assert_eq!(documented, ruled);
    assert!(api::ALL.into_iter().all(|route| operations().iter().any(|operation| operation.route == route)));
}

#[tokio::test]
async fn every_caller_gets_what_his_role_and_scope_give_him_at_every_place() {
    let world = World::start().await;
    for operation in operations() {
        for caller in &world.callers {
            for place in &world.places {
                for dry in [false, true] {
                    if !dry || operation.is_write() {
                        links_cell(&world, &operation, caller, place, dry).await;
                    }
                }
            }
        }
    }
    world.report("operations, callers and places");
    assert!(world.cells() > 5000, "{}", world.cells());
}

async fn links_cell(world: &World, operation: &Operation, caller: &Caller, place: &Place, dry: bool) {
    let is_link = matches!(operation.rule, Rule::Link(_));
    // Where the route has no link, one place stands for all.
    if !matches!(operation.rule, Rule::Link(_) | Rule::Create(_) | Rule::Batch(_)) && place.code != "in-mine" {
        return;
    }
    if matches!(operation.rule, Rule::Create(_) | Rule::Batch(_)) {
        for tag in [None, Some("mine"), Some("other")] {
            create_cell(world, operation, caller, place, tag, dry).await;
        }
        return;
    }
    let mut query = Vec::new();
    if is_link {
        query.push(format!("domain={}", place.domain));
    }
    if dry {
        query.push("dry_run=true".to_owned());
    }
    let path = with_query(&operation.path(world, place), &query);
    let status = operation.verdict(caller, place);
    // A rehearsal of what would be made answers 200.
    let status = if dry && status == 201 { 200 } else { status };
    let effect = if dry { Effect::None } else { effect(operation, status) };
    let request = World::request(caller, &operation.method, &path, operation.body.as_ref());
    world.cell(&caller.name, request, status, effect).await;
}

/// A create at a place, alone or in a batch; the body's domain goes before the query's.
async fn create_cell(world: &World, to: &Operation, caller: &Caller, place: &Place, tag: Option<&str>, dry: bool) {
    let tags: Vec<&str> = tag.into_iter().collect();
    let link = json!({"target": "https://a.example/", "code": place.code, "domain": place.domain, "tags": tags});
    let elsewhere = if place.domain == "-" { OTHER } else { "-" };
    let path = with_query(to.route, &[format!("domain={elsewhere}"), format!("dry_run={dry}")]);
    let row = if caller.rank < Rank::Creator { 403 } else { of_create(&caller.reach, place, tag) };
    let is_batch = matches!(to.rule, Rule::Batch(_));
    let body = if is_batch { json!({"links": [link]}) } else { link };
    let status = match caller.rank {
        Rank::None => 401,
        _ if is_batch || (dry && row == 201) => 200,
        _ => row,
    };
    let effect = if row == 201 && !dry { Effect::Allowed } else { Effect::None };
    let request = World::request(caller, &to.method, &path, Some(&body));
    let answer = world.cell(&caller.name, request, status, effect).await;
    if is_batch && status == 200 {
        assert_eq!(answer.json()["results"][0]["status"], row, "{} {path} {body}: {}", caller.name, answer.text);
    }
}

#[tokio::test]
async fn statistics_of_a_domain_are_for_those_who_have_the_whole_of_it() {
    let world = World::start().await;
    for route in [api::STATS, api::TOP] {
        for caller in &world.callers {
            for domain in ["-", OTHER] {
                let status = match caller.rank {
                    Rank::None => 401,
                    _ if caller.reach.has_whole_domains() && caller.reach.has_domain(domain) => 200,
                    _ => 403,
                };
                let request = World::request(caller, &Method::GET, &format!("{route}?domain={domain}"), None);
                world.cell(&caller.name, request, status, Effect::None).await;
            }
        }
    }
    world.report("statistics");
}

#[tokio::test]
async fn every_method_of_every_route_is_the_one_of_its_rule_or_is_not_taken() {
    let world = World::start().await;
    let place = &world.places[0].clone();
    for route in api::ALL {
        for method in METHODS.map(|name| Method::from_bytes(name.as_bytes()).unwrap()) {
            for caller in world.some_callers() {
                let sought = if method == Method::HEAD { Method::GET } else { method.clone() };
                let all = operations();
                let operation = all.iter().find(|one| one.route == route && one.method == sought);
                let path = all.iter().find(|one| one.route == route).unwrap().path(&world, place);
                let status = operation.map_or(405, |operation| operation.verdict(caller, place));
                // The document of what is created says where: here the default domain, and a code that is drawn.
                let drawn = Place { code: "drawn".to_owned(), tag: None, ..place.clone() };
                let status = match operation {
                    Some(operation) if matches!(operation.rule, Rule::Create(_)) => operation.verdict(caller, &drawn),
                    _ => status,
                };
                let body = operation.and_then(|operation| operation.body.clone());
                let effect = operation.map_or(Effect::None, |operation| effect(operation, status));
                let request = World::request(caller, &method, &path, body.as_ref());
                let answer = world.cell(&format!("{method} by {}", caller.name), request, status, effect).await;
                assert!(method != Method::HEAD || answer.text.is_empty(), "{}", answer.text);
            }
        }
    }
    for route in public::ALL {
        for method in METHODS.map(|name| Method::from_bytes(name.as_bytes()).unwrap()) {
            let path = shortener_core::routes::fill(route, &["in-mine"]);
            let is_read = matches!(method, Method::GET | Method::HEAD);
            let success = if route == public::CODE { 302 } else { 200 };
            for caller in world.some_callers() {
                let request = World::request(caller, &method, &path, None);
                world.cell("public", request, if is_read { success } else { 405 }, Effect::None).await;
            }
        }
    }
    world.report("methods");
}

#[tokio::test]
async fn own_links_give_no_right_that_others_do_not() {
    let world = World::start().await;
    let makers: Vec<(&Caller, &Place)> =
        world.places.iter().filter_map(|place| Some((&world.callers[place.maker?], place))).collect();
    assert!(makers.len() > 10);
    for (maker, place) in makers {
        for operation in operations().into_iter().filter(|operation| matches!(operation.rule, Rule::Link(_))) {
            let path = format!("{}?domain={}", operation.path(&world, place), place.domain);
            let status = if maker.rank < operation.rule.rank() { 403 } else { 200 };
            let request = World::request(maker, &operation.method, &path, operation.body.as_ref());
            world.cell(&maker.name, request, status, effect(&operation, status)).await;
        }
    }
    world.report("own links");
}

/// A caller of a rank with everything in reach.
pub(super) fn unscoped(world: &World, rank: Rank) -> &Caller {
    world.callers.iter().find(|caller| caller.rank == rank && Reach::is_everything(&caller.reach)).unwrap()
}
