//! The estimate of what creates cost, beside what the engine is asked and what it counts.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use serde_json::Value;
use shortener_core::service::Cost;
use shortener_core::table::Item;
use shortener_core::table::dynamo::in_process::InProcess;
use shortener_core::table::dynamo::{InsertBy, Limits};
use shortener_core::wire::CreateLink;

use super::{Engine, coded_row, create, owned, row, session, tagged};
use crate::fixture::{service_on, to};

fn long(bytes: usize) -> String {
    format!("https://example.com/{}", "x".repeat(bytes))
}

/// Links of every size, with and without entries, each with the write units that it takes.
fn sized() -> Vec<(CreateLink, u64)> {
    let dated = |request| CreateLink {
        created_at: Some("2020-01-01".to_owned()),
        expires_at: Some("2099-01-01".to_owned()),
        ..request
    };
    vec![
        (row(&long(10)), 1 + 1 + 1),
        (dated(coded_row("coded", &long(10))), 1 + 1 + 1),
        (tagged(&["b", "a", "B"], row(&long(10))), 1 + 1 + 1 + 2),
        (owned("team", tagged(&["a"], row(&long(10)))), 1 + 1 + 1 + 2),
        // The path is in the item and, up to 512 bytes, in a key of it.
        (row(&long(700)), 2 + 2 + 1),
        (row(&long(1800)), 3 + 3 + 1),
        (CreateLink { title: Some("€".repeat(200)), ..row(&long(1800)) }, 4 + 4 + 1),
    ]
}

#[test]
fn units_are_kilobytes_in_the_table_and_the_index_of_whole_items_and_one_for_the_rest() {
    for (request, write_units) in sized() {
        let reads = u64::from(!request.tags.is_empty() || request.owner.is_some());
        assert_eq!(Cost::of_create(&request), Cost { write_units, read_units: reads }, "{request:?}");
    }
    assert_eq!(Cost::of_create(&row("nonsense")), Cost::default());
    let far = CreateLink {
        code: Some("c".repeat(64)),
        domain: Some(format!("{}.example", "d".repeat(60))),
        ..row(&format!("https://{}.example/{}", vec!["h".repeat(55); 4].join("."), "x".repeat(600)))
    };
    assert_eq!(Cost::of_create(&far).write_units, 3 + 3 + 2, "keys can be longer than a unit too");
}

#[test]
fn a_million_plain_links_cost_what_the_operators_guide_says() {
    let plain = Cost::of_create(&to(&long(10)));
    let million: Cost = std::iter::repeat_n(plain, 1_000_000).sum();
    assert_eq!((million.write_units, million.read_units), (3_000_000, 0));
    assert!((million.dollars() - 1.875).abs() < 1e-9);
    let mut two = Cost::of_existing(&to(&long(10)));
    two += Cost::of_existing(&tagged(&["a"], to(&long(10))));
    assert_eq!(two, Cost { write_units: 1, read_units: 2 });
    assert!((two.dollars() - 0.625e-6 - 0.25e-6).abs() < 1e-12);
}

/// Puts the items of one engine into another and asks how many units that took, indexes included.
async fn counted(items: &InProcess) -> f64 {
    let (other, _) = InProcess::with_table("links").await.unwrap();
    let mut units = 0.0;
    for item in items.dump("links").unwrap() {
        if item.key.pk == "TAGS" || item.key.pk == "CONFIG" {
            continue;
        }
        let put = other.client(Limits::INTERACTIVE).put_item().table_name("links").set_item(Some(wire(&item)));
        let put = put.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await.unwrap();
        units += put.consumed_capacity.unwrap().capacity_units.unwrap();
    }
    units
}

fn wire(item: &Item) -> HashMap<String, AttributeValue> {
    let mut wire: HashMap<_, _> = item.attributes.iter().map(|(name, value)| (name.clone(), typed(value))).collect();
    wire.insert("pk".to_owned(), AttributeValue::S(item.key.pk.clone()));
    wire.insert("sk".to_owned(), AttributeValue::S(item.key.sk.clone()));
    wire
}

fn typed(value: &Value) -> AttributeValue {
    match value {
        Value::Bool(truth) => AttributeValue::Bool(*truth),
        Value::Number(number) => AttributeValue::N(number.to_string()),
        Value::Array(values) => AttributeValue::L(values.iter().map(typed).collect()),
        other => AttributeValue::S(other.as_str().unwrap().to_owned()),
    }
}

#[tokio::test]
async fn the_estimate_is_what_an_engine_counts() {
    for (request, _) in sized() {
        let engine = Engine::dynamo(InsertBy::default()).await;
        let Engine::Dynamo(emulator, _) = &engine else { unreachable!() };
        let (service, _) = service_on(engine.table());
        create(&session(&service, "ana"), std::slice::from_ref(&request)).await;
        let estimate = f64::from(u32::try_from(Cost::of_create(&request).write_units).unwrap());
        let counted = counted(emulator).await;
        assert!((counted - estimate).abs() < 1e-9, "{counted} and not {estimate}: {request:?}");
    }
}

#[tokio::test]
async fn the_estimate_is_of_the_requests_that_are_sent() {
    let engine = Engine::dynamo(InsertBy::default()).await;
    let Engine::Dynamo(emulator, _) = &engine else { unreachable!() };
    let (service, _) = service_on(engine.table());
    let session = session(&service, "ana");
    create(&session, &[tagged(&["a", "b"], row("https://example.com/warm"))]).await;
    let plain: Vec<_> = (0..30).map(|at| row(&format!("https://example.com/{at}"))).collect();
    let listed: Vec<_> =
        (0..30).map(|at| owned("team", tagged(&["a", "b"], row(&format!("https://example.com/{at}"))))).collect();
    for rows in [plain, listed] {
        // Small rows: each put costs the table one unit, and a link its two indexes one each.
        for (estimate, indexes) in [(Cost::of_create as fn(&CreateLink) -> Cost, 2), (Cost::of_existing, 0)] {
            emulator.forget_operations();
            create(&session, &rows).await;
            let asked = emulator.operations();
            let puts = asked.iter().filter(|operation| operation.name == "PutItem").count();
            let reads =
                asked.iter().filter(|operation| operation.name == "BatchGetItem").map(|o| o.entries as u64).sum();
            let estimated: Cost = rows.iter().map(estimate).sum();
            assert_eq!((estimated.write_units, estimated.read_units), ((puts + indexes * rows.len()) as u64, reads));
        }
    }
}
