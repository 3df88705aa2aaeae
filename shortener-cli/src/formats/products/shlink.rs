//! Shlink: pages of `GET /rest/v3/short-urls`, CSV of the web client, CSV for its importer.

use crate::formats::field::Meaning;
use crate::formats::field::TargetField::{
    Code, CreatedAt, Domain, ExpiresAt, ForwardQuery, ImportedClicks, MaxClicks, ShortUrl, StartsAt, Tags, Target,
    Title,
};

use super::Meanings;

const RULES: Meaning = Meaning::Lost("redirect rules (all visitors go to the main target)");

/// Columns, as they are compared.
pub(super) const COLUMNS: Meanings = &[
    ("createdat", Meaning::Is(CreatedAt)),
    ("domain", Meaning::Is(Domain)),
    ("shortcode", Meaning::Is(Code)),
    ("shorturl", Meaning::Is(ShortUrl)),
    ("longurl", Meaning::Is(Target)),
    ("title", Meaning::Is(Title)),
    ("tags", Meaning::Is(Tags)),
    ("visits", Meaning::Is(ImportedClicks)),
];

/// The columns that tell Shlink's tables from others.
pub(super) const ALL_COLUMNS: &[&str] =
    &["createdat", "domain", "shortcode", "shorturl", "longurl", "title", "tags", "visits"];

const VISITS: Meanings =
    &[("total", Meaning::Is(ImportedClicks)), ("nonBots", Meaning::Informational), ("bots", Meaning::Informational)];

const META: Meanings = &[
    ("validSince", Meaning::Is(StartsAt)),
    ("validUntil", Meaning::Is(ExpiresAt)),
    ("maxVisits", Meaning::Is(MaxClicks)),
];

/// Keys. `visitsCount` is of version 2, `deviceLongUrls` of version 3.
pub(super) const KEYS: Meanings = &[
    ("shortCode", Meaning::Is(Code)),
    ("shortUrl", Meaning::Is(ShortUrl)),
    ("longUrl", Meaning::Is(Target)),
    ("dateCreated", Meaning::Is(CreatedAt)),
    ("visitsSummary", Meaning::Within(VISITS)),
    ("visitsCount", Meaning::Is(ImportedClicks)),
    ("tags", Meaning::Is(Tags)),
    ("meta", Meaning::Within(META)),
    ("domain", Meaning::Is(Domain)),
    ("title", Meaning::Is(Title)),
    ("crawlable", Meaning::Lost("crawlable (robots are not told about single links)")),
    ("forwardQuery", Meaning::Is(ForwardQuery)),
    ("hasRedirectRules", RULES),
    ("deviceLongUrls", RULES),
];
