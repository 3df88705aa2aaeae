//! The promises of the edge before the binary: what of them can be seen within seconds.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use shortener_core::clock::{Clock, SystemClock};

use super::binary::Deployment;
use super::habits::{Habits, OnError, Tiers};
use super::message::Request;
use super::world::{HOST, Lifetimes};
use crate::lambda::harness::Mode;

const OLD: &str = "https://old.example/";

/// Short enough to wait for, and long enough that a slow machine does not reach their end unmeant.
const SHORT: Lifetimes = Lifetimes { fresh: 1, revalidate: 1, if_error: 3_600 };
const LONG: Lifetimes = Lifetimes { fresh: 60, revalidate: 60, if_error: 3_600 };

/// One tier, so that it can be said which visit asks the origin.
const ONE_TIER: Habits = Habits { tiers: Tiers::One, ..Habits::DOCUMENTED };

async fn start(habits: Habits, lifetimes: Lifetimes) -> Deployment {
    let deployment = Deployment::start(habits, lifetimes).await;
    deployment.create(json!({"target": OLD, "code": "launch"})).await;
    deployment
}

async fn wait(seconds: f64) {
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
}

#[tokio::test]
async fn the_edge_keeps_what_the_binary_answers_and_a_purge_drops_it() {
    let deployment = start(ONE_TIER, LONG).await;
    for spelling in ["/launch", "/%6Caunch", "/launch?a=1", "/laun%63h?b"] {
        let response = deployment.get(spelling).await;
        assert_eq!((response.location(), response.header("cache-control")), (OLD, "no-cache"), "{spelling}");
    }
    assert_eq!(deployment.origin.asked.get(), 1);
    deployment.change(json!({"target": "https://new.example/"})).await;
    assert_eq!(deployment.get("/launch").await.location(), OLD, "kept");
    deployment.edge.invalidate("/launch");
    for spelling in ["/%6Caunch?c", "/launch"] {
        assert_eq!(deployment.get(spelling).await.location(), "https://new.example/", "{spelling}");
    }
}

#[tokio::test]
async fn an_edit_is_seen_within_the_bound() {
    let deployment = start(Habits::DOCUMENTED, SHORT).await;
    assert_eq!(deployment.get("/launch").await.location(), OLD);
    deployment.change(json!({"disabled": true})).await;
    wait(2.05).await;
    assert_eq!(deployment.get("/launch").await.status, 410);
}

#[tokio::test]
async fn a_link_ends_to_the_second_while_its_function_is_gone() {
    // This cache would serve its copy for ever: the viewer-response function ends it.
    let deployment = start(Habits { on_error: OnError::Always, ..Habits::DOCUMENTED }, SHORT).await;
    let end = Timestamp::from_second(SystemClock.now().as_second() + 5).unwrap();
    deployment.change(json!({"expires_at": end.to_string()})).await;
    let (mut redirected, mut over) = (0, 0);
    while SystemClock.now() < end + SignedDuration::from_millis(1_500) {
        let before = SystemClock.now();
        let response = deployment.get("/launch").await;
        let after = SystemClock.now();
        if response.location() == OLD {
            assert!(before < end, "served at {before}");
            redirected += 1;
        } else {
            assert!(after >= end && response.status == 410, "{response:?} at {after}");
            over += 1;
        }
        deployment.origin.reachable.set(false);
        wait(0.02).await;
    }
    assert!(redirected > 20 && over > 20, "{redirected} {over}");
}

#[tokio::test]
async fn a_dead_table_takes_down_no_warm_link_and_makes_none_unknown() {
    let deployment = start(ONE_TIER, SHORT).await;
    deployment.create(json!({"target": OLD, "code": "cold"})).await;
    assert_eq!(deployment.get("/launch").await.location(), OLD);
    for mode in [Mode::Refuse, Mode::BlackHole] {
        deployment.network.set(mode).await;
        // With a warm copy in its memory, and with none.
        for _ in 0..2 {
            wait(2.1).await;
            assert_eq!(deployment.get("/launch").await.location(), OLD, "{mode:?}");
            for path in ["/cold", "/never-made"] {
                let asked = Instant::now();
                assert_eq!(deployment.get(path).await.status, 503, "{mode:?} {path}");
                assert!(asked.elapsed() < Duration::from_millis(1_500), "{mode:?}: {:?}", asked.elapsed());
            }
            deployment.start_anew().await;
        }
    }
    deployment.network.set(Mode::Forward).await;
    assert_eq!(deployment.get("/cold").await.location(), OLD);
    assert_eq!(deployment.get("/never-made").await.status, 404);
}

#[tokio::test]
async fn a_code_created_after_a_probe_works_within_five_seconds_of_the_binary() {
    let deployment = Deployment::start(Habits::DOCUMENTED, LONG).await;
    assert_eq!(deployment.get("/launch").await.status, 404);
    deployment.create(json!({"target": OLD, "code": "launch"})).await;
    wait(5.0).await;
    assert_eq!(deployment.get("/launch").await.location(), OLD);
}

#[tokio::test]
async fn visitors_of_one_copy_get_their_own_queries() {
    let deployment = Deployment::start(ONE_TIER, LONG).await;
    deployment.create(json!({"target": "https://e.example/?own=1#f", "code": "launch", "forward_query": true})).await;
    for (asked, location) in [
        ("/launch?secret=1", "https://e.example/?own=1&secret=1#f"),
        ("/launch", "https://e.example/?own=1#f"),
        ("/launch?a='b'&a=2", "https://e.example/?own=1&a=%27b%27&a=2#f"),
    ] {
        assert_eq!(deployment.get(asked).await.location(), location);
    }
    assert_eq!(deployment.origin.asked.get(), 1);
}

#[tokio::test]
async fn the_binary_gives_hostile_visitors_the_same_answer_to_keep() {
    let deployment = start(ONE_TIER, LONG).await;
    let clean = deployment.get("/launch").await.without_age();
    for (name, value) in [
        ("x-forwarded-host", "evil.example"),
        ("x-host", "evil.example"),
        ("x-original-url", "/evil"),
        ("x-http-method-override", "DELETE"),
        ("x-short-until", "1"),
        ("x-short-forward-query", "1"),
        ("range", "bytes=0-0"),
        ("if-none-match", "*"),
        ("cookie", "a=b"),
        ("accept-language", "fr"),
    ] {
        for host in [HOST, "S.EXAMPLE.", "s.example:443"] {
            deployment.edge.invalidate("/*");
            let hostile = Request::get("/%6Caunch?x=1").host(host).with(name, value).with(name, "twice");
            deployment.edge.answer(&hostile).await;
            assert_eq!(deployment.get("/launch").await.without_age(), clean, "after {hostile:?}");
        }
    }
}

#[tokio::test]
async fn the_api_is_never_kept() {
    let deployment = start(ONE_TIER, SHORT).await;
    for asked in 1..4 {
        let response = deployment.edge.answer(&Request::get("/api/v1/health?x-short-until=1")).await;
        assert_eq!((response.status, response.header("cache-control")), (200, "no-store"));
        assert_eq!(deployment.origin.asked.get(), asked);
    }
    let whoami = Request::get("/api/v1/whoami").with("x-api-key", &deployment.store.key);
    let response = deployment.edge.answer(&whoami).await;
    let told: Value = serde_json::from_slice(&response.body).unwrap();
    assert_eq!((response.status, told["role"].as_str()), (200, Some("admin")));
}
