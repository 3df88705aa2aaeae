//! Links on the wire.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{LinkClicks, Patch, Problem, Purge};
use crate::link::{Actor, Domain, RedirectStatus, ShortCode, Tag, TargetUrl};
use crate::table::Order;

/// A link as every command and route shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Link {
    /// Short code, unique within its domain.
    #[cfg_attr(feature = "openapi", schema(value_type = String, pattern = "^[A-Za-z0-9_-]{1,64}$", example = "launch"))]
    pub code: ShortCode,
    /// The domain it lives on; `-` is the default domain.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "-"))]
    pub domain: Domain,
    /// The URL to share.
    #[cfg_attr(feature = "openapi", schema(example = "https://s.example/launch"))]
    pub short_url: String,
    /// Where it leads.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub target: TargetUrl,
    /// Title, for people.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub title: Option<String>,
    /// Tags, sorted.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub tags: Vec<Tag>,
    /// HTTP status of the redirect: 301, 302, 303, 307 or 308.
    #[cfg_attr(feature = "openapi", schema(value_type = u16))]
    pub redirect_status: RedirectStatus,
    /// Whether the query of the short URL is appended to the target's.
    pub forward_query: bool,
    /// What a visitor gets now.
    pub state: LinkState,
    /// Version for optimistic concurrency, from 1; the `ETag` is this number in quotes.
    pub version: u64,
    /// When it was created (RFC 3339, UTC).
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub created_at: Timestamp,
    /// Who created it.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "key:admin"))]
    pub created_by: Actor,
    /// When it last changed.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub updated_at: Timestamp,
    /// Before this moment it answers 404.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime, required))]
    pub starts_at: Option<Timestamp>,
    /// From this moment on it answers 410.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime, required))]
    pub expires_at: Option<Timestamp>,
    /// After this many clicks it answers 410.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub max_clicks: Option<u64>,
    /// Switched off; `state` says so too, unless the link is over for another reason.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub disabled: bool,
    /// Clicks that were counted elsewhere before the link was imported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub imported_clicks: Option<u64>,
    /// Clicks of all time, as far as they are rolled up: always when one link is shown, in a list with `clicks=true`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub clicks: Option<LinkClicks>,
    /// Clicks of `max_clicks` that are used; only when one link is shown that has a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub clicks_used: Option<u64>,
    /// Who declared it when it was made: the owner that `short apply` was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, nullable = false))]
    pub owner: Option<Tag>,
    /// What became of the edge's copies; only in the answer to a change that visitors notice, if an edge is configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub purge: Option<Purge>,
}

/// What a visitor of a link gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// The redirect.
    Active,
    /// 404 until it starts.
    Scheduled,
    /// 410: its time is over.
    Expired,
    /// 410 until it is enabled again.
    Disabled,
    /// 410 until it is restored or its code may be reissued.
    Deleted,
}

impl LinkState {
    /// The state's name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Scheduled => "scheduled",
            Self::Expired => "expired",
            Self::Disabled => "disabled",
            Self::Deleted => "deleted",
        }
    }
}

/// A request to create a link.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, remote = "Self")]
#[expect(clippy::struct_excessive_bools, reason = "each is a field of its own on the wire")]
pub struct CreateLink {
    /// Where the link leads: http or https, at most 2,048 bytes by default, no user information.
    #[cfg_attr(feature = "openapi", schema(example = "https://example.com/a/long/path"))]
    pub target: String,
    /// The code to use; drawn at random where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The domain; the one of the `domain` query parameter, or the default, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// Length of a drawn code, 4 to 40; the domain's default where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 4, maximum = 40))]
    pub code_length: Option<u8>,
    /// Title, at most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// At most 20 tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// 301, 302 (default), 303, 307 or 308; permanent ones only for links that never expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_status: Option<u16>,
    /// Append the query of the short URL to the target's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forward_query: bool,
    /// When it starts: RFC 3339, a date (its first second, UTC), `now`, `never` (no start), or a span such as `2d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<String>,
    /// When it expires: RFC 3339, a date (its end, UTC), `now`, `never`, or a span such as `30d`, `90m`, `1y`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// After this many clicks the link is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1_000_000_000_000_u64))]
    pub max_clicks: Option<u64>,
    /// When it was created, for a link that comes from elsewhere: RFC 3339 or a date (its first second, UTC), not in the
    /// future; now where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    /// Create it switched off: visitors get 410 until it is enabled.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
    /// Clicks that were counted elsewhere before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported_clicks: Option<u64>,
    /// Who declares it, written like a tag. It never changes, so that a declarative tool knows which links it made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Makes the request repeatable by its content: the n-th link, from 1, with exactly these fields. Sent again, whoever
    /// sends it, it answers 200 with the link it made; without a code, the code is derived from the content. `if_exists`,
    /// `code_length` and `imported_clicks` are no part of the content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u64>, minimum = 1, maximum = 4_294_967_295_u64))]
    pub occurrence: Option<u32>,
    /// What to do when the code is taken.
    #[serde(default, skip_serializing_if = "IfExists::is_fail")]
    pub if_exists: IfExists,
    /// Return an unedited, live link to the same target that was made with `reuse`, instead of a new one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reuse: bool,
    /// Take the code of a deleted or expired link within its retention period. Needs the role editor.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reissue: bool,
}

/// What to do when a custom code is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum IfExists {
    /// Answer 409 with the link that has it.
    #[default]
    Fail,
    /// Answer 200 with the link that has it, unchanged.
    Return,
    /// Take another code, as if none had been named.
    NewCode,
}

impl IfExists {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
    fn is_fail(&self) -> bool {
        matches!(self, Self::Fail)
    }
}

/// How a create ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    /// The link is new: 201.
    New,
    /// An earlier request with the same idempotency key created it: 201 again, marked as replayed.
    Replayed,
    /// The link was there and was asked for (`if_exists=return`, `reuse`): 200.
    Existing,
}

/// A request to change a link: absent fields stay, null clears.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, remote = "Self")]
pub struct UpdateLink {
    /// New target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// New title; null removes it.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub title: Patch<String>,
    /// The whole new set of tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// Tags to add to the set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub add_tags: Vec<String>,
    /// Tags to remove from the set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remove_tags: Vec<String>,
    /// New redirect status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_status: Option<u16>,
    /// New query forwarding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forward_query: Option<bool>,
    /// New start (as on create); null or `never` removes it.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub starts_at: Patch<String>,
    /// New expiry (as on create); null or `never` removes it.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub expires_at: Patch<String>,
    /// New click limit; null removes it.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u64>))]
    pub max_clicks: Patch<u64>,
    /// Disable (410 for visitors) or enable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
    /// New number of clicks counted elsewhere; null removes it.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u64>))]
    pub imported_clicks: Patch<u64>,
}

/// Up to 500 links to create.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, remote = "Self")]
pub struct BatchRequest {
    /// The links, 1 to 500.
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 500))]
    pub links: Vec<CreateLink>,
}

/// The results of a batch, in the order of the request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BatchResponse {
    /// One result for each link.
    pub results: Vec<BatchResult>,
}

/// The result of one link of a batch: `link` or `problem`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BatchResult {
    /// The HTTP status the link would have had alone: 201, 200, or an error.
    pub status: u16,
    /// The link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<Link>,
    /// What went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

impl BatchResult {
    /// The result of a link that was only judged.
    pub fn checked(problem: Option<Problem>) -> Self {
        Self { status: problem.as_ref().map_or(200, |problem| problem.status), link: None, problem }
    }
}

/// Which links to list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct LinkFilter {
    /// Only this domain; all domains where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// Only links with this tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Only links that this owner declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Only this state; all but deleted where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<StateFilter>,
    /// Only links whose target has this host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_host: Option<String>,
    /// Only links whose code, target or title contains this text (any case).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
    /// Only links created at or after this moment (RFC 3339 or a date).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_after: Option<String>,
    /// Only links created before this moment (RFC 3339 or a date).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_before: Option<String>,
    /// `descending` (newest first, the default) or `ascending`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Order>,
    /// Most links in a page, 1 to 1,000; 50 by default. A page can hold fewer and still have a next one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(minimum = 1, maximum = 1000))]
    pub limit: Option<u16>,
    /// Where to continue: the `next_cursor` of the page before, with the same filter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// Show each link with its clicks.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "openapi", param(required = false))]
    pub clicks: bool,
}

/// A state to filter by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum StateFilter {
    /// Links that redirect now.
    Active,
    /// Links that have not started.
    Scheduled,
    /// Links whose time is over.
    Expired,
    /// Links switched off.
    Disabled,
    /// Deleted links whose code is still retained.
    Deleted,
    /// Every link.
    Any,
}

/// A page of links.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LinkPage {
    /// The links.
    pub links: Vec<Link>,
    /// Where the next page begins; null after the last one.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub next_cursor: Option<String>,
}

/// The tags in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TagList {
    /// Tags that are or were on some link, sorted.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub tags: Vec<Tag>,
}
