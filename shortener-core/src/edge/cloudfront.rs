//! The edge of Amazon CloudFront: a purge is an invalidation of a distribution.
//!
//! The service has one endpoint, whose requests are signed for us-east-1; `AWS_ENDPOINT_URL_CLOUDFRONT` and
//! `AWS_ENDPOINT_URL`, which the SDK reads itself, name another one.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_cloudfront::Client;
use aws_sdk_cloudfront::config::Region;
use aws_sdk_cloudfront::config::http::HttpResponse;
use aws_sdk_cloudfront::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_cloudfront::types::{InvalidationBatch, Paths};
use tokio::sync::OnceCell;

use super::{
    Begun, DistributionId, EdgeCache, EdgeCaches, EdgeError, EdgePath, Progress, PurgeId, PurgeReference, Source,
};
use crate::table::dynamo::{CredentialSource, Limits, about_credentials, last_cause, loader, was_never_sent};

/// The region that requests to CloudFront are signed for, wherever they come from.
const REGION: &str = "us-east-1";

/// How long a change waits for its purge to be accepted: 3 attempts in 5 s.
const LIMITS: Limits = Limits {
    operation: Duration::from_secs(5),
    attempt: Duration::from_secs(2),
    connect: Duration::from_secs(1),
    attempts: 3,
    hedge: None,
};

/// Amazon CloudFront. The client is made when something is first purged, and then shared; cloning is cheap.
#[derive(Debug, Clone)]
pub struct CloudFront {
    credentials: CredentialSource,
    client: Arc<OnceCell<Client>>,
}

/// A distribution of CloudFront.
#[derive(Debug, Clone)]
pub struct Distribution {
    cloudfront: CloudFront,
    id: DistributionId,
}

impl CloudFront {
    /// CloudFront as reached with these credentials.
    pub fn new(credentials: CredentialSource) -> Self {
        Self { credentials, client: Arc::default() }
    }

    /// CloudFront reached through a given client, for tests.
    pub fn from_client(client: Client) -> Self {
        Self { credentials: CredentialSource::default(), client: Arc::new(OnceCell::new_with(Some(client))) }
    }

    /// One of its distributions.
    pub fn distribution(&self, id: DistributionId) -> Distribution {
        Distribution { cloudfront: self.clone(), id }
    }

    async fn client(&self) -> &Client {
        self.client.get_or_init(|| connect(self.credentials)).await
    }
}

async fn connect(credentials: CredentialSource) -> Client {
    Client::new(&loader(credentials, None, LIMITS).region(Region::new(REGION)).load().await)
}

impl EdgeCaches for CloudFront {
    fn of(&self, distribution: DistributionId) -> Arc<dyn EdgeCache> {
        Arc::new(self.distribution(distribution))
    }
}

#[async_trait]
impl EdgeCache for Distribution {
    async fn purge(&self, paths: &[EdgePath], reference: &PurgeReference) -> Result<Begun, EdgeError> {
        let batch = batch(paths, reference).map_err(|error| EdgeError::Refused(error.into()))?;
        let request = self.cloudfront.client().await.create_invalidation();
        let answer = request.distribution_id(self.id.as_str()).invalidation_batch(batch).send().await;
        let invalidation =
            answer.map_err(|error| meaning(&error))?.invalidation.ok_or_else(|| unreadable("an empty answer"))?;
        let id = PurgeId::parse(&invalidation.id).map_err(unreadable)?;
        Ok(Begun { id, progress: progress(&invalidation.status) })
    }

    async fn progress(&self, id: &PurgeId) -> Result<Progress, EdgeError> {
        let request = self.cloudfront.client().await.get_invalidation();
        let answer = request.distribution_id(self.id.as_str()).id(id.as_str()).send().await;
        let invalidation =
            answer.map_err(|error| meaning(&error))?.invalidation.ok_or_else(|| unreadable("an empty answer"))?;
        Ok(progress(&invalidation.status))
    }
}

/// The same reference with the same paths is answered with the invalidation that it made before ("`CallerReference`" in
/// the CloudFront API reference).
fn batch(
    paths: &[EdgePath],
    reference: &PurgeReference,
) -> Result<InvalidationBatch, aws_sdk_cloudfront::error::BuildError> {
    let quantity = i32::try_from(paths.len()).unwrap_or(i32::MAX);
    let items = paths.iter().map(|path| path.as_str().to_owned()).collect();
    let paths = Paths::builder().quantity(quantity).set_items(Some(items)).build()?;
    InvalidationBatch::builder().paths(paths).caller_reference(reference.as_str()).build()
}

/// CloudFront says `Completed` at the end, and documents no other word; other engines write it in capitals.
fn progress(status: &str) -> Progress {
    if status.eq_ignore_ascii_case("completed") { Progress::Completed } else { Progress::InProgress }
}

fn unreadable(why: impl Into<Source>) -> EdgeError {
    EdgeError::Refused(why.into())
}

/// The meaning of an SDK error. Whether a purge was begun need not be known: its reference makes it safe to repeat.
fn meaning<E>(error: &SdkError<E, HttpResponse>) -> EdgeError
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    tracing::debug!(error = %DisplayErrorContext(error), "CloudFront has failed");
    if let Some(words) = about_credentials(error) {
        return EdgeError::Denied(words.into());
    }
    let words: Source = words(error).into();
    let SdkError::ServiceError(service) = error else {
        return match error {
            SdkError::ConstructionFailure(_) => EdgeError::Refused(words),
            _ => EdgeError::Unavailable(words),
        };
    };
    let status = service.raw().status();
    match service.err().code().unwrap_or_default() {
        "NoSuchDistribution" => EdgeError::NoSuchDistribution,
        "NoSuchInvalidation" => EdgeError::NoSuchPurge,
        "TooManyInvalidationsInProgress"
        | "Throttling"
        | "ThrottlingException"
        | "TooManyRequestsException"
        | "RequestLimitExceeded" => EdgeError::Busy(words),
        "AccessDenied"
        | "AccessDeniedException"
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "InvalidClientTokenId"
        | "SignatureDoesNotMatch"
        | "UnrecognizedClientException"
        | "MissingAuthenticationToken"
        | "IncompleteSignature" => EdgeError::Denied(words),
        _ if status.as_u16() == 429 => EdgeError::Busy(words),
        _ if status.is_server_error() => EdgeError::Unavailable(words),
        _ => EdgeError::Refused(words),
    }
}

/// What has failed, in one line for logs.
fn words<E>(error: &SdkError<E, HttpResponse>) -> String
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    match error {
        SdkError::ConstructionFailure(_) => format!("the request cannot be made: {}", last_cause(error)),
        SdkError::TimeoutError(_) => "there was no answer in time".to_owned(),
        SdkError::DispatchFailure(failure) => {
            let never_sent = failure.as_connector_error().is_some_and(was_never_sent);
            let what = if never_sent { "no connection could be made" } else { "the connection broke" };
            format!("{what}: {}", last_cause(error))
        }
        SdkError::ServiceError(service) => {
            let said = [service.err().code(), service.err().message()];
            let said = said.into_iter().flatten().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(": ");
            let status = service.raw().status().as_u16();
            if said.is_empty() { format!("CloudFront answered {status}") } else { said }
        }
        _ => format!("the answer cannot be read: {}", last_cause(error)),
    }
}
