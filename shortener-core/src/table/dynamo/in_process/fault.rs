//! Faults that the engine injects on demand.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::Reply;

/// How an attempt fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Refused because of load; not applied.
    Throttle,
    /// No connection; not applied.
    Unreachable,
    /// Applied, and then the connection breaks.
    LostReply,
    /// Not applied, but answered with a status of 500, which leaves a caller in doubt.
    ServerError,
    /// Of a batch only the first half is done: `BatchGetItem` names the rest as unprocessed, `BatchExecuteStatement`
    /// reports the other statements as throttled.
    Unprocessed,
}

/// Faults that are still to happen.
#[derive(Debug, Default)]
pub(super) struct Faults(VecDeque<(Option<&'static str>, Fault, usize)>);

impl Faults {
    pub(super) fn add(&mut self, operation: Option<&'static str>, fault: Fault, times: usize) {
        self.0.push_back((operation, fault, times));
    }

    /// The fault of this attempt, the one injected first.
    pub(super) fn take(&mut self, operation: &str) -> Option<Fault> {
        let is_meant = |name: Option<&str>| name.is_none_or(|name| name == operation);
        let (_, fault, times) = self.0.iter_mut().find(|(name, _, times)| *times > 0 && is_meant(*name))?;
        *times -= 1;
        Some(*fault)
    }
}

/// Does half of a batch.
pub(super) fn leave_unprocessed(operation: &str, body: &str, run: impl FnOnce(&str) -> Reply) -> Reply {
    let Ok(mut request) = serde_json::from_str::<Value>(body) else { return run(body) };
    match operation {
        "BatchGetItem" => {
            let mut rest = request.clone();
            for (name, wanted) in request["RequestItems"].as_object_mut().into_iter().flatten() {
                rest["RequestItems"][name]["Keys"] = json!(split_off(&mut wanted["Keys"]));
            }
            edit(run(&request.to_string()), |answer| answer["UnprocessedKeys"] = rest["RequestItems"].take())
        }
        "BatchExecuteStatement" => {
            let rest = split_off(&mut request["Statements"]);
            let throttled = json!({ "Error": { "Code": "ThrottlingError", "Message": "injected" } });
            edit(run(&request.to_string()), |answer| {
                if let Some(answers) = answer["Responses"].as_array_mut() {
                    answers.extend(rest.iter().map(|_| throttled.clone()));
                }
            })
        }
        _ => run(body),
    }
}

/// Takes the second half of a list; of one element, nothing, so that there is progress.
fn split_off(list: &mut Value) -> Vec<Value> {
    list.as_array_mut().map(|list| list.split_off(list.len().div_ceil(2))).unwrap_or_default()
}

fn edit(reply: Reply, change: impl FnOnce(&mut Value)) -> Reply {
    let Ok(mut answer) = serde_json::from_str::<Value>(&reply.body) else { return reply };
    change(&mut answer);
    Reply { status: reply.status, body: answer.to_string() }
}
