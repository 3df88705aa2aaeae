//! The command in a clean home and a clean environment.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

/// A home of its own for the command.
pub(crate) struct TestCli {
    home: TempDir,
    environment: Vec<(String, String)>,
    redactions: Vec<(String, String)>,
}

/// What one run of the command did.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    shown: String,
}

impl TestCli {
    pub(crate) fn new() -> Self {
        let home = TempDir::new().unwrap();
        let redactions = vec![(home.path().display().to_string(), "[home]".to_owned())];
        Self { home, environment: Vec::new(), redactions }
    }

    /// With a variable in the environment.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With something that snapshots show by another name.
    pub(crate) fn redacting(mut self, text: &str, name: &str) -> Self {
        self.redactions.push((text.to_owned(), name.to_owned()));
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// The file that holds the profiles.
    pub(crate) fn config_file(&self) -> PathBuf {
        self.path(".config/short/config.toml")
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// The whole environment of the command.
    pub(crate) fn variables(&self) -> Vec<(String, String)> {
        let own = [("HOME".to_owned(), self.home().display().to_string()), ("USER".to_owned(), "tester".to_owned())];
        own.into_iter().chain(self.environment.clone()).collect()
    }

    /// The command, ready to run, never for longer than two minutes.
    pub(crate) fn command(&self, args: &[&str]) -> assert_cmd::Command {
        let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_short"));
        command.args(args).env_clear().timeout(Duration::from_mins(2)).current_dir(self.home());
        command.envs(self.variables());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Outcome {
        self.run_with_input(args, "")
    }

    pub(crate) fn run_with_input(&self, args: &[&str], input: &str) -> Outcome {
        self.outcome(args, self.command(args).write_stdin(input))
    }

    fn outcome(&self, args: &[&str], command: &mut assert_cmd::Command) -> Outcome {
        let output = command.output().unwrap();
        let redact = |bytes: &[u8]| self.redact(&String::from_utf8_lossy(bytes));
        let (stdout, stderr) = (redact(&output.stdout), redact(&output.stderr));
        let status = output.status.code().unwrap_or(-1);
        let command = self.redact(&args.join(" "));
        let shown = format!("$ short {command}\n[{status}]\n--- stdout\n{stdout}--- stderr\n{stderr}");
        Outcome { status, stdout, stderr, shown }
    }

    /// Runs the command for so many seconds at most.
    pub(crate) fn run_for(&self, args: &[&str], seconds: u64) -> Outcome {
        let mut command = self.command(args);
        command.timeout(Duration::from_secs(seconds));
        self.outcome(args, &mut command)
    }

    /// Runs several commands and shows them all.
    pub(crate) fn transcript(&self, commands: &[&[&str]]) -> String {
        commands.iter().map(|args| self.run(args).shown).collect::<Vec<_>>().join("\n")
    }

    /// The text without what varies.
    pub(crate) fn redact(&self, text: &str) -> String {
        let known = self.redactions.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
        redact_moments(&known)
    }
}

/// Replaces every RFC 3339 moment, whose length is what varies.
pub(crate) fn redact_moments(text: &str) -> String {
    const SHAPE: &[u8] = b"dddd-dd-ddTdd:dd:dd";
    let bytes = text.as_bytes();
    let is_moment = |at: usize| {
        bytes.len() >= at + SHAPE.len()
            && SHAPE.iter().zip(&bytes[at..]).all(|(s, b)| if *s == b'd' { b.is_ascii_digit() } else { s == b })
    };
    let mut shown = String::new();
    let mut at = 0;
    while let Some(character) = text[at..].chars().next() {
        if is_moment(at) {
            shown.push_str("[moment]");
            at += text[at..].find('Z').map_or(SHAPE.len(), |end| end + 1);
        } else {
            shown.push(character);
            at += character.len_utf8();
        }
    }
    shown
}

impl Outcome {
    /// The command and everything that it said, for a snapshot.
    pub(crate) fn shown(&self) -> String {
        self.shown.clone()
    }

    /// Demands an exit status.
    #[track_caller]
    pub(crate) fn exits(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{}", self.shown);
        self
    }
}
