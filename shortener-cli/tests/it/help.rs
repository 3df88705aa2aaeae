//! Every page of the help is a snapshot.

use clap::Command;

use crate::support::TestCli;

fn walk(command: &Command, path: &mut Vec<String>, visit: &mut impl FnMut(&[String], &Command)) {
    visit(path, command);
    for child in command.get_subcommands().filter(|child| child.get_name() != "help") {
        path.push(child.get_name().to_owned());
        walk(child, path, visit);
        path.pop();
    }
}

#[test]
fn every_page_of_the_help_is_known() {
    let cli = TestCli::new();
    walk(&shortener_cli::command(), &mut Vec::new(), &mut |path, _| {
        let args: Vec<&str> = ["help"].into_iter().chain(path.iter().map(String::as_str)).collect();
        let page = cli.run(&args).exits(0);
        assert_eq!(page.stderr, "");
        insta::assert_snapshot!(format!("help_{}", path.join("_")), page.stdout);
    });
}

#[test]
fn every_command_shows_at_least_two_examples() {
    walk(&shortener_cli::command(), &mut Vec::new(), &mut |path, command| {
        let mut command = command.clone();
        let page = command.render_long_help().to_string();
        let examples = page.split_once("Examples:").map_or(0, |(_, after)| after.matches("\n  ").count());
        let is_topic = path.iter().any(|name| name == "environment");
        assert!(examples >= 2 || is_topic, "{path:?}");
    });
}

#[test]
fn no_page_is_torn_on_a_terminal_of_80_columns() {
    // What is wider would be wrapped once more, and leave a rest of a line above the next one.
    walk(&shortener_cli::command(), &mut Vec::new(), &mut |path, command| {
        let topic = command.is_hide_set().then(|| command.get_long_about()).flatten();
        let pages = [command.get_after_long_help(), command.get_after_help(), topic];
        for line in
            pages.into_iter().flatten().flat_map(|page| page.to_string().lines().map(str::to_owned).collect::<Vec<_>>())
        {
            assert!(line.chars().count() <= 80, "{path:?}: {line}");
        }
    });
}

#[test]
fn the_tree_of_commands_is_consistent() {
    shortener_cli::command().debug_assert();
}

#[test]
fn completions_are_made_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = TestCli::new().run(&["completions", shell]).exits(0).stdout;
        assert!(script.contains("short") && script.contains("create"), "{shell}");
    }
}
