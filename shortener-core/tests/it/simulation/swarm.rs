//! What each seed draws for itself: what goes wrong how often, who is at work, and what they do. A history in which some
//! faults never happen reaches states that one with all of them does not.

use std::ops::Range;
use std::time::Duration;

use fastrand::Rng;
use shortener_core::table::fault::Odds;
use shortener_core::wire::EdgeLifetimes;

/// The kinds of operations, and how often each is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    CreateNamed,
    CreateDrawn,
    CreateReuse,
    Title,
    Target,
    Tags,
    Switch,
    Expire,
    Limit,
    Delete,
    Restore,
    Import,
    Get,
    History,
    List,
    Click,
}

impl Kind {
    const ALL: [Self; 16] = [
        Self::CreateNamed,
        Self::CreateDrawn,
        Self::CreateReuse,
        Self::Title,
        Self::Target,
        Self::Tags,
        Self::Switch,
        Self::Expire,
        Self::Limit,
        Self::Delete,
        Self::Restore,
        Self::Import,
        Self::Get,
        Self::History,
        Self::List,
        Self::Click,
    ];
}

#[derive(Debug, Clone)]
pub(super) struct Swarm {
    pub(super) odds: Odds,
    pub(super) processes: usize,
    /// Memory answers clicks first, and follows the table's changes.
    pub(super) follows: bool,
    pub(super) clients: usize,
    /// Operations of each client.
    pub(super) operations: usize,
    /// Codes that creators name.
    pub(super) codes: usize,
    /// Longest time that a client thinks.
    pub(super) thinks: Duration,
    /// By how much clocks differ at most, in milliseconds.
    pub(super) skew_ms: i64,
    /// Of 1,000 operations, before how many a clock jumps, or a process is killed.
    pub(super) jumps: u32,
    pub(super) kills: u32,
    /// How long after its time an item is collected; none never is.
    pub(super) collects: Option<Duration>,
    pub(super) edge: Option<EdgeLifetimes>,
    /// When the table refuses everything; empty if it never does.
    pub(super) outage: Range<Duration>,
    /// The table's secret is there when the work begins.
    pub(super) prepared: bool,
    /// Of 1,000 changes, how many carry an idempotency key; or `If-Match`.
    pub(super) keyed: u32,
    pub(super) matched: u32,
    weights: [u32; 16],
}

impl Swarm {
    pub(super) fn draw(seed: u64) -> Self {
        let rng = &mut Rng::with_seed(seed);
        let thinks_ms = one_of(rng, &[0, 5, 60, 700, 9_000, 40_000_000]);
        let follows = thinks_ms < 1_000 && rng.u32(..3) == 0;
        let weights = std::array::from_fn(|_| one_of(rng, &[0, 1, 1, 4]));
        let mut swarm = Self {
            odds: odds(rng),
            processes: rng.usize(1..=3),
            follows,
            clients: rng.usize(1..=5),
            operations: rng.usize(1..=8),
            codes: rng.usize(1..=3),
            thinks: Duration::from_millis(thinks_ms),
            skew_ms: one_of(rng, &[0, 0, 2_000, 90_000]),
            jumps: one_of(rng, &[0, 0, 0, 100]),
            kills: one_of(rng, &[0, 0, 50, 200]),
            collects: one_of(rng, &[None, Some(0), Some(50_000)]).map(Duration::from_secs),
            edge: rng.bool().then(|| EdgeLifetimes {
                fresh: rng.u32(1..6),
                revalidate: rng.u32(0..6),
                if_error: rng.u32(0..20),
            }),
            outage: Duration::ZERO..Duration::ZERO,
            prepared: rng.u32(..4) > 0,
            keyed: one_of(rng, &[0, 500, 1000]),
            matched: one_of(rng, &[0, 400]),
            weights,
        };
        // Nothing happens to links that nobody makes, and nobody sees what no one looks at.
        swarm.weights[0] = swarm.weights[0].max(1);
        swarm.weights[15] = swarm.weights[15].max(1);
        if rng.u32(..4) == 0 {
            let begin = swarm.thinks.mul_f64(4.0 * rng.f64());
            swarm.outage = begin..begin + swarm.thinks.mul_f64(8.0 * rng.f64());
        }
        swarm
    }

    pub(super) fn kind(&self, rng: &mut Rng) -> Kind {
        let mut drawn = rng.u32(..self.weights.iter().sum::<u32>());
        for (kind, weight) in Kind::ALL.into_iter().zip(self.weights) {
            if drawn < weight {
                return kind;
            }
            drawn -= weight;
        }
        Kind::Click
    }
}

/// Each fault never happens in half of all histories.
fn odds(rng: &mut Rng) -> Odds {
    let mut some = || if rng.bool() { 0 } else { one_of(rng, &[10, 40, 150, 400]) };
    let (throttle, fail_before, conflict) = (some(), some(), some());
    let (fail_after, late, partial, stale, delay) = (some(), some(), some(), some(), some());
    let hang = some() / 10;
    let longest = Duration::from_millis(one_of(rng, &[3, 40, 600]));
    Odds { throttle, fail_before, conflict, fail_after, late, partial, stale, hang, delay, longest }
}

pub(super) fn one_of<T: Copy>(rng: &mut Rng, choices: &[T]) -> T {
    choices[rng.usize(..choices.len())]
}
