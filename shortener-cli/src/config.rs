//! Configuration, read once: flags, then environment, then a profile of the configuration file, then defaults.

use std::fmt;
use std::path::PathBuf;

use etcetera::base_strategy::{BaseStrategy, Xdg};
use shortener_core::client::{ApiKey, ApiSettings, ApiUrl};
use shortener_core::edge::DistributionId;
use shortener_core::error::InvalidValue;
use shortener_core::link::BaseUrl;

use crate::cli::{Format, GlobalArgs};
use crate::exit::Stopped;

mod environment;
#[cfg(test)]
#[cfg(unix)]
mod fuzz;
mod profiles;

pub(crate) use environment::{Environment, VARIABLES};
pub(crate) use profiles::{Profile, ProfileFile};

/// Base URL of the default domain if nothing is set: where `short serve` listens by default.
const DEFAULT_BASE_URL: &str = "http://127.0.0.1:8080";

/// What a command needs to know, whichever way it was set.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// Where the links are: `--file`, `--table` or `--api`; else `SHORT_FILE`, `SHORT_TABLE` or `SHORT_API_URL`; else
    /// `--profile`, `SHORT_PROFILE` or the profile in use; else the embedded file of the user.
    pub(crate) location: Location,
    /// Base URL of the default domain: `--base-url`, `SHORT_BASE_URL`, the profile's `base_url`; none if not set.
    pub(crate) base_url: Option<BaseUrl>,
}

/// Where the links are.
#[derive(Debug, Clone)]
pub(crate) enum Location {
    /// An embedded table.
    File(FileLocation),
    /// A DynamoDB table.
    Table(TableLocation),
    /// A service.
    Api(ApiSettings),
}

/// An embedded table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileLocation {
    /// The file.
    pub(crate) path: PathBuf,
    /// Whether nobody named it, so that its folder is made where missing.
    pub(crate) is_default: bool,
}

/// A DynamoDB table. What is missing here the AWS configuration says (`AWS_REGION`, `~/.aws/config` and so on).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TableLocation {
    /// Its name.
    pub(crate) name: String,
    /// Its region.
    pub(crate) region: Option<String>,
    /// URL of a DynamoDB-compatible engine.
    pub(crate) endpoint_url: Option<String>,
    /// The distribution in front of its service: `--distribution`, `SHORT_DISTRIBUTION_ID`, the profile's `distribution`.
    pub(crate) distribution: Option<DistributionId>,
}

impl Config {
    /// Reads the configuration.
    ///
    /// # Errors
    /// Says which flag, variable or entry is wrong.
    pub(crate) fn read(args: &GlobalArgs, environment: &Environment) -> anyhow::Result<Self> {
        let profile = chosen_profile(args, environment)?;
        let base_url = args.base_url.clone().or_else(|| environment.base_url.clone());
        let base_url = base_url.or_else(|| profile.as_ref().and_then(|profile| profile.base_url.clone()));
        Ok(Self {
            location: location(args, environment, profile)?,
            base_url: base_url.map(|url| BaseUrl::parse(&url)).transpose().map_err(|e| invalid(&e))?,
        })
    }
}

impl Config {
    /// Base URL of the default domain, set or not.
    ///
    /// # Errors
    /// None while the default is a URL.
    pub(crate) fn base_url_or_default(&self) -> anyhow::Result<BaseUrl> {
        match &self.base_url {
            Some(url) => Ok(url.clone()),
            None => BaseUrl::parse(DEFAULT_BASE_URL).map_err(|error| invalid(&error)),
        }
    }
}

/// Format of the data: `--json`, `--output`, `SHORT_OUTPUT`.
///
/// # Errors
/// `SHORT_OUTPUT` is no format.
pub(crate) fn format(args: &GlobalArgs, environment: &Environment) -> anyhow::Result<Format> {
    if args.json {
        return Ok(Format::Json);
    }
    let named = |name: &str| <Format as clap::ValueEnum>::from_str(name, true);
    match (args.output, environment.output.as_deref()) {
        (Some(format), _) => Ok(format),
        (None, None) => Ok(Format::Table),
        (None, Some(name)) => named(name).map_err(|_| {
            wrong_variable("SHORT_OUTPUT", name, &"this is no format", "use table, json, ndjson, csv or tsv")
        }),
    }
}

/// A distribution as it was set.
///
/// # Errors
/// It can be none.
pub(crate) fn distribution(id: Option<&str>) -> anyhow::Result<Option<DistributionId>> {
    id.map(DistributionId::parse).transpose().map_err(|error| invalid(&error))
}

/// A value of the configuration that does not parse.
pub(crate) fn invalid(error: &InvalidValue) -> anyhow::Error {
    Stopped::Usage { detail: error.detail.to_string(), hint: None }.into()
}

/// A variable of the environment whose text means nothing.
pub(crate) fn wrong_variable(name: &str, text: &str, why: &dyn fmt::Display, hint: &'static str) -> anyhow::Error {
    Stopped::usage(format!("{name} is '{}': {why}", text.escape_debug()), hint).into()
}

/// Folder of the configuration file.
pub(crate) fn config_folder() -> anyhow::Result<PathBuf> {
    Ok(base_folders()?.config_dir().join("short"))
}

fn base_folders() -> anyhow::Result<Xdg> {
    Xdg::new().map_err(|_| Stopped::usage("there is no home directory", "set HOME, or name a file by --file").into())
}

/// The profile whose entries fill what flags and environment leave open.
fn chosen_profile(args: &GlobalArgs, environment: &Environment) -> anyhow::Result<Option<Profile>> {
    let located = args.file.is_some() || args.table.is_some() || args.api.is_some();
    let located_by_environment = args.profile.is_none() && environment.names_a_location();
    if located || located_by_environment {
        return Ok(None);
    }
    let Ok(folder) = config_folder() else { return Ok(None) };
    let file = ProfileFile::read(&folder)?;
    match args.profile.as_ref().or(environment.profile.as_ref()).or(file.in_use()) {
        Some(name) => file.get(name).cloned().map(Some).ok_or_else(|| file.unknown(name).into()),
        None => Ok(None),
    }
}

fn location(args: &GlobalArgs, environment: &Environment, profile: Option<Profile>) -> anyhow::Result<Location> {
    let given =
        Profile { file: args.file.clone(), table: args.table.clone(), api: args.api.clone(), ..Profile::default() };
    let mut chosen = if given.names_a_location() {
        given
    } else if let Some(profile) = profile {
        profile
    } else {
        environment.location()?
    };
    chosen.region = args.region.clone().or(chosen.region);
    chosen.endpoint_url = args.endpoint_url.clone().or(chosen.endpoint_url);
    chosen.distribution = args.distribution.clone().or(environment.distribution.clone()).or(chosen.distribution);
    if let Some(name) = chosen.table {
        let Profile { region, endpoint_url, .. } = chosen;
        let distribution = distribution(chosen.distribution.as_deref())?;
        return Ok(Location::Table(TableLocation { name, region, endpoint_url, distribution }));
    }
    if args.region.is_some() || args.endpoint_url.is_some() || args.distribution.is_some() {
        let detail = "--region, --endpoint-url and --distribution belong to a table";
        return Err(Stopped::usage(detail, "name it by --table").into());
    }
    if let Some(url) = chosen.api {
        let key = environment.api_key.clone().or(chosen.api_key);
        let key = key.map(|key| ApiKey::parse(&key)).transpose().map_err(|e| invalid(&e))?;
        return Ok(Location::Api(ApiSettings::new(ApiUrl::parse(&url).map_err(|e| invalid(&e))?, key)));
    }
    Ok(Location::File(match chosen.file {
        Some(path) => FileLocation { path, is_default: false },
        None => FileLocation { path: base_folders()?.data_dir().join("short/links.db"), is_default: true },
    }))
}
