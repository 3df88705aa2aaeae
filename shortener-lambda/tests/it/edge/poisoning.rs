//! No visitor can change what the next one gets: whatever comes first, the answer kept is the same.

use http::Method;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use serde_json::{Value, json};

use super::habits::Habits;
use super::message::{Request, Response};
use super::origin::Origin;
use super::viewer::DISTRIBUTION;
use super::world::{HOST, OTHER_HOST, World, run};

/// Names that some server, somewhere, lets change an answer.
const NAMES: [&str; 40] = [
    "x-forwarded-host",
    "x-short-distribution-id",
    "x-short-until",
    "x-short-forward-query",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded-scheme",
    "x-forwarded-server",
    "forwarded",
    "x-host",
    "x-original-host",
    "x-original-url",
    "x-rewrite-url",
    "x-http-method-override",
    "x-http-method",
    "x-method-override",
    "x-http-host-override",
    "x-wap-profile",
    "accept",
    "accept-language",
    "accept-encoding",
    "user-agent",
    "referer",
    "origin",
    "cookie",
    "authorization",
    "x-api-key",
    "cache-control",
    "pragma",
    "range",
    "if-range",
    "if-none-match",
    "if-modified-since",
    "content-type",
    "expect",
    "via",
    "x-request-id",
    "x-amz-content-sha256",
];

const VALUES: [&str; 18] = [
    "evil.example",
    "go.test",
    "s.example",
    "https://evil.example/",
    "/evil",
    "POST",
    "no-cache",
    "no-store",
    "bytes=0-0",
    "*",
    "\"etag\"",
    "text/evil",
    "fr",
    "gzip",
    "1",
    "short_AAAA_BBBB",
    "a=b; c=d",
    "host=evil.example",
];

/// Ways to name the default domain's host.
const HOSTS: [&str; 7] =
    [HOST, "S.EXAMPLE", "s.example.", "s.example:443", "S.Example.:8443", "s.example:", DISTRIBUTION];

/// Ways to write the path of the link.
const PATHS: [&str; 8] = [
    "/launch",
    "/%6Caunch",
    "/%6c%61%75%6e%63%68",
    "/l%61unch",
    "/laun%63h",
    "/launc%68",
    "/%6Caunc%68",
    "/%6C%61unch",
];

/// A request that someone may send before.
fn hostile() -> impl Strategy<Value = Request> {
    let header = (
        prop::sample::select(&NAMES[..]),
        prop_oneof![prop::sample::select(&VALUES[..]).prop_map(str::to_owned), "[!-~]{1,20}",],
    );
    let query = prop::option::of(prop_oneof![
        "[!-~&&[^#]]{0,30}",
        Just("utm_source=evil".to_owned()),
        Just("x-short-until=1".to_owned()),
    ]);
    let (host, path) = (prop::sample::select(&HOSTS[..]), prop::sample::select(&PATHS[..]));
    let method = prop_oneof![4 => Just(Method::GET), 1 => Just(Method::HEAD)];
    (method, host, path, query, prop::collection::vec(header, 0..8)).prop_map(|(method, host, path, query, headers)| {
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Request { method, host: host.to_owned(), path: path.to_owned(), query, headers }
    })
}

/// A world with a link on each of two domains, whose targets tell which was found.
async fn two_domains() -> World {
    let world = World::start(Habits::DOCUMENTED).await;
    world.set_domain(OTHER_HOST, &json!({})).await;
    world.create(Value::Null).await;
    world.create(json!({"domain": OTHER_HOST, "target": "https://other.example/"})).await;
    world
}

async fn innocent(world: &World) -> Response {
    world.get("/launch").await.without_age()
}

#[test]
fn the_answer_kept_for_a_link_is_the_same_whatever_came_before() {
    run(async {
        let world = two_domains().await;
        let clean = innocent(&world).await;
        assert_eq!(clean.location(), "https://old.example/");
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        for _ in 0..4_000 {
            let request = hostile().new_tree(&mut runner).unwrap().current();
            world.edge.invalidate("/*");
            world.edge.answer(&request).await;
            assert_eq!(innocent(&world).await, clean, "after {request:?}");
        }
    });
}

#[test]
fn hostile_requests_of_one_link_share_its_copy() {
    run(async {
        let world = two_domains().await;
        innocent(&world).await;
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        for _ in 0..2_000 {
            let request = hostile().new_tree(&mut runner).unwrap().current();
            let response = world.edge.answer(&Request { method: Method::GET, host: HOST.to_owned(), ..request }).await;
            assert_eq!(response.location(), "https://old.example/");
        }
        assert_eq!(world.origin.asked.get(), 1, "queries, headers and spellings do not bust the cache");
    });
}

#[test]
fn one_domain_cannot_fill_the_copies_of_another() {
    run(async {
        let world = two_domains().await;
        for (host, other) in [(OTHER_HOST, HOST), (HOST, OTHER_HOST)] {
            world.edge.invalidate("/*");
            let forged = Request::get("/launch").host(host);
            let forged = forged.with("x-forwarded-host", other).with("x-forwarded-host", other);
            let own = if host == HOST { "https://old.example/" } else { "https://other.example/" };
            assert_eq!(world.edge.answer(&forged).await.location(), own);
            for (host, target) in [(HOST, "https://old.example/"), (OTHER_HOST, "https://other.example/")] {
                assert_eq!(world.edge.answer(&Request::get("/launch").host(host)).await.location(), target);
            }
        }
    });
}

#[test]
fn no_path_fills_the_copy_of_a_link_that_it_does_not_lead_to() {
    run(async {
        let world = two_domains().await;
        for path in [
            "/%256Caunch",
            "/%%36Caunch",
            "/%6%43aunch",
            "//launch",
            "/launch/",
            "/./launch",
            "/x/../launch",
            "/%2Flaunch",
            "/launch%00",
            "/launch%0d%0a",
            "/launch;x",
            "/LAUNCH",
            "/launch%",
            "/launch%20",
            "/%2e/launch",
        ] {
            world.edge.invalidate("/*");
            assert_ne!(world.get(path).await.status, 302, "{path}");
            assert_eq!(innocent(&world).await.location(), "https://old.example/", "{path}");
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    /// The edge decodes a path before the origin does; the two must agree on every path there is.
    #[test]
    fn a_path_means_the_same_with_and_without_the_edge(letters in spelled("launch")) {
        thread_local! { static WORLD: World = run(two_domains()); }
        WORLD.with(|world| run(async {
            world.edge.invalidate("/*");
            let path = format!("/{}", letters.concat());
            let request = Request { path, ..Request::get("/").with("x-forwarded-host", HOST) };
            let (direct, through) = (world.origin.answer(&request).await.unwrap(), world.edge.answer(&request).await);
            assert_eq!((through.status, through.location()), (direct.status, direct.location()), "{request:?}");
        }));
    }
}

/// Each letter as it is, escaped, escaped twice in some way, or broken.
fn spelled(word: &'static str) -> Vec<impl Strategy<Value = String>> {
    let spelled = |letter: char| {
        let hex = format!("{:02X}", u32::from(letter));
        let (first, second) = (&hex[..1], &hex[1..]);
        let odd = vec![
            format!("%{hex}"),
            format!("%{}", hex.to_lowercase()),
            format!("%25{hex}"),
            format!("%%3{first}{second}"),
            format!("%{first}%3{second}"),
            format!("%{first}"),
            format!("%u00{hex}"),
            format!("%{letter}"),
            format!("{letter}%2B"),
            format!("%2F{letter}"),
        ];
        prop_oneof![3 => Just(letter.to_string()), 1 => prop::sample::select(odd)]
    };
    word.chars().map(spelled).collect()
}
