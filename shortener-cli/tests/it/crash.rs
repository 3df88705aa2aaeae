//! kill -9 at any moment, of everything that writes an embedded file: whatever was acknowledged is there, and the file
//! opens undamaged.
//!
//! `PROOF_KILLS` says how many processes are killed, `PROOF_SEED` when.

mod ledger;
mod victims;

use std::io::Write;
use std::sync::Mutex;
use std::time::Duration;

use shortener_core::proof::number;

use super::disk::Seed;
use super::support::TestCli;
use ledger::Ledger;
use victims::{Kind, World};

/// Kills on one file; then it is looked at closely, and another is begun.
const KILLS_PER_FILE: u64 = 30;

/// Kills between two checks of the whole file.
const KILLS_PER_CHECK: u64 = 10;

/// How long a file may take to open after a kill, most of the time, beside other tests that are busy. It is told exactly.
const RECOVERY: Duration = Duration::from_secs(5);

/// How many times as many are killed at most, until enough was acknowledged: a busy machine is slow to begin.
const MOST: u64 = 5;

/// What was done and found on all files.
#[derive(Debug, Default)]
struct Figures {
    kills: u64,
    acknowledged: usize,
    printed: usize,
    clicks: u64,
    recoveries: Vec<Duration>,
}

impl Figures {
    /// Whether enough was acknowledged to tell that nothing is lost.
    fn tell(&self) -> bool {
        self.acknowledged as u64 > self.kills && self.printed > 0
    }
}

#[test]
fn killed_processes_lose_nothing_that_they_acknowledged() {
    let (kills, seed) = (number("PROOF_KILLS").unwrap_or(60), number("PROOF_SEED").unwrap_or(1));
    let mut coin = Seed::new(seed);
    let mut figures = Figures::default();
    while figures.kills < kills || (!figures.tell() && figures.kills < MOST * kills) {
        let until = if figures.kills < kills { kills } else { figures.kills + KILLS_PER_FILE };
        torture(&mut figures, until, &mut coin);
    }
    let tells = figures.tell();
    let Figures { kills, acknowledged, printed, clicks, mut recoveries } = figures;
    recoveries.sort();
    let at = |share: usize| recoveries[(recoveries.len() - 1) * share / 100];
    let text = format!(
        "{kills} kills (seed {seed}), {acknowledged} changes acknowledged, {clicks} clicks, none lost; opened after \
         {:?} (median), {:?} (99 %), {:?} (worst)",
        at(50),
        at(99),
        at(100)
    );
    writeln!(std::io::stderr(), "{text}").unwrap();
    assert!(tells, "too few acknowledged to test anything, {printed} printed: {text}");
    assert!(at(50) < RECOVERY, "{text}");
}

/// Kills processes on a new file, beginning with those that make it.
fn torture(figures: &mut Figures, kills: u64, coin: &mut Seed) {
    let cli = TestCli::new().with("SHORT_FILE", "new/links.db").with("SHORT_COUNTING", "on");
    let ledger = Mutex::new(Ledger::default());
    let world = World::new(&cli, &ledger);
    let last = kills.min(figures.kills + KILLS_PER_FILE);
    while figures.kills < last {
        // One process, or two at once.
        let kinds: Vec<Kind> = (0..=coin.below(2)).map(|_| Kind::draw(coin)).collect();
        let seeds: Vec<u64> = kinds.iter().map(|_| coin.next()).collect();
        std::thread::scope(|scope| {
            for (kind, seed) in kinds.iter().zip(seeds) {
                let world = &world;
                scope.spawn(move || world.kill(*kind, Seed::new(seed)));
            }
        });
        let before = figures.kills;
        figures.kills += u64::try_from(kinds.len()).unwrap();
        let file = cli.path("new/links.db");
        if file.exists() {
            let is_checked = before / KILLS_PER_CHECK != figures.kills / KILLS_PER_CHECK;
            figures.recoveries.push(ledger.lock().unwrap().demand(&file, is_checked, coin));
        }
    }
    world.end();
    let ledger = ledger.into_inner().unwrap();
    ledger.demand_all(&cli.path("new/links.db"));
    figures.acknowledged += ledger.acknowledged();
    figures.printed += ledger.printed;
    figures.clicks += ledger.clicks;
}
