//! Finds out which revision of the source is built.
//!
//! A few lines in place of a crate: what such crates add, dates and hosts, would make builds differ.

use std::path::Path;
use std::process::Command;

/// Names the revision where the tree has no history: in the build of an image.
const OVERRIDE: &str = "SHORT_REVISION";

fn main() {
    println!("cargo:rerun-if-env-changed={OVERRIDE}");
    println!("cargo:rerun-if-changed=build.rs");
    #[expect(clippy::disallowed_methods, reason = "a build script has no config.rs")]
    let given = std::env::var(OVERRIDE).ok().filter(|revision| !revision.is_empty());
    let revision = given.or_else(from_git).unwrap_or_else(|| "unknown".to_owned());
    println!("cargo:rustc-env=SHORT_BUILT_REVISION={revision}");
}

/// The commit checked out; none unless this file is under its control: a tarball may lie inside a foreign repository.
fn from_git() -> Option<String> {
    git(&["ls-files", "--error-unmatch", "build.rs"])?;
    let log = git(&["rev-parse", "--git-path", "logs/HEAD"])?;
    if Path::new(&log).exists() {
        println!("cargo:rerun-if-changed={log}");
    }
    git(&["rev-parse", "--short=12", "HEAD"])
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned()).filter(|text| !text.is_empty())
}
