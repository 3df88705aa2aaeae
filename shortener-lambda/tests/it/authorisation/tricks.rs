//! Ways around: other spellings of a path, and headers and parameters that other servers take for the path, the method or
//! the host.

use axum::body::Body;
use http::{Method, Request};
use shortener_core::link::ShortCode;

use super::callers::{Caller, OTHER};
use super::places::Place;
use super::rules::{Operation, Rule, of_nothing, operations, route_of};
use super::world::{Effect, World};

/// Other spellings of a path.
fn spellings(path: &str) -> Vec<String> {
    let (head, last) = path.rsplit_once('/').unwrap();
    let mixed: String =
        path.chars().enumerate().map(|(at, c)| if at % 2 == 0 { c } else { c.to_ascii_uppercase() }).collect();
    let first = |c: char| format!("%{:02x}", u32::from(c));
    let encoded_last = format!("{head}/{}{}", first(last.chars().next().unwrap()), &last[1..]);
    vec![
        path.to_uppercase(),
        mixed,
        path.replace("/api", "/API"),
        path.replace("/v1", "/V1"),
        format!("/{path}"),
        path.replacen("/api/", "/api//", 1),
        format!("{head}//{last}"),
        format!("{path}/"),
        format!("{path}//"),
        format!("{head}%2f{last}"),
        format!("{head}%2F{last}"),
        format!("{head}%5c{last}"),
        path.replacen("/api", "/%61pi", 1),
        path.replacen("/v1", "/%76%31", 1),
        encoded_last,
        format!("{head}/%2569{last}"),
        format!("{path};x=y"),
        format!("{head};x=y/{last}"),
        format!("{path}/."),
        format!("{path}/.."),
        format!("{path}/%2e"),
        format!("{path}/%2e%2e"),
        format!("{path}/../{last}"),
        format!("/api/v1/health/..{}", path.strip_prefix("/api/v1").unwrap_or(path)),
        format!("/api/v1/health/%2e%2e{}", path.strip_prefix("/api/v1").unwrap_or(path)),
        format!("/in-mine/..{path}"),
        format!("/in-mine/%2e%2e{path}"),
        format!("{path}%00"),
        format!("{path}%20"),
        format!("%20{path}").replacen("%20/", "/%20/", 1),
        format!("{path}.json"),
        format!("{path}%3f"),
        format!("{path}%23"),
        format!("{path}?"),
        format!("http://evil.example{path}"),
        format!("https://s.example{path}"),
    ]
}

/// What comes out at a raw path, wherever it leads.
fn verdict(world: &World, method: &Method, uri: &str, caller: &Caller, sent: &Operation) -> (u16, Effect) {
    let raw = uri.split_once("://").map_or(uri, |(_, rest)| &rest[rest.find('/').unwrap()..]);
    let raw = raw.split('?').next().unwrap();
    let Some((route, segment)) = route_of(raw) else { return (of_nothing(method, raw), Effect::None) };
    let all = operations();
    let Some(operation) = all.iter().find(|one| one.route == route && one.method == *method) else {
        return (405, Effect::None);
    };
    let status = of_segment(world, operation, caller, &decoded(&segment), sent);
    let effect = if operation.is_write() && status < 300 { Effect::Allowed } else { Effect::None };
    (status, effect)
}

fn decoded(segment: &str) -> String {
    let bytes = segment.as_bytes();
    let (mut at, mut text) = (0, Vec::new());
    while at < bytes.len() {
        let hex = segment.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        let byte = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        text.push(byte.unwrap_or(bytes[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    String::from_utf8(text).unwrap()
}

fn of_segment(world: &World, operation: &Operation, caller: &Caller, segment: &str, sent: &Operation) -> u16 {
    let link = |code: &str| {
        let missing = Place { domain: "-", code: code.to_owned(), tag: None, is_deleted: false, maker: None };
        world.place("-", code).cloned().unwrap_or(missing)
    };
    let plain = operation.verdict(caller, &link(segment));
    match operation.route {
        _ if plain == 401 || segment.is_empty() => match operation.rule {
            // A code is drawn.
            Rule::Create(_) => operation.verdict(caller, &link("drawn")),
            _ => plain,
        },
        // What can be no code is not there, for whoever has a key.
        route if route.contains("{code}") => match ShortCode::parse(segment) {
            Err(_) => 404,
            // The body is that of the operation that was meant.
            Ok(_) if plain == 200 && operation.body.is_some() && sent.body.is_none() => 415,
            Ok(_) => plain,
        },
        route if route.contains("/purges/") && !segment.chars().all(|c| c.is_ascii_alphanumeric()) => 404,
        route if route.contains("{domain}") => match segment {
            OTHER => plain,
            // What can be no host name is not there, for whoever has a key; what can be one is not set up yet.
            _ if !segment.chars().all(|c| c.is_ascii_alphanumeric() || ".-".contains(c)) => 404,
            _ if plain < 300 && operation.method == Method::DELETE => 404,
            _ => plain,
        },
        route if route.contains("/keys/{id}") && plain < 300 && segment != world.spare_key => 404,
        _ => plain,
    }
}

#[tokio::test]
async fn no_other_spelling_of_a_path_leads_around_its_rule() {
    let world = World::start().await;
    let place = world.places[0].clone();
    for operation in operations() {
        for uri in spellings(&operation.path(&world, &place)) {
            for caller in world.some_callers() {
                let (status, effect) = verdict(&world, &operation.method, &uri, caller, &operation);
                let request = World::request(caller, &operation.method, &uri, operation.body.as_ref());
                world.cell(&format!("{uri} by {}", caller.name), request, status, effect).await;
            }
        }
    }
    world.report("spellings");
    assert!(world.cells() > 3000, "{}", world.cells());
}

/// Headers that other servers obey.
fn headers() -> Vec<(&'static str, &'static str)> {
    vec![
        ("x-http-method-override", "DELETE"),
        ("x-http-method", "DELETE"),
        ("x-method-override", "DELETE"),
        ("x-http-method-override", "GET"),
        ("x-original-url", "/api/v1/health"),
        ("x-rewrite-url", "/api/v1/health"),
        ("x-original-uri", "/api/v1/health"),
        ("x-forwarded-path", "/api/v1/health"),
        ("x-forwarded-prefix", "/api/v1/health/.."),
        ("host", OTHER),
        ("host", "evil.example"),
        ("x-forwarded-host", OTHER),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-real-ip", "127.0.0.1"),
        ("x-forwarded-proto", "http"),
        ("forwarded", "for=127.0.0.1;host=go.test"),
        ("cf-connecting-ip", "127.0.0.1"),
        ("x-short-distribution-id", "E2EXAMPLE"),
        ("x-amz-content-sha256", "0"),
        ("origin", "https://evil.example"),
        ("cookie", "key=admin; role=admin"),
        ("x-role", "admin"),
        ("x-api-key-id", "admin"),
        ("range", "bytes=0-0"),
        ("expect", "100-continue"),
        ("upgrade", "h2c"),
        ("connection", "x-api-key, upgrade"),
    ]
}

/// The request of an operation about one place, and what must come out of it.
fn plain(world: &World, operation: &Operation, caller: &Caller) -> (Request<Body>, u16, Effect) {
    let (path, place) = (operation.path(world, &world.places[0]), &world.places[0]);
    let drawn = Place { code: "drawn".to_owned(), tag: None, ..place.clone() };
    let place = if matches!(operation.rule, Rule::Create(_)) { &drawn } else { place };
    let status = operation.verdict(caller, place);
    let effect = if operation.is_write() && status < 300 { Effect::Allowed } else { Effect::None };
    (World::request(caller, &operation.method, &path, operation.body.as_ref()), status, effect)
}

#[tokio::test]
async fn no_header_changes_what_is_asked_for_or_by_whom() {
    let world = World::start().await;
    for operation in operations() {
        for (name, value) in headers() {
            for caller in world.some_callers() {
                let (mut request, status, effect) = plain(&world, &operation, caller);
                request.headers_mut().append(name, value.parse().unwrap());
                world.cell(&format!("{name}: {value} by {}", caller.name), request, status, effect).await;
            }
        }
    }
    world.report("headers");
    assert!(world.cells() > 2000, "{}", world.cells());
}

#[tokio::test]
async fn no_parameter_of_the_query_changes_what_is_asked_for_or_by_whom() {
    let world = World::start().await;
    for operation in operations() {
        for pair in ["_method=DELETE", "method=DELETE", "x-api-key=admin", "api_key=admin", "role=admin", "key=x&key=y"]
        {
            for caller in world.some_callers() {
                let (request, status, effect) = plain(&world, &operation, caller);
                let uri = format!("{}?{pair}", request.uri());
                // Parameters that a route does not take are refused, but for the open ones, which read none.
                let (status, effect) = match operation.rule {
                    Rule::Open => (status, effect),
                    _ if status == 401 => (401, Effect::None),
                    _ => (400, Effect::None),
                };
                let request = World::request(caller, &operation.method, &uri, operation.body.as_ref());
                world.cell(&format!("{pair} by {}", caller.name), request, status, effect).await;
            }
        }
    }
    world.report("parameters");
}
