//! What a journal of another run means.

use super::files::{GOOD, many, write};
use crate::support::BackEnd;

#[test]
fn a_journal_of_another_file_is_refused_and_kept() {
    let back_end = BackEnd::file();
    let cli = &back_end.cli;
    write(cli, "good.csv", GOOD);
    write(cli, "good.rejects.csv.journal", "not a journal at all\n");
    cli.run(&["import", "good.csv", "--resume"]).exits(0);
    let foreign = format!("{:0>20000}\n", 7);
    write(cli, "good.rejects.csv.journal", &foreign);
    let refused = cli.run(&["import", "good.csv", "--resume"]).exits(2);
    assert!(refused.stderr.contains("is no journal of an import by this version"), "{}", refused.stderr);
    assert_eq!(std::fs::read_to_string(cli.path("good.rejects.csv.journal")).unwrap(), foreign);
}

#[test]
fn a_run_that_fails_leaves_a_journal_for_its_own_import_alone() {
    let back_end = BackEnd::table();
    let cli = &back_end.cli;
    let engine = back_end.engine.as_ref().unwrap();
    write(cli, "many.csv", &many(600));
    write(cli, "other.csv", &many(601));
    engine.inject_share(
        Some("BatchExecuteStatement"),
        shortener_core::table::dynamo::in_process::Fault::Throttle,
        100,
        1,
    );
    engine.inject_share(Some("PutItem"), shortener_core::table::dynamo::in_process::Fault::Throttle, 100, 1);
    let failed = cli.run(&["import", "many.csv", "--timeout", "3"]).exits(7);
    assert!(failed.stderr.contains("continue with: short import many.csv --timeout 3 --resume"), "{}", failed.stderr);
    engine.heal();
    let refused = cli.run(&["import", "other.csv", "--report", "many.rejects.csv", "--resume"]).exits(2);
    assert!(refused.stderr.contains("its rows are others"), "{}", refused.stderr);
    let refused = cli.run(&["import", "many.csv", "--on-conflict", "skip", "--resume"]).exits(2);
    assert!(refused.stderr.contains("another --on-conflict"), "{}", refused.stderr);
    let hinted = cli.run(&["import", "many.csv", "--dry-run"]).exits(9);
    assert!(!hinted.stderr.contains("--resume"), "{}", hinted.stderr);
    let done = cli.run(&["import", "many.csv"]).exits(0);
    assert!(done.stderr.contains("--resume skips what it has done"), "{}", done.stderr);
    assert!(!cli.path("many.rejects.csv.journal").exists());
    assert_eq!(back_end.links().len(), 600);
}
