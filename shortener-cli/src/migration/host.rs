//! A host that is asked at a bounded rate.

use std::time::Duration;

use shortener_core::client::{Answered, Probe, ProbeMethod};
use shortener_core::link::ShortCode;
use tokio::sync::Mutex;
use tokio::time::{Interval, MissedTickBehavior, interval, sleep};
use url::Url;

/// How often a host is asked for one link before that is given up.
const ATTEMPTS: u32 = 3;

/// Pause after the first attempt; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// A host under whose base URL codes stand.
#[derive(Debug)]
pub(crate) struct Host {
    base: Url,
    probe: Probe,
    method: ProbeMethod,
    /// Ticks once for each request.
    pace: Mutex<Interval>,
}

/// How hosts are asked.
#[derive(Debug, Clone)]
pub(crate) struct Asking {
    /// Who asks.
    pub(crate) probe: Probe,
    /// By which method.
    pub(crate) method: ProbeMethod,
    /// Most requests a second to one host.
    pub(crate) rate: u32,
}

impl Host {
    /// The host at `base`.
    pub(crate) fn new(base: Url, asking: &Asking) -> Self {
        let mut pace = interval(Duration::from_secs(1) / asking.rate.max(1));
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { base, probe: asking.probe.clone(), method: asking.method, pace: Mutex::new(pace) }
    }

    /// What the host answers for a code. What may pass is asked for again.
    ///
    /// # Errors
    /// Why there is no answer, in words.
    pub(crate) async fn ask(&self, code: &ShortCode) -> Result<Answered, String> {
        let url = self.url(code);
        let mut pause = FIRST_PAUSE;
        let mut attempt = 1;
        loop {
            let why = match self.ask_once(&url).await {
                Ok(answered) if is_busy(answered.status) => format!("answered {}", answered.status),
                Ok(answered) => return Ok(answered),
                Err(unanswered) => unanswered.to_string(),
            };
            if attempt == ATTEMPTS {
                return Err(why);
            }
            attempt += 1;
            sleep(pause).await;
            pause *= 2;
        }
    }

    async fn ask_once(&self, url: &Url) -> Result<Answered, shortener_core::client::Unanswered> {
        self.pace.lock().await.tick().await;
        let answered = self.probe.ask(url, self.method).await?;
        if self.method == ProbeMethod::Head && matches!(answered.status, 405 | 501) {
            self.pace.lock().await.tick().await;
            return self.probe.ask(url, ProbeMethod::Get).await;
        }
        Ok(answered)
    }

    fn url(&self, code: &ShortCode) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(code.as_str());
        }
        url
    }
}

/// Whether a status says that the same request may be answered later.
fn is_busy(status: u16) -> bool {
    matches!(status, 429 | 502 | 503 | 504)
}
