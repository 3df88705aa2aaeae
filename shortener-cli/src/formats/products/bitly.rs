//! Bitly: pages of `GET /v4/groups/{guid}/bitlinks`, and CSV whose columns differ between accounts and years.

use crate::formats::field::Meaning;
use crate::formats::field::TargetField::{CreatedAt, ShortUrl, Tags, Target, Title};

use super::Meanings;

const ARCHIVED: Meaning =
    Meaning::Lost("archived (hidden in Bitly's lists; the link redirects all the same, as it did)");

/// Beside the generic ones.
pub(super) const COLUMNS: Meanings =
    &[("bitlink", Meaning::Is(ShortUrl)), ("archived", ARCHIVED), ("created", Meaning::Is(CreatedAt))];

/// `id` and `link` are the same short URL, and every custom bitlink is one more.
pub(super) const KEYS: Meanings = &[
    ("id", Meaning::Informational),
    ("link", Meaning::Is(ShortUrl)),
    ("custom_bitlinks", Meaning::Alias),
    ("long_url", Meaning::Is(Target)),
    ("title", Meaning::Is(Title)),
    ("tags", Meaning::Is(Tags)),
    ("created_at", Meaning::Is(CreatedAt)),
    ("archived", ARCHIVED),
    ("deeplinks", super::DEEP_LINKS),
    ("created_by", Meaning::Informational),
    ("client_id", Meaning::Informational),
    ("references", Meaning::Informational),
];
