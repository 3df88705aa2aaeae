//! What a create asks for, judged by the rules that do not depend on which links there are.

use super::super::content::{Content, Fields};
use super::super::directory::{Directory, DomainEntry};
use super::super::draft::Checks;
use super::super::record::{LinkBody, LinkRecord};
use super::super::{Caller, Service, ServiceError};
use super::identity::{CodeSource, Identity};
use crate::error::InvalidValue;
use crate::link::{RedirectStatus, ShortCode, Tag};
use crate::routes;
use crate::wire::{CreateLink, IfExists, Role};

/// A create that keeps the rules: everything but where its code comes from, and what it is recognised by.
#[derive(Debug)]
pub(in super::super) struct Draft<'a> {
    pub(super) entry: &'a DomainEntry,
    pub(super) custom: Option<ShortCode>,
    pub(super) body: LinkBody,
    length: u8,
    if_exists: IfExists,
    reissue: bool,
}

/// Which codes a create may have, and what a taken one means.
#[derive(Debug)]
pub(in super::super) struct Plan<'a> {
    pub(in super::super) entry: &'a DomainEntry,
    pub(super) custom: Option<ShortCode>,
    pub(super) source: CodeSource,
    pub(super) length: u8,
    pub(in super::super) if_exists: IfExists,
    pub(super) reissue: bool,
}

impl Service {
    /// Judges a request by the rules that do not depend on which links there are.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] with every broken rule, [`ServiceError::Forbidden`].
    pub(in super::super) fn draft<'a>(
        &self,
        caller: &Caller,
        request: &CreateLink,
        directory: &'a Directory,
    ) -> Result<Draft<'a>, ServiceError> {
        let entry = directory.find(request.domain.as_deref())?;
        let now = self.now();
        let mut checks = Checks::new(self.settings(), directory, now);
        let target = checks.target(&request.target, entry);
        let title = checks.title(request.title.as_deref());
        let tags = checks.tags("/tags", &request.tags);
        let status = request.redirect_status.map_or(Some(RedirectStatus::Found), |s| checks.redirect_status(s));
        let starts_at = request.starts_at.as_deref().and_then(|text| checks.starts_at(text));
        let expires_at = request.expires_at.as_deref().and_then(|text| checks.expires_at(text));
        checks.together(status.unwrap_or_default(), starts_at, expires_at, request.max_clicks);
        let created_at = request.created_at.as_deref().and_then(|text| checks.created_at(text));
        checks.expiry_of_new(expires_at, request.created_at.is_some() || request.occurrence.is_some());
        let owner = request.owner.as_deref().and_then(|owner| checks.keep("/owner", Tag::parse(owner)));
        let custom = request.code.as_deref().and_then(|code| checks.keep("/code", custom_code(code)));
        let length = checks.code_length(request.code_length.unwrap_or(entry.code_length));
        checks.reuse_rules(request);
        checks.finish()?;
        let (Some(target), Some(redirect_status)) = (target, status) else {
            return Err(ServiceError::Invalid(Vec::new()));
        };
        if request.reissue {
            caller.require(Role::Editor)?;
        }
        let body = LinkBody {
            target,
            title,
            tags,
            redirect_status,
            forward_query: request.forward_query,
            disabled: request.disabled,
            deleted_at: None,
            version: 1,
            first_version: 1,
            created_at: created_at.unwrap_or(now),
            created_by: caller.actor().clone(),
            updated_at: now,
            starts_at,
            expires_at,
            max_clicks: request.max_clicks,
            create_token: String::new(),
            request_digest: None,
            change_id: None,
            imported_at: created_at.map(|_| now),
            known_since: None,
            imported_clicks: request.imported_clicks,
            owner,
            reusable: request.reuse,
        };
        Ok(Draft { entry, custom, body, length, if_exists: request.if_exists, reissue: request.reissue })
    }
}

impl<'a> Draft<'a> {
    /// Names the content of the request it was made of, if it is to be recognised by that.
    pub(super) fn content_name(&self, request: &CreateLink) -> Option<String> {
        let LinkBody { target, tags, redirect_status, owner, .. } = &self.body;
        let (domain, code, status) = (&self.entry.domain, self.custom.as_ref(), *redirect_status);
        let fields = Fields { domain, code, target, tags, status, owner: owner.as_ref() };
        request.occurrence.and_then(|n| Some(Content::of_fields(request, &fields)?.name(n)))
    }

    /// The plan of the create that `identity` names, and the link it makes.
    pub(in super::super) fn identified(self, identity: Identity) -> (Plan<'a>, LinkBody) {
        let Self { entry, custom, mut body, length, if_exists, reissue } = self;
        body.create_token = identity.create_token;
        body.request_digest = identity.request_digest;
        (Plan { entry, custom, source: identity.source, length, if_exists, reissue }, body)
    }

    /// Judges the place where the link would be by the caller's scope.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`]; [`ServiceError::Invalid`] if the caller's prefix leaves no room for a code.
    pub(super) fn require_scope(&self, caller: &Caller) -> Result<(), ServiceError> {
        let domain = &self.entry.domain;
        if let Some(code) = &self.custom {
            return caller.require_for(Role::Creator, domain, code, &self.body.tags);
        }
        // Every drawn code begins with the caller's prefix, so that any stands for all.
        let code = ShortCode::from_entropy(caller.code_prefix(), &[0; 32], self.length)
            .map_err(|invalid| ServiceError::violation("/code_length", &invalid))?;
        if caller.reaches(domain, &code, &self.body.tags) {
            return Ok(());
        }
        Err(ServiceError::Forbidden(format!("the scope of {} does not cover the link", caller.actor())))
    }
}

impl Plan<'_> {
    /// Whether a record has the code that the caller named.
    pub(super) fn is_custom(&self, record: &LinkRecord) -> bool {
        self.custom.as_ref() == Some(&record.code)
    }

    pub(in super::super) fn record(&self, code: ShortCode, body: LinkBody) -> LinkRecord {
        LinkRecord { domain: self.entry.domain.clone(), code, body }
    }
}

impl Checks<'_> {
    pub(in super::super) fn code_length(&mut self, length: u8) -> u8 {
        self.demand(
            (4..=40).contains(&length),
            "/code_length",
            "code_length_invalid",
            "a drawn code has 4 to 40 characters",
        );
        length
    }

    fn reuse_rules(&mut self, request: &CreateLink) {
        let alone = request.code.is_none() && request.starts_at.is_none() && request.expires_at.is_none();
        let alone = alone && request.created_at.is_none() && !request.disabled && request.owner.is_none();
        let alone = alone && request.max_clicks.is_none();
        self.demand(
            !request.reuse || alone,
            "/reuse",
            "reuse_with_own_terms",
            "reuse finds or makes a plain link to the target: it takes no code, time, limit, owner or state",
        );
        self.demand(
            request.occurrence.is_none_or(|n| n > 0 && !request.reuse),
            "/occurrence",
            "occurrence_invalid",
            "an occurrence counts from 1, and does not go with reuse",
        );
    }
}

fn custom_code(text: &str) -> Result<ShortCode, InvalidValue> {
    let code = ShortCode::parse(text)?;
    if routes::is_reserved(text) {
        return Err(InvalidValue::new("code_reserved", format!("code '{code}' is reserved for the service itself")));
    }
    Ok(code)
}
