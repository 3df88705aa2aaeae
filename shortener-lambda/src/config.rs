//! Settings of the functions and the container, read from the environment once.

use std::net::SocketAddr;
#[cfg(feature = "aws")]
use std::sync::Arc;

use axum::Router;
use shortener_core::edge::DistributionId;
#[cfg(feature = "aws")]
use shortener_core::edge::cloudfront::CloudFront;
use shortener_core::error::InvalidValue;
use shortener_core::link::BaseUrl;
#[cfg(feature = "aws")]
use shortener_core::table::dynamo::CredentialSource;

use crate::app::{App, Edge, Site, api_router, redirect_router, router};
use crate::proxies::TrustedProxies;

#[cfg(test)]
mod fuzz;

/// What Lambda sets, and nothing else does.
const RUNTIME_API: &str = "AWS_LAMBDA_RUNTIME_API";

/// The settings. An empty variable counts as one that is not set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `SHORT_TABLE`: name of the DynamoDB table; `short` by default.
    pub table: String,
    /// `SHORT_BASE_URL`: base URL of the default domain; `http://127.0.0.1:8080` by default.
    pub base_url: BaseUrl,
    /// `SHORT_LOG`: what is logged, as `tracing` filters: `info` by default, `debug` shows each click.
    pub log: String,
    /// `SHORT_SECURITY_CONTACT`: `mailto:`, `https:` or `tel:` URI, or a bare mail address; no `security.txt` without it.
    pub security_contact: Option<String>,
    /// `SHORT_EDGE`: `cloudfront` behind a distribution with the functions of `infra/`, else `none`, the default.
    pub edge: Edge,
    /// `SHORT_DISTRIBUTION_ID`: the CloudFront distribution that changes purge; by default the one that the edge names in
    /// `x-short-distribution-id`, and none without an edge.
    pub distribution: Option<DistributionId>,
    /// `SHORT_LISTEN`: address and port outside Lambda; `127.0.0.1:8080` by default.
    pub listen: SocketAddr,
    /// `AWS_ENDPOINT_URL_DYNAMODB`, or else `AWS_ENDPOINT_URL`: where the table is, if not at the region's own endpoint.
    pub endpoint_url: Option<String>,
    /// `SHORT_METRICS`: `emf` writes metrics to standard output for CloudWatch, `none` does not; `emf` by default on
    /// Lambda, `none` elsewhere.
    pub metrics: Metrics,
    /// `AWS_LAMBDA_FUNCTION_NAME`: what metrics are filed under; `short` where there is none.
    pub function: String,
    /// `SHORT_LOG_BUCKET`: bucket of the edge's access logs, which the function `ingest` counts.
    pub log_bucket: Option<String>,
    /// `SHORT_LOG_PREFIX`: what the keys of all logs begin with; nothing by default.
    pub log_prefix: String,
    /// `SHORT_EXPECTED_REQUESTS`: `cloudwatch` asks for the number of requests that there should be logs of, `none`, the
    /// default, does not.
    pub asks_for_requests: bool,
    /// `AWS_LAMBDA_FUNCTION_MEMORY_SIZE`: memory of the function, in MB.
    pub memory_mb: Option<usize>,
    /// `SHORT_COUNTING`: `on` counts clicks in this process, `off` does not; `on` by default, but `off` on Lambda and
    /// behind CloudFront, whose logs are counted.
    pub counting: Switch,
    /// `SHORT_TRUSTED_PROXIES`: how many proxies in front add to `X-Forwarded-For`, 0 to 10; 0 by default, and then the
    /// header is not believed. It tells visitors apart where this process counts them, and does nothing elsewhere.
    pub trusted_proxies: TrustedProxies,
    /// Where this process runs: Lambda sets `AWS_LAMBDA_RUNTIME_API`.
    pub place: Place,
}

/// Whether something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    /// It is.
    On,
    /// It is not.
    Off,
}

/// Where a process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// As a function, invoked through the Runtime API.
    Lambda,
    /// Anywhere else, over plain HTTP.
    Elsewhere,
}

/// What becomes of metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metrics {
    /// Lines in CloudWatch's embedded metric format.
    Emf,
    /// Nothing is collected.
    None,
}

/// Which part of the service a process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Redirects, pages and the API: no argument.
    Everything,
    /// Redirects and public pages: `redirect`.
    Redirects,
    /// The API: `api`.
    Api,
}

impl Part {
    /// Reads the arguments of the process, without its name.
    ///
    /// # Errors
    /// [`ConfigError`] if there is anything but one known name.
    pub fn from_args(mut args: impl Iterator<Item = String>) -> Result<Self, ConfigError> {
        match (args.next().as_deref(), args.next()) {
            (None, _) => Ok(Self::Everything),
            (Some("redirect"), None) => Ok(Self::Redirects),
            (Some("api"), None) => Ok(Self::Api),
            _ => Err(ConfigError { variable: "argument", reason: "it is 'redirect', 'api' or none".to_owned() }),
        }
    }

    /// The router of this part.
    pub fn router(self, app: App) -> Router {
        match self {
            Self::Everything => router(app),
            Self::Redirects => redirect_router(app),
            Self::Api => api_router(app),
        }
    }
}

/// A variable has a value that means nothing.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{variable}: {reason}")]
pub struct ConfigError {
    /// The variable, or `argument`.
    pub variable: &'static str,
    /// What is wrong with its value.
    pub reason: String,
}

impl Config {
    /// Reads the environment of the process.
    ///
    /// # Errors
    /// [`ConfigError`] names the first variable whose value means nothing.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_lookup(variable)
    }

    /// Reads settings from any source of variables.
    ///
    /// # Errors
    /// As [`Self::from_env`].
    pub fn from_lookup(lookup: impl Fn(&'static str) -> Option<String>) -> Result<Self, ConfigError> {
        let set = |name| lookup(name).filter(|value| !value.is_empty());
        let place = Place::of(set(RUNTIME_API).as_deref());
        let edge = parse_edge(set("SHORT_EDGE").as_deref()).map_err(|invalid| refuse("SHORT_EDGE", invalid))?;
        Ok(Self {
            table: set("SHORT_TABLE").unwrap_or_else(|| "short".to_owned()),
            base_url: set("SHORT_BASE_URL")
                .map_or_else(|| BaseUrl::parse("http://127.0.0.1:8080"), |url| BaseUrl::parse(&url))
                .map_err(|invalid| refuse("SHORT_BASE_URL", invalid))?,
            log: set("SHORT_LOG").unwrap_or_else(|| "info".to_owned()),
            security_contact: set("SHORT_SECURITY_CONTACT")
                .map(|contact| parse_contact(&contact))
                .transpose()
                .map_err(|invalid| refuse("SHORT_SECURITY_CONTACT", invalid))?,
            edge,
            distribution: set("SHORT_DISTRIBUTION_ID")
                .map(|id| DistributionId::parse(&id))
                .transpose()
                .map_err(|invalid| refuse("SHORT_DISTRIBUTION_ID", invalid))?,
            listen: parse_listen(set("SHORT_LISTEN").as_deref()).map_err(|invalid| refuse("SHORT_LISTEN", invalid))?,
            endpoint_url: set("AWS_ENDPOINT_URL_DYNAMODB").or_else(|| set("AWS_ENDPOINT_URL")),
            metrics: parse_metrics(set("SHORT_METRICS").as_deref(), place)
                .map_err(|invalid| refuse("SHORT_METRICS", invalid))?,
            log_bucket: set("SHORT_LOG_BUCKET"),
            log_prefix: set("SHORT_LOG_PREFIX").unwrap_or_default(),
            asks_for_requests: parse_expected(set("SHORT_EXPECTED_REQUESTS").as_deref())
                .map_err(|invalid| refuse("SHORT_EXPECTED_REQUESTS", invalid))?,
            memory_mb: set("AWS_LAMBDA_FUNCTION_MEMORY_SIZE").and_then(|megabytes| megabytes.parse().ok()),
            counting: counting(set("SHORT_COUNTING").as_deref(), place, edge)
                .map_err(|invalid| refuse("SHORT_COUNTING", invalid))?,
            trusted_proxies: set("SHORT_TRUSTED_PROXIES")
                .map_or(Ok(TrustedProxies::NONE), |number| TrustedProxies::parse(&number))
                .map_err(|invalid| refuse("SHORT_TRUSTED_PROXIES", invalid))?,
            function: set("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_else(|| "short".to_owned()),
            place,
        })
    }

    /// The site that these settings describe.
    pub fn site(&self) -> Site {
        let site = Site::new(&self.base_url)
            .with_edge(self.edge)
            .with_trusted_proxies(self.trusted_proxies)
            .with_security_contact(self.security_contact.clone());
        self.purging(site)
    }

    /// The site, whose changes purge CloudFront. Its client is only made for the first purge.
    #[cfg(feature = "aws")]
    fn purging(&self, site: Site) -> Site {
        let credentials = match self.place {
            Place::Lambda => CredentialSource::Environment,
            Place::Elsewhere => CredentialSource::Chain,
        };
        site.with_purges(Arc::new(CloudFront::new(credentials)), self.distribution.clone())
    }

    #[cfg(not(feature = "aws"))]
    #[expect(clippy::unused_self, reason = "the other build reads its settings")]
    fn purging(&self, site: Site) -> Site {
        site
    }
}

/// Address of the Runtime API; none outside Lambda.
pub(crate) fn runtime_api() -> Option<String> {
    variable(RUNTIME_API).filter(|address| !address.is_empty())
}

impl Place {
    /// Where this process runs.
    pub(crate) fn current() -> Self {
        Self::of(runtime_api().as_deref())
    }

    fn of(runtime_api: Option<&str>) -> Self {
        if runtime_api.is_some_and(|address| !address.is_empty()) { Self::Lambda } else { Self::Elsewhere }
    }
}

/// The one place that reads the environment.
fn variable(name: &'static str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
    std::env::var(name).ok()
}

/// Parses a contact for `security.txt`; a bare mail address becomes a `mailto:` URI.
///
/// # Errors
/// [`InvalidValue`] if it is neither.
pub fn parse_contact(text: &str) -> Result<String, InvalidValue> {
    let is_uri = ["mailto:", "https:", "tel:"].iter().any(|scheme| text.starts_with(scheme));
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) || !(is_uri || text.contains('@')) {
        let detail = "a contact is a mailto:, https: or tel: URI, or a mail address";
        return Err(InvalidValue::new("contact_invalid", detail));
    }
    Ok(if is_uri { text.to_owned() } else { format!("mailto:{text}") })
}

fn parse_edge(text: Option<&str>) -> Result<Edge, InvalidValue> {
    match text {
        None | Some("none") => Ok(Edge::None),
        Some("cloudfront") => Ok(Edge::CloudFront),
        Some(_) => Err(InvalidValue::new("edge_invalid", "an edge is 'cloudfront' or 'none'")),
    }
}

fn parse_metrics(text: Option<&str>, place: Place) -> Result<Metrics, InvalidValue> {
    match (text, place) {
        (Some("emf"), _) | (None, Place::Lambda) => Ok(Metrics::Emf),
        (Some("none"), _) | (None, Place::Elsewhere) => Ok(Metrics::None),
        (Some(_), _) => Err(InvalidValue::new("metrics_invalid", "metrics go to 'emf' or 'none'")),
    }
}

fn parse_expected(text: Option<&str>) -> Result<bool, InvalidValue> {
    match text {
        None | Some("none") => Ok(false),
        Some("cloudwatch") => Ok(true),
        Some(_) => Err(InvalidValue::new("expected_invalid", "expected requests come from 'cloudwatch' or 'none'")),
    }
}

/// An instance on Lambda, frozen between two requests, stores nothing whatever is set.
fn counting(text: Option<&str>, place: Place, edge: Edge) -> Result<Switch, InvalidValue> {
    let by_default = if edge == Edge::None { Switch::On } else { Switch::Off };
    let wanted = parse_counting(text)?.unwrap_or(by_default);
    Ok(if place == Place::Lambda { Switch::Off } else { wanted })
}

/// Parses `on` or `off`.
///
/// # Errors
/// [`InvalidValue`] if it is neither.
pub fn parse_counting(text: Option<&str>) -> Result<Option<Switch>, InvalidValue> {
    match text {
        None => Ok(None),
        Some("on") => Ok(Some(Switch::On)),
        Some("off") => Ok(Some(Switch::Off)),
        Some(_) => Err(InvalidValue::new("counting_invalid", "counting is 'on' or 'off'")),
    }
}

fn parse_listen(text: Option<&str>) -> Result<SocketAddr, InvalidValue> {
    text.unwrap_or("127.0.0.1:8080")
        .parse()
        .map_err(|_| InvalidValue::new("listen_invalid", "this is not an address and port such as 127.0.0.1:8080"))
}

fn refuse(variable: &'static str, invalid: InvalidValue) -> ConfigError {
    ConfigError { variable, reason: invalid.detail.into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&'static str, &str)]) -> Result<Config, ConfigError> {
        let value = |name: &str| variables.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned());
        Config::from_lookup(value)
    }

    #[test]
    fn nothing_set_serves_this_machine_alone() {
        let config = read(&[("SHORT_EDGE", "")]).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.base_url.to_string(), "http://127.0.0.1:8080");
        assert_eq!((config.edge, config.place, config.security_contact), (Edge::None, Place::Elsewhere, None));
        assert_eq!((config.metrics, config.endpoint_url), (Metrics::None, None));
    }

    #[test]
    fn a_function_writes_metrics_and_finds_its_table_by_the_sdks_variables() {
        let lambda = [("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001"), ("AWS_LAMBDA_FUNCTION_NAME", "short-redirect")];
        let config = read(&lambda).unwrap();
        assert_eq!((config.place, config.metrics, &*config.function), (Place::Lambda, Metrics::Emf, "short-redirect"));
        let quiet = [lambda[0], ("SHORT_METRICS", "none"), ("AWS_ENDPOINT_URL", "http://a.invalid")];
        let config = read(&quiet).unwrap();
        assert_eq!((config.metrics, config.endpoint_url.as_deref()), (Metrics::None, Some("http://a.invalid")));
        let both = [quiet[2], ("AWS_ENDPOINT_URL_DYNAMODB", "http://b.invalid")];
        assert_eq!(read(&both).unwrap().endpoint_url.as_deref(), Some("http://b.invalid"));
    }

    #[test]
    fn clicks_are_counted_here_where_nobody_else_counts_them() {
        let (off, cloudfront) = (("SHORT_COUNTING", "off"), ("SHORT_EDGE", "cloudfront"));
        let (on, lambda) = (("SHORT_COUNTING", "on"), ("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001"));
        for (variables, expected) in [
            (&[][..], Switch::On),
            (&[off], Switch::Off),
            (&[cloudfront], Switch::Off),
            (&[cloudfront, on], Switch::On),
            (&[lambda], Switch::Off),
            (&[lambda, on], Switch::Off),
        ] {
            assert_eq!(read(variables).unwrap().counting, expected, "{variables:?}");
        }
    }

    #[test]
    fn no_proxy_is_trusted_unless_it_is_set_and_then_the_site_knows() {
        for (variables, expected) in [(&[][..], "0"), (&[("SHORT_TRUSTED_PROXIES", "2")], "2")] {
            let (config, expected) = (read(variables).unwrap(), TrustedProxies::parse(expected).unwrap());
            assert_eq!((config.trusted_proxies, config.site().trusted_proxies()), (expected, expected));
        }
    }

    #[test]
    fn a_wrong_value_is_refused_by_name() {
        for (variable, value) in [
            ("SHORT_BASE_URL", "go.example.com"),
            ("SHORT_EDGE", "yes"),
            ("SHORT_LISTEN", "8080"),
            ("SHORT_METRICS", "statsd"),
            ("SHORT_COUNTING", "yes"),
            ("SHORT_TRUSTED_PROXIES", "11"),
            ("SHORT_TRUSTED_PROXIES", "10.0.0.0/8"),
            ("SHORT_DISTRIBUTION_ID", "E1/../E2"),
            ("SHORT_SECURITY_CONTACT", "x@y.example\nContact: evil"),
            ("SHORT_SECURITY_CONTACT", "nobody"),
        ] {
            assert_eq!(read(&[(variable, value)]).unwrap_err().variable, variable);
        }
    }

    #[test]
    fn a_process_is_everything_or_the_part_it_is_told_to_be() {
        let part = |args: &[&str]| Part::from_args(args.iter().map(|arg| (*arg).to_owned())).ok();
        assert_eq!(part(&[]), Some(Part::Everything));
        assert_eq!(part(&["redirect"]), Some(Part::Redirects));
        assert_eq!(part(&["api"]), Some(Part::Api));
        assert_eq!((part(&["serve"]), part(&["api", "redirect"])), (None, None));
    }

    #[test]
    fn a_mail_address_becomes_a_uri() {
        let config = read(&[("SHORT_SECURITY_CONTACT", "security@example.com")]).unwrap();
        assert_eq!(config.security_contact.as_deref(), Some("mailto:security@example.com"));
    }
}
