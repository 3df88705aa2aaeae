//! Access logs in a bucket of Amazon S3, where CloudFront leaves them.
//!
//! Two layouts are read: folders by hour (`PREFIX/yyyy/MM/dd/HH/`, as our Terraform configures standard logging v2), and all
//! files beside each other (`PREFIX/DISTRIBUTION.yyyy-mm-dd-hh.ID.gz`, as legacy standard logs are).

mod endpoint;
mod error;
mod listing;
mod place;

use std::io::{Cursor, Read};
use std::ops::RangeInclusive;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{Builder, Region};
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use tokio::time::timeout;

pub use place::S3Place;

use self::endpoint::PathStyleAtEndpoints;
use self::error::{Object, meaning};
use super::left_alone::{LeftAlone, Seen};
use super::source::{LogFile, LogSource, SourceError};
use crate::stats::Hour;
use crate::table::dynamo::{CredentialSource, Limits, find_region, loader};

/// Signs requests where no region is configured; the answer of another one names it.
const ANY_REGION: &str = "us-east-1";

/// Largest file that is read: it is held in memory, compressed. CloudFront's own are some megabytes.
const LARGEST: u64 = 256 << 20;

/// Downloads of a file that are begun, at most, when connections break in the middle.
const DOWNLOADS: u32 = 3;

/// How long one download may take.
const DOWNLOAD: Duration = Duration::from_mins(2);

/// How long and how often a request is tried, up to the beginning of its answer.
const LIMITS: Limits = Limits {
    operation: Duration::from_secs(30),
    attempt: Duration::from_secs(10),
    connect: Duration::from_secs(3),
    attempts: 4,
    hedge: None,
};

/// How a bucket is reached. Where nothing is given, the SDK asks the environment (`AWS_REGION`, `AWS_ENDPOINT_URL_S3`,
/// `AWS_ENDPOINT_URL`, `AWS_PROFILE`) and, outside Lambda, the AWS profile.
#[derive(Debug, Clone, Default)]
pub struct S3Settings {
    /// Where credentials come from.
    pub credentials: CredentialSource,
    /// AWS region of the bucket.
    pub region: Option<String>,
    /// AWS profile. Without meaning in Lambda.
    pub profile: Option<String>,
    /// URL of the service.
    pub endpoint_url: Option<String>,
}

/// The logs in a bucket, below a prefix. Cloning is cheap and shares connections.
#[derive(Debug, Clone)]
pub struct S3Logs {
    client: Client,
    place: S3Place,
    largest: u64,
    seen: Seen,
}

impl S3Logs {
    /// Logs at a place. Nothing is sent: the first listing finds out whether the bucket can be reached.
    pub async fn connect(settings: &S3Settings, place: S3Place) -> Self {
        let found = find_region(settings.credentials, settings.region.as_deref(), settings.profile.as_deref()).await;
        let region = found.unwrap_or(Region::from_static(ANY_REGION));
        let mut loader = loader(settings.credentials, settings.profile.as_deref(), LIMITS).region(region);
        if let Some(endpoint_url) = &settings.endpoint_url {
            loader = loader.endpoint_url(endpoint_url);
        }
        Self::from_config(Builder::from(&loader.load().await), place)
    }

    /// Logs that are reached by a configuration of the SDK.
    pub fn from_config(config: Builder, place: S3Place) -> Self {
        let client = Client::from_conf(config.endpoint_resolver(PathStyleAtEndpoints::default()).build());
        Self { client, place, largest: LARGEST, seen: Seen::default() }
    }

    /// The same, where files of more bytes are refused.
    #[must_use]
    pub fn reading_at_most(self, largest: u64) -> Self {
        Self { largest, ..self }
    }

    /// Downloads a file once.
    async fn download(&self, file: &LogFile) -> Result<Vec<u8>, SourceError> {
        let object = Object { bucket: self.place.bucket(), key: &file.location };
        let request = self.client.get_object().bucket(object.bucket).key(&file.location).if_match(&file.tag);
        let answer = request.send().await.map_err(|error| meaning(object, &error))?;
        let announced = answer.content_length().and_then(|length| u64::try_from(length).ok());
        if announced.is_some_and(|length| length > self.largest) {
            return Err(self.too_large(object));
        }
        self.body(object, answer).await
    }

    async fn body(&self, object: Object<'_>, mut answer: GetObjectOutput) -> Result<Vec<u8>, SourceError> {
        let mut bytes = Vec::new();
        while let Some(part) = answer.body.next().await {
            let part = part.map_err(|error| object.unavailable(error))?;
            if (bytes.len() + part.len()) as u64 > self.largest {
                return Err(self.too_large(object));
            }
            bytes.extend_from_slice(&part);
        }
        Ok(bytes)
    }

    fn too_large(&self, object: Object<'_>) -> SourceError {
        object.refused(format!("the file is larger than {} bytes", self.largest))
    }
}

#[async_trait]
impl LogSource for S3Logs {
    async fn list(&self, hours: Option<RangeInclusive<Hour>>) -> Result<Vec<LogFile>, SourceError> {
        if let Some(hours) = hours {
            return self.list_hours(&hours).await;
        }
        let (files, left_alone) = self.list_all().await?;
        self.seen.set(left_alone);
        Ok(files)
    }

    fn left_alone(&self) -> LeftAlone {
        self.seen.get()
    }

    async fn open(&self, file: &LogFile) -> Result<Box<dyn Read + Send>, SourceError> {
        let mut downloads = 1;
        loop {
            let object = Object { bucket: self.place.bucket(), key: &file.location };
            let in_time = timeout(DOWNLOAD, self.download(file)).await;
            let answer = in_time.unwrap_or_else(|late| Err(object.unavailable(late)));
            match answer {
                Ok(bytes) => return Ok(Box::new(Cursor::new(bytes))),
                Err(SourceError::Unavailable { .. }) if downloads < DOWNLOADS => downloads += 1,
                Err(error) => return Err(error),
            }
        }
    }
}
