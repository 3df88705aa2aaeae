//! Credentials that are refused although they have not ended by their own account.
//!
//! The SDK keeps credentials until some seconds before the end that they name, or for 15 minutes where they name none. A
//! session that is revoked, rotated or cut short in the meantime is refused until then: a long import would die of it. So a
//! refused session makes the SDK forget what it keeps, and the request is sent again with what the source says now.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::{FinalizerInterceptorContextRef, InterceptorContext};
use aws_sdk_dynamodb::config::retry::{ClassifyRetry, RetryAction};
use aws_sdk_dynamodb::config::{
    ConfigBag, IdentityCache, Intercept, ResolveCachedIdentity, RuntimeComponents, SharedIdentityCache,
};
use aws_sdk_dynamodb::error::BoxError;
use aws_smithy_runtime_api::client::identity::{IdentityFuture, SharedIdentityResolver};
use aws_smithy_types::retry::ErrorKind;
use serde_json::Value;

/// The source of credentials is asked anew no more often than this: many requests are refused at once, and a key that is
/// simply wrong is refused again.
const INTERVAL: Duration = Duration::from_secs(5);

/// A cache of credentials that can be emptied.
#[derive(Debug, Clone)]
pub(super) struct Renewal(Arc<Mutex<Kept>>);

#[derive(Debug)]
struct Kept {
    cache: SharedIdentityCache,
    emptied: Option<Instant>,
}

impl Renewal {
    /// The same client, with credentials that are renewed when they are refused.
    pub(super) fn install(client: &Client) -> Client {
        let renewal = Self(Arc::new(Mutex::new(Kept { cache: IdentityCache::lazy().build(), emptied: None })));
        let config = client.config().to_builder().identity_cache(renewal.clone());
        Client::from_conf(config.interceptor(renewal.clone()).retry_classifier(renewal).build())
    }

    fn empty(&self) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.emptied.is_none_or(|at| at.elapsed() > INTERVAL) {
            tracing::warn!("the credentials were refused; asking for new ones");
            *kept = Kept { cache: IdentityCache::lazy().build(), emptied: Some(Instant::now()) };
        }
    }
}

impl ResolveCachedIdentity for Renewal {
    fn resolve_cached_identity<'a>(
        &'a self,
        resolver: SharedIdentityResolver,
        components: &'a RuntimeComponents,
        config: &'a ConfigBag,
    ) -> IdentityFuture<'a> {
        let cache = self.0.lock().unwrap_or_else(PoisonError::into_inner).cache.clone();
        IdentityFuture::new(async move { cache.resolve_cached_identity(resolver, components, config).await })
    }
}

impl Intercept for Renewal {
    fn name(&self) -> &'static str {
        "Renewal"
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if is_refused(context.inner()) {
            self.empty();
        }
        Ok(())
    }
}

impl ClassifyRetry for Renewal {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        if is_refused(context) {
            RetryAction::retryable_error(ErrorKind::ClientError)
        } else {
            RetryAction::NoActionIndicated
        }
    }

    fn name(&self) -> &'static str {
        "Renewal"
    }
}

/// Whether the service did not accept the session or key that signed the request; it has then done nothing.
pub(super) fn is_refused(context: &InterceptorContext) -> bool {
    let Some(response) = context.response().filter(|response| response.status().is_client_error()) else {
        return false;
    };
    let body: Option<Value> = response.body().bytes().and_then(|body| serde_json::from_slice(body).ok());
    let code = body.as_ref().and_then(|body| body["__type"].as_str()).unwrap_or_default();
    matches!(code.rsplit('#').next(), Some("ExpiredTokenException" | "UnrecognizedClientException"))
}
