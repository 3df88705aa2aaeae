//! A table with one link, on an engine that speaks DynamoDB's protocol, and functions that find it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use shortener_lambda::testing::HOST;

use crate::process::{LOAD_CORE, Server, output, pinned};
use crate::programs::{ENGINE, SHORT};

/// The code of the link.
pub(super) const CODE: &str = "launch";

const TABLE: &str = "short";

/// The certificates of public authorities, where the image has them, and Debian: in one file, where a machine also has hundreds.
const CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// What Lambda tells every function.
const LAMBDA: [(&str, &str); 9] = [
    ("AWS_LAMBDA_FUNCTION_NAME", "short"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
    ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/short"),
    ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/11/25/[1]0123456789abcdef"),
    ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
    ("AWS_REGION", "eu-central-1"),
    ("AWS_ACCESS_KEY_ID", "testing"),
    ("AWS_SECRET_ACCESS_KEY", "testing-secret"),
];

/// The engine, ended when it is dropped.
#[derive(Debug)]
pub(super) struct Store {
    url: String,
    /// What functions print.
    log: PathBuf,
    _engine: Server,
}

impl Store {
    /// Starts the engine on the core of the load and fills it.
    pub(super) fn start(folder: &Path) -> anyhow::Result<Self> {
        let (engine, short) = (ENGINE.run()?, SHORT.run()?);
        let (engine, url) = Server::announced(pinned(LOAD_CORE, engine.path("dynamodb_emulator")?))?;
        let store = Self { url, log: folder.join("functions.log"), _engine: engine };
        let short = short.path("short")?;
        store.run(short, folder, &["table", "create", "--deletion-protection", "off"])?;
        store.run(short, folder, &["create", "https://www.example.com/launch", "--code", CODE])?;
        Ok(store)
    }

    fn run(&self, short: &Path, folder: &Path, arguments: &[&str]) -> anyhow::Result<String> {
        let mut command = pinned(LOAD_CORE, short);
        output(command.env("XDG_CONFIG_HOME", folder).envs(LAMBDA).envs(self.settings()).args(arguments))
    }

    fn settings(&self) -> [(&'static str, String); 4] {
        [
            ("AWS_ENDPOINT_URL_DYNAMODB", self.url.clone()),
            ("SHORT_TABLE", TABLE.to_owned()),
            ("SHORT_BASE_URL", format!("https://{HOST}")),
            ("SHORT_EDGE", "cloudfront".to_owned()),
        ]
    }

    /// A function that is to find the link, in the environment that it would have on Lambda and in the image.
    pub(super) fn command(&self, program: &Path) -> anyhow::Result<Command> {
        let log = File::options().create(true).append(true).open(&self.log)?;
        let mut command = Command::new(program);
        command.env_clear().envs(LAMBDA).env("AWS_SESSION_TOKEN", "testing-token").envs(self.settings());
        if Path::new(CERTIFICATES).exists() {
            command.env("SSL_CERT_FILE", CERTIFICATES);
        }
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        Ok(command)
    }
}
