//! Files that are missing, are no logs, or were there before.

use std::fs;

use super::{cli, log, name, report};

#[test]
fn files_of_other_names_in_a_folder_are_left_alone_and_said_once() {
    let cli = cli();
    let logs = cli.path("logs");
    for other in ["a notes.md", "b.txt", "c.log"] {
        fs::write(logs.join(other), "notes").unwrap();
    }
    let shown = cli.run(&["ingest", "logs"]).exits(0);
    assert!(shown.stdout.starts_with("counted 1 hour anew, for 1 new file of 1 listed\n"), "{}", shown.stdout);
    insta::assert_snapshot!(shown.stderr, @"warning: 3 files left alone, whose names are not those of access logs: logs/a notes.md, logs/b.txt, logs/c.log");
    fs::create_dir(logs.join("d")).unwrap();
    fs::write(logs.join("d/e.md"), "notes").unwrap();
    std::os::unix::fs::symlink("nowhere", logs.join("dangling")).unwrap();
    let more = cli.run(&["ingest", "logs", "--json"]).exits(0).stderr;
    insta::assert_snapshot!(more, @"warning: 5 files left alone, whose names are not those of access logs: logs/a notes.md, logs/b.txt, logs/c.log and 2 more");
    let alone = cli.run(&["ingest", "logs/b.txt"]).exits(2).stderr;
    insta::assert_snapshot!(alone, @r"
    error: logs/b.txt: its name is not that of an access log: DISTRIBUTION.yyyy-mm-dd-hh.ID, and perhaps .gz
    hint: give it the name that CloudFront gave it, or name its folder: what is no log there is left alone
    ");
}

#[test]
fn a_path_that_is_missing_has_the_status_and_the_advice_that_import_gives() {
    let cli = cli();
    let of_import = cli.run(&["import", "missing.csv"]);
    let of_ingest = cli.run(&["ingest", "missing.csv"]);
    let hint = |told: &str| told.lines().last().map(str::to_owned);
    assert_eq!((of_ingest.status, hint(&of_ingest.stderr)), (of_import.status, hint(&of_import.stderr)));
    let help = cli.run(&["help", "exit-codes"]).stdout;
    let line = help.lines().find(|line| line.trim_start().starts_with(&of_ingest.status.to_string())).unwrap();
    assert!(line.contains("missing or unreadable input"), "{help}");
}

#[test]
fn files_that_were_counted_and_are_not_named_are_told_with_the_ways_out() {
    let cli = cli();
    let logs = cli.path("logs");
    fs::write(logs.join(name("E2EXAMPLE", "b")), log(&[("r4", "/launch", 302)])).unwrap();
    cli.run(&["ingest", "logs"]).exits(0);
    fs::write(logs.join(name("E2EXAMPLE", "c")), log(&[("r5", "/launch", 302)])).unwrap();
    let problem = |args: &[&str]| {
        let told = report(&cli.run(args).exits(8).stdout);
        told.problems.concat()
    };
    let (new, old) = (format!("logs/{}", name("E2EXAMPLE", "c")), format!("logs/{}", name("E2EXAMPLE", "a")));
    let told = problem(&["ingest", &new, "--json"]);
    assert!(told.contains("has new files, but is left as it is: 2 files that were counted before"), "{told}");
    assert!(told.contains(name("E2EXAMPLE", "*").as_str()), "{told}");
    assert!(told.contains("whole folder") && told.contains("--without-missing"), "{told}");
    let told = problem(&["ingest", &old, "--again", "--json"]);
    assert!(told.contains("is left as it is: 1 file that was counted before") && !told.contains("new"), "{told}");
    cli.run(&["ingest", "logs"]).exits(0);
}
