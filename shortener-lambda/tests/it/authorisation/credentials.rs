//! Keys that are not keys, and keys in places where they do not belong.

use axum::body::Body;
use http::{HeaderName, HeaderValue, Method, Request};
use jiff::SignedDuration;
use serde_json::json;

use super::callers::{Caller, Rank, Reach};
use super::places::Place;
use super::rules::{Operation, Rule, operations};
use super::world::{Effect, World};

/// Headers that bear a key, and whether it is one that opens.
type Presented = (String, Vec<(&'static str, Vec<u8>)>, bool);

/// Keys that must not open: of a key that does, and of this world.
async fn wrong_keys(world: &mut World, good: &str) -> Vec<(&'static str, String)> {
    let (id, secret) = good.strip_prefix("short_").unwrap().split_once('_').unwrap();
    let other = world.caller("editor of everything").key.clone();
    let other_secret = other.rsplit('_').next().unwrap().to_owned();
    let other_world = World::start().await;
    let revoked = world.new_key("editor", &Reach::default()).await;
    let rotated = world.new_key("editor", &Reach::default()).await;
    let expired = expiring(world).await;
    for (key, method, path) in [(&revoked, Method::DELETE, ""), (&rotated, Method::POST, "/rotate")] {
        let path = format!("/api/v1/keys/{}{path}", key.split('_').nth(1).unwrap());
        assert_eq!(world.ask(world.admin(), method, &path, None).await.status, 200);
    }
    world.clock.advance(SignedDuration::from_hours(2));
    let flipped: String = secret.chars().rev().collect();
    vec![
        ("none", String::new()),
        ("a space", " ".to_owned()),
        ("nonsense", "nonsense".to_owned()),
        ("truncated by one", good[..good.len() - 1].to_owned()),
        ("half", format!("short_{id}_{}", &secret[..22])),
        ("no secret", format!("short_{id}_")),
        ("no secret at all", format!("short_{id}")),
        ("no id", format!("short__{secret}")),
        ("the secret alone", secret.to_owned()),
        ("extended by one", format!("{good}1")),
        ("extended by itself", format!("{good}{secret}")),
        ("extended beyond all bounds", format!("{good}{}", "1".repeat(4000))),
        ("of the other id", format!("short_{id}_{other_secret}")),
        ("of an unknown id", format!("short_nobody_{secret}")),
        ("of another table", other_world.admin().key.clone()),
        ("reversed", format!("short_{id}_{flipped}")),
        ("in capitals", good.to_uppercase()),
        ("in small letters", good.to_lowercase()),
        ("prefix in capitals", good.replacen("short_", "SHORT_", 1)),
        ("id in capitals", good.replacen(id, &id.to_uppercase(), 1)),
        ("with the scheme", format!("Bearer {good}")),
        ("in quotes", format!("\"{good}\"")),
        ("good, bad", format!("{good},nonsense")),
        ("bad, good", format!("nonsense, {good}")),
        ("good, good", format!("{good},{good}")),
        ("with a semicolon", format!("{good};")),
        ("percent-encoded", good.replace('_', "%5f")),
        ("a space in it", format!("short_{id}_ {secret}")),
        ("a tab in it", format!("short_{id}\t_{secret}")),
        ("the digest", "short_admin_".to_owned() + &"0".repeat(64)),
        ("revoked", revoked),
        ("rotated away", rotated),
        ("expired", expired),
    ]
}

async fn expiring(world: &World) -> String {
    let body = json!({"name": "brief", "role": "editor", "expires_at": "1h"});
    let made = world.ask(world.admin(), Method::POST, "/api/v1/keys", Some(&body)).await.json();
    let key = made["key"].as_str().unwrap().to_owned();
    let caller = Caller { name: "brief".to_owned(), rank: Rank::Editor, reach: Reach::default(), key: key.clone() };
    assert_eq!(world.ask(&caller, Method::GET, "/api/v1/whoami", None).await.status, 200, "until it expires");
    key
}

/// Every way to present a good key and those wrong ones.
fn presentations(good: &str, wrong: &[(&'static str, String)]) -> Vec<Presented> {
    const KEY: &str = "x-api-key";
    const AUTHORIZATION: &str = "authorization";
    let bearer = |key: &str| format!("Bearer {key}").into_bytes();
    let bytes = |key: &str| key.as_bytes().to_vec();
    let mut all: Vec<Presented> = Vec::new();
    let mut add = |what: String, headers: Vec<(&'static str, Vec<u8>)>, opens: bool| all.push((what, headers, opens));
    for (what, key) in wrong {
        add(format!("{what} in X-Api-Key"), vec![(KEY, bytes(key))], false);
        add(format!("{what} as bearer"), vec![(AUTHORIZATION, bearer(key))], what.starts_with("a space in front"));
        add(format!("{what} before a good one"), vec![(KEY, bytes(key)), (KEY, bytes(good))], false);
        add(format!("{what} after a good one"), vec![(KEY, bytes(good)), (KEY, bytes(key))], false);
        add(format!("{what} beside a good bearer"), vec![(KEY, bytes(key)), (AUTHORIZATION, bearer(good))], false);
        add(
            format!("{what} as bearer beside a good key"),
            vec![(KEY, bytes(good)), (AUTHORIZATION, bearer(key))],
            true,
        );
    }
    add("good".to_owned(), vec![(KEY, bytes(good))], true);
    add("good twice".to_owned(), vec![(KEY, bytes(good)), (KEY, bytes(good))], false);
    add("good as bearer".to_owned(), vec![(AUTHORIZATION, bearer(good))], true);
    add("good as bearer twice".to_owned(), vec![(AUTHORIZATION, bearer(good)), (AUTHORIZATION, bearer(good))], false);
    add("good as small bearer".to_owned(), vec![(AUTHORIZATION, format!("bearer {good}").into_bytes())], true);
    add("good as bare authorization".to_owned(), vec![(AUTHORIZATION, bytes(good))], false);
    for scheme in ["Basic", "Token", "ApiKey", "Digest", "AWS4-HMAC-SHA256", "Bearer:"] {
        add(format!("good by {scheme}"), vec![(AUTHORIZATION, format!("{scheme} {good}").into_bytes())], false);
    }
    let not_text = [good.as_bytes(), &[0xff]].concat();
    add("not text".to_owned(), vec![(KEY, not_text.clone())], false);
    add("not text beside a good bearer".to_owned(), vec![(KEY, not_text), (AUTHORIZATION, bearer(good))], false);
    for name in ["api-key", "x-apikey", "x-api-key-id", "x-auth-token", "x-amz-security-token", "proxy-authorization"] {
        add(format!("good in {name}"), vec![(name, bytes(good))], false);
    }
    add("good in a cookie".to_owned(), vec![("cookie", format!("x-api-key={good}").into_bytes())], false);
    all
}

fn request(operation: &Operation, path: &str, headers: &[(&'static str, Vec<u8>)]) -> Request<Body> {
    let nobody = Caller { name: String::new(), rank: Rank::None, reach: Reach::default(), key: String::new() };
    let mut request = World::request(&nobody, &operation.method, path, operation.body.as_ref());
    for (name, value) in headers {
        request.headers_mut().append(HeaderName::from_static(name), HeaderValue::from_bytes(value).unwrap());
    }
    request
}

#[tokio::test]
async fn nothing_but_one_whole_valid_key_in_its_place_opens_any_route() {
    let mut world = World::start().await;
    let admin = world.admin().clone();
    let wrong = wrong_keys(&mut world, &admin.key).await;
    world.ask(&admin, Method::GET, "/api/v1/whoami", None).await;
    world.start = world.table.dump().await;
    let place = world.places[0].clone();
    let drawn = Place { code: "drawn".to_owned(), tag: None, ..place.clone() };
    for operation in operations() {
        let place = if matches!(operation.rule, Rule::Create(_)) { &drawn } else { &place };
        for (what, headers, opens) in presentations(&admin.key, &wrong) {
            let opens = opens || operation.rule == Rule::Open;
            let status = if opens { operation.verdict(&admin, place) } else { 401 };
            let effect = if opens && operation.is_write() { Effect::Allowed } else { Effect::None };
            let path = operation.path(&world, &world.places[0]);
            world.cell(&what, request(&operation, &path, &headers), status, effect).await;
        }
    }
    world.report("credentials");
    assert!(world.cells() > 4000, "{}", world.cells());
}
