//! What the errors of S3 mean.

use std::error::Error as StdError;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

use crate::ingest::service_error::{code, service_error};
use crate::ingest::source::SourceError;

/// What a request was about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Object<'a> {
    pub(super) bucket: &'a str,
    /// Key of a file, or what keys begin with.
    pub(super) key: &'a str,
}

impl Object<'_> {
    fn place(self) -> String {
        format!("s3://{}/{}", self.bucket, self.key)
    }

    pub(super) fn refused(self, reason: impl Into<String>) -> SourceError {
        SourceError::Refused { place: self.place(), reason: reason.into() }
    }

    pub(super) fn unavailable(self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> SourceError {
        SourceError::Unavailable { place: self.place(), source: source.into() }
    }
}

/// The meaning of an SDK error.
pub(super) fn meaning<E>(object: Object<'_>, error: &SdkError<E, HttpResponse>) -> SourceError
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    if let Some(reason) = region(error) {
        return object.refused(reason);
    }
    match code(error) {
        "NoSuchBucket" => object.refused("there is no such bucket"),
        "NoSuchKey" => object.refused("there is no such file any more"),
        "PreconditionFailed" => object.unavailable("the file has changed since it was listed"),
        _ => service_error(object.place(), error),
    }
}

/// What to do where the bucket is in another region than the request was signed for.
fn region<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Option<String> {
    let response = error.raw_response()?;
    let elsewhere = ["PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"];
    if response.status().as_u16() / 100 != 3 && !elsewhere.contains(&code(error)) {
        return None;
    }
    Some(match response.headers().get("x-amz-bucket-region") {
        Some(region) => format!("the bucket is in the region {region}: set AWS_REGION={region}"),
        None => "the bucket is in another region: set AWS_REGION".to_owned(),
    })
}
