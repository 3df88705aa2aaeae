//! Values in the path. One that cannot exist is not found.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use shortener_core::edge::PurgeId;
use shortener_core::link::{Domain, ShortCode};
use shortener_core::wire::{Problem, ProblemCode};

use super::failure::Failure;
use crate::app::App;

/// The code of a link.
#[derive(Debug)]
pub(super) struct Code(pub(super) ShortCode);

/// The name of a domain.
#[derive(Debug)]
pub(super) struct Name(pub(super) Domain);

/// The id of a key.
#[derive(Debug)]
pub(super) struct KeyId(pub(super) String);

/// The id of a purge.
#[derive(Debug)]
pub(super) struct NamedPurge(pub(super) PurgeId);

impl FromRequestParts<App> for Code {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let text = segment(parts, app).await?;
        ShortCode::parse(&text).map(Self).map_err(|invalid| not_found(&invalid.detail))
    }
}

impl FromRequestParts<App> for Name {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let text = segment(parts, app).await?;
        Domain::parse(&text).map(Self).map_err(|invalid| not_found(&invalid.detail))
    }
}

impl FromRequestParts<App> for KeyId {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        segment(parts, app).await.map(Self)
    }
}

impl FromRequestParts<App> for NamedPurge {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let text = segment(parts, app).await?;
        PurgeId::parse(&text).map(Self).map_err(|invalid| not_found(&invalid.detail))
    }
}

/// The one parameter of the path.
async fn segment(parts: &mut Parts, app: &App) -> Result<String, Failure> {
    let path = Path::<String>::from_request_parts(parts, app).await;
    path.map(|Path(text)| text).map_err(|_| not_found("the path is not UTF-8"))
}

fn not_found(detail: &str) -> Failure {
    Problem::new(ProblemCode::NotFound, detail).into()
}
