//! The client of the API: the same [`Operations`] as directly on a table, made over HTTP.

mod answer;
mod call;
mod probe;
mod transport;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::Method;
use serde::Serialize;
use url::Url;

use self::call::{Call, Repeat};
pub use self::probe::{Answered, Probe, ProbeMethod, Unanswered};
use crate::edge::PurgeId;
use crate::error::InvalidValue;
use crate::link::Domain;
use crate::operations::{LinkRef, Mode, Operations, WriteOptions};
use crate::routes::{api, fill};
use crate::wire::{
    BatchRequest, BatchResponse, BatchResult, CreateKey, CreateLink, Created, CreatedKey, DomainList, DomainSettings,
    History, KeyList, KeyView, Link, LinkFilter, LinkPage, Problem, ProblemCode, Purge, RotateKey, SetDomain, Stats,
    StatsQuery, TagList, Top, TopQuery, UpdateLink, Whoami,
};

/// Where the API is and how to call it.
#[derive(Debug, Clone)]
pub struct ApiSettings {
    /// URL of the service, parsed by [`ApiUrl::parse`].
    pub url: ApiUrl,
    /// The key; none for what needs none.
    pub key: Option<ApiKey>,
    /// Longest time to connect; 5 seconds by default.
    pub connect_timeout: Duration,
    /// Longest time of one attempt; 30 seconds by default.
    pub timeout: Duration,
}

impl ApiSettings {
    /// The API at `url`, with the default timeouts.
    pub fn new(url: ApiUrl, key: Option<ApiKey>) -> Self {
        Self { url, key, connect_timeout: Duration::from_secs(5), timeout: Duration::from_secs(30) }
    }
}

/// An API key as it is sent. Never shown, not even by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

impl ApiKey {
    /// Parses a key; space around it, such as the newline of a file, is dropped.
    ///
    /// # Errors
    /// [`InvalidValue`] if it is empty or no header could carry it.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let text = text.trim();
        if text.is_empty() {
            return Err(InvalidValue::new("api_key_empty", "the API key is empty"));
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidValue::new("api_key_character", "the API key has a character that no key has"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The key itself, to be sent or stored and never shown.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(redacted)")
    }
}

/// The URL of a service: `http://HOST[:PORT]` or `https://…`, without a trailing slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiUrl(String);

impl ApiUrl {
    /// Parses the URL; a trailing `/api/v1`, as people copy it from the docs, is dropped.
    ///
    /// # Errors
    /// [`InvalidValue`] if it is no such URL, or has a query, a fragment or user information.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let invalid =
            |why: &str| InvalidValue::new("api_url_invalid", format!("API URL '{}' {why}", text.escape_debug()));
        let url = Url::parse(text).map_err(|_| invalid("is not a URL such as https://go.example.com"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(invalid("must begin with http:// or https://"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(invalid("must not carry user information"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(invalid("must have no query or fragment"));
        }
        let text = url.as_str().trim_end_matches('/');
        Ok(Self(text.strip_suffix("/api/v1").unwrap_or(text).to_owned()))
    }

    /// Whether a key sent there could be read on the way: plain HTTP to another machine.
    pub fn is_cleartext(&self) -> bool {
        let Ok(url) = Url::parse(&self.0) else { return true };
        let local = match url.host() {
            Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        };
        url.scheme() == "http" && !local
    }
}

impl fmt::Display for ApiUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The API of a service.
#[derive(Debug, Clone)]
pub struct ApiClient {
    http: reqwest::Client,
    url: ApiUrl,
    key: Option<ApiKey>,
}

impl ApiClient {
    /// Makes a client; nothing is sent yet.
    ///
    /// # Errors
    /// [`ProblemCode::Internal`] if the machine's TLS set-up cannot be loaded.
    pub fn new(settings: ApiSettings) -> Result<Self, Problem> {
        let http = reqwest::Client::builder()
            .user_agent(concat!("short/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(settings.connect_timeout)
            .timeout(settings.timeout)
            // A redirect would carry the key to another host, and the API never answers one.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|_| Problem::new(ProblemCode::Internal, "cannot set up TLS on this machine"))?;
        Ok(Self { http, url: settings.url, key: settings.key })
    }

    /// The results of a batch, one for each of its links.
    async fn batch(&self, call: Call, links: usize) -> Result<Vec<BatchResult>, Problem> {
        let answer: BatchResponse = self.send(call).await?.json()?;
        if answer.results.len() != links {
            return Err(Problem::new(
                ProblemCode::Internal,
                "the service answered another number of results than asked",
            ));
        }
        Ok(answer.results)
    }

    /// A read; it may be sent again whatever happened.
    fn read(path: String) -> Call {
        Call::new(Method::GET, path, Repeat::Freely)
    }

    /// A change that carries a key, so that sending it again has no second effect.
    fn change(method: Method, path: String, options: &WriteOptions) -> Call {
        let key = options.idempotency_key.clone().unwrap_or_else(|| uuid::Uuid::now_v7().to_string());
        let mut call = Self::once(method, path, options).repeated(Repeat::Freely);
        call.idempotency_key = Some(key);
        call
    }

    /// A change that must not be sent again once it may have arrived.
    fn once(method: Method, path: String, options: &WriteOptions) -> Call {
        let mut call = Call::new(method, path, Repeat::OnlyIfNotApplied);
        call.idempotency_key.clone_from(&options.idempotency_key);
        call.if_match = options.if_match;
        if options.mode == Mode::DryRun {
            call.query.push(("dry_run".to_owned(), "true".to_owned()));
        }
        call
    }
}

/// The path of a link's route, with its domain if it is not the default one.
fn on_link(call: Call, link: &LinkRef) -> Call {
    on_domain(call, &link.domain)
}

fn on_domain(mut call: Call, domain: &Domain) -> Call {
    if !domain.is_default() {
        call.query.push(("domain".to_owned(), domain.to_string()));
    }
    call
}

fn link_path(route: &str, link: &LinkRef) -> String {
    fill(route, &[link.code.as_str()])
}

/// The fields of a filter as query parameters: strings as they are, numbers in digits.
fn parameters<T: Serialize>(filter: &T) -> Vec<(String, String)> {
    let Ok(serde_json::Value::Object(fields)) = serde_json::to_value(filter) else { return Vec::new() };
    fields
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| match value {
            serde_json::Value::String(text) => (name, text),
            other => (name, other.to_string()),
        })
        .collect()
}

#[async_trait]
impl Operations for ApiClient {
    async fn create(&self, request: &CreateLink, options: &WriteOptions) -> Result<(Link, Created), Problem> {
        let call = Self::change(Method::POST, api::LINKS.to_owned(), options).with_body(request)?;
        let answer = self.send(call).await?;
        let created = match answer.status {
            201 if answer.replayed => Created::Replayed,
            201 => Created::New,
            // A dry run creates nothing and need not say 201.
            _ if options.mode == Mode::DryRun && !answer.existing => Created::New,
            _ => Created::Existing,
        };
        Ok((answer.json()?, created))
    }

    async fn create_batch(&self, requests: &[CreateLink], options: &WriteOptions) -> Result<Vec<BatchResult>, Problem> {
        let body = BatchRequest { links: requests.to_vec() };
        let call = Self::change(Method::POST, api::LINKS_BATCH.to_owned(), options).with_body(&body)?;
        self.batch(call, requests.len()).await
    }

    async fn check_batch(&self, requests: &[CreateLink]) -> Result<Vec<Option<Problem>>, Problem> {
        let body = BatchRequest { links: requests.to_vec() };
        let mut call = Call::new(Method::POST, api::LINKS_BATCH.to_owned(), Repeat::Freely).with_body(&body)?;
        call.query.push(("check".to_owned(), "true".to_owned()));
        let results = self.batch(call, requests.len()).await?;
        Ok(results.into_iter().map(|result| result.problem).collect())
    }

    async fn get(&self, link: &LinkRef) -> Result<Link, Problem> {
        self.send(on_link(Self::read(link_path(api::LINK, link)), link)).await?.json()
    }

    async fn list(&self, filter: &LinkFilter) -> Result<LinkPage, Problem> {
        let mut call = Self::read(api::LINKS.to_owned());
        call.query = parameters(filter);
        self.send(call).await?.json()
    }

    async fn update(&self, link: &LinkRef, change: &UpdateLink, options: &WriteOptions) -> Result<Link, Problem> {
        let call = Self::change(Method::PATCH, link_path(api::LINK, link), options).with_body(change)?;
        self.send(on_link(call, link)).await?.json()
    }

    async fn delete(&self, link: &LinkRef, options: &WriteOptions) -> Result<Link, Problem> {
        let call = Self::change(Method::DELETE, link_path(api::LINK, link), options);
        self.send(on_link(call, link)).await?.json()
    }

    async fn restore(&self, link: &LinkRef, options: &WriteOptions) -> Result<Link, Problem> {
        let call = Self::change(Method::POST, link_path(api::LINK_RESTORE, link), options);
        self.send(on_link(call, link)).await?.json()
    }

    async fn history(&self, link: &LinkRef, limit: u16, cursor: Option<&str>) -> Result<History, Problem> {
        let mut call = on_link(Self::read(link_path(api::LINK_HISTORY, link)), link);
        call.query.push(("limit".to_owned(), limit.to_string()));
        call.query.extend(cursor.map(|cursor| ("cursor".to_owned(), cursor.to_owned())));
        self.send(call).await?.json()
    }

    async fn link_stats(&self, link: &LinkRef, query: &StatsQuery) -> Result<Stats, Problem> {
        let mut call = Self::read(link_path(api::LINK_STATS, link));
        call.query = parameters(&StatsQuery { domain: None, ..query.clone() });
        self.send(on_link(call, link)).await?.json()
    }

    async fn site_stats(&self, query: &StatsQuery) -> Result<Stats, Problem> {
        let mut call = Self::read(api::STATS.to_owned());
        call.query = parameters(query);
        self.send(call).await?.json()
    }

    async fn top(&self, query: &TopQuery) -> Result<Top, Problem> {
        let mut call = Self::read(api::TOP.to_owned());
        call.query = parameters(query);
        self.send(call).await?.json()
    }

    async fn purge_status(&self, id: &PurgeId) -> Result<Purge, Problem> {
        self.send(Self::read(fill(api::PURGE, &[id.as_str()]))).await?.json()
    }

    async fn tags(&self) -> Result<TagList, Problem> {
        self.send(Self::read(api::TAGS.to_owned())).await?.json()
    }

    async fn domains(&self) -> Result<DomainList, Problem> {
        self.send(Self::read(api::DOMAINS.to_owned())).await?.json()
    }

    async fn set_domain(
        &self,
        domain: &Domain,
        change: &SetDomain,
        options: &WriteOptions,
    ) -> Result<DomainSettings, Problem> {
        let call = Self::once(Method::PUT, fill(api::DOMAIN, &[domain.as_str()]), options).with_body(change)?;
        // Setting the same values twice is setting them once, unless a version is demanded: then the second try fails.
        let repeat = if options.if_match.is_none() { Repeat::Freely } else { Repeat::OnlyIfNotApplied };
        self.send(call.repeated(repeat)).await?.json()
    }

    async fn remove_domain(&self, domain: &Domain, options: &WriteOptions) -> Result<(), Problem> {
        self.send(Self::once(Method::DELETE, fill(api::DOMAIN, &[domain.as_str()]), options)).await.map(|_| ())
    }

    async fn keys(&self) -> Result<KeyList, Problem> {
        self.send(Self::read(api::KEYS.to_owned())).await?.json()
    }

    async fn create_key(&self, request: &CreateKey, options: &WriteOptions) -> Result<CreatedKey, Problem> {
        let call = Self::once(Method::POST, api::KEYS.to_owned(), options).with_body(request)?;
        self.send(call).await?.json()
    }

    async fn rotate_key(&self, id: &str, request: &RotateKey, options: &WriteOptions) -> Result<CreatedKey, Problem> {
        let call = Self::once(Method::POST, fill(api::KEY_ROTATE, &[id]), options).with_body(request)?;
        self.send(call).await?.json()
    }

    async fn revoke_key(&self, id: &str, options: &WriteOptions) -> Result<KeyView, Problem> {
        self.send(Self::once(Method::DELETE, fill(api::KEY, &[id]), options)).await?.json()
    }

    async fn whoami(&self) -> Result<Whoami, Problem> {
        self.send(Self::read(api::WHOAMI.to_owned())).await?.json()
    }
}

#[cfg(test)]
mod tests;
