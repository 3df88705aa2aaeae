//! What surrounds every invocation: the span that its log lines carry, and the writing of its metrics.

use std::pin::Pin;
use std::task::{Context, Poll};

use lambda_http::Service;
use lambda_http::lambda_runtime::LambdaInvocation;
use lambda_http::tower::Layer;
use tracing::{Instrument, info_span};

use crate::metrics::{self, Meter};
use crate::process::Failure;

/// The layer.
#[derive(Debug)]
pub(super) struct Invocations {
    meter: Option<Meter>,
}

/// The layer around a service.
#[derive(Debug)]
pub(super) struct Surrounded<S> {
    inner: S,
    meter: Option<Meter>,
    /// Whether no invocation has come yet.
    is_cold: bool,
}

impl Invocations {
    pub(super) fn new(meter: Option<Meter>) -> Self {
        Self { meter }
    }
}

impl<S> Layer<S> for Invocations {
    type Service = Surrounded<S>;

    fn layer(&self, inner: S) -> Surrounded<S> {
        Surrounded { inner, meter: self.meter.clone(), is_cold: true }
    }
}

impl<S> Service<LambdaInvocation> for Surrounded<S>
where
    S: Service<LambdaInvocation, Response = (), Error = Failure>,
    S::Future: 'static,
{
    type Response = ();
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<(), Failure>>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, invocation: LambdaInvocation) -> Self::Future {
        let cold_start = std::mem::take(&mut self.is_cold);
        let id = invocation.context.request_id.clone();
        let span = info_span!("invocation", lambda_request_id = id, cold_start);
        // The event is read in the call itself.
        let answered = span.in_scope(|| self.inner.call(invocation)).instrument(span);
        let meter = self.meter.clone();
        Box::pin(async move {
            if cold_start {
                metrics::count_cold_start();
            }
            let outcome = answered.await;
            // The answer is on its way, and Lambda freezes the process only when it asks for the next event.
            if let Some(meter) = meter {
                meter.name_invocation(&id);
                meter.flush();
            }
            outcome
        })
    }
}
