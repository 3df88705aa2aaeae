//! Watches the attempts of one write: an attempt whose reply was lost may have been applied, whatever a later one says.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_sdk_dynamodb::config::interceptors::{FinalizerInterceptorContextRef, InterceptorContext};
use aws_sdk_dynamodb::config::retry::{ClassifyRetry, RetryAction};
use aws_sdk_dynamodb::config::{self, ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;

use super::error::was_never_sent;
use super::renewal::is_refused;

/// How often a write may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// Also after a lost reply: its condition or token makes the repetition harmless.
    Always,
    /// Only after a refusal, never after a lost reply.
    AfterRefusal,
    /// Once, but for credentials that had to be renewed.
    Never,
}

/// Whether some attempt of a write may have been applied although it reported no success.
#[derive(Debug, Clone)]
pub(super) struct Doubt {
    repeat: Repeat,
    raised: Arc<AtomicBool>,
}

impl Doubt {
    /// No doubt yet.
    pub(super) fn new(repeat: Repeat) -> Self {
        Self { repeat, raised: Arc::default() }
    }

    /// Whether an attempt may have been applied.
    pub(super) fn is_raised(&self) -> bool {
        self.raised.load(Ordering::Relaxed)
    }

    /// The settings that make the SDK repeat no more than allowed.
    pub(super) fn config(&self) -> config::Builder {
        let builder = config::Config::builder();
        match self.repeat {
            Repeat::Always => builder,
            Repeat::AfterRefusal | Repeat::Never => builder.retry_classifier(self.clone()),
        }
    }
}

impl Intercept for Doubt {
    fn name(&self) -> &'static str {
        "Doubt"
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _runtime_components: &RuntimeComponents,
        _cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if may_have_been_applied(context.inner()) {
            self.raised.store(true, Ordering::Relaxed);
        }
        Ok(())
    }
}

impl ClassifyRetry for Doubt {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let is_allowed = match self.repeat {
            Repeat::Always => true,
            Repeat::AfterRefusal => !may_have_been_applied(context),
            Repeat::Never => is_refused(context),
        };
        if is_allowed { RetryAction::NoActionIndicated } else { RetryAction::RetryForbidden }
    }

    fn name(&self) -> &'static str {
        "Doubt"
    }
}

fn may_have_been_applied(context: &InterceptorContext) -> bool {
    let Some(Err(error)) = context.output_or_error() else { return false };
    if let Some(connector) = error.as_connector_error() {
        return !was_never_sent(connector);
    }
    // Only a status of 4xx refuses: a success whose answer cannot be read may be one.
    let refused = |status: u16| (400..500).contains(&status);
    let not_refused = context.response().is_some_and(|response| !refused(response.status().as_u16()));
    error.is_timeout_error() || error.is_response_error() || not_refused
}
