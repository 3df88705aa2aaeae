//! A function that is compared with others, and what came of it.

use std::path::{Path, PathBuf};

use anyhow::ensure;

use super::function::Function;
use super::store::Store;
use super::{file_megabytes, megabytes};
use crate::process::Usage;

/// How many events a function answers in each round.
pub(super) const EVENTS: u32 = 4_000;

/// How many it answers before the first round.
const WARM_UP: u32 = 500;

/// A function.
#[derive(Debug)]
pub(super) struct Contender {
    name: String,
    program: PathBuf,
    arguments: &'static [&'static str],
    /// Of every answer.
    status: u16,
    starts: Vec<Start>,
    events: Vec<Events>,
}

/// One cold start.
#[derive(Debug)]
pub(super) struct Start {
    /// From exec to the first request for an event, in ms.
    pub(super) next: f64,
    /// From exec to the first answer, in ms.
    pub(super) answer: f64,
    /// Resident memory after it, in MB.
    pub(super) resident: f64,
}

/// Some thousand events one after the other, each of them on average.
#[derive(Debug)]
pub(super) struct Events {
    /// Processor time of the process, in µs.
    pub(super) processor_us: f64,
    /// From the moment it had the event to its answer, in µs.
    pub(super) answer_us: f64,
}

impl Contender {
    /// A program that answers every event with a status.
    pub(super) fn new(
        name: impl Into<String>,
        program: &Path,
        arguments: &'static [&'static str],
        status: u16,
    ) -> Self {
        let (name, program) = (name.into(), program.to_owned());
        Self { name, program, arguments, status, starts: Vec::new(), events: Vec::new() }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The size of the program.
    pub(super) fn megabytes(&self) -> anyhow::Result<f64> {
        file_megabytes(&self.program)
    }

    /// A figure of every start.
    pub(super) fn starts(&self, figure: fn(&Start) -> f64) -> Vec<f64> {
        self.starts.iter().map(figure).collect()
    }

    /// A figure of every round of events.
    pub(super) fn events(&self, figure: fn(&Events) -> f64) -> Vec<f64> {
        self.events.iter().map(figure).collect()
    }

    /// Starts it, and ends it after its first answer.
    pub(super) async fn start_once(&mut self, store: &Store) -> anyhow::Result<()> {
        let (function, answer) = self.started(store).await?;
        let next = function.first_next()?.as_secs_f64() * 1e3;
        let resident = megabytes(Usage::of(function.pid())?.resident);
        self.starts.push(Start { next, answer, resident });
        Ok(())
    }

    /// Starts it, and has it answer until nothing is done for the first time.
    pub(super) async fn warmed_up(&self, store: &Store) -> anyhow::Result<Function> {
        let (mut function, _) = self.started(store).await?;
        for _ in 0..WARM_UP {
            self.take_event(&mut function).await?;
        }
        Ok(function)
    }

    /// Has it answer a round of events.
    pub(super) async fn take_events(&mut self, function: &mut Function) -> anyhow::Result<()> {
        let before = Usage::of(function.pid())?.processor;
        let mut answer_us = 0.0;
        for _ in 0..EVENTS {
            answer_us += self.take_event(function).await? / f64::from(EVENTS);
        }
        let used = Usage::of(function.pid())?.processor.saturating_sub(before);
        self.events.push(Events { processor_us: used.as_secs_f64() * 1e6 / f64::from(EVENTS), answer_us });
        Ok(())
    }

    /// Has it answer one event, and returns how long that took, in µs.
    async fn take_event(&self, function: &mut Function) -> anyhow::Result<f64> {
        let (status, reply) = function.answer().await?;
        ensure!(status == self.status, "the {} answers {status}", self.name);
        Ok(reply.took.as_secs_f64() * 1e6)
    }

    /// A new process, and how long it took to its first answer, in ms.
    async fn started(&self, store: &Store) -> anyhow::Result<(Function, f64)> {
        let mut command = store.command(&self.program)?;
        command.args(self.arguments);
        let mut function = Function::start(command)?;
        let (status, reply) = function.answer().await?;
        ensure!(status == self.status, "the {} answers {status} at first", self.name);
        let took = function.since_start(reply.at).as_secs_f64() * 1e3;
        Ok((function, took))
    }
}
