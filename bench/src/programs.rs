//! The programs under measurement, built as they are released.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use serde_json::Value;

/// A cargo package, profile and what of it to build.
#[derive(Debug)]
pub(crate) struct Build {
    pub(crate) package: &'static str,
    pub(crate) profile: &'static str,
    pub(crate) arguments: &'static [&'static str],
}

/// What operators run on a host of their own.
pub(crate) const SHORT: Build = Build { package: "shortener-cli", profile: "release", arguments: &["--bin", "short"] };

/// A DynamoDB-compatible engine on a loopback port, and what tells the units of DynamoDB that operations take.
pub(crate) const ENGINE: Build = Build {
    package: "shortener-core",
    profile: "release",
    arguments: &["--features", "logs,testing-dynamodb", "--example", "dynamodb_emulator", "--example", "request_units"],
};

/// The limits that all others are held against.
pub(crate) const LIMITS: Build = Build { package: "bench", profile: "release", arguments: &["--bins"] };

/// The functions of the image; the image has flags for the compiler besides.
pub(crate) const FUNCTIONS: Build =
    Build { package: "shortener-lambda", profile: "lambda", arguments: &["--bin", "shortener-lambda"] };

/// Loops beside the engines of tables.
pub(crate) const LOOPS: Build = Build {
    package: "bench",
    profile: "release",
    arguments: &["--features", "tables", "--bin", "bulk-inserts", "--bin", "creates"],
};

impl Build {
    /// Builds, and returns where the executables are by their names.
    pub(crate) fn run(&self) -> anyhow::Result<Programs> {
        self.run_with(|_| {})
    }

    /// The same, with more arguments of cargo or another environment.
    pub(crate) fn run_with(&self, change: impl FnOnce(&mut Command)) -> anyhow::Result<Programs> {
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .args(["build", "--locked", "--message-format=json", "--package", self.package, "--profile", self.profile])
            .args(self.arguments)
            .current_dir(root())
            .stderr(Stdio::inherit());
        change(&mut cargo);
        let output = cargo.output().context("cargo does not start")?;
        ensure!(output.status.success(), "{} cannot be built", self.package);
        let messages = String::from_utf8_lossy(&output.stdout);
        let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        Ok(Programs(messages.filter_map(|message| executable(&message)).collect()))
    }
}

/// Executables by their names.
#[derive(Debug)]
pub(crate) struct Programs(HashMap<String, PathBuf>);

impl Programs {
    pub(crate) fn path(&self, name: &str) -> anyhow::Result<&Path> {
        Ok(self.0.get(name).with_context(|| format!("no program {name} was built"))?)
    }
}

fn executable(message: &Value) -> Option<(String, PathBuf)> {
    let path = message["executable"].as_str()?;
    Some((message["target"]["name"].as_str()?.to_owned(), PathBuf::from(path)))
}

/// The folder of the workspace.
pub(crate) fn root() -> &'static Path {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    folder.parent().unwrap_or(folder)
}
