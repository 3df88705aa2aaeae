//! Where and when something was measured.

use std::process::Command;

use jiff::Timestamp;

use crate::process::output;
use crate::programs::root;

/// One line: the day, the commit and the machine.
pub(crate) fn conditions() -> anyhow::Result<String> {
    let git = |arguments: &[&str]| output(Command::new("git").args(arguments).current_dir(root()));
    let commit = git(&["rev-parse", "--short=12", "HEAD"])?;
    let changed = if git(&["status", "--porcelain", "--", "*.rs", "*.toml"])?.is_empty() { "" } else { ", changed" };
    let kernel = output(Command::new("uname").args(["-sr"]))?;
    Ok(format!(
        "{}, commit {}{changed}; {} cores of {}, {} GiB, {}.",
        today(),
        commit.trim(),
        std::thread::available_parallelism()?,
        processor(),
        memory_gib()?,
        kernel.trim()
    ))
}

#[expect(clippy::disallowed_methods, reason = "the day of a measurement is that of the real clock")]
fn today() -> String {
    Timestamp::now().strftime("%Y-%m-%d").to_string()
}

fn processor() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    model.map_or("an unknown processor", |(_, model)| model.trim()).to_owned()
}

fn memory_gib() -> anyhow::Result<u64> {
    use procfs::Current as _;
    Ok(procfs::Meminfo::current()?.mem_total.div_ceil(1 << 30))
}
