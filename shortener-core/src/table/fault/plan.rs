//! Who decides which call fails: chance with a seed, or a number.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use fastrand::Rng;

use super::{Call, Fate, Fault, Faults, Primitive};

/// How often what goes wrong, of 1,000 calls each. The default is never.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Odds {
    /// [`Fault::Throttle`].
    pub throttle: u32,
    /// [`Fault::FailBefore`].
    pub fail_before: u32,
    /// [`Fault::Conflict`], of transactions.
    pub conflict: u32,
    /// [`Fault::FailAfter`].
    pub fail_after: u32,
    /// [`Fault::Late`], of changes.
    pub late: u32,
    /// [`Fault::Partial`].
    pub partial: u32,
    /// [`Fault::Stale`], of eventual reads and queries of indexes.
    pub stale: u32,
    /// [`Fault::Hang`].
    pub hang: u32,
    /// Calls and replies that take up to [`Odds::longest`], so that later ones overtake them.
    pub delay: u32,
    /// Longest delay on either way.
    pub longest: Duration,
}

/// Faults by chance; the same seed and the same order of calls have the same faults.
#[derive(Debug)]
pub struct Seeded {
    odds: Odds,
    rng: Mutex<Rng>,
    healed: AtomicBool,
}

impl Seeded {
    /// Faults with these odds.
    pub fn new(seed: u64, odds: Odds) -> Self {
        Self { odds, rng: Mutex::new(Rng::with_seed(seed)), healed: AtomicBool::new(false) }
    }

    /// From now on nothing goes wrong.
    pub fn heal(&self) {
        self.healed.store(true, Ordering::Relaxed);
    }
}

impl Faults for Seeded {
    fn fate(&self, call: &Call) -> Fate {
        if self.healed.load(Ordering::Relaxed) {
            return Fate::default();
        }
        let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
        let fault = self.odds.draw(call.primitive, &mut rng);
        Fate { before: self.odds.delay(&mut rng), fault, after: self.odds.delay(&mut rng) }
    }
}

impl Odds {
    fn draw(&self, primitive: Primitive, rng: &mut Rng) -> Option<Fault> {
        let is_change = primitive.is_change();
        let is_lagging = matches!(primitive, Primitive::EventualGet | Primitive::IndexQuery);
        let only = |odds: u32, applies: bool| if applies { odds } else { 0 };
        let late = Fault::Late(self.within(rng));
        let stale = Fault::Stale(rng.usize(..32));
        let faults = [
            (self.throttle, Fault::Throttle),
            (self.fail_before, Fault::FailBefore),
            (only(self.conflict, primitive == Primitive::Transaction), Fault::Conflict),
            (self.fail_after, Fault::FailAfter),
            (only(self.late, is_change), late),
            (self.partial, Fault::Partial),
            (only(self.stale, is_lagging), stale),
            (self.hang, Fault::Hang),
        ];
        let mut drawn = rng.u32(..1000);
        faults.into_iter().find_map(|(odds, fault)| {
            let hit = drawn < odds;
            drawn = drawn.saturating_sub(odds);
            hit.then_some(fault)
        })
    }

    fn delay(&self, rng: &mut Rng) -> Duration {
        if rng.u32(..1000) < self.delay { self.within(rng) } else { Duration::ZERO }
    }

    fn within(&self, rng: &mut Rng) -> Duration {
        let longest = u64::try_from(self.longest.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(rng.u64(..=longest))
    }
}

/// One call fails, and no other.
#[derive(Debug)]
pub struct Nth {
    number: u64,
    fault: Fault,
    fired: Mutex<Option<Call>>,
}

impl Nth {
    /// The call with this number, from 1, meets `fault`.
    pub fn new(number: u64, fault: Fault) -> Self {
        Self { number, fault, fired: Mutex::new(None) }
    }

    /// The call that failed; none as long as none has.
    pub fn fired(&self) -> Option<Call> {
        self.fired.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Faults for Nth {
    fn fate(&self, call: &Call) -> Fate {
        if call.number != self.number {
            return Fate::default();
        }
        *self.fired.lock().unwrap_or_else(PoisonError::into_inner) = Some(call.clone());
        Fate { fault: Some(self.fault), ..Fate::default() }
    }
}
