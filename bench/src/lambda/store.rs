//! A table with one link, on an engine that speaks DynamoDB's protocol, and functions that find it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use shortener_lambda::testing::{ENVIRONMENT, HOST};

use crate::emulator::Emulator;
use crate::process::{LOAD_CORE, output, pinned};
use crate::programs::{SHORT, root};

/// The code of the link.
pub(super) const CODE: &str = "launch";

const TABLE: &str = "short";

/// Prints the certificates that the image has the functions trust.
const CERTIFICATES: &str = "scripts/image/amazon-roots";

/// The engine, ended when it is dropped.
#[derive(Debug)]
pub(super) struct Store {
    engine: Emulator,
    /// What functions print.
    log: PathBuf,
    certificates: PathBuf,
}

impl Store {
    /// Starts the engine on the core of the load and fills it.
    pub(super) fn start(folder: &Path) -> anyhow::Result<Self> {
        let (engine, short) = (Emulator::start(LOAD_CORE, 0)?, SHORT.run()?);
        let certificates = folder.join("certificates.pem");
        std::fs::write(&certificates, output(&mut Command::new(root().join(CERTIFICATES)))?)?;
        let store = Self { engine, log: folder.join("functions.log"), certificates };
        let short = short.path("short")?;
        store.run(short, folder, &["table", "create", "--deletion-protection", "off"])?;
        store.run(short, folder, &["create", "https://www.example.com/launch", "--code", CODE])?;
        Ok(store)
    }

    fn run(&self, short: &Path, folder: &Path, arguments: &[&str]) -> anyhow::Result<String> {
        let mut command = pinned(LOAD_CORE, short);
        output(command.env("XDG_CONFIG_HOME", folder).envs(ENVIRONMENT).envs(self.settings()).args(arguments))
    }

    fn settings(&self) -> [(&'static str, String); 4] {
        [
            ("AWS_ENDPOINT_URL_DYNAMODB", self.engine.url.clone()),
            ("SHORT_TABLE", TABLE.to_owned()),
            ("SHORT_BASE_URL", format!("https://{HOST}")),
            ("SHORT_EDGE", "cloudfront".to_owned()),
        ]
    }

    /// A function that is to find the link, in the environment that it would have on Lambda and in the image.
    pub(super) fn command(&self, program: &Path) -> anyhow::Result<Command> {
        let log = File::options().create(true).append(true).open(&self.log)?;
        let mut command = Command::new(program);
        command.env_clear().envs(ENVIRONMENT).envs(self.settings()).env("SSL_CERT_FILE", &self.certificates);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        Ok(command)
    }
}
