//! Batches of which a part is left undone, as DynamoDB does under load.

use serde_json::{Value, json};

use super::Reply;

/// Does only those entries of a batch for which `is_done` says so; it is asked the entry's position and the batch's length.
pub(super) fn run(
    operation: &str,
    body: &str,
    mut is_done: impl FnMut(usize, usize) -> bool,
    run: impl FnOnce(&str) -> Reply,
) -> Reply {
    let Ok(mut request) = serde_json::from_str::<Value>(body) else { return run(body) };
    match operation {
        "BatchGetItem" => {
            let (mut rest, mut kept) = (json!({}), 0);
            for (name, wanted) in request["RequestItems"].as_object_mut().into_iter().flatten() {
                let (done, undone) = split(&mut wanted["Keys"], &mut is_done);
                kept += count(&done);
                if !undone.is_empty() {
                    rest[name] = wanted.clone();
                    rest[name]["Keys"] = json!(undone);
                }
            }
            let reply = if kept == 0 { nothing(&json!({})) } else { run(&request.to_string()) };
            edit(reply, |answer| answer["UnprocessedKeys"] = rest)
        }
        "BatchExecuteStatement" => {
            let (done, _) = split(&mut request["Statements"], &mut is_done);
            let reply = if count(&done) == 0 { nothing(&json!([])) } else { run(&request.to_string()) };
            edit(reply, |answer| {
                let Some(answers) = answer["Responses"].as_array_mut() else { return };
                let mut answers = std::mem::take(answers).into_iter();
                let throttled = json!({ "Error": { "Code": "ThrottlingError", "Message": "injected" } });
                let all = done.iter().map(|done| if *done { answers.next() } else { Some(throttled.clone()) });
                answer["Responses"] = all.flatten().collect();
            })
        }
        _ => run(body),
    }
}

/// Leaves in a list what is to be done; returns what becomes of each entry, and those that are not done.
fn split(list: &mut Value, is_done: &mut impl FnMut(usize, usize) -> bool) -> (Vec<bool>, Vec<Value>) {
    let Some(list) = list.as_array_mut() else { return (Vec::new(), Vec::new()) };
    let length = list.len();
    let done: Vec<bool> = (0..length).map(|at| is_done(at, length)).collect();
    let mut fates = done.iter();
    let undone = list.extract_if(.., |_| !fates.next().copied().unwrap_or(true)).collect();
    (done, undone)
}

fn count(done: &[bool]) -> usize {
    done.iter().filter(|done| **done).count()
}

/// The answer of a batch of which nothing is done: the emulator would refuse it as empty.
fn nothing(responses: &Value) -> Reply {
    Reply { status: 200, body: json!({ "Responses": responses }).to_string() }
}

fn edit(reply: Reply, change: impl FnOnce(&mut Value)) -> Reply {
    let Ok(mut answer) = serde_json::from_str::<Value>(&reply.body) else { return reply };
    change(&mut answer);
    Reply { status: reply.status, body: answer.to_string() }
}
