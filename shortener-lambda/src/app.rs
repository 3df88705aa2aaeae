//! What handlers share, and the routers made of them.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::http::header::HOST;
use axum::http::uri::Uri;
use axum::http::{HeaderMap, Method};
use jiff::Timestamp;
use shortener_core::clock::{Clock, SystemClock};
use shortener_core::edge::{DistributionId, EdgeCache, EdgeCaches};
use shortener_core::link::BaseUrl;
use shortener_core::redirect::Resolver;
use shortener_core::service::Service;
use shortener_core::stats::ClickCounter;
use tokio::runtime::Handle;

use crate::admission::{Gate, Gates, Turns};
use crate::proxies::TrustedProxies;
use crate::{api, pages, redirect};

/// The distribution through which a request came.
const DISTRIBUTION: &str = "x-short-distribution-id";

/// The service as the handlers see it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct App(Arc<Parts>);

#[derive(Debug, Clone)]
struct Parts {
    service: Arc<Service>,
    resolver: Arc<Resolver>,
    site: Site,
    counter: Option<Arc<ClickCounter>>,
    gates: Gates,
    workers: Option<Handle>,
}

/// What the server knows about the place where it stands.
#[derive(Clone)]
pub struct Site {
    https: bool,
    canonical: String,
    edge: Edge,
    trusted_proxies: TrustedProxies,
    caches: Option<Arc<dyn EdgeCaches>>,
    distribution: Option<DistributionId>,
    security_contact: Option<String>,
    clock: Arc<dyn Clock>,
}

/// What stands between the visitor and this server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Edge {
    /// Nothing that is known: the `Host` header is believed, and forwarded queries are appended here.
    #[default]
    None,
    /// CloudFront with the functions of `infra/`: `x-forwarded-host` and `x-short-distribution-id` are believed, and
    /// the edge appends queries.
    CloudFront,
}

impl App {
    /// Puts the parts together. The resolver must be one over the same service.
    pub fn new(service: Arc<Service>, resolver: Arc<Resolver>, site: Site) -> Self {
        let gates = Gates::new(Turns::default());
        Self(Arc::new(Parts { service, resolver, site, counter: None, gates, workers: None }))
    }

    /// The same, where clicks are counted here, because no edge has logs of them.
    #[must_use]
    pub fn with_counter(&self, counter: Arc<ClickCounter>) -> Self {
        Self(Arc::new(Parts { counter: Some(counter), ..Parts::clone(&self.0) }))
    }

    /// The same with other bounds of the API's work.
    #[must_use]
    pub fn with_turns(&self, turns: Turns) -> Self {
        Self(Arc::new(Parts { gates: Gates::new(turns), ..Parts::clone(&self.0) }))
    }

    /// The same, where the API's work is done by the threads of another runtime.
    #[must_use]
    pub fn with_workers(&self, workers: Handle) -> Self {
        Self(Arc::new(Parts { workers: Some(workers), ..Parts::clone(&self.0) }))
    }

    /// The service behind the handlers.
    pub fn service(&self) -> &Arc<Service> {
        &self.0.service
    }

    pub(crate) fn resolver(&self) -> &Resolver {
        &self.0.resolver
    }

    pub(crate) fn counter(&self) -> Option<&ClickCounter> {
        self.0.counter.as_deref()
    }

    pub(crate) fn site(&self) -> &Site {
        &self.0.site
    }

    /// The gate for requests of a method.
    pub(crate) fn gate(&self, method: &Method) -> &Arc<Gate> {
        self.0.gates.of(method)
    }

    pub(crate) fn workers(&self) -> Option<&Handle> {
        self.0.workers.as_ref()
    }
}

impl Site {
    /// The site at `base_url`, with nothing in front of it and no security contact.
    pub fn new(base_url: &BaseUrl) -> Self {
        let canonical = base_url.to_string();
        Self {
            https: canonical.starts_with("https:"),
            canonical,
            edge: Edge::None,
            trusted_proxies: TrustedProxies::NONE,
            caches: None,
            distribution: None,
            security_contact: None,
            clock: Arc::new(SystemClock),
        }
    }

    /// The same site behind an edge.
    #[must_use]
    pub fn with_edge(mut self, edge: Edge) -> Self {
        self.edge = edge;
        self
    }

    /// The same site behind proxies that tell whom a request came from.
    #[must_use]
    pub fn with_trusted_proxies(mut self, trusted_proxies: TrustedProxies) -> Self {
        self.trusted_proxies = trusted_proxies;
        self
    }

    /// The same site, where changes are to purge what the edge holds: the copies of `distribution`, or without one those
    /// of the distribution that the edge itself names.
    #[must_use]
    pub fn with_purges(mut self, caches: Arc<dyn EdgeCaches>, distribution: Option<DistributionId>) -> Self {
        self.caches = Some(caches);
        self.distribution = distribution;
        self
    }

    /// The same site with a contact for `security.txt`: a `mailto:`, `https:` or `tel:` URI.
    #[must_use]
    pub fn with_security_contact(mut self, contact: Option<String>) -> Self {
        self.security_contact = contact;
        self
    }

    /// The same site with another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Whether visitors come over TLS, so that browsers may be told to insist on it.
    pub(crate) fn is_https(&self) -> bool {
        self.https
    }

    /// The base URL of the default domain, without a trailing slash.
    pub(crate) fn canonical(&self) -> &str {
        &self.canonical
    }

    pub(crate) fn edge(&self) -> Edge {
        self.edge
    }

    pub(crate) fn trusted_proxies(&self) -> TrustedProxies {
        self.trusted_proxies
    }

    /// The edge's copies that a change asked for by a request with these headers must purge, if any are known.
    ///
    /// The edge's function overwrites the header that names its distribution; from anyone else it is not believed.
    pub(crate) fn edge_cache(&self, headers: &HeaderMap) -> Option<Arc<dyn EdgeCache>> {
        let caches = self.caches.as_ref()?;
        let named = || match self.edge {
            Edge::CloudFront => DistributionId::parse(headers.get(DISTRIBUTION)?.to_str().ok()?).ok(),
            Edge::None => None,
        };
        Some(caches.of(self.distribution.clone().or_else(named)?))
    }

    pub(crate) fn security_contact(&self) -> Option<&str> {
        self.security_contact.as_deref()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The host that the visitor asked for, perhaps with a port; empty if none was named.
    pub(crate) fn host<'a>(&self, uri: &'a Uri, headers: &'a HeaderMap) -> &'a str {
        let named = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let forwarded = match self.edge {
            Edge::CloudFront => named("x-forwarded-host"),
            Edge::None => None,
        };
        forwarded.or_else(|| named(HOST.as_str())).or_else(|| uri.host()).unwrap_or_default()
    }
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Site").field("canonical", &self.canonical).field("edge", &self.edge).finish_non_exhaustive()
    }
}

/// Everything: redirects, public pages and the API.
pub fn router(app: App) -> Router {
    Router::new().merge(pages::routes()).merge(api::routes(&app)).fallback(redirect::serve).with_state(app)
}

/// Redirects, public pages and the health check: what the redirect function runs. It builds no OpenAPI document.
pub fn redirect_router(app: App) -> Router {
    Router::new().merge(pages::routes()).merge(api::health_route(&app)).fallback(redirect::serve).with_state(app)
}

/// The API alone: what the API function runs.
pub fn api_router(app: App) -> Router {
    Router::new().merge(api::routes(&app)).fallback(pages::unknown_path).with_state(app)
}
