//! Creating links: durable, exclusive, and recognised when a reply was lost.

use sha2::{Digest, Sha256};

use super::directory::{Directory, DomainEntry};
use super::draft::Checks;
use super::record::{LinkBody, LinkRecord, next_moment};
use super::secret::TableSecret;
use super::{Caller, Content, Service, ServiceError};
use crate::error::InvalidValue;
use crate::link::{Domain, RedirectStatus, ShortCode, Tag};
use crate::operations::{Mode, WriteOptions};
use crate::routes;
use crate::table::keys::hex;
use crate::table::{Condition, Item, TableError, Write};
use crate::wire::{CreateLink, Created, IfExists, Link, LinkState, Role};

/// How many codes are tried before giving up; every fourth one is a character longer.
const ATTEMPTS: u8 = 16;

/// A checked create: everything but the code.
#[derive(Debug)]
struct Plan<'a> {
    entry: &'a DomainEntry,
    body: LinkBody,
    custom: Option<ShortCode>,
    source: CodeSource,
    length: u8,
    if_exists: IfExists,
    reissue: bool,
}

/// Where a code that the caller does not name comes from.
#[derive(Debug)]
enum CodeSource {
    /// It is derived from what the request says, so that the same row of an import finds its link.
    Content(String),
    /// It is derived from the idempotency key, so that a retry finds its own item.
    Keyed(String),
    /// It is derived from the target, so that the next create with `reuse` finds the link.
    Reuse,
    /// It is drawn.
    Random,
}

/// What a failed condition means for a create.
enum Collision {
    /// The item is ours.
    Ours(Box<LinkRecord>),
    /// The item is another's: try the next code.
    Next,
}

impl Service {
    /// Creates a link.
    ///
    /// # Errors
    /// Every [`ServiceError`] but those of edits.
    pub async fn create(
        &self,
        caller: &Caller,
        request: &CreateLink,
        options: &WriteOptions,
    ) -> Result<(Link, Created), ServiceError> {
        caller.require(Role::Creator)?;
        let directory = self.directory().await?;
        let plan = match self.plan(caller, request, options, &directory).await {
            Ok(plan) => plan,
            // Rules depend on the time; what was created under this key stays created.
            Err(refusal @ ServiceError::Invalid(_)) => {
                let replayed = self.replay(caller, request, options, &directory).await?;
                return replayed.map(|link| (link, Created::Replayed)).ok_or(refusal);
            }
            Err(other) => return Err(other),
        };
        let (record, created) = match options.mode {
            Mode::Apply => self.carry_out(caller, plan).await?,
            Mode::DryRun => self.rehearse(caller, plan).await?,
        };
        let entry = directory.require(&record.domain)?;
        Ok((record.view(&entry.base_url, self.now()), created))
    }

    /// Judges a request by the rules that do not depend on which links there are.
    ///
    /// # Errors
    /// As [`Self::create`], but none of other links.
    pub async fn check(&self, caller: &Caller, request: &CreateLink) -> Result<(), ServiceError> {
        caller.require(Role::Creator)?;
        let directory = self.directory().await?;
        let plan = self.plan(caller, request, &WriteOptions::default(), &directory).await?;
        match self.candidate(caller, &plan, 0).await? {
            Some(link) => caller.require_for(Role::Creator, &link.domain, &link.code, &link.body.tags),
            None => Ok(()),
        }
    }

    async fn plan<'a>(
        &self,
        caller: &Caller,
        request: &CreateLink,
        options: &WriteOptions,
        directory: &'a Directory,
    ) -> Result<Plan<'a>, ServiceError> {
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
        let code = request.code.as_deref().and_then(|code| checks.keep("/code", custom_code(code)));
        let length = checks.code_length(request.code_length.unwrap_or(entry.code_length));
        checks.reuse_rules(request);
        checks.finish()?;
        let (Some(target), Some(redirect_status)) = (target, status) else {
            return Err(ServiceError::Invalid(Vec::new()));
        };
        if request.reissue {
            caller.require(Role::Editor)?;
        }
        let content = request.occurrence.and_then(|n| Content::of(request).map(|content| content.name(n)));
        let create_token = self.create_token(caller, options, content.as_deref()).await?;
        let source = code_source(request, options, content);
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
            create_token,
            request_digest: options.idempotency_key.as_ref().map(|_| digest(request, &entry.domain)),
            change_id: None,
            imported_at: created_at.map(|_| now),
            imported_clicks: request.imported_clicks,
            owner,
            reusable: request.reuse,
        };
        Ok(Plan { entry, body, custom: code, source, length, if_exists: request.if_exists, reissue: request.reissue })
    }

    async fn create_token(
        &self,
        caller: &Caller,
        options: &WriteOptions,
        content: Option<&str>,
    ) -> Result<String, ServiceError> {
        match (content, &options.idempotency_key) {
            (Some(content), _) => Ok(self.secret().await?.token(&["content", content])),
            (None, Some(key)) => Ok(self.secret().await?.token(&["create", caller.actor().as_str(), key])),
            (None, None) => Ok(hex(&self.codes.entropy()[..16])),
        }
    }

    async fn carry_out(&self, caller: &Caller, plan: Plan<'_>) -> Result<(LinkRecord, Created), ServiceError> {
        for attempt in 0..ATTEMPTS {
            let Some(record) = self.candidate(caller, &plan, attempt).await? else { continue };
            caller.require_for(Role::Creator, &record.domain, &record.code, &record.body.tags)?;
            if matches!(plan.source, CodeSource::Reuse)
                && let Some(existing) = self.read_link(&record.domain, &record.code).await?
            {
                match self.judge_collision(caller, &plan, &record, existing)? {
                    (Collision::Ours(existing), created) => return Ok((*existing, created)),
                    (Collision::Next, _) => continue,
                }
            }
            self.register_tags(&record.body.tags).await?;
            match self.put_new(&record, None).await {
                Ok(()) => return Ok((record, Created::New)),
                Err(TableError::ConditionFailed { existing: Some(item), .. }) => {
                    let existing = LinkRecord::decode(&item)?;
                    match self.collide(caller, &plan, &record, existing).await? {
                        (Collision::Ours(record), created) => return Ok((*record, created)),
                        (Collision::Next, _) => {}
                    }
                }
                Err(other) => return Err(other.into()),
            }
        }
        Err(ServiceError::NoFreeCode(ATTEMPTS))
    }

    /// Checks everything a create would meet, without writing.
    async fn rehearse(&self, caller: &Caller, plan: Plan<'_>) -> Result<(LinkRecord, Created), ServiceError> {
        for attempt in 0..ATTEMPTS {
            let Some(record) = self.candidate(caller, &plan, attempt).await? else { continue };
            caller.require_for(Role::Creator, &record.domain, &record.code, &record.body.tags)?;
            let Some(existing) = self.read_link(&record.domain, &record.code).await? else {
                return Ok((record, Created::New));
            };
            if plan.reissue && plan.is_custom(&record) && self.is_over(&existing) {
                caller.require_for(Role::Editor, &existing.domain, &existing.code, &existing.body.tags)?;
                return Ok((record, Created::New));
            }
            if let (Collision::Ours(record), created) = self.judge_collision(caller, &plan, &record, existing)? {
                return Ok((*record, created));
            }
        }
        Err(ServiceError::NoFreeCode(ATTEMPTS))
    }

    /// The link of one attempt; none if its code is reserved.
    async fn candidate(
        &self,
        caller: &Caller,
        plan: &Plan<'_>,
        attempt: u8,
    ) -> Result<Option<LinkRecord>, ServiceError> {
        if let Some(custom) = &plan.custom
            && (attempt == 0 || plan.if_exists != IfExists::NewCode)
        {
            return Ok(Some(plan.record(custom.clone())));
        }
        let length = plan.length.saturating_add(attempt / 4);
        let prefix = caller.code_prefix();
        let attempt = attempt.to_string();
        let domain = plan.entry.domain.as_str();
        let entropy = match &plan.source {
            CodeSource::Content(content) => self.derive(&["code of content", content, domain, &attempt]).await?,
            CodeSource::Random => self.codes.entropy(),
            CodeSource::Keyed(key) => self.keyed_entropy(caller, key, &plan.entry.domain, &attempt).await?,
            CodeSource::Reuse => self.derive(&["reuse", domain, plan.body.target.as_str(), &attempt]).await?,
        };
        let code = ShortCode::from_entropy(prefix, &entropy, length)
            .map_err(|invalid| ServiceError::violation("/code_length", &invalid))?;
        Ok((!routes::is_reserved(code.as_str())).then(|| plan.record(code)))
    }

    /// What the code of one attempt under an idempotency key is made of.
    async fn keyed_entropy(
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

    /// Puts a new link and its tag entries, over nothing or over `replaced`.
    async fn put_new(&self, record: &LinkRecord, replaced: Option<&LinkRecord>) -> Result<(), TableError> {
        let condition = match replaced {
            Some(old) => Condition::VersionIs(old.body.version),
            None => Condition::AbsentOrPurgeable(self.now()),
        };
        let mut writes = vec![Write::put(record.encode(self.settings().retention_days)?).when(condition)];
        if let Some(old) = replaced {
            writes.extend(old.entries().map(Write::delete));
        }
        writes.extend(record.entries().map(|key| Write::put(Item { key, attributes: serde_json::Map::new() })));
        self.write_resolved(&writes).await
    }

    /// Another item has the code: ours after all, to be reissued, or another's.
    async fn collide(
        &self,
        caller: &Caller,
        plan: &Plan<'_>,
        record: &LinkRecord,
        existing: LinkRecord,
    ) -> Result<(Collision, Created), ServiceError> {
        let custom = plan.is_custom(record);
        if custom && plan.reissue && self.is_over(&existing) && existing.body.create_token != record.body.create_token {
            return self
                .reissue(caller, record.clone(), existing)
                .await
                .map(|record| (Collision::Ours(Box::new(record)), Created::New));
        }
        self.judge_collision(caller, plan, record, existing)
    }

    fn judge_collision(
        &self,
        caller: &Caller,
        plan: &Plan<'_>,
        record: &LinkRecord,
        existing: LinkRecord,
    ) -> Result<(Collision, Created), ServiceError> {
        if existing.body.create_token == record.body.create_token {
            if let CodeSource::Content(_) = plan.source {
                caller.require_for(Role::Creator, &existing.domain, &existing.code, &existing.body.tags)?;
                return Ok((Collision::Ours(Box::new(existing)), Created::Existing));
            }
            return match (&record.body.request_digest, &existing.body.request_digest) {
                (Some(sent), Some(kept)) if sent != kept => Err(ServiceError::IdempotencyKeyReused),
                (Some(_), _) => Ok((Collision::Ours(Box::new(existing)), Created::Replayed)),
                (None, _) => Ok((Collision::Ours(Box::new(existing)), Created::New)),
            };
        }
        let code = match (&plan.custom, &plan.source) {
            (Some(code), _) if plan.is_custom(record) && plan.if_exists != IfExists::NewCode => code,
            (None, CodeSource::Reuse) if self.is_reusable(caller, &existing, record) => {
                return Ok((Collision::Ours(Box::new(existing)), Created::Existing));
            }
            _ => return Ok((Collision::Next, Created::New)),
        };
        let seen = caller.reaches(&existing.domain, &existing.code, &existing.body.tags);
        if !seen {
            return Err(ServiceError::Forbidden(format!(
                "code '{code}' belongs to a link outside the scope of {}",
                caller.actor()
            )));
        }
        if self.is_over(&existing) {
            let view = existing.view(&plan.entry.base_url, self.now());
            return Err(ServiceError::CodeRetired(code.clone(), Box::new(view)));
        }
        match plan.if_exists {
            IfExists::Return => Ok((Collision::Ours(Box::new(existing)), Created::Existing)),
            IfExists::Fail | IfExists::NewCode => {
                let view = existing.view(&plan.entry.base_url, self.now());
                Err(ServiceError::CodeTaken(code.clone(), Box::new(view)))
            }
        }
    }

    /// Takes over the code of a link whose life is over. The version goes on, so that no old `ETag` fits the new link.
    async fn reissue(
        &self,
        caller: &Caller,
        mut record: LinkRecord,
        old: LinkRecord,
    ) -> Result<LinkRecord, ServiceError> {
        caller.require_for(Role::Editor, &old.domain, &old.code, &old.body.tags)?;
        // Later than every event of the old link, whose history must not become the new one's.
        record.body.created_at = record.body.created_at.max(next_moment(old.body.updated_at));
        record.body.updated_at = record.body.created_at;
        record.body.version = old.body.version + 1;
        record.body.first_version = record.body.version;
        match self.put_new(&record, Some(&old)).await {
            Ok(()) => Ok(record),
            Err(TableError::ConditionFailed { existing: Some(item), .. }) => {
                let found = LinkRecord::decode(&item)?;
                if found.body.create_token == record.body.create_token {
                    return Ok(found);
                }
                let base = self.directory().await?.require(&found.domain)?.base_url.clone();
                Err(ServiceError::CodeTaken(record.code, Box::new(found.view(&base, self.now()))))
            }
            Err(other) => Err(other.into()),
        }
    }

    fn is_over(&self, record: &LinkRecord) -> bool {
        matches!(record.state(self.now()), LinkState::Deleted | LinkState::Expired)
    }

    /// Whether a link is what a create with `reuse` asks for: as it was made, on the same terms, and within reach.
    fn is_reusable(&self, caller: &Caller, existing: &LinkRecord, wanted: &LinkRecord) -> bool {
        let (there, wanted) = (&existing.body, &wanted.body);
        there.reusable
            && there.version == there.first_version
            && existing.state(self.now()) == LinkState::Active
            && caller.reaches(&existing.domain, &existing.code, &there.tags)
            && (&there.target, &there.title, &there.tags) == (&wanted.target, &wanted.title, &wanted.tags)
            && (there.redirect_status, there.forward_query) == (wanted.redirect_status, wanted.forward_query)
    }

    /// The link that this very request created earlier, if it did.
    async fn replay(
        &self,
        caller: &Caller,
        request: &CreateLink,
        options: &WriteOptions,
        directory: &Directory,
    ) -> Result<Option<Link>, ServiceError> {
        let (Some(key), Ok(entry)) = (&options.idempotency_key, directory.find(request.domain.as_deref())) else {
            return Ok(None);
        };
        let code = match request.code.as_deref().map(ShortCode::parse) {
            Some(Ok(code)) => code,
            _ if request.occurrence.is_some() => return Ok(None),
            Some(Err(_)) => return Ok(None),
            None => {
                let entropy = self.keyed_entropy(caller, key, &entry.domain, "0").await?;
                let length = request.code_length.unwrap_or(entry.code_length);
                match ShortCode::from_entropy(caller.code_prefix(), &entropy, length) {
                    Ok(code) => code,
                    Err(_) => return Ok(None),
                }
            }
        };
        let token = self.create_token(caller, options, None).await?;
        let found = self.read_link(&entry.domain, &code).await?;
        let ours = found.filter(|found| {
            found.body.create_token == token
                && found.body.request_digest.as_deref() == Some(digest(request, &entry.domain).as_str())
        });
        Ok(ours.map(|found| found.view(&entry.base_url, self.now())))
    }
}

impl Plan<'_> {
    /// Whether a record has the code that the caller named.
    fn is_custom(&self, record: &LinkRecord) -> bool {
        self.custom.as_ref() == Some(&record.code)
    }

    fn record(&self, code: ShortCode) -> LinkRecord {
        LinkRecord { domain: self.entry.domain.clone(), code, body: self.body.clone() }
    }
}

impl Checks<'_> {
    pub(super) fn code_length(&mut self, length: u8) -> u8 {
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
        self.demand(
            !request.reuse || alone,
            "/reuse",
            "reuse_with_own_terms",
            "reuse finds or makes a plain link to the target: it takes no code, time, owner or state",
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

fn code_source(request: &CreateLink, options: &WriteOptions, content: Option<String>) -> CodeSource {
    match (content, &options.idempotency_key) {
        (Some(content), _) => CodeSource::Content(content),
        (None, _) if request.reuse => CodeSource::Reuse,
        (None, Some(key)) => CodeSource::Keyed(key.clone()),
        (None, None) => CodeSource::Random,
    }
}

/// 128 bits that stand for the request as it was sent.
fn digest(request: &CreateLink, domain: &Domain) -> String {
    let body =
        serde_json::to_string(&CreateLink { domain: Some(domain.to_string()), ..request.clone() }).unwrap_or_default();
    hex(&Sha256::digest(body)[..16])
}
