//! What an SDK error means to a caller: the one place that decides whether a write can have been applied.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ConnectorError, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::CancellationReason;
use aws_sdk_dynamodb::types::error::TransactionCanceledException;

use super::value::item_from_wire;
use crate::table::{Item, MAX_ITEM_BYTES, Source, TableError};

/// The SDK's error of one operation.
pub(super) type OperationError<E> = SdkError<E, HttpResponse>;

/// A readable statement of what failed; the SDK's own words are its source.
#[derive(Debug)]
pub(super) struct Failure {
    message: String,
    source: Option<Source>,
}

impl Failure {
    /// A failure that has no deeper cause.
    pub(super) fn plain(message: impl Into<String>) -> Source {
        Box::new(Self { message: message.into(), source: None })
    }

    fn of(message: impl Into<String>, source: impl Into<Source>) -> Source {
        Box::new(Self { message: message.into(), source: Some(source.into()) })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Failure {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| source.as_ref() as _)
    }
}

/// What became of a request.
enum Outcome {
    /// It was refused, or nothing was sent: nothing was applied.
    Refused(TableError),
    /// It may have been applied.
    Unknown(Source),
}

/// The meaning of an error of a read.
pub(super) fn of_read<E>(table: &str, error: OperationError<E>) -> TableError
where
    E: ProvideErrorMetadata + Into<aws_sdk_dynamodb::Error> + StdError + Send + Sync + 'static,
{
    match outcome(table, error) {
        Outcome::Refused(error) => error,
        Outcome::Unknown(source) => TableError::Unavailable(source),
    }
}

/// The meaning of an error of a write, one of whose attempts may have been applied if `doubted`.
pub(super) fn of_write<E>(table: &str, error: OperationError<E>, doubt: &super::doubt::Doubt) -> TableError
where
    E: ProvideErrorMetadata + Into<aws_sdk_dynamodb::Error> + StdError + Send + Sync + 'static,
{
    match outcome(table, error) {
        Outcome::Unknown(source) => TableError::OutcomeUnknown(source),
        // The item found may be the one written by the attempt whose reply was lost; the caller sees that by its token.
        Outcome::Refused(error @ TableError::ConditionFailed { existing: Some(_), .. }) => error,
        Outcome::Refused(error) if doubt.is_raised() => {
            TableError::OutcomeUnknown(Failure::of("an earlier attempt of this write may have been applied", error))
        }
        Outcome::Refused(error) => error,
    }
}

fn outcome<E>(table: &str, error: OperationError<E>) -> Outcome
where
    E: ProvideErrorMetadata + Into<aws_sdk_dynamodb::Error> + StdError + Send + Sync + 'static,
{
    if let Some(message) = about_credentials(&error) {
        return Outcome::Refused(TableError::NoCredentials(Failure::of(message, error)));
    }
    match error {
        SdkError::ConstructionFailure(_) => {
            Outcome::Refused(TableError::Engine(Failure::of("the request to DynamoDB could not be built", error)))
        }
        SdkError::TimeoutError(_) => Outcome::Unknown(Failure::of("DynamoDB did not answer in time", error)),
        SdkError::DispatchFailure(ref dispatch) => match dispatch.as_connector_error() {
            Some(connector) if was_never_sent(connector) => {
                Outcome::Refused(TableError::Unavailable(Failure::of("no connection to DynamoDB could be made", error)))
            }
            _ => Outcome::Unknown(Failure::of("the connection to DynamoDB broke", error)),
        },
        // It says that all is well, and cannot be read: a service that refuses says why.
        SdkError::ServiceError(service) if service.raw().status().is_success() => {
            Outcome::Unknown(Failure::of("the answer of DynamoDB could not be read", service.into_err()))
        }
        SdkError::ServiceError(service) => {
            let failed = service.raw().status().is_server_error();
            of_service(table, service.into_err(), failed)
        }
        error => Outcome::Unknown(Failure::of("the answer of DynamoDB could not be read", error)),
    }
}

/// Whether an error happened before the request could leave.
///
/// The SDK keeps its own note of this private, so the causes are read: a refused or unroutable connection, and the words
/// of its HTTP client for failures to resolve, connect or shake hands. Anything else counts as sent.
pub(crate) fn was_never_sent(error: &ConnectorError) -> bool {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(current) = cause {
        if current.downcast_ref::<io::Error>().is_some_and(|io| is_connect_kind(io.kind())) {
            return true;
        }
        let words = current.to_string();
        if words == "client error (Connect)" || words.starts_with("HTTP connect timeout") {
            return true;
        }
        cause = current.source();
    }
    false
}

fn is_connect_kind(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{AddrNotAvailable, ConnectionRefused, HostUnreachable, NetworkDown, NetworkUnreachable};
    matches!(kind, ConnectionRefused | HostUnreachable | NetworkUnreachable | NetworkDown | AddrNotAvailable)
}

fn of_service<E>(table: &str, error: E, server_failed: bool) -> Outcome
where
    E: ProvideErrorMetadata + Into<aws_sdk_dynamodb::Error> + StdError + Send + Sync + 'static,
{
    let code = error.code().unwrap_or("an unnamed error").to_owned();
    let message = error.message().unwrap_or_default().to_owned();
    if let Some(error) = of_code(table, &code, &message) {
        return Outcome::Refused(error);
    }
    if server_failed || code == "InternalServerError" {
        return Outcome::Unknown(Failure::of(format!("DynamoDB failed internally ({code})"), error));
    }
    match error.into() {
        aws_sdk_dynamodb::Error::ConditionalCheckFailedException(mut failed) => {
            Outcome::Refused(condition_failed(0, failed.item.take()))
        }
        aws_sdk_dynamodb::Error::TransactionCanceledException(cancelled) => {
            Outcome::Refused(of_cancellation(table, cancelled))
        }
        error => {
            Outcome::Refused(TableError::Engine(Failure::of(format!("DynamoDB refused the request ({code})"), error)))
        }
    }
}

/// The meaning of an error code that says everything; none if the error must be looked into.
///
/// Error codes come in a long form from operations and in a short one inside batches and transactions. Sources: "Error
/// handling with DynamoDB" and `BatchStatementError` in the DynamoDB documentation, and the SDK's list of throttling codes.
pub(super) fn of_code(table: &str, code: &str, message: &str) -> Option<TableError> {
    Some(match code.trim_end_matches("Exception") {
        "ProvisionedThroughputExceeded"
        | "Throttling"
        | "ThrottlingError"
        | "RequestLimitExceeded"
        | "LimitExceeded"
        | "TooManyRequests"
        | "SlowDown" => TableError::Throttled,
        "TransactionConflict" | "TransactionInProgress" | "ReplicatedWriteConflict" => TableError::Conflict,
        "ResourceNotFound" | "TableNotFound" => TableError::NoSuchTable(table.to_owned()),
        "AccessDenied" => TableError::AccessDenied(format!("the credentials do not allow it ({message})")),
        "ExpiredToken" => TableError::AccessDenied("the credentials have expired".to_owned()),
        "UnrecognizedClient" | "InvalidClientTokenId" | "InvalidAccessKeyId" => {
            TableError::AccessDenied("the access key is not known to AWS".to_owned())
        }
        "InvalidSignature"
        | "IncompleteSignature"
        | "SignatureDoesNotMatch"
        | "MissingAuthenticationToken"
        | "RequestExpired"
        | "RequestTimeTooSkewed" => {
            TableError::AccessDenied("the signature is not accepted: check the secret key and the clock".to_owned())
        }
        "Validation" | "ValidationError" if is_about_size(message) => {
            TableError::ItemTooLarge { bytes: MAX_ITEM_BYTES + 1 }
        }
        "Validation" | "ValidationError" => TableError::Invalid(message.to_owned()),
        _ => return None,
    })
}

/// Whether a validation message says that an item is too large, in one of the wordings of put, update and transaction.
fn is_about_size(message: &str) -> bool {
    message.contains("Item size")
}

fn condition_failed(index: usize, found: Option<super::value::Wire>) -> TableError {
    match found.filter(|wire| !wire.is_empty()).map(item_from_wire).transpose() {
        Ok(existing) => TableError::ConditionFailed { index, existing: existing.map(Box::<Item>::new) },
        Err(corrupt) => corrupt,
    }
}

/// The first reason that says something wins, except that a failed condition is final where a conflict may pass.
fn of_cancellation(table: &str, cancelled: TransactionCanceledException) -> TableError {
    let reasons = cancelled.cancellation_reasons.unwrap_or_default();
    let code = |reason: &CancellationReason| reason.code.clone().unwrap_or_default();
    if let Some(index) = reasons.iter().position(|reason| code(reason) == "ConditionalCheckFailed") {
        return condition_failed(index, reasons.into_iter().nth(index).and_then(|reason| reason.item));
    }
    let meaning = reasons.iter().find(|reason| !matches!(code(reason).as_str(), "" | "None"));
    meaning
        .and_then(|reason| of_code(table, &code(reason), reason.message.as_deref().unwrap_or_default()))
        .unwrap_or_else(|| {
            TableError::Engine(Failure::plain("DynamoDB cancelled the transaction without a known reason"))
        })
}

/// What is wrong with the credentials of AWS, in words; none if something else is.
pub(crate) fn about_credentials(error: &(dyn StdError + 'static)) -> Option<String> {
    Some(match find_source::<CredentialsError>(error)? {
        // Its causes are all the places that have none.
        CredentialsError::CredentialsNotLoaded(_) => "no AWS credentials were found".to_owned(),
        CredentialsError::ProviderTimedOut(_) => "the source of AWS credentials did not answer in time".to_owned(),
        failed => match last_cause(failed) {
            why if why.contains("cargo feature") => UNREAD_PROFILE.to_owned(),
            why => format!("the AWS credentials cannot be loaded: {why}"),
        },
    })
}

/// Said of profiles whose credentials the SDK as it is built here does not load: it names a feature of the build.
const UNREAD_PROFILE: &str = "the AWS profile signs in by SSO or by a process, which is not done here: run \
                              'eval \"$(aws configure export-credentials --format env)\"' before";

/// The words of the deepest cause, in one line: those before it say where it was met.
pub(crate) fn last_cause(error: &(dyn StdError + 'static)) -> String {
    let mut deepest = error;
    while let Some(cause) = deepest.source() {
        deepest = cause;
    }
    deepest.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The first cause of this type, the error itself included.
fn find_source<'error, T: StdError + 'static>(error: &'error (dyn StdError + 'static)) -> Option<&'error T> {
    let mut cause = Some(error);
    while let Some(current) = cause {
        if let Some(found) = current.downcast_ref() {
            return Some(found);
        }
        cause = current.source();
    }
    None
}
