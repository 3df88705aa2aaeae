//! What the README shows is what happens.

use std::path::Path;
use std::time::Duration;

use crate::support::TestCli;

const README: &str = include_str!("../../../README.md");
const CI: &str = include_str!("../../../.ci/run");

/// The lines of the blocks of commands.
fn console() -> Vec<&'static str> {
    let blocks = README.split("```console\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.flat_map(str::lines).collect()
}

#[test]
#[cfg(unix)]
fn the_demonstration_works() {
    assert!(console().contains(&"scripts/demo"));
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let output = assert_cmd::Command::new(root.join("scripts/demo"))
        .env("CARGO_NET_OFFLINE", "true")
        // It builds the release first.
        .timeout(Duration::from_mins(20))
        .output()
        .unwrap();
    let (shown, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}\n{shown}\n{errors}", output.status);
    let last = shown.lines().last().unwrap_or_default();
    assert!(last.starts_with("HTTP/1.1 302"), "{shown}\n{errors}");
}

#[test]
fn the_commands_shown_work() {
    let cli = TestCli::new().with("SHORT_FILE", "links.db");
    let created = cli.run(&["create", "https://example.com"]).exits(0).stdout;
    let code = created.trim().rsplit('/').next().unwrap();
    let lines = console().into_iter().filter_map(|line| line.strip_prefix("$ short "));
    let commands: Vec<String> = lines.map(|line| line.split(" #").next().unwrap().replace("x7Kp2Qa", code)).collect();
    assert!(commands.len() >= 5, "{commands:?}");
    // A server does not end; its tests are elsewhere.
    for command in commands.iter().filter(|command| command.trim() != "serve") {
        cli.run(&command.split_whitespace().collect::<Vec<_>>()).exits(0);
    }
    for topic in README.split("`short help ").skip(1).filter_map(|rest| rest.split('`').next()) {
        cli.run(&["help", topic]).exits(0);
    }
}

#[test]
fn the_tests_shown_are_those_that_every_change_passes() {
    let tests: Vec<&str> = console().into_iter().filter(|line| line.starts_with("cargo test")).collect();
    let [test] = tests[..] else { panic!("{tests:?}") };
    assert!(CI.lines().any(|line| line == test), "'{test}' is no line of .ci/run");
}
