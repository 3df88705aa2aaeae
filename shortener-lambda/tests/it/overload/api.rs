//! More requests of the API than may work on the store at once.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::{Frame, SizeHint};
use serde_json::json;
use shortener_lambda::Turns;
use tower::ServiceExt as _;

use crate::app::{Reply, TestApp};

/// Bytes of the largest body.
const MOST: usize = 6 * 1024 * 1024;

/// Such bodies that may be held.
const SLOW: usize = 50;

pub(super) const FEW: Turns =
    Turns { reads: 4, writes: 4, waiting: 8, burst: Duration::from_millis(5), bodies: SLOW * MOST };

async fn app(turns: Turns) -> TestApp {
    let app = TestApp::setup().memory_first().with_turns(turns).start().await;
    app.create_launch().await;
    assert_eq!(app.get("/launch").await.status, StatusCode::FOUND);
    app
}

fn create(key: &str, code: &str, body: Option<Body>) -> Request<Body> {
    let link = json!({"target": "https://www.example.com", "code": code}).to_string();
    let request = Request::post("/api/v1/links").header("x-api-key", key).header("content-type", "application/json");
    request.body(body.unwrap_or_else(|| link.into())).unwrap()
}

async fn send(router: Router, request: Request<Body>) -> Reply {
    let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
    Reply { status: parts.status, headers: parts.headers, body: body.collect().await.unwrap().to_bytes() }
}

#[tokio::test(start_paused = true)]
async fn while_the_store_hangs_a_bounded_number_of_requests_waits_and_the_rest_is_refused() {
    let app = app(FEW).await;
    app.table.hang();
    let spawn = |number: usize| tokio::spawn(send(app.router.clone(), create(&app.key, &format!("c{number}"), None)));
    let mut at_work: Vec<_> = (0..FEW.writes).map(spawn).collect();
    app.table.hanging(FEW.writes).await;

    let begin = tokio::time::Instant::now();
    for refused in (10..60).map(spawn).collect::<Vec<_>>() {
        // The clock stands while anything is to do, so this ends at once if nothing is refused.
        let reply = tokio::time::timeout(Duration::from_mins(1), refused).await.expect("it is not refused").unwrap();
        let problem = reply.expect_problem(503, "unavailable");
        assert_eq!((reply.header("retry-after"), &problem["retryable"]), ("1", &json!(true)), "{reply}");
    }
    assert!(begin.elapsed() <= Duration::from_millis(10), "{:?}", begin.elapsed());
    assert_eq!(app.table.calls(), FEW.writes, "a refused request has worked on the store");

    // What needs no store goes on.
    assert_eq!(app.get("/launch").await.status, StatusCode::FOUND);
    assert_eq!(app.get("/robots.txt").await.status, StatusCode::OK);
    assert_eq!(app.get("/api/v1/health").await.status, StatusCode::OK);

    app.table.heal();
    for reply in at_work.drain(..) {
        assert_eq!(reply.await.unwrap().status, StatusCode::CREATED);
    }
    // Nothing of the refused ones was done, and there is room again.
    assert_eq!(app.get("/c10").await.status, StatusCode::NOT_FOUND);
    let again = send(app.router.clone(), create(&app.key, "c10", None)).await;
    assert_eq!(again.status, StatusCode::CREATED);
}

#[tokio::test(start_paused = true)]
async fn a_burst_is_answered_if_it_is_done_in_time() {
    let app = app(FEW).await;
    let burst: Vec<_> = (0..FEW.writes + 8)
        .map(|number| tokio::spawn(send(app.router.clone(), create(&app.key, &format!("b{number}"), None))))
        .collect();
    for reply in burst {
        assert_eq!(reply.await.unwrap().status, StatusCode::CREATED);
    }
}

/// A body of which nothing comes, and whose length in bytes is said before or is not.
struct Never(Option<u64>);

impl HttpBody for Never {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }

    fn size_hint(&self) -> SizeHint {
        self.0.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

#[tokio::test(start_paused = true)]
async fn bodies_that_do_not_come_keep_nobody_from_the_store() {
    let app = app(FEW).await;
    let never = || create(&app.key, "never", Some(Body::new(Never(None))));
    let slow: Vec<_> = (0..SLOW).map(|_| tokio::spawn(send(app.router.clone(), never()))).collect();
    // They are all asked for their bodies before this is, and of one more there is no memory to hold it.
    tokio::time::sleep(Duration::from_secs(1)).await;
    send(app.router.clone(), never()).await.expect_problem(503, "unavailable");
    let others = send(app.router.clone(), create(&app.key, "other", None)).await;
    assert_eq!(others.status, StatusCode::CREATED);
    for reply in slow {
        let reply = reply.await.unwrap();
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{reply}");
    }
    assert_eq!(app.api(Method::GET, "/api/v1/links/other").send().await.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn small_bodies_that_do_not_come_hold_nothing() {
    let app = app(Turns { bodies: MOST, ..FEW }).await;
    let never = || create(&app.key, "never", Some(Body::new(Never(Some(100)))));
    let slow: Vec<_> = (0..200).map(|_| tokio::spawn(send(app.router.clone(), never()))).collect();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let others = send(app.router.clone(), create(&app.key, "other", None)).await;
    assert_eq!(others.status, StatusCode::CREATED);
    // There is room for it only where nothing is held for the others.
    let large = create(&app.key, "never", Some(Body::new(Never(None))));
    let large = tokio::spawn(send(app.router.clone(), large));
    for reply in slow {
        let problem = reply.await.unwrap().expect_problem(400, "malformed");
        assert!(problem["detail"].as_str().unwrap().contains("30 seconds"), "{problem}");
    }
    large.await.unwrap().expect_problem(400, "malformed");
}
