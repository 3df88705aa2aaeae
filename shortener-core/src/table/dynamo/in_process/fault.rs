//! Faults that the engine injects on demand.

use std::collections::VecDeque;

/// How an attempt fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Refused because of load; not applied.
    Throttle,
    /// No connection; not applied.
    Unreachable,
    /// Applied, and then the connection breaks.
    LostReply,
    /// Not applied, but answered with a status of 500, which leaves a caller in doubt.
    ServerError,
    /// Refused because the temporary credentials have expired; not applied.
    ExpiredToken,
    /// Refused because the access key, or the session it belongs to, is not known; not applied.
    UnknownKey,
    /// Of a batch only the first half is done: `BatchGetItem` names the rest as unprocessed, `BatchExecuteStatement`
    /// reports the other statements as throttled.
    Unprocessed,
    /// Of a batch this many percent of the entries, drawn one by one, are left undone as with [`Fault::Unprocessed`].
    SomeUnprocessed {
        /// 0 to 100.
        percent: u8,
    },
}

/// Faults that are still to happen.
#[derive(Debug)]
pub(super) struct Faults {
    counted: VecDeque<(Option<&'static str>, Fault, usize)>,
    shares: Vec<Share>,
    random: fastrand::Rng,
}

/// A fault that meets a share of the attempts.
#[derive(Debug)]
struct Share {
    operation: Option<&'static str>,
    fault: Fault,
    percent: u8,
    random: fastrand::Rng,
}

impl Default for Faults {
    fn default() -> Self {
        Self { counted: VecDeque::new(), shares: Vec::new(), random: fastrand::Rng::with_seed(0) }
    }
}

impl Faults {
    pub(super) fn add(&mut self, operation: Option<&'static str>, fault: Fault, times: usize) {
        self.counted.push_back((operation, fault, times));
    }

    pub(super) fn add_share(&mut self, operation: Option<&'static str>, fault: Fault, percent: u8, seed: u64) {
        self.shares.push(Share { operation, fault, percent, random: fastrand::Rng::with_seed(seed) });
    }

    /// The fault of this attempt: the counted one injected first, else the first share that draws it.
    pub(super) fn take(&mut self, operation: &str) -> Option<Fault> {
        let is_meant = |name: Option<&str>| name.is_none_or(|name| name == operation);
        if let Some((_, fault, times)) = self.counted.iter_mut().find(|(name, _, times)| *times > 0 && is_meant(*name))
        {
            *times -= 1;
            return Some(*fault);
        }
        let mut shares = self.shares.iter_mut().filter(|share| is_meant(share.operation));
        shares.find_map(|share| (share.random.u8(..100) < share.percent).then_some(share.fault))
    }

    /// A source of numbers for one attempt, which does not depend on the attempts beside it.
    pub(super) fn fork(&mut self) -> fastrand::Rng {
        self.random.fork()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(percent: u8, seed: u64) -> Vec<bool> {
        let mut faults = Faults::default();
        faults.add_share(Some("PutItem"), Fault::Throttle, percent, seed);
        (0..1_000).map(|_| faults.take("PutItem").is_some()).collect()
    }

    #[test]
    fn a_share_of_the_attempts_fails_and_the_seed_says_which() {
        let failed = |percent| drawn(percent, 7).into_iter().filter(|failed| *failed).count();
        assert_eq!((failed(0), failed(100)), (0, 1_000));
        assert!((250..350).contains(&failed(30)), "{}", failed(30));
        assert_eq!(drawn(30, 7), drawn(30, 7));
        assert_ne!(drawn(30, 7), drawn(30, 8));
    }

    #[test]
    fn a_share_meets_only_its_operation_and_comes_after_the_counted_faults() {
        let mut faults = Faults::default();
        faults.add_share(Some("PutItem"), Fault::Throttle, 100, 0);
        faults.add(None, Fault::LostReply, 1);
        assert_eq!(faults.take("PutItem"), Some(Fault::LostReply));
        assert_eq!(faults.take("PutItem"), Some(Fault::Throttle));
        assert_eq!(faults.take("GetItem"), None);
    }
}
