//! Single writes: what they do, and every condition both ways on put, update and delete.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::{Action, Attributes, Condition, Consistency, Item, Key, Write};
use super::{Shared, assert_refused, item, key, list, read};

list![
    put_replaces_the_whole_item,
    update_sets_and_removes_attributes,
    update_creates_a_missing_item,
    update_may_remove_a_missing_attribute,
    update_of_nothing_changes_nothing_but_still_checks_its_condition,
    delete_removes_the_item,
    delete_of_a_missing_item_is_no_error,
    eventual_reads_answer_with_some_state_of_the_item,
    absent_holds_of_a_missing_item_only,
    absent_or_purgeable_holds_of_missing_and_purgeable_items,
    present_holds_of_any_item,
    version_is_holds_of_exactly_that_version,
    generation_below_holds_of_missing_and_smaller_generations,
];

async fn put_replaces_the_whole_item(table: &Shared) {
    let key = key("put", "a");
    table.write(&[Write::put(item(key.clone(), json!({"a": 1, "b": 2})))]).await.unwrap();
    let second = item(key.clone(), json!({"b": 3, "c": 4}));
    table.write(&[Write::put(second.clone())]).await.unwrap();
    assert_eq!(read(table, &key).await, Some(second));
}

async fn update_sets_and_removes_attributes(table: &Shared) {
    let key = key("update", "a");
    table.write(&[Write::put(item(key.clone(), json!({"keep": 1, "set": 2, "drop": 3})))]).await.unwrap();
    table.write(&[update(&key, json!({"set": "new", "more": [1]}), &["drop"])]).await.unwrap();
    let expected = item(key.clone(), json!({"keep": 1, "set": "new", "more": [1]}));
    assert_eq!(read(table, &key).await, Some(expected));
}

async fn update_creates_a_missing_item(table: &Shared) {
    let key = key("update-creates", "a");
    table.write(&[update(&key, json!({"a": 1}), &["b"])]).await.unwrap();
    assert_eq!(read(table, &key).await, Some(item(key, json!({"a": 1}))));
}

async fn update_may_remove_a_missing_attribute(table: &Shared) {
    let before = item(key("update-missing", "a"), json!({"a": 1}));
    table.write(&[Write::put(before.clone())]).await.unwrap();
    table.write(&[update(&before.key, json!({}), &["b", "c"])]).await.unwrap();
    assert_eq!(read(table, &before.key).await, Some(before));
}

async fn update_of_nothing_changes_nothing_but_still_checks_its_condition(table: &Shared) {
    let before = item(key("update-nothing", "a"), json!({"version": 1}));
    table.write(&[Write::put(before.clone())]).await.unwrap();
    table.write(&[update(&before.key, json!({}), &[]).when(Condition::VersionIs(1))]).await.unwrap();
    let refused = table.write(&[update(&before.key, json!({}), &[]).when(Condition::VersionIs(2))]).await;
    assert_refused(refused, 0, Some(&before));
    assert_eq!(read(table, &before.key).await, Some(before));
}

async fn delete_removes_the_item(table: &Shared) {
    let kept = item(key("delete", "a"), json!({"a": 1}));
    let deleted = item(key("delete", "b"), json!({"a": 1}));
    table.write(&[Write::put(kept.clone()), Write::put(deleted.clone())]).await.unwrap();
    table.write(&[Write::delete(deleted.key.clone())]).await.unwrap();
    assert_eq!(read(table, &deleted.key).await, None);
    assert_eq!(read(table, &kept.key).await, Some(kept));
}

async fn delete_of_a_missing_item_is_no_error(table: &Shared) {
    let key = key("delete-missing", "a");
    table.write(&[Write::delete(key.clone())]).await.unwrap();
    assert_eq!(read(table, &key).await, None);
}

async fn eventual_reads_answer_with_some_state_of_the_item(table: &Shared) {
    let states = [json!({"n": 1}), json!({"n": 2})].map(|state| item(key("eventual", "a"), state));
    for state in &states {
        table.write(&[Write::put(state.clone())]).await.unwrap();
    }
    let found = table.get(&states[0].key, Consistency::Eventual).await.unwrap();
    assert!(found.as_ref().is_none_or(|found| states.contains(found)), "{found:?}");
}

async fn absent_holds_of_a_missing_item_only(table: &Shared) {
    let absent = Condition::Absent;
    assert_matrix(table, "absent", &[(absent, None, true), (absent, Some(json!({"n": 1})), false)]).await;
}

async fn absent_or_purgeable_holds_of_missing_and_purgeable_items(table: &Shared) {
    let condition = Condition::AbsentOrPurgeable(Timestamp::from_second(1_000).unwrap());
    let cases = [
        (condition, None, true),
        (condition, Some(json!({"n": 1})), false),
        (condition, Some(json!({"purge_at": 999})), true),
        (condition, Some(json!({"purge_at": 1_000})), true),
        (condition, Some(json!({"purge_at": 1_001})), false),
    ];
    assert_matrix(table, "purgeable", &cases).await;
}

async fn present_holds_of_any_item(table: &Shared) {
    let present = Condition::Present;
    assert_matrix(table, "present", &[(present, None, false), (present, Some(json!({"n": 1})), true)]).await;
}

async fn version_is_holds_of_exactly_that_version(table: &Shared) {
    let condition = Condition::VersionIs(10);
    let cases = [
        (condition, None, false),
        (condition, Some(json!({"n": 10})), false),
        (condition, Some(json!({"version": 9})), false),
        (condition, Some(json!({"version": 10})), true),
        (condition, Some(json!({"version": 11})), false),
    ];
    assert_matrix(table, "version", &cases).await;
}

async fn generation_below_holds_of_missing_and_smaller_generations(table: &Shared) {
    let condition = Condition::GenerationBelow(10);
    let cases = [
        (condition, None, true),
        (condition, Some(json!({"n": 10})), true),
        (condition, Some(json!({"generation": 9})), true),
        (condition, Some(json!({"generation": 10})), false),
        (condition, Some(json!({"generation": 11})), false),
    ];
    assert_matrix(table, "generation", &cases).await;
}

/// A condition, the item before (none is missing), and whether the condition holds of it.
type Case = (Condition, Option<Value>, bool);

async fn assert_matrix(table: &Shared, check: &str, cases: &[Case]) {
    for (number, (condition, before, holds)) in cases.iter().enumerate() {
        for (action, after) in ["put", "update", "delete"].into_iter().zip(["put", "update", ""]) {
            let key = key(&format!("condition-{check}"), format!("{number}-{action}"));
            let before = before.clone().map(|before| item(key.clone(), before));
            let write = match action {
                "put" => Write::put(item(key.clone(), json!({"by": after}))),
                "update" => update(&key, json!({"by": after}), &[]),
                _ => Write::delete(key.clone()),
            };
            assert_case(table, before, write.when(*condition), *holds).await;
        }
    }
}

async fn assert_case(table: &Shared, before: Option<Item>, write: Write, holds: bool) {
    if let Some(before) = &before {
        table.write(&[Write::put(before.clone())]).await.unwrap();
    }
    let result = table.write(std::slice::from_ref(&write)).await;
    if holds {
        assert!(result.is_ok(), "{write:?} of {before:?}: {result:?}");
        assert_eq!(read(table, write.key()).await, expected(&write, before), "after {write:?}");
    } else {
        assert_refused(result, 0, before.as_ref());
        assert_eq!(read(table, write.key()).await, before, "after {write:?}");
    }
}

/// What an applied write leaves, spelled out here so that no engine's own code is the measure.
fn expected(write: &Write, before: Option<Item>) -> Option<Item> {
    match &write.action {
        Action::Put(item) => Some(item.clone()),
        Action::Delete(_) => None,
        Action::Update { key, set, .. } => {
            let mut attributes = before.map_or_else(Attributes::new, |before| before.attributes);
            attributes.extend(set.clone());
            Some(Item { key: key.clone(), attributes })
        }
    }
}

fn update(key: &Key, set: Value, remove: &[&str]) -> Write {
    let Value::Object(set) = set else { panic!("not an object: {set}") };
    Write::update(key.clone(), set, remove.iter().map(|name| (*name).to_owned()).collect())
}
