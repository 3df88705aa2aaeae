//! Any bytes as the event of an invocation.

use lambda_http::{Context, LambdaEvent};
use serde_json::Value;

use super::event::{Event, EventError};
use super::handler::Handler;
use crate::api::fuzz::World;

/// Of every invocation, in milliseconds since 1970: far away.
const DEADLINE: u64 = 1 << 42;

#[test]
fn an_event_is_answered_or_refused_by_name() {
    let world = World::new();
    let handler = Handler::new(crate::router(world.app.clone()), &world.app);
    shortener_core::fuzz_target!("event", |input: &[u8]| {
        // The runtime hands over JSON and nothing else.
        let Ok(sent) = serde_json::from_slice::<Value>(input) else { return };
        let Ok(payload) = serde_json::from_slice::<Event>(input) else { return };
        let mut context = Context::default();
        context.deadline = DEADLINE;
        let event = LambdaEvent::new(payload, context);
        match world.runtime.block_on(handler.clone().handle(event)) {
            Ok(answer) => answered(&sent, &serde_json::to_value(answer).unwrap()),
            Err(EventError::NotHttp(_) | EventError::BadRequestLine(_) | EventError::BadBase64) => {}
        }
    });
}

/// What Lambda makes of the answer is an answer of HTTP, and no event is a fault of ours.
fn answered(event: &Value, answer: &Value) {
    let status = answer["statusCode"].as_u64().unwrap();
    assert!((200..500).contains(&status), "{status} to {event}");
    for (name, value) in answer["headers"].as_object().unwrap() {
        assert!(name.bytes().all(|byte| byte.is_ascii_graphic()));
        assert!(!value.as_str().unwrap().chars().any(|char| char.is_control() && char != '\t'), "{name}: {value}");
    }
    if (300..400).contains(&status) && status != 304 {
        assert!(answer["headers"]["location"].as_str().unwrap().starts_with("http"), "{answer}");
    }
    assert!(answer["body"].as_str().unwrap().len() < 512 * 1024);
}
