//! One instance of a function: a process under a Runtime API of its own.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::answer::Answer;
use super::binary::Binary;
use super::log::Lines;
use super::store::TABLE;
use shortener_lambda::testing::{ENVIRONMENT, Event, HOST, Outcome, Pending, Reply, RuntimeApi};

/// The timeout of a function that sets none.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How long a process may take to start or to end.
const PATIENCE: Duration = Duration::from_secs(20);

/// How a function is to be started.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    binary: PathBuf,
    arguments: Vec<String>,
    environment: BTreeMap<String, String>,
}

/// The running process. Dropping it kills it.
#[derive(Debug)]
pub(crate) struct Function {
    api: RuntimeApi,
    child: Child,
    started: Instant,
    invocations: AtomicU32,
    /// Standard error: the log.
    pub(crate) log: Lines,
    /// Standard output: the metrics.
    pub(crate) output: Lines,
}

impl Setup {
    /// `shortener-lambda` in a role, `redirect` or `api`, on the table behind `url`.
    pub(crate) fn role(role: &str, url: &str) -> Self {
        Self::binary(Binary::Lambda.path())
            .argument(role)
            .env("AWS_ENDPOINT_URL_DYNAMODB", url)
            .env("SHORT_TABLE", TABLE)
            .env("SHORT_BASE_URL", &format!("https://{HOST}"))
            .env("SHORT_EDGE", "cloudfront")
    }

    /// Any binary, in the environment that Lambda gives every function.
    pub(crate) fn binary(binary: PathBuf) -> Self {
        let environment = ENVIRONMENT.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        Self { binary, arguments: Vec::new(), environment }
    }

    pub(crate) fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    pub(crate) fn without_env(mut self, name: &str) -> Self {
        self.environment.remove(name);
        self
    }

    /// Starts the process and does not wait for it.
    pub(crate) fn spawn(self) -> Function {
        let api = RuntimeApi::start();
        let mut command = self.command();
        command.env("AWS_LAMBDA_RUNTIME_API", api.address());
        let started = Instant::now();
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{error}: {}", self.binary.display()));
        let (log, output) = (Lines::of(child.stderr.take().unwrap()), Lines::of(child.stdout.take().unwrap()));
        Function { api, child, started, invocations: AtomicU32::new(0), log, output }
    }

    /// Starts the process and waits until it asks for its first event.
    pub(crate) async fn start(self) -> Function {
        let mut function = self.spawn();
        function.wait_until_started().await;
        function
    }

    /// The process as a command, outside of any Runtime API.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .args(&self.arguments)
            .env_clear()
            .envs(&self.environment)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }
}

impl Function {
    async fn wait_until_started(&mut self) {
        let give_up = Instant::now() + PATIENCE;
        while self.api.first_next().is_none() {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < give_up, "{ended:?}: {}", self.log.all().join("\n"));
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
    }

    /// Delivers a visitor's request and returns the answer.
    pub(crate) async fn answer(&self, event: &Event) -> Answer {
        Answer::of(self.invoke(event.payload(), TIMEOUT).await)
    }

    /// The same with so much time until the invocation's deadline.
    pub(crate) async fn answer_within(&self, event: &Event, deadline: Duration) -> Answer {
        Answer::of(self.invoke(event.payload(), deadline).await)
    }

    /// Delivers any payload that the function must refuse, and returns `errorType` and `errorMessage`.
    pub(crate) async fn refuse(&self, payload: impl Into<Vec<u8>>) -> (String, String) {
        let reply = self.invoke(payload.into(), TIMEOUT).await;
        let Outcome::Error(error) = reply.outcome else { panic!("the event was answered: {reply:?}") };
        let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
        (text("errorType"), text("errorMessage"))
    }

    /// Delivers any payload and returns what the function did with it.
    pub(crate) async fn invoke(&self, payload: Vec<u8>, deadline: Duration) -> Reply {
        self.deliver(payload, deadline).wait().await
    }

    /// Delivers a payload and does not wait for its end.
    pub(crate) fn deliver(&self, payload: Vec<u8>, deadline: Duration) -> Pending {
        let number = self.invocations.fetch_add(1, Ordering::SeqCst) + 1;
        self.api.deliver(&invocation_id(number), payload, deadline)
    }

    /// Stops the process where it is, as Lambda does between invocations.
    pub(crate) fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets a frozen process go on.
    pub(crate) fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Waits for the end of a process that is to end by itself.
    pub(crate) async fn exit(&mut self) -> ExitStatus {
        let give_up = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < give_up, "the process goes on");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// From exec to the first request for an event.
    pub(crate) fn start_time(&self) -> Duration {
        self.api.first_next().expect("the function has started").duration_since(self.started)
    }

    /// What was posted to `/init/error`.
    pub(crate) fn init_errors(&self) -> Vec<Value> {
        self.api.init_errors()
    }

    /// A line of `/proc/<pid>/status` in kilobytes, such as `VmRSS` or `VmHWM`.
    pub(crate) fn memory_kb(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        // A process that has ended already cannot be killed again.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The id of the nth invocation of an instance.
pub(crate) fn invocation_id(number: u32) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}
