//! The power fails in the middle of a run: whatever was acknowledged is there, and nothing by halves.
//!
//! `PROOF_CUTS` says how often each run is cut off.

use std::cell::RefCell;
use std::io::Write;
use std::time::Instant;

use shortener_core::proof::number;

use super::Seed;
use super::cuts::{Findings, Reader, Run};
use super::shim::{Fault, Shim, errno, kind};
use super::workload::{answers, commands, import, ingest, lines, output, serve, transactions};

/// Cuts of each run.
fn cuts() -> u64 {
    number("PROOF_CUTS").unwrap_or(60)
}

/// Cuts off what was noted.
fn cut(name: &'static str, shim: &Shim, reader: Reader, least: (usize, usize)) -> Findings {
    let begin = Instant::now();
    let journal = shim.journal();
    let run = Run::of(name, &journal, reader);
    let (commits, promises) = run.size();
    assert!(commits >= least.0 && promises >= least.1, "{commits} commits, {promises} promises: too few to test");
    let findings = run.cut(cuts(), number("PROOF_SEED").unwrap_or(1));
    let (cuts, failures, seconds) = (findings.cuts, findings.failures.len(), begin.elapsed().as_secs_f32());
    let text = format!("{name}: {commits} commits, {cuts} cuts, {failures} failures, {seconds:.1} s");
    writeln!(std::io::stderr(), "{text}").unwrap();
    findings
}

fn demand_nothing(findings: &Findings) {
    let (failures, cuts) = (&findings.failures, findings.cuts);
    assert!(failures.is_empty(), "{} of {cuts} power losses did harm:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn a_server_keeps_what_it_acknowledged_when_the_power_fails() {
    let shim = Shim::new();
    serve(&shim, 24, || {});
    demand_nothing(&cut("serve", &shim, answers, (50, 24)));
}

#[test]
fn commands_keep_what_they_printed_when_the_power_fails() {
    let shim = Shim::new();
    commands(&shim, 3);
    demand_nothing(&cut("commands", &shim, output, (18, 0)));
}

#[test]
fn an_import_is_kept_when_the_power_fails() {
    let shim = Shim::new();
    import(&shim, 1_200);
    demand_nothing(&cut("import", &shim, output, (2, 0)));
}

#[test]
fn counts_are_kept_when_the_power_fails() {
    let shim = Shim::new();
    ingest(&shim, 5);
    demand_nothing(&cut("ingest", &shim, output, (8, 0)));
}

#[test]
fn transactions_are_whole_or_absent_when_the_power_fails_around_a_checkpoint() {
    let shim = Shim::new();
    transactions(&shim);
    demand_nothing(&cut("transactions", &shim, lines, (40, 243)));
}

/// What an fsync that failed has not written, no later one writes; the server goes on meanwhile.
#[test]
fn an_fsync_that_fails_now_and_then_loses_nothing_that_is_acknowledged() {
    let shim = Shim::new();
    let (coin, failed) = (RefCell::new(Seed::new(7)), RefCell::new(0));
    serve(&shim, 24, || {
        if shim.failed() > 0 || *failed.borrow() == 0 {
            *failed.borrow_mut() += 1;
            let passing = u32::try_from(2 + coin.borrow_mut().below(8)).unwrap();
            shim.fail(Fault { passing, ..Fault::next(kind::SYNC, errno::EIO) });
        }
    });
    let failed = failed.into_inner();
    assert!(failed > 5, "{failed} failures are too few to test anything");
    demand_nothing(&cut("serve, failing fsync", &shim, answers, (50, 24)));
}

/// The proof can fail: a disk that only says that the log is synchronised loses what was acknowledged.
#[test]
fn a_disk_that_only_pretends_to_synchronise_is_found_out() {
    let shim = Shim::new();
    let mut variables = shim.watching();
    variables.push(("SHIM_LIE", "-wal".to_owned()));
    let cli = super::workload::cli(&shim, &variables);
    for code in ["a", "b", "c", "d"] {
        cli.run(&["create", "https://example.com/", "--code", code]).exits(0);
    }
    let findings = cut("a lying disk", &shim, output, (4, 0));
    assert!(!findings.failures.is_empty(), "{} cuts", findings.cuts);
}
