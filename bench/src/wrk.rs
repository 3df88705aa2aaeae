//! Load on a server, made by wrk (<https://github.com/wg/wrk>).

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use serde::Deserialize;

use crate::process::{LOAD_CORE, Usage, output, pinned};

const SCRIPT: &str = include_str!("wrk.lua");

/// Which codes are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Codes {
    /// One.
    Hot,
    /// All, one after the other.
    All,
    /// Any.
    Uniform,
    /// Any, the one of rank r with a probability of about 1/r.
    Zipf,
}

impl Codes {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Hot => "hot",
            Self::All => "all",
            Self::Uniform => "uniform",
            Self::Zipf => "zipf",
        }
    }
}

/// What is asked for, and by how many connections at once.
#[derive(Debug, Clone)]
pub(crate) struct Load {
    pub(crate) codes: Codes,
    /// Of so many codes.
    pub(crate) count: u32,
    pub(crate) connections: u32,
    pub(crate) method: &'static str,
    pub(crate) api_key: Option<String>,
    /// In it `{code}` stands for a code.
    pub(crate) body: Option<String>,
}

impl Load {
    /// Redirects, for 32 connections.
    pub(crate) fn redirects(codes: Codes, count: u32) -> Self {
        Self { codes, count, connections: 32, method: "GET", api_key: None, body: None }
    }

    /// Calls of the API that read, by one connection.
    pub(crate) fn reads(api_key: &str, codes: Codes, count: u32) -> Self {
        Self { connections: 1, api_key: Some(api_key.to_owned()), ..Self::redirects(codes, count) }
    }

    /// Creates of links with random codes.
    pub(crate) fn creates(api_key: &str, connections: u32) -> Self {
        let body = r#"{"target":"https://example.com/some/path/{code}"}"#.to_owned();
        let one = Self::reads(api_key, Codes::All, 9_999_999);
        Self { connections, method: "POST", body: Some(body), ..one }
    }
}

/// The load generator.
#[derive(Debug)]
pub(crate) struct Wrk {
    script: std::path::PathBuf,
}

/// What one run came to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    pub(crate) requests: u32,
    pub(crate) per_second: f64,
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
    /// Processor time that the server took for a request.
    pub(crate) processor_us: f64,
}

#[derive(Deserialize)]
struct Printed {
    requests: u32,
    microseconds: u32,
    p50_us: u32,
    p99_us: u32,
    failed: u32,
}

impl Wrk {
    /// Writes its script into a folder.
    ///
    /// # Errors
    /// It is not installed.
    pub(crate) fn new(folder: &Path) -> anyhow::Result<Self> {
        std::process::Command::new("wrk").arg("--version").output().context("this needs wrk: apt-get install wrk")?;
        let script = folder.join("wrk.lua");
        std::fs::write(&script, SCRIPT)?;
        Ok(Self { script })
    }

    /// Puts a load on the server with the process `pid` at `url`, in which `{code}` may stand for a code.
    ///
    /// # Errors
    /// A request fails, or is refused.
    pub(crate) fn run(&self, url: &str, pid: u32, load: &Load, time: Duration) -> anyhow::Result<Run> {
        let (host, path) = url
            .strip_prefix("http://")
            .and_then(|rest| rest.split_at_checked(rest.find('/')?))
            .with_context(|| format!("{url} is not http://HOST/PATH"))?;
        let mut command = pinned(LOAD_CORE, "wrk");
        command
            .args(["-t1", "-c", &load.connections.to_string(), "-d", &format!("{}s", time.as_secs()), "-s"])
            .arg(&self.script)
            .arg(format!("http://{host}/"))
            .env("CODES", load.codes.name())
            .env("COUNT", load.count.to_string())
            .envs([("URL_HOST", host), ("URL_PATH", path), ("METHOD", load.method)])
            .envs(load.api_key.as_ref().map(|key| ("API_KEY", key)))
            .envs(load.body.as_ref().map(|body| ("BODY", body)));
        let before = Usage::of(pid)?;
        let text = output(&mut command)?;
        let after = Usage::of(pid)?;
        let line = text.lines().find(|line| line.starts_with('{')).context("wrk printed no figures")?;
        let Printed { requests, microseconds, p50_us, p99_us, failed } = serde_json::from_str(line)?;
        ensure!(failed == 0, "{failed} of {requests} requests to {url} failed");
        ensure!(requests > 0, "no request to {url} was answered");
        let processor = after.processor.saturating_sub(before.processor);
        Ok(Run {
            requests,
            per_second: f64::from(requests) / f64::from(microseconds) * 1e6,
            p50_us: p50_us.into(),
            p99_us: p99_us.into(),
            processor_us: processor.as_secs_f64() * 1e6 / f64::from(requests),
        })
    }
}
