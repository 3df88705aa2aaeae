//! An edge that remembers what it is asked, for tests.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::{Begun, DistributionId, EdgeCache, EdgeCaches, EdgeError, EdgePath, Progress, PurgeId, PurgeReference};

/// The edge. Cloning shares what it remembers; each distribution is the same edge under another name.
#[derive(Debug, Clone)]
pub struct RecordedEdge {
    shared: Arc<Mutex<Shared>>,
    distribution: String,
}

/// A purge that the edge has made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The distribution; empty if none was named.
    pub distribution: String,
    /// The paths.
    pub paths: Vec<String>,
    /// The reference.
    pub reference: PurgeReference,
    /// How often it was asked for.
    pub requests: usize,
}

#[derive(Debug)]
struct Shared {
    purges: Vec<Recorded>,
    progress: Progress,
    fails_by: Option<fn() -> EdgeError>,
}

impl Default for RecordedEdge {
    fn default() -> Self {
        let shared = Shared { purges: Vec::new(), progress: Progress::InProgress, fails_by: None };
        Self { shared: Arc::new(Mutex::new(shared)), distribution: String::new() }
    }
}

impl RecordedEdge {
    /// The purges made so far.
    pub fn purges(&self) -> Vec<Recorded> {
        self.lock().purges.clone()
    }

    /// From now on every purge is as far as this.
    pub fn progresses_to(&self, progress: Progress) {
        self.lock().progress = progress;
    }

    /// From now on every request fails so.
    pub fn fails_by(&self, error: fn() -> EdgeError) {
        self.lock().fails_by = Some(error);
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    fn answer<T>(&self, answer: T) -> Result<T, EdgeError> {
        self.fails_by.map_or(Ok(answer), |error| Err(error()))
    }
}

impl EdgeCaches for RecordedEdge {
    fn of(&self, distribution: DistributionId) -> Arc<dyn EdgeCache> {
        Arc::new(Self { shared: Arc::clone(&self.shared), distribution: distribution.to_string() })
    }
}

#[async_trait]
impl EdgeCache for RecordedEdge {
    async fn purge(&self, paths: &[EdgePath], reference: &PurgeReference) -> Result<Begun, EdgeError> {
        let mut shared = self.lock();
        shared.answer(())?;
        let known = shared.purges.iter().position(|purge| purge.reference == *reference);
        let at = known.unwrap_or(shared.purges.len());
        let paths: Vec<_> = paths.iter().map(|path| path.as_str().to_owned()).collect();
        match known {
            None => shared.purges.push(Recorded {
                distribution: self.distribution.clone(),
                paths,
                reference: reference.clone(),
                requests: 1,
            }),
            Some(at) if shared.purges[at].paths == paths => shared.purges[at].requests += 1,
            Some(_) => return Err(EdgeError::Refused("the reference was used with other paths".into())),
        }
        let id = PurgeId::parse(&format!("I{}", at + 1)).map_err(|error| EdgeError::Refused(error.into()))?;
        Ok(Begun { id, progress: shared.progress })
    }

    async fn progress(&self, id: &PurgeId) -> Result<Progress, EdgeError> {
        let shared = self.lock();
        let known = (1..=shared.purges.len()).any(|number| format!("I{number}") == id.as_str());
        if known { shared.answer(shared.progress) } else { Err(EdgeError::NoSuchPurge) }
    }
}
