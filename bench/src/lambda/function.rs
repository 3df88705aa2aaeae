//! One instance of a function: a process on the servers' core under a Runtime API of its own.

use std::process::{Child, Command};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::Value;
use shortener_lambda::testing::{Event, Outcome, Pending, Reply, RuntimeApi};

use super::store::CODE;
use crate::process::start_on_server_core;

/// The time limit of an invocation.
const LIMIT: Duration = Duration::from_secs(10);

/// The running process, ended when it is dropped.
#[derive(Debug)]
pub(super) struct Function {
    api: RuntimeApi,
    process: Child,
    started: Instant,
    event: Vec<u8>,
    next: Option<Pending>,
    number: u32,
}

impl Function {
    /// Starts a process, whose first event waits for it. The calling thread is to be on the core of the load.
    pub(super) fn start(mut command: Command) -> anyhow::Result<Self> {
        let (api, event) = (RuntimeApi::start(), Event::get(&format!("/{CODE}")).payload());
        command.env("AWS_LAMBDA_RUNTIME_API", api.address());
        let first = api.deliver(&invocation_id(0), event.clone(), LIMIT);
        let (process, started) = start_on_server_core(&mut command)?;
        Ok(Self { api, process, started, event, next: Some(first), number: 0 })
    }

    /// The status of the next answer, and when it came.
    pub(super) async fn answer(&mut self) -> anyhow::Result<(u16, Reply)> {
        let pending = self.next.take().unwrap_or_else(|| self.deliver());
        let reply = pending.wait().await;
        let Outcome::Response(body) = &reply.outcome else { bail!("a function fails: {:?}", reply.outcome) };
        let answer: Value = serde_json::from_slice(body)?;
        let status = answer["statusCode"].as_u64().context("an answer has no status")?;
        Ok((u16::try_from(status)?, reply))
    }

    fn deliver(&mut self) -> Pending {
        self.number += 1;
        self.api.deliver(&invocation_id(self.number), self.event.clone(), LIMIT)
    }

    pub(super) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// From exec to the first request for an event.
    pub(super) fn first_next(&self) -> anyhow::Result<Duration> {
        Ok(self.since_start(self.api.first_next().context("a function never asked for an event")?))
    }

    /// From exec to a moment.
    pub(super) fn since_start(&self, moment: Instant) -> Duration {
        moment.duration_since(self.started)
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        // One that has ended already cannot be killed again.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn invocation_id(number: u32) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}
