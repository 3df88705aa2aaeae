//! The `redirect` role.

use super::harness::{Event, Setup, Store};

#[tokio::test]
async fn a_visitor_is_sent_to_the_target() {
    let store = Store::start().await;
    store.create_code("launch").await;
    let function = Setup::role("redirect", store.url()).start().await;
    let answer = function.answer(&Event::get("/launch")).await;
    assert_eq!(answer.redirect(), (302, "https://www.example.com/launch"), "{answer}");
    let answer = function.answer(&Event::get("/unknown")).await;
    assert_eq!(answer.status, 404, "{answer}");
}
