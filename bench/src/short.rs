//! The `short` command on files of links.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::process::{SERVER_CORE, Server, free_address, output, pinned, plain};

/// The command, as it is released.
#[derive(Debug)]
pub(crate) struct Short {
    program: PathBuf,
    folder: PathBuf,
}

/// A running `short serve`.
#[derive(Debug)]
pub(crate) struct Serving {
    pub(crate) server: Server,
    pub(crate) address: SocketAddr,
    /// Of an admin.
    pub(crate) key: String,
}

impl Short {
    /// The command, which finds no settings but those in `folder`.
    pub(crate) fn new(program: &Path, folder: &Path) -> Self {
        Self { program: program.to_owned(), folder: folder.to_owned() }
    }

    /// A call on a core.
    pub(crate) fn on(&self, core: &str) -> Command {
        self.at_home(pinned(core, &self.program))
    }

    /// A call on whatever core.
    pub(crate) fn call(&self) -> Command {
        self.at_home(plain(&self.program))
    }

    fn at_home(&self, mut command: Command) -> Command {
        command.env("XDG_CONFIG_HOME", &self.folder).env("XDG_DATA_HOME", &self.folder);
        command
    }

    /// Makes a table of links `b0000000`, `b0000001` …, which lead to `https://example.com/some/path/b0000000` …
    pub(crate) fn fill(&self, table: &Path, links: u32) -> anyhow::Result<()> {
        let file = self.folder.join(format!("{links}.csv"));
        write_links(&file, links)?;
        output(self.on("0,1").arg("--file").arg(table).args(["--quiet", "import"]).arg(&file))?;
        Ok(std::fs::remove_file(file)?)
    }

    /// Serves a table, made if it is missing, on the servers' core.
    pub(crate) fn serve(&self, table: &Path, flags: &[&str]) -> anyhow::Result<Serving> {
        let mut command = self.on(SERVER_CORE);
        command.arg("--file").arg(table);
        Serving::start(command, &table.with_extension("log"), flags)
    }
}

impl Serving {
    /// Serves the table that a command names.
    pub(crate) fn start(mut command: Command, log: &Path, flags: &[&str]) -> anyhow::Result<Self> {
        let address = free_address()?;
        command.args(["serve", "--listen", &address.to_string()]).args(flags);
        let server = Server::start(command, address, log)?;
        // The address is taken before the key is made.
        let told = Server::wait_for("listening on", log)?;
        let key = told.split_whitespace().find(|word| word.starts_with("short_")).context("no key was made")?;
        Ok(Self { server, address, key: key.to_owned() })
    }

    /// The URL of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

/// Writes a file of links: see [`Short::fill`].
pub(crate) fn write_links(file: &Path, links: u32) -> anyhow::Result<()> {
    let mut csv = std::io::BufWriter::new(std::fs::File::create(file)?);
    writeln!(csv, "code,target")?;
    for number in 0..links {
        writeln!(csv, "b{number:07},https://example.com/some/path/b{number:07}")?;
    }
    Ok(csv.flush()?)
}
