//! What CloudFront may do one way or another.

use proptest::prelude::*;

/// Habits that only a live probe can tell. The promises must hold whatever they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Habits {
    pub(crate) gone: Gone,
    pub(crate) on_error: OnError,
    pub(crate) windows: Windows,
    pub(crate) superseded: Superseded,
    pub(crate) tiers: Tiers,
}

/// Whether a 410 is stored for its lifetime: it is on neither of CloudFront's lists of errors that it caches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gone {
    NotStored,
    Stored,
}

/// Whether a stale copy is served instead of a 5xx only as long as `stale-if-error` allows, or for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnError {
    AsTold,
    Always,
}

/// Whether `stale-if-error` counts from the end of freshness, as RFC 5861 has it, or after `stale-while-revalidate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Windows {
    Together,
    InTurn,
}

/// What becomes of a stale copy when the origin's answer below 500 cannot be stored in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Superseded {
    Dropped,
    Kept,
}

/// Whether a point of presence asks the origin, or a regional cache that does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tiers {
    One,
    Two,
}

impl Tiers {
    /// By how many seconds a copy may seem younger than it is: a tier tells another its copy's age in whole seconds
    /// (RFC 9111, section 5.1).
    pub(crate) const fn lost_seconds(self) -> u32 {
        match self {
            Self::One => 0,
            Self::Two => 1,
        }
    }
}

impl Habits {
    /// What the documentation says, as far as it does.
    pub(crate) const DOCUMENTED: Self = Self {
        gone: Gone::NotStored,
        on_error: OnError::AsTold,
        windows: Windows::Together,
        superseded: Superseded::Kept,
        tiers: Tiers::Two,
    };

    /// Any habits.
    pub(crate) fn any() -> impl Strategy<Value = Self> {
        let gone = prop_oneof![Just(Gone::NotStored), Just(Gone::Stored)];
        let on_error = prop_oneof![Just(OnError::AsTold), Just(OnError::Always)];
        let windows = prop_oneof![Just(Windows::Together), Just(Windows::InTurn)];
        let superseded = prop_oneof![Just(Superseded::Dropped), Just(Superseded::Kept)];
        let tiers = prop_oneof![Just(Tiers::One), Just(Tiers::Two)];
        (gone, on_error, windows, superseded, tiers).prop_map(|(gone, on_error, windows, superseded, tiers)| Self {
            gone,
            on_error,
            windows,
            superseded,
            tiers,
        })
    }

    /// Any habits that obey `stale-if-error`.
    pub(crate) fn obedient() -> impl Strategy<Value = Self> {
        Self::any().prop_map(|habits| Self { on_error: OnError::AsTold, ..habits })
    }
}
