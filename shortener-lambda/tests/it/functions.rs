//! The CloudFront Functions of `infra/`, unmodified, in a JavaScript engine.
//!
//! Their tables of events are JavaScript too, so that `scripts/check-edge-functions` runs the same ones in the engine
//! that CloudFront's runtime is made of.

pub(crate) mod engine;
mod limits;

use proptest::prelude::*;
use serde_json::{Value, json};
use shortener_core::link::TargetUrl;

use engine::Engine;

/// A moment at which links are alive.
const NOW_MS: i64 = 1_795_521_600_000;

#[test]
fn the_viewer_request_function_answers_its_table_of_events() {
    let failures = Engine::viewer_request().failures(include_str!("functions/viewer-request.cases.js"));
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn the_viewer_response_function_answers_its_table_of_events() {
    let failures = Engine::viewer_response().failures(include_str!("functions/viewer-response.cases.js"));
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn forwarded(engine: &Engine, target: &str, query: &str) -> Value {
    let event = json!({
        "request": {"method": "GET", "uri": "/launch", "rawQueryString": query, "querystring": {}, "headers": {}},
        "response": {"statusCode": 302, "headers": {
            "location": {"value": target},
            "x-short-forward-query": {"value": "1"},
        }},
    });
    engine.call(&event, NOW_MS)["headers"]["location"]["value"].take()
}

/// Targets with and without a query and a fragment, empty ones included.
fn target() -> impl Strategy<Value = TargetUrl> {
    "https?://[a-z]{1,9}\\.example(:8443)?(/[ -~&&[^\\\\?#]]{0,12})?(\\?[ -~&&[^\\\\#]]{0,12})?(#[ -~&&[^\\\\]]{0,12})?"
        .prop_filter_map("no target", |text| TargetUrl::parse(&text).ok())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_edge_appends_a_query_exactly_as_the_server_does(target in target(), query in any::<String>()) {
        thread_local! { static ENGINE: Engine = Engine::viewer_response(); }
        let expected = if query.is_empty() { target.to_string() } else { target.with_query(&query) };
        let location = ENGINE.with(|engine| forwarded(engine, target.as_str(), &query));
        prop_assert_eq!(&location, &json!(expected));
        prop_assert!(expected.bytes().all(|byte| byte.is_ascii_graphic()), "{} can end a header", expected);
    }
}

#[test]
fn a_query_of_8_kilobytes_is_appended_whole() {
    let engine = Engine::viewer_response();
    let target = TargetUrl::parse("https://e.example/?x=1#f").unwrap();
    for query in ["a".repeat(8192), "'".repeat(8192), "é".repeat(4096), "%0d%0a".repeat(1365), "a=&".repeat(2730)] {
        assert_eq!(forwarded(&engine, target.as_str(), &query), json!(target.with_query(&query)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_spelling_of_a_code_is_cached_under_one_path(code in "[A-Za-z0-9_-]{1,64}\\+?", escaped in any::<u64>()) {
        thread_local! { static ENGINE: Engine = Engine::viewer_request(); }
        let spelling: String = code.bytes().enumerate().map(|(at, byte)| match (escaped >> (at % 64)) & 1 {
            0 => char::from(byte).to_string(),
            _ if at % 2 == 0 => format!("%{byte:02X}"),
            _ => format!("%{byte:02x}"),
        }).collect();
        let event = json!({"request": {"uri": format!("/{spelling}"), "headers": {}}});
        let request = ENGINE.with(|engine| engine.call(&event, NOW_MS));
        prop_assert_eq!(&request["uri"], &json!(format!("/{code}")));
    }

    #[test]
    fn no_host_and_no_path_makes_the_function_fail(host in any::<String>(), path in any::<String>()) {
        thread_local! { static ENGINE: Engine = Engine::viewer_request(); }
        let event = json!({
            "context": {"distributionDomainName": "d1.cloudfront.net"},
            "request": {"uri": path, "headers": {"host": {"value": host}}},
        });
        let request = ENGINE.with(|engine| engine.call(&event, NOW_MS));
        let forwarded = request["headers"]["x-forwarded-host"]["value"].as_str().unwrap();
        let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.');
        prop_assert!(forwarded.bytes().all(plain) && forwarded.len() <= 253, "{} from {:?}", forwarded, host);
    }
}
