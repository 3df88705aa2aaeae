//! The n-th failure loop: for every operation, the first call of the table fails, in a world of its own, then the
//! second, and so on until no call is left; in every way that a call can fail.

use std::time::Duration;

use shortener_core::table::sqlite::{SqliteOptions, SqliteTable};
use shortener_core::table::{ChangeFeed, Table};

mod complete;
mod judge;
mod plan;
mod scenario;
mod scenarios;
mod view;
mod world;

use judge::{Alive, Run, Worlds, run, truth};
use plan::{Strike, Way};
use scenario::Scenario;
use shortener_core::proof::number;

/// More calls than any operation makes.
const MOST: u64 = 400;

/// What a loop has covered.
#[derive(Debug, Default)]
struct Covered {
    sites: u64,
    runs: u64,
    findings: Vec<String>,
}

impl Covered {
    fn note(&mut self, run: Run) {
        self.runs += u64::from(!run.fired.is_empty());
        self.findings.extend(run.findings);
    }

    #[expect(clippy::print_stdout, reason = "the figures are what a proof is for")]
    fn show(&self, what: &str) {
        let (sites, runs) = (self.sites, self.runs);
        println!("{what}: {sites} calls, {runs} failures, {} findings", self.findings.len());
        let shown: Vec<&String> = self.findings.iter().take(12).collect();
        assert!(self.findings.is_empty(), "{} findings, the first: {shown:#?}", self.findings.len());
    }
}

/// Fails the n-th call for every n, in these ways, alone and, as a store does that is down, with all that follow it.
async fn fail_each<T: Table + ChangeFeed + 'static>(
    worlds: &Worlds<T>,
    scenario: &Scenario,
    strikes: &[fn(u64) -> Strike],
    covered: &mut Covered,
) {
    let truth = truth(worlds, scenario).await;
    covered.sites += truth.calls;
    for strike in strikes {
        for n in 1..=MOST {
            let run = run(worlds, scenario, &truth, &[strike(n)]).await;
            let was_reached = run.calls >= n;
            covered.note(run);
            if !was_reached {
                break;
            }
            assert!(n < MOST, "{} does not end", scenario.name());
        }
    }
}

/// Fails the n-th call and the m-th, for every n and m.
async fn fail_pairs<T: Table + ChangeFeed + 'static>(worlds: &Worlds<T>, scenario: &Scenario, covered: &mut Covered) {
    const WAYS: [Way; 4] = [Way::Throttle, Way::FailBefore, Way::FailAfter, Way::Late];
    let truth = truth(worlds, scenario).await;
    covered.sites += truth.calls;
    for (first, second) in WAYS.into_iter().flat_map(|first| WAYS.map(|second| (first, second))) {
        for n in 1..=truth.calls {
            for m in n + 1..=MOST {
                let run = run(worlds, scenario, &truth, &[Strike::At(n, first), Strike::At(m, second)]).await;
                let was_reached = run.calls >= m;
                covered.note(run);
                if !was_reached {
                    break;
                }
            }
        }
    }
}

const EACH: [fn(u64) -> Strike; 13] = [
    |n| Strike::At(n, Way::Throttle),
    |n| Strike::At(n, Way::FailBefore),
    |n| Strike::At(n, Way::Conflict),
    |n| Strike::At(n, Way::FailAfter),
    |n| Strike::At(n, Way::Late),
    |n| Strike::At(n, Way::Partial),
    |n| Strike::At(n, Way::Stale),
    |n| Strike::At(n, Way::Hang),
    |n| Strike::At(n, Way::HangAfter),
    |n| Strike::From(n, Way::Throttle),
    |n| Strike::From(n, Way::FailBefore),
    |n| Strike::From(n, Way::FailAfter),
    |n| Strike::From(n, Way::Conflict),
];

async fn whichever_call_fails(scenarios: Vec<Scenario>, what: &str) {
    let (worlds, mut covered) = (Worlds::in_memory().await, Covered::default());
    for scenario in &scenarios {
        fail_each(&worlds, scenario, &EACH, &mut covered).await;
    }
    covered.show(what);
}

#[tokio::test(start_paused = true)]
async fn whichever_call_of_a_create_fails_it_is_done_or_not_and_says_which() {
    whichever_call_fails(scenarios::creates(), "creates").await;
}

#[tokio::test(start_paused = true)]
async fn whichever_call_of_a_change_fails_it_is_done_or_not_and_says_which() {
    whichever_call_fails(scenarios::changes(), "changes").await;
}

#[tokio::test(start_paused = true)]
async fn whichever_call_of_a_read_or_click_fails_nothing_false_is_answered() {
    whichever_call_fails(scenarios::reads(), "reads and clicks").await;
}

#[tokio::test(start_paused = true)]
async fn whichever_call_of_the_administration_fails_it_is_done_or_not_and_says_which() {
    whichever_call_fails(scenarios::admin(), "administration").await;
}

#[tokio::test(start_paused = true)]
async fn whichever_call_of_a_count_fails_nothing_is_lost_or_counted_twice() {
    whichever_call_fails(scenarios::counting(), "counting").await;
}

#[tokio::test(start_paused = true)]
async fn whichever_two_calls_fail_an_operation_is_done_or_not_and_says_which() {
    let (worlds, mut covered) = (Worlds::in_memory().await, Covered::default());
    let all = number("PROOF_NTH_PAIRS").is_some_and(|pairs| pairs > 0);
    for scenario in scenarios::all().iter().filter(|scenario| scenario.in_pairs || all) {
        fail_pairs(&worlds, scenario, &mut covered).await;
    }
    covered.show("pairs");
}

/// A table in a file, and the folder that goes with it.
fn in_a_file() -> (SqliteTable, Alive) {
    let folder = tempfile::tempdir().unwrap();
    let table = SqliteTable::open(&folder.path().join("links.db"), SqliteOptions::default()).unwrap();
    (table, Box::new(folder))
}

/// In real time, because a file is written by a thread: without what hangs or is late.
#[tokio::test]
async fn on_a_file_it_is_the_same() {
    const SOME: [fn(u64) -> Strike; 3] =
        [|n| Strike::At(n, Way::FailAfter), |n| Strike::At(n, Way::Throttle), |n| Strike::At(n, Way::Conflict)];
    let (worlds, mut covered) = (Worlds::of(in_a_file, Duration::ZERO).await, Covered::default());
    for scenario in scenarios::all().iter().filter(|scenario| scenario.in_pairs) {
        fail_each(&worlds, scenario, &SOME, &mut covered).await;
    }
    covered.show("on a file");
}
