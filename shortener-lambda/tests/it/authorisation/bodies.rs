//! Bodies that mix what is in scope with what is not.

use http::Method;
use serde_json::json;

use super::callers::{OTHER, Rank};
use super::cells::unscoped;
use super::places::Place;
use super::rules::of_create;
use super::world::{Effect, World};

#[tokio::test]
async fn each_row_of_a_batch_is_judged_by_itself_and_only_rows_in_scope_are_made() {
    let world = World::start().await;
    let rows: Vec<(Place, &str)> = ["-", OTHER]
        .into_iter()
        .flat_map(|domain| ["in-new", "out-new"].map(|code| (domain, code)))
        .flat_map(|(domain, code)| ["mine", "other"].map(|tag| (domain, code, tag)))
        .map(|(domain, code, tag)| {
            let code = format!("{code}-{tag}");
            (Place { domain, code, tag: None, is_deleted: false, maker: None }, tag)
        })
        .collect();
    let links: Vec<_> = rows
        .iter()
        .map(|(at, tag)| json!({"target": "https://a.example/", "code": at.code, "domain": at.domain, "tags": [tag]}))
        .collect();
    for caller in world.callers.iter().filter(|caller| caller.rank != Rank::None) {
        for query in ["", "?check=true", "?dry_run=true"] {
            // A rehearsal says what would be made; a check knows no links.
            let made = if query.contains("check") { 200 } else { 201 };
            let allowed = |(at, tag): &(Place, &str)| match of_create(&caller.reach, at, Some(tag)) {
                201 if caller.rank >= Rank::Creator => made,
                _ => 403,
            };
            let expected: Vec<u16> = rows.iter().map(allowed).collect();
            let effect = if query.is_empty() && expected.contains(&201) { Effect::Allowed } else { Effect::None };
            let path = format!("/api/v1/links/batch{query}");
            let body = json!({"links": links});
            let request = World::request(caller, &Method::POST, &path, Some(&body));
            let answer = world.cell(&caller.name, request, 200, effect).await.json();
            let found: Vec<u64> =
                answer["results"].as_array().unwrap().iter().map(|row| row["status"].as_u64().unwrap()).collect();
            assert!(
                found.iter().copied().eq(expected.iter().map(|status| u64::from(*status))),
                "{} {found:?} {expected:?}",
                caller.name
            );
        }
    }
    world.report("batches");
}

#[tokio::test]
async fn nobody_moves_a_link_into_or_out_of_his_scope() {
    let world = World::start().await;
    let tagged = world.caller("editor of tag");
    for (change, status) in [
        (json!({"tags": ["other"]}), 403),
        (json!({"tags": []}), 403),
        (json!({"remove_tags": ["mine"]}), 403),
        (json!({"remove_tags": ["mine"], "add_tags": ["other"]}), 403),
        (json!({"add_tags": ["other"]}), 200),
        (json!({"domain": OTHER}), 422),
        (json!({"code": "out-mine"}), 422),
    ] {
        let effect = if status == 200 { Effect::Allowed } else { Effect::None };
        for query in ["", "?dry_run=true"] {
            let path = format!("/api/v1/links/in-mine{query}");
            let effect = if query.is_empty() { effect } else { Effect::None };
            world.cell("tag", World::request(tagged, &Method::PATCH, &path, Some(&change)), status, effect).await;
        }
        let change = json!({"add_tags": ["mine"]});
        let request = World::request(tagged, &Method::PATCH, "/api/v1/links/in-other", Some(&change));
        world.cell("a tag of his own on another's link", request, 403, Effect::None).await;
    }
    world.report("moves");
}

#[tokio::test]
async fn nobody_takes_over_a_code_beyond_his_role_or_scope() {
    let world = World::start().await;
    let gone = json!({"target": "https://a.example/", "code": "in-gone", "tags": ["mine"], "reissue": true});
    let gone_of_other = json!({"target": "https://a.example/", "code": "in-gone", "tags": ["other"], "reissue": true});
    let plain =
        |extra: &str| json!({"target": "https://a.example/", "code": "in-other", "tags": ["mine"], "if_exists": extra});
    for (name, body, status) in [
        ("reader of everything", &gone, 403),
        ("creator of everything", &gone, 403),
        ("creator of tag", &gone, 403),
        ("editor of other domain", &gone, 403),
        ("editor of tag", &gone_of_other, 403),
        ("editor of tag", &gone, 201),
        ("editor of prefix", &gone, 201),
        ("creator of tag", &plain("fail"), 403),
        ("creator of tag", &plain("return"), 403),
        ("editor of tag", &plain("return"), 403),
        ("creator of tag", &plain("new_code"), 201),
        ("creator of everything", &plain("return"), 200),
        ("creator of everything", &plain("fail"), 409),
    ] {
        let effect = if status == 201 { Effect::Allowed } else { Effect::None };
        let request = World::request(world.caller(name), &Method::POST, "/api/v1/links", Some(body));
        world.cell(name, request, status, effect).await;
    }
    let editor = unscoped(&world, Rank::Editor);
    let admin = json!({"name": "x", "role": "admin"});
    let request = World::request(editor, &Method::POST, "/api/v1/keys", Some(&admin));
    world.cell("a key above one's own role", request, 403, Effect::None).await;
    let scoped = json!({"name": "x", "role": "admin", "scope": {"tags": ["mine"]}});
    let request = World::request(world.admin(), &Method::POST, "/api/v1/keys", Some(&scoped));
    world.cell("an admin with a scope", request, 422, Effect::None).await;
    world.report("takeovers");
}
