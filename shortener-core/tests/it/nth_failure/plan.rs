//! Which calls fail, and how.

use std::sync::Mutex;
use std::time::Duration;

use shortener_core::table::fault::{Call, Fate, Fault, Faults, Primitive};

/// A reply that is later than any caller waits.
const NEVER: Duration = Duration::from_hours(24);

/// How late a request is applied whose reply was lost.
const LATE: Duration = Duration::from_secs(5);

/// A way to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Throttle,
    FailBefore,
    Conflict,
    FailAfter,
    Late,
    Partial,
    Stale,
    /// Never answered, and not applied.
    Hang,
    /// Never answered, and applied.
    HangAfter,
}

impl Way {
    /// Whether it makes a difference to a call. To a read a reply that is lost is one that fails.
    fn is_felt_by(self, primitive: Primitive) -> bool {
        use Primitive::{EventualGet, GetMany, IndexQuery, InsertMany, Query};
        match self {
            Self::Throttle | Self::FailBefore | Self::Hang => true,
            Self::Conflict | Self::FailAfter | Self::Late | Self::HangAfter => primitive.is_change(),
            Self::Partial => matches!(primitive, InsertMany | GetMany | Query | IndexQuery),
            Self::Stale => matches!(primitive, EventualGet | IndexQuery),
        }
    }

    fn fate(self) -> Fate {
        let fault = match self {
            Self::Throttle => Fault::Throttle,
            Self::FailBefore => Fault::FailBefore,
            Self::Conflict => Fault::Conflict,
            Self::FailAfter => Fault::FailAfter,
            Self::Late => Fault::Late(LATE),
            Self::Partial => Fault::Partial,
            Self::Stale => Fault::Stale(usize::MAX),
            Self::Hang => Fault::Hang,
            Self::HangAfter => return Fate { after: NEVER, ..Fate::default() },
        };
        Fate { fault: Some(fault), ..Fate::default() }
    }

    /// Whether it leaves its caller in doubt about a change.
    pub(super) fn leaves_doubt(self) -> bool {
        matches!(self, Self::FailAfter | Self::Late | Self::Partial)
    }
}

/// What fails: one call, or all from one on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strike {
    At(u64, Way),
    From(u64, Way),
}

impl Strike {
    fn way_of(self, number: u64) -> Option<Way> {
        match self {
            Self::At(at, way) => (number == at).then_some(way),
            Self::From(from, way) => (number >= from).then_some(way),
        }
    }
}

/// The faults of one run; calls are counted from the moment at which it is armed.
#[derive(Debug, Default)]
pub(super) struct Plan(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    strikes: Option<Vec<Strike>>,
    calls: u64,
    fired: Vec<(u64, Primitive, Way)>,
}

impl Plan {
    /// From now on these calls fail, and no other.
    pub(super) fn arm(&self, strikes: &[Strike]) {
        *self.0.lock().unwrap() = State { strikes: Some(strikes.to_vec()), ..State::default() };
    }

    /// From now on nothing fails. What was counted stays.
    pub(super) fn disarm(&self) {
        self.0.lock().unwrap().strikes = None;
    }

    /// Nothing fails meanwhile, and nothing is counted.
    pub(super) async fn pausing<T>(&self, work: impl Future<Output = T>) -> T {
        let strikes = self.0.lock().unwrap().strikes.take();
        let done = work.await;
        self.0.lock().unwrap().strikes = strikes;
        done
    }

    /// Calls made while it was armed.
    pub(super) fn calls(&self) -> u64 {
        self.0.lock().unwrap().calls
    }

    /// The calls that failed.
    pub(super) fn fired(&self) -> Vec<(u64, Primitive, Way)> {
        self.0.lock().unwrap().fired.clone()
    }
}

impl Faults for Plan {
    fn fate(&self, call: &Call) -> Fate {
        let mut state = self.0.lock().unwrap();
        let Some(strikes) = state.strikes.clone() else { return Fate::default() };
        state.calls += 1;
        let number = state.calls;
        let way = strikes.iter().find_map(|strike| strike.way_of(number)).filter(|way| way.is_felt_by(call.primitive));
        let Some(way) = way else { return Fate::default() };
        state.fired.push((number, call.primitive, way));
        way.fate()
    }
}
