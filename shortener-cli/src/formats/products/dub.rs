//! Dub: pages of `GET /links`, CSV export with columns of the user's choice.

use crate::formats::field::Meaning;
use crate::formats::field::TargetField::{
    Code, CreatedAt, Domain, ExpiresAt, ImportedClicks, ShortUrl, Tags, Target, Title,
};
use crate::formats::row::Draft;

use super::Meanings;

const ARCHIVED: Meaning = Meaning::Lost("archived (hidden in Dub's lists; the link redirects all the same, as it did)");
const CONVERSIONS: Meaning = Meaning::Lost("leads, conversions and sales");
const PREVIEW: Meaning = Meaning::Lost("custom previews for social networks");

/// Columns, as they are compared.
pub(super) const COLUMNS: Meanings = &[
    ("shortlink", Meaning::Is(ShortUrl)),
    ("destinationurl", Meaning::Is(Target)),
    ("clicks", Meaning::Is(ImportedClicks)),
    ("createdat", Meaning::Is(CreatedAt)),
    ("updatedat", Meaning::Informational),
    ("linkid", Meaning::Informational),
    ("tags", Meaning::Is(Tags)),
    ("archived", ARCHIVED),
    ("leads", CONVERSIONS),
    ("conversions", CONVERSIONS),
    ("revenue", CONVERSIONS),
];

/// Keys. What follows from others (`qrCode`, `webhookIds`, the parts of the target's query) is informational.
pub(super) const KEYS: Meanings = &[
    ("id", Meaning::Informational),
    ("domain", Meaning::Is(Domain)),
    ("key", Meaning::Is(Code)),
    ("url", Meaning::Is(Target)),
    ("shortLink", Meaning::Is(ShortUrl)),
    ("qrCode", Meaning::Informational),
    ("externalId", Meaning::Lost("externalId")),
    ("tenantId", Meaning::Lost("tenantId")),
    ("archived", ARCHIVED),
    ("expiresAt", Meaning::Is(ExpiresAt)),
    ("expiredUrl", Meaning::Lost("expiredUrl (visitors of an expired link get 410)")),
    ("disabledAt", Meaning::DisabledIfAny),
    ("password", super::PASSWORD),
    ("proxy", PREVIEW),
    ("title", Meaning::Is(Title)),
    ("description", PREVIEW),
    ("image", PREVIEW),
    ("video", PREVIEW),
    ("rewrite", super::CLOAKING),
    ("doIndex", Meaning::Lost("doIndex (robots are not told about single links)")),
    ("ios", super::RULES),
    ("android", super::RULES),
    ("geo", super::RULES),
    ("testVariants", Meaning::Lost("A/B tests (all visitors go to the main target)")),
    ("testStartedAt", Meaning::Informational),
    ("testCompletedAt", Meaning::Informational),
    ("tags", Meaning::Is(Tags)),
    ("tagId", Meaning::Informational),
    ("folderId", Meaning::Lost("folder")),
    ("comments", Meaning::Lost("comments")),
    ("clicks", Meaning::Is(ImportedClicks)),
    ("leads", CONVERSIONS),
    ("conversions", CONVERSIONS),
    ("sales", CONVERSIONS),
    ("saleAmount", CONVERSIONS),
    ("trackConversion", CONVERSIONS),
    ("lastClicked", Meaning::Informational),
    ("publicStats", Meaning::Lost("public statistics")),
    ("webhookIds", Meaning::Lost("webhooks")),
    ("identifier", Meaning::Informational),
    ("utm_source", Meaning::Informational),
    ("utm_medium", Meaning::Informational),
    ("utm_campaign", Meaning::Informational),
    ("utm_term", Meaning::Informational),
    ("utm_content", Meaning::Informational),
    ("user", Meaning::Informational),
    ("userId", Meaning::Informational),
    ("workspaceId", Meaning::Informational),
    ("projectId", Meaning::Informational),
    ("programId", Meaning::Informational),
    ("partnerId", Meaning::Informational),
    ("createdAt", Meaning::Is(CreatedAt)),
    ("updatedAt", Meaning::Informational),
];

/// Dub forwards the query of every link, and has a link for the root of each domain, which is no short link here.
pub(super) fn judge(draft: &mut Draft<'_>) {
    draft.forwards_query();
    if draft.code() == Some("_root") {
        let detail = "the link of the domain's root has no code, and links here have one";
        draft.violation("key", "root_link", detail.to_owned());
    }
}
