//! A DynamoDB-compatible engine in a process of its own.

use std::process::Command;

use crate::process::{Server, output, pinned};
use crate::programs::ENGINE;
use crate::short::Short;

/// The engine, ended when it is dropped. Its data is in memory.
#[derive(Debug)]
pub(crate) struct Emulator {
    pub(crate) url: String,
    _server: Server,
}

impl Emulator {
    /// Starts it on a core. Each call takes so many milliseconds more.
    pub(crate) fn start(core: &str, round_trip_ms: u32) -> anyhow::Result<Self> {
        let built = ENGINE.run()?;
        let mut command = pinned(core, built.path("dynamodb_emulator")?);
        command.args(["--round-trip-ms", &round_trip_ms.to_string()]);
        let (server, url) = Server::announced(command)?;
        Ok(Self { url, _server: server })
    }

    /// A call of `short` on a table here, from a core.
    pub(crate) fn short(&self, short: &Short, core: &str) -> Command {
        let mut command = with_credentials(short.on(core));
        command.args(["--table", "links", "--endpoint-url", &self.url]);
        command
    }

    /// Makes the table.
    pub(crate) fn create_table(&self, short: &Short) -> anyhow::Result<()> {
        output(self.short(short, "0,1").args(["--quiet", "table", "create"]))?;
        Ok(())
    }
}

/// A command that has credentials for the engine, whichever they are, and looks for none elsewhere.
pub(crate) fn with_credentials(mut command: Command) -> Command {
    let credentials = [("AWS_ACCESS_KEY_ID", "bench"), ("AWS_SECRET_ACCESS_KEY", "bench"), ("AWS_REGION", "us-east-1")];
    command.envs(credentials).env("AWS_EC2_METADATA_DISABLED", "true");
    command
}
