//! Query parameters. Each route names the ones it takes; any other is refused.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use shortener_core::link::{Domain, ShortCode};
use shortener_core::operations::{LinkRef, Mode};
use shortener_core::wire::{Problem, ProblemCode};
use utoipa::IntoParams;

use super::failure::Failure;
use crate::app::App;

/// The parsed query.
#[derive(Debug)]
pub(super) struct Query<T>(pub(super) T);

/// No parameters at all.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// Which domain's link is meant.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct OfDomain {
    /// The link's domain; the default one where absent.
    domain: Option<String>,
}

/// How a link is written.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct LinkWrite {
    /// The link's domain; the default one where absent.
    pub(super) domain: Option<String>,
    /// `true` checks and answers, but writes nothing.
    #[serde(default)]
    #[param(required = false)]
    dry_run: bool,
}

/// How a batch is written.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct BatchWrite {
    /// The domain of links that name none; the default one where absent.
    pub(super) domain: Option<String>,
    /// `true` checks and answers, but writes nothing.
    #[serde(default)]
    #[param(required = false)]
    dry_run: bool,
    /// `true` judges each link by the rules alone, without a look at which links there are, and writes nothing. A result
    /// without a problem is 200 and has no link.
    #[serde(default)]
    #[param(required = false)]
    pub(super) check: bool,
}

impl BatchWrite {
    /// Whether to write.
    pub(super) fn mode(&self) -> Mode {
        if self.dry_run { Mode::DryRun } else { Mode::Apply }
    }
}

/// How anything else is written.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Write {
    /// `true` checks and answers, but writes nothing.
    #[serde(default)]
    #[param(required = false)]
    dry_run: bool,
}

/// Which part of a history is meant.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct HistoryPage {
    /// The link's domain; the default one where absent.
    domain: Option<String>,
    /// Most events in a page, 1 to 1,000; 50 by default.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u16>,
    /// Where to continue: the `next_cursor` of the page before.
    pub(super) cursor: Option<String>,
}

impl OfDomain {
    /// The link of this code.
    pub(super) fn link(&self, code: ShortCode) -> Result<LinkRef, Failure> {
        link(self.domain.as_deref(), code)
    }
}

impl LinkWrite {
    /// The link of this code.
    pub(super) fn link(&self, code: ShortCode) -> Result<LinkRef, Failure> {
        link(self.domain.as_deref(), code)
    }

    /// Whether to write.
    pub(super) fn mode(&self) -> Mode {
        if self.dry_run { Mode::DryRun } else { Mode::Apply }
    }
}

impl Write {
    /// Whether to write.
    pub(super) fn mode(&self) -> Mode {
        if self.dry_run { Mode::DryRun } else { Mode::Apply }
    }
}

impl HistoryPage {
    /// The link of this code.
    pub(super) fn link(&self, code: ShortCode) -> Result<LinkRef, Failure> {
        link(self.domain.as_deref(), code)
    }

    /// Most events to answer.
    pub(super) fn limit(&self) -> u16 {
        self.limit.unwrap_or(50)
    }
}

/// The link of a code on a domain, or on the default one.
pub(super) fn link(domain: Option<&str>, code: ShortCode) -> Result<LinkRef, Failure> {
    let domain = domain.map_or(Ok(Domain::default_domain()), Domain::parse);
    let domain = domain.map_err(|invalid| Problem::new(ProblemCode::Malformed, invalid.detail))?;
    Ok(LinkRef { domain, code })
}

impl<T: DeserializeOwned> FromRequestParts<App> for Query<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Failure> {
        let parsed = axum::extract::Query::try_from_uri(&parts.uri);
        let parsed = parsed.map_err(|rejection| {
            let cause =
                std::error::Error::source(&rejection).map_or_else(|| rejection.to_string(), ToString::to_string);
            Problem::new(ProblemCode::Malformed, format!("the query parameters are not understood: {cause}"))
        })?;
        Ok(Self(parsed.0))
    }
}
