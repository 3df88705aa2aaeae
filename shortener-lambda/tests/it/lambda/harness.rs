//! What the tests of the functions stand on: a Runtime API, a process under it, a table behind it, and faults between.

#[path = "harness/answer.rs"]
mod answer;
#[path = "harness/binary.rs"]
mod binary;
#[path = "harness/fake_s3.rs"]
mod fake_s3;
#[path = "harness/fault_proxy.rs"]
mod fault_proxy;
#[path = "harness/function.rs"]
mod function;
#[path = "harness/log.rs"]
mod log;
#[path = "harness/store.rs"]
mod store;

pub(crate) use answer::Answer;
pub(crate) use binary::Binary;
pub(crate) use fake_s3::FakeS3;
pub(crate) use fault_proxy::{FaultProxy, Mode};
pub(crate) use function::{Function, Setup, invocation_id};
pub(crate) use shortener_lambda::testing::{Event, Outcome};
pub(crate) use store::Store;
