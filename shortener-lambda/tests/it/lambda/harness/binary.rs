//! The binaries under test: the unmodified release build, by the profile of the image.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

/// Names a directory whose binaries are tested in place of a build of this tree: those of a built image, for example.
const ELSEWHERE: &str = "SHORT_BINARIES_UNDER_TEST";

/// The path of a release binary of this crate, which the first caller builds.
pub(crate) fn release_binary(name: &str) -> PathBuf {
    static BUILT: OnceLock<HashMap<String, PathBuf>> = OnceLock::new();
    if let Some(path) = elsewhere(name) {
        return path;
    }
    let built = BUILT.get_or_init(|| build("lambda", &["--bins"]));
    built.get(name).unwrap_or_else(|| panic!("no binary {name} among {built:?}")).clone()
}

fn elsewhere(name: &str) -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "tests have no config.rs")]
    let directory = std::env::var(ELSEWHERE).ok()?;
    Some(PathBuf::from(directory).join(name))
}

/// Builds targets of this crate by a profile and asks cargo where it put them: nobody else knows the target directory.
fn build(profile: &str, targets: &[&str]) -> HashMap<String, PathBuf> {
    let output = Command::new(env!("CARGO"))
        .args(["build", "--profile", profile, "--locked", "--package", "shortener-lambda", "--message-format=json"])
        .args(targets)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "the release build fails");
    let messages = String::from_utf8_lossy(&output.stdout);
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    messages.filter_map(|message| executable(&message)).collect()
}

fn executable(message: &Value) -> Option<(String, PathBuf)> {
    let path = message["executable"].as_str()?;
    Some((message["target"]["name"].as_str()?.to_owned(), PathBuf::from(path)))
}
