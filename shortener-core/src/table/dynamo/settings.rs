//! How a DynamoDB table is reached: region, endpoint, credentials, and how long to wait.

use std::time::Duration;

use aws_config::environment::credentials::EnvironmentVariableCredentialsProvider;
use aws_config::environment::region::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{Config, Region};

use super::renewal::Renewal;
use super::{DynamoTable, InsertBy};
use crate::pace::Patience;
use crate::table::TableError;

/// Stands for the region where an endpoint is given, which needs one only for the signature.
const ANY_REGION: &str = "us-east-1";

/// How to reach a table.
#[derive(Debug, Clone)]
pub struct DynamoSettings {
    /// The table's name.
    pub table: String,
    /// AWS region; none asks the environment (`AWS_REGION`) and then, outside Lambda, the AWS profile.
    pub region: Option<String>,
    /// URL of the service; none asks the environment (`AWS_ENDPOINT_URL_DYNAMODB`, `AWS_ENDPOINT_URL`) and the AWS
    /// profile, except for [`CredentialSource::Environment`], and is then the region's own.
    pub endpoint_url: Option<String>,
    /// AWS profile; none asks the environment (`AWS_PROFILE`). Without meaning in Lambda.
    pub profile: Option<String>,
    /// Where credentials come from.
    pub credentials: CredentialSource,
    /// How long and how often to try.
    pub limits: Limits,
    /// How bulk inserts are sent: [`InsertBy::NEAR`], unless the table is far away.
    pub insert_by: InsertBy,
}

/// Where credentials come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CredentialSource {
    /// The SDK's chain: environment, profile, web identity, container, instance metadata.
    #[default]
    Chain,
    /// The environment alone, as Lambda provides it. Saves the start of a function from asking anything else.
    Environment,
}

/// How long and how often a request is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For an operation with all its attempts and pauses.
    pub operation: Duration,
    /// For one attempt.
    pub attempt: Duration,
    /// For making a connection.
    pub connect: Duration,
    /// Most attempts, at least 1.
    pub attempts: u32,
    /// When a read that has no answer yet is sent a second time beside the first, on another connection: one that
    /// died while nobody looked is found out by its silence alone. None never.
    pub hedge: Option<Duration>,
}

impl Limits {
    /// For people and programs that wait for an answer: 3 attempts in 10 s.
    pub const INTERACTIVE: Self = Self {
        operation: Duration::from_secs(10),
        attempt: Duration::from_secs(4),
        connect: Duration::from_secs(2),
        attempts: 3,
        hedge: None,
    };

    /// For an API whose callers wait behind an edge and repeat by themselves: 3 attempts within 1.5 s.
    pub const API: Self = Self {
        operation: Duration::from_millis(1500),
        attempt: Duration::from_millis(800),
        connect: Duration::from_millis(400),
        attempts: 3,
        hedge: Some(Duration::from_millis(250)),
    };

    /// For redirects, which have a second answer when the store fails: 2 attempts within 1 s.
    pub const REDIRECT: Self = Self {
        operation: Duration::from_secs(1),
        attempt: Duration::from_millis(450),
        connect: Duration::from_millis(300),
        attempts: 2,
        hedge: Some(Duration::from_millis(150)),
    };

    /// How long parts of bulk inserts and reads are repeated that were put off: as long as one operation may take.
    pub fn patience(self) -> Patience {
        Patience { total: self.operation, ..Patience::REQUEST }
    }

    /// The same as the SDK takes it.
    pub fn timeouts(self) -> TimeoutConfig {
        TimeoutConfig::builder()
            .operation_timeout(self.operation)
            .operation_attempt_timeout(self.attempt)
            .connect_timeout(self.connect)
            .build()
    }

    /// The same as the SDK takes it; pauses are at most a quarter of the whole time.
    pub fn retries(self) -> RetryConfig {
        let longest = Duration::from_secs(1).min(self.operation / 4);
        RetryConfig::standard()
            .with_max_attempts(self.attempts.max(1))
            .with_initial_backoff(Duration::from_millis(50))
            .with_max_backoff(longest)
    }
}

impl DynamoSettings {
    /// Interactive limits and the SDK's own search for region, endpoint and credentials.
    pub fn new(table: impl Into<String>) -> Self {
        Self {
            table: table.into(),
            region: None,
            endpoint_url: None,
            profile: None,
            credentials: CredentialSource::default(),
            limits: Limits::INTERACTIVE,
            insert_by: InsertBy::default(),
        }
    }

    async fn resolve_region(&self) -> Result<Region, TableError> {
        let found = find_region(self.credentials, self.region.as_deref(), self.profile.as_deref()).await;
        found.or_else(|| self.endpoint_url.as_ref().map(|_| Region::new(ANY_REGION))).ok_or_else(|| {
            TableError::Invalid(
                "no AWS region is configured: set AWS_REGION or the region of the AWS profile".to_owned(),
            )
        })
    }
}

/// The region that is given, or else that of the environment and, outside Lambda, of the AWS profile.
pub(crate) async fn find_region(
    credentials: CredentialSource,
    region: Option<&str>,
    profile: Option<&str>,
) -> Option<Region> {
    let given = region.map(|name| Region::new(name.to_owned()));
    let mut chain = RegionProviderChain::first_try(given).or_else(EnvironmentVariableRegionProvider::new());
    if credentials == CredentialSource::Chain {
        let mut provider = ProfileFileRegionProvider::builder();
        if let Some(name) = profile {
            provider = provider.profile_name(name);
        }
        chain = chain.or_else(provider.build());
    }
    chain.region().await
}

/// What all clients of AWS services have in common: whose credentials they use, and how long and how often they try.
pub(crate) fn loader(credentials: CredentialSource, profile: Option<&str>, limits: Limits) -> ConfigLoader {
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .timeout_config(limits.timeouts())
        .retry_config(limits.retries());
    if let Some(profile) = profile {
        loader = loader.profile_name(profile);
    }
    if credentials == CredentialSource::Environment {
        loader = loader.credentials_provider(EnvironmentVariableCredentialsProvider::new());
    }
    loader
}

impl DynamoTable {
    /// Makes a table of its settings. Nothing is sent: the first request finds out whether the table can be reached.
    ///
    /// # Errors
    /// [`TableError::Invalid`] if no region is configured.
    pub async fn connect(settings: &DynamoSettings) -> Result<Self, TableError> {
        let region = settings.resolve_region().await?;
        let client = match settings.credentials {
            CredentialSource::Chain => Renewal::install(&from_chain(settings, region).await),
            CredentialSource::Environment => from_environment(settings, region),
        };
        Ok(Self::through(client, &settings.table).inserting_by(settings.insert_by).within(settings.limits))
    }

    /// The same table, whose silent reads are sent twice and whose loads are repeated as the limits of its client have it.
    #[must_use]
    pub fn within(self, limits: Limits) -> Self {
        Self { hedge: limits.hedge, patience: limits.patience(), ..self }
    }
}

/// A client by the SDK's own search through environment, profiles and metadata services.
async fn from_chain(settings: &DynamoSettings, region: Region) -> Client {
    let mut loader = loader(CredentialSource::Chain, settings.profile.as_deref(), settings.limits).region(region);
    if let Some(endpoint_url) = &settings.endpoint_url {
        loader = loader.endpoint_url(endpoint_url);
    }
    Client::new(&loader.load().await)
}

/// A client of what is given: nothing is searched for, so that a function starts at once.
fn from_environment(settings: &DynamoSettings, region: Region) -> Client {
    let mut config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(region)
        .credentials_provider(EnvironmentVariableCredentialsProvider::new())
        .timeout_config(settings.limits.timeouts())
        .retry_config(settings.limits.retries());
    config.set_endpoint_url(settings.endpoint_url.clone());
    Client::from_conf(config.build())
}
