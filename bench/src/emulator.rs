//! A DynamoDB-compatible engine in a process of its own.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::Context;

use crate::process::{output, pinned};
use crate::programs::ENGINE;
use crate::short::Short;

/// The engine, ended when it is dropped. Its data is in memory.
#[derive(Debug)]
pub(crate) struct Emulator {
    process: Child,
    pub(crate) url: String,
}

impl Emulator {
    /// Starts it on a core. Each call takes so many milliseconds more.
    pub(crate) fn start(core: &str, round_trip_ms: u32) -> anyhow::Result<Self> {
        let built = ENGINE.run()?;
        let mut command = pinned(core, built.path("dynamodb_emulator")?);
        command.args(["--round-trip-ms", &round_trip_ms.to_string()]).stdout(Stdio::piped());
        let mut process = command.spawn()?;
        let printed = process.stdout.take().context("the engine prints its URL")?;
        let mut url = String::new();
        BufReader::new(printed).read_line(&mut url)?;
        Ok(Self { process, url: url.trim().to_owned() })
    }

    /// A call of `short` on a table here, from a core.
    pub(crate) fn short(&self, short: &Short, core: &str) -> Command {
        let mut command = short.on(core);
        command.args(["--table", "links", "--endpoint-url", &self.url]);
        let credentials =
            [("AWS_ACCESS_KEY_ID", "bench"), ("AWS_SECRET_ACCESS_KEY", "bench"), ("AWS_REGION", "us-east-1")];
        command.envs(credentials).env("AWS_EC2_METADATA_DISABLED", "true");
        command
    }

    /// Makes the table.
    pub(crate) fn create_table(&self, short: &Short) -> anyhow::Result<()> {
        output(self.short(short, "0,1").args(["--quiet", "table", "create"]))?;
        Ok(())
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // One that has ended already cannot be killed again.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
