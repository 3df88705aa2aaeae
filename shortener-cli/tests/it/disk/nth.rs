//! Every single operation on the disk fails once, one after the other, in commands that write.
//!
//! `PROOF_STEP` says how many operations lie between two that fail; 1 lets each fail.

use std::io::Write;
use std::path::Path;

use serde_json::Value;
use shortener_core::proof::number;

use super::shim::{Fault, Shim, errno, kind};
use super::states::{TABLE, rows};
use super::workload::cli;
use crate::support::{Outcome, TestCli};

const EVERYTHING: u32 = kind::READ | kind::WRITE | kind::SYNC | kind::OPEN | kind::CHANGE;

/// How operations fail: of which kinds, with which error, and one of them or all from then on.
type Way = (u32, u32, bool);

const WAYS: [Way; 4] = [
    (EVERYTHING, errno::EIO, false),
    (EVERYTHING, errno::EIO, true),
    (kind::WRITE | kind::CHANGE, errno::ENOSPC, false),
    (kind::WRITE | kind::CHANGE, errno::ENOSPC, true),
];

/// Fails operations of a command in every way, `coarseness` times rarer than in others where not each fails. Answers how
/// many runs there were.
fn fail_each(shim: &Shim, coarseness: u64, run: impl Fn(usize) -> Outcome, judge: impl Fn(usize, &Outcome)) -> usize {
    let step = u32::try_from(number("PROOF_STEP").unwrap_or(7 * coarseness)).unwrap();
    WAYS.into_iter().zip(0..).fold(0, |number, (way, rest)| {
        // Another rest in each way, so that the short form meets different operations.
        fail_in(shim, way, (rest % step, step), number, &run, &judge)
    })
}

/// Runs a command again and again, each time with a later operation that fails, until none does. `run` gets the number
/// of the run, and `judge` what the command said. Answers the number of the next run.
fn fail_in(
    shim: &Shim,
    (kinds, errno, lasting): Way,
    (first, step): (u32, u32),
    mut number: usize,
    run: impl Fn(usize) -> Outcome,
    judge: impl Fn(usize, &Outcome),
) -> usize {
    let mut passing = first;
    loop {
        shim.fail(Fault { kinds, errno, passing, lasting });
        let outcome = run(number);
        let has_failed = shim.failed() > 0;
        shim.heal();
        assert!(!outcome.stderr.contains("panic"), "{}", outcome.shown());
        judge(number, &outcome);
        number += 1;
        passing += step;
        if !has_failed {
            return number;
        }
    }
}

/// Whether the table has a link.
fn has(table: &[[String; 3]], code: &str) -> bool {
    let end = format!("#{code}");
    table.iter().any(|[pk, sk, _]| sk == "LINK" && pk.ends_with(&end))
}

/// Whether a command has done what it was told; none if it says that it does not know.
fn is_done(outcome: &Outcome) -> Option<bool> {
    if outcome.status == 0 {
        return Some(true);
    }
    let said = outcome.stderr.lines().last().unwrap_or_default();
    let problem: Value = serde_json::from_str(said).unwrap_or_else(|_| panic!("{}", outcome.shown()));
    let typed = ["storage_full", "unavailable", "outcome_unknown", "internal", "forbidden"];
    assert!(typed.contains(&problem["code"].as_str().unwrap()), "{problem:#}");
    assert!([1, 4, 7].contains(&outcome.status), "{}", outcome.shown());
    (problem["code"] != "outcome_unknown").then_some(false)
}

/// The rows of the table that speak of a link.
fn about(file: &Path, code: &str) -> Vec<[String; 3]> {
    let is_about = |row: &[String; 3]| row.iter().any(|text| text.contains(code));
    rows(file).unwrap().into_iter().filter(is_about).collect()
}

fn tell(what: &str, runs: usize) {
    writeln!(std::io::stderr(), "{what}: {runs} runs with a failing operation, none left anything by halves").unwrap();
}

fn prepared() -> (Shim, TestCli) {
    let shim = Shim::new();
    let cli = cli(&shim, &shim.variables());
    cli.run(&["create", "https://example.com/", "--code", "first"]).exits(0);
    (shim, cli)
}

/// A link with two tags.
fn create(cli: &TestCli, number: usize) -> Outcome {
    let code = format!("n{number:04}");
    cli.run(&["create", "https://example.com/", "--code", &code, "--tag", "x", "--tag", "y", "--json"])
}

/// Demands the link and an entry for each tag, or nothing, and that the command said which.
fn judge_create(file: &Path, number: usize, outcome: &Outcome) {
    let found = about(file, &format!("n{number:04}")).len();
    assert!([0, 3].contains(&found), "{found} rows of a link: {}", outcome.shown());
    assert!(is_done(outcome).is_none_or(|is_done| is_done == (found > 0)), "{found} rows: {}", outcome.shown());
}

#[test]
fn a_create_is_whole_or_absent_whichever_operation_fails() {
    let (shim, cli) = prepared();
    let file = shim.root().join(TABLE);
    let judge = |number, outcome: &Outcome| judge_create(&file, number, outcome);
    tell("create", fail_each(&shim, 1, |number| create(&cli, number), judge));
}

/// That a write is refused says nothing of the same write before, whose fsync failed: the log has it, and the next
/// process finds it there, if this one could not delete it.
#[test]
fn a_create_stays_in_doubt_when_its_repetition_cannot_be_read() {
    let (shim, cli) = prepared();
    let file = shim.root().join(TABLE);
    let judge = |number, outcome: &Outcome| judge_create(&file, number, outcome);
    let way = (kind::SYNC | kind::READ | kind::CHANGE, errno::EIO, true);
    tell("create in doubt", fail_in(&shim, way, (0, 1), 0, |number| create(&cli, number), judge));
}

#[test]
fn a_change_with_its_history_is_whole_or_absent_whichever_operation_fails() {
    let (shim, cli) = prepared();
    let file = shim.root().join(TABLE);
    cli.run(&["create", "https://example.com/", "--code", "n0000", "--tag", "t-before"]).exits(0);
    let name = |number: usize| format!("t{number:04}-");
    let change = |number| cli.run(&["update", "n0000", "--tag", &name(number), "--json"]);
    let runs = fail_each(&shim, 1, change, |number, outcome| {
        // The link, its entry by tag, and the event; and where one was before, that is gone.
        let rows: Vec<_> = about(&file, "n0000");
        let new: Vec<_> = rows.iter().filter(|row| row.concat().contains(&name(number))).collect();
        let entries =
            rows.iter().filter(|row| row[0].contains("t-before") || row[0].contains('t') && row[1].contains("n0000"));
        assert!([0, 3].contains(&new.len()), "{new:#?}: {}", outcome.shown());
        assert!(entries.count() <= 1, "{rows:#?}");
        assert!(is_done(outcome).is_none_or(|is_done| is_done == (new.len() == 3)), "{new:#?}: {}", outcome.shown());
    });
    tell("change", runs);
}

#[test]
fn each_row_of_an_import_is_whole_or_absent_whichever_operation_fails() {
    let (shim, cli) = prepared();
    let file = shim.root().join(TABLE);
    let csv = |number: usize| {
        let rows = (0..20).map(|row| format!("n{number:04}-{row},https://example.com/{row},u"));
        "code,target,tags\n".to_owned() + &rows.collect::<Vec<_>>().join("\n") + "\n"
    };
    let import = |number: usize| {
        let name = format!("{number}.csv");
        std::fs::write(cli.path(&name), csv(number)).unwrap();
        cli.run(&["import", &name, "--json", "--quiet"])
    };
    let runs = fail_each(&shim, 8, import, |number, outcome| {
        let all = rows(&file).unwrap();
        for row in 0..20 {
            let code = format!("n{number:04}-{row}");
            let is_there = has(&all, &code);
            let has_entry =
                all.iter().any(|[pk, sk, _]| pk.starts_with("TAG#") && format!("{sk}#").contains(&format!("#{code}#")));
            assert!(!is_there || has_entry, "{code} without its tag");
            assert!(outcome.status != 0 || is_there, "{code}: {}", outcome.shown());
        }
        // What failed can be done again, by the same file.
        if outcome.status != 0 {
            cli.run(&["import", &format!("{number}.csv"), "--quiet"]).exits(0);
        }
    });
    tell("import", runs);
}

/// What is left of a table that could not be made does not stand in the way of the next attempt.
#[test]
fn the_first_create_can_be_repeated_whichever_operation_fails() {
    let shim = Shim::new();
    let cli = cli(&shim, &shim.variables());
    let place = |number: usize| shim.root().join(format!("{number}/deep/links.db"));
    let create = |number| {
        let file = place(number).to_str().unwrap().to_owned();
        cli.run(&["--file", &file, "create", "https://example.com/", "--code", "one", "--json"])
    };
    let runs = fail_each(&shim, 1, create, |number, outcome| {
        let file = place(number);
        let found = file.exists() && has(&rows(&file).unwrap(), "one");
        assert!(is_done(outcome).is_none_or(|is_done| is_done == found), "{found}: {}", outcome.shown());
        let file = file.to_str().unwrap().to_owned();
        cli.run(&["--file", &file, "create", "https://example.com/", "--code", "two"]).exits(0);
    });
    tell("first create", runs);
}
