//! What errors of AWS services mean for logs, in words.

use std::error::Error as StdError;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

use super::source::SourceError;
use crate::table::dynamo::{about_credentials, last_cause, was_never_sent};

/// The code of an answer that is an error; empty where there is none.
pub(super) fn code<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> &str {
    error.as_service_error().and_then(ProvideErrorMetadata::code).unwrap_or_default()
}

/// The meaning of an SDK error.
pub(super) fn service_error<E>(place: String, error: &SdkError<E, HttpResponse>) -> SourceError
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    tracing::debug!(place, error = %DisplayErrorContext(error), "a service has failed");
    if let Some(reason) = about_credentials(error) {
        return SourceError::NoCredentials { place, reason };
    }
    match error {
        SdkError::ConstructionFailure(_) => {
            SourceError::Refused { place, reason: format!("the request cannot be made: {}", last_cause(error)) }
        }
        SdkError::ServiceError(_) | SdkError::ResponseError(_) if !passes(error) => refusal(place, error),
        _ => SourceError::Unavailable { place, source: why_unavailable(error).into() },
    }
}

/// The meaning of an answer that would be the same again.
fn refusal<E: ProvideErrorMetadata>(place: String, error: &SdkError<E, HttpResponse>) -> SourceError {
    match code(error) {
        code @ ("AccessDenied" | "AccessDeniedException" | "AllAccessDisabled") => {
            SourceError::Denied { place, reason: format!("access is denied ({code})") }
        }
        code @ ("ExpiredToken" | "ExpiredTokenException") => {
            SourceError::NoCredentials { place, reason: format!("the AWS credentials have expired ({code})") }
        }
        code @ ("InvalidAccessKeyId"
        | "InvalidClientTokenId"
        | "InvalidToken"
        | "SignatureDoesNotMatch"
        | "UnrecognizedClientException") => {
            SourceError::NoCredentials { place, reason: format!("the AWS credentials are refused ({code})") }
        }
        code => {
            let message = error.as_service_error().and_then(ProvideErrorMetadata::message).unwrap_or_default();
            let said = [code, message].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(": ");
            SourceError::Refused { place, reason: format!("the request was refused ({})", or_status(said, error)) }
        }
    }
}

/// Why there is no answer, or none that helps.
fn why_unavailable<E>(error: &SdkError<E, HttpResponse>) -> String
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    match error {
        SdkError::TimeoutError(_) => "there was no answer in time".to_owned(),
        SdkError::DispatchFailure(failure) => {
            let never_sent = failure.as_connector_error().is_some_and(was_never_sent);
            let what = if never_sent { "no connection could be made" } else { "the connection broke" };
            format!("{what}: {}", last_cause(error))
        }
        SdkError::ServiceError(_) => {
            format!("the service is busy or broken ({})", or_status(code(error).to_owned(), error))
        }
        _ => format!("the answer cannot be read: {}", last_cause(error)),
    }
}

/// What an answer says, or its status where it says nothing.
fn or_status<E>(said: String, error: &SdkError<E, HttpResponse>) -> String {
    let status = error.raw_response().map(|response| response.status().as_u16()).unwrap_or_default();
    if said.is_empty() { format!("status {status}") } else { said }
}

/// Whether an answer is that of a service which is busy or broken.
fn passes<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    let status = error.raw_response().map(HttpResponse::status);
    let busy = ["SlowDown", "Throttling", "ThrottlingException", "RequestTimeout", "RequestTimeTooSkewed"];
    busy.contains(&code(error)) || status.is_none_or(|status| status.as_u16() == 429 || !status.is_client_error())
}
