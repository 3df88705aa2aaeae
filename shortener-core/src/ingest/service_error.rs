//! What errors of AWS services mean for logs.

use std::error::Error as StdError;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

use super::source::SourceError;
use crate::table::dynamo::find_source;

/// The code of an answer that is an error; empty where there is none.
pub(super) fn code<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> &str {
    error.as_service_error().and_then(ProvideErrorMetadata::code).unwrap_or_default()
}

/// The meaning of an SDK error.
pub(super) fn service_error<E>(place: String, error: SdkError<E, HttpResponse>) -> SourceError
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    match refusal(&error) {
        Some(reason) => SourceError::Refused { place, reason },
        None => SourceError::Unavailable { place, source: error.into() },
    }
}

/// Why a request must not be sent again as it is; none if the cause may pass by itself.
fn refusal<E>(error: &SdkError<E, HttpResponse>) -> Option<String>
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    if find_source::<CredentialsError>(error).is_some() {
        return Some(format!("no AWS credentials: {}", DisplayErrorContext(error)));
    }
    match error {
        SdkError::ConstructionFailure(_) => Some(DisplayErrorContext(error).to_string()),
        SdkError::ServiceError(_) | SdkError::ResponseError(_) if !passes(error) => Some(match code(error) {
            code @ ("AccessDenied" | "AccessDeniedException" | "AllAccessDisabled") => {
                format!("access is denied ({code})")
            }
            code @ ("ExpiredToken"
            | "ExpiredTokenException"
            | "InvalidAccessKeyId"
            | "InvalidClientTokenId"
            | "InvalidToken"
            | "SignatureDoesNotMatch"
            | "UnrecognizedClientException") => format!("the AWS credentials are refused ({code})"),
            _ => DisplayErrorContext(error).to_string(),
        }),
        _ => None,
    }
}

/// Whether an answer is that of a service which is busy or broken.
fn passes<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    let status = error.raw_response().map(HttpResponse::status);
    let busy = ["SlowDown", "Throttling", "ThrottlingException", "RequestTimeout", "RequestTimeTooSkewed"];
    busy.contains(&code(error)) || status.is_none_or(|status| status.as_u16() == 429 || !status.is_client_error())
}
