//! What a create is recognised by when it is sent again, and where its code comes from.

use sha2::{Digest, Sha256};

use super::super::secret::TableSecret;
use super::super::{Caller, Service, ServiceError};
use super::ATTEMPTS;
use super::plan::{Draft, Plan};
use crate::link::{Domain, ShortCode};
use crate::operations::WriteOptions;
use crate::routes;
use crate::table::keys::hex;
use crate::wire::{CreateLink, IfExists};

/// Where a code that the caller does not name comes from.
#[derive(Debug)]
pub(in super::super) enum CodeSource {
    /// It is derived from what the request says, so that the same row of an import finds its link.
    Content(String),
    /// It is derived from the idempotency key, so that a retry finds its own item.
    Keyed(String),
    /// It is derived from the target, so that the next create with `reuse` finds the link.
    Reuse(String),
    /// It is drawn.
    Random,
}

/// What makes a create the same as an earlier one.
#[derive(Debug)]
pub(in super::super) struct Identity {
    pub(super) source: CodeSource,
    pub(super) create_token: String,
    pub(super) request_digest: Option<String>,
}

impl Service {
    pub(in super::super) async fn identity(
        &self,
        caller: &Caller,
        request: &CreateLink,
        draft: &Draft<'_>,
        options: &WriteOptions,
    ) -> Result<Identity, ServiceError> {
        if let Some(name) = draft.content_name(request) {
            let create_token = self.secret().await?.token(&["content", &name]);
            return Ok(Identity { source: CodeSource::Content(name), create_token, request_digest: None });
        }
        let source = match &options.idempotency_key {
            _ if request.reuse => CodeSource::Reuse(draft.body.target.as_str().to_owned()),
            Some(key) => CodeSource::Keyed(key.clone()),
            None => CodeSource::Random,
        };
        let create_token = match &options.idempotency_key {
            Some(key) => self.keyed_token(caller, key).await?,
            None => hex(&self.codes.entropy()[..16]),
        };
        let request_digest = options.idempotency_key.as_ref().map(|_| digest(request, &draft.entry.domain));
        Ok(Identity { source, create_token, request_digest })
    }

    /// The token of a create under an idempotency key.
    pub(super) async fn keyed_token(&self, caller: &Caller, key: &str) -> Result<String, ServiceError> {
        Ok(self.secret().await?.token(&["create", caller.actor().as_str(), key]))
    }

    /// The first code that is not reserved, from an attempt on, and its attempt.
    ///
    /// # Errors
    /// [`ServiceError::NoFreeCode`] after the last attempt.
    pub(in super::super) async fn next_code(
        &self,
        caller: &Caller,
        plan: &Plan<'_>,
        from: u8,
    ) -> Result<(u8, ShortCode), ServiceError> {
        for attempt in from..ATTEMPTS {
            if let Some(code) = self.candidate(caller, plan, attempt).await? {
                return Ok((attempt, code));
            }
        }
        Err(ServiceError::NoFreeCode(ATTEMPTS))
    }

    /// The code of one attempt; none if it is reserved.
    pub(super) async fn candidate(
        &self,
        caller: &Caller,
        plan: &Plan<'_>,
        attempt: u8,
    ) -> Result<Option<ShortCode>, ServiceError> {
        if let Some(custom) = &plan.custom
            && (attempt == 0 || plan.if_exists != IfExists::NewCode)
        {
            return Ok(Some(custom.clone()));
        }
        let length = plan.length.saturating_add(attempt / 4);
        let prefix = caller.code_prefix();
        let attempt = attempt.to_string();
        let domain = plan.entry.domain.as_str();
        let entropy = match &plan.source {
            CodeSource::Content(content) => self.derive(&["code of content", content, domain, &attempt]).await?,
            CodeSource::Random => self.codes.entropy(),
            CodeSource::Keyed(key) => self.keyed_entropy(caller, key, &plan.entry.domain, &attempt).await?,
            CodeSource::Reuse(target) => self.derive(&["reuse", domain, target, &attempt]).await?,
        };
        let code = ShortCode::from_entropy(prefix, &entropy, length)
            .map_err(|invalid| ServiceError::violation("/code_length", &invalid))?;
        Ok((!routes::is_reserved(code.as_str())).then_some(code))
    }

    /// What the code of one attempt under an idempotency key is made of.
    pub(super) async fn keyed_entropy(
        &self,
        caller: &Caller,
        key: &str,
        domain: &Domain,
        attempt: &str,
    ) -> Result<[u8; 32], ServiceError> {
        self.derive(&["code", caller.actor().as_str(), key, domain.as_str(), attempt]).await
    }

    async fn derive(&self, parts: &[&str]) -> Result<[u8; 32], ServiceError> {
        Ok(TableSecret::derive(self.secret().await?, parts))
    }
}

/// 128 bits that stand for the request as it was sent.
pub(super) fn digest(request: &CreateLink, domain: &Domain) -> String {
    let body =
        serde_json::to_string(&CreateLink { domain: Some(domain.to_string()), ..request.clone() }).unwrap_or_default();
    hex(&Sha256::digest(body)[..16])
}
