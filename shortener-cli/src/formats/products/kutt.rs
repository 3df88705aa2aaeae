//! Kutt: pages of `GET /api/v2/links`.

use crate::formats::field::Meaning;
use crate::formats::field::TargetField::{
    Code, CreatedAt, Disabled, Domain, ExpiresAt, ImportedClicks, ShortUrl, Target, Title,
};

use super::Meanings;

/// The description is all the text that a link has, so it is the title. A banned link leads nowhere.
pub(super) const KEYS: Meanings = &[
    ("id", Meaning::Informational),
    ("address", Meaning::Is(Code)),
    ("target", Meaning::Is(Target)),
    ("description", Meaning::Is(Title)),
    ("banned", Meaning::Is(Disabled)),
    ("password", super::PASSWORD),
    ("expire_in", Meaning::Is(ExpiresAt)),
    ("visit_count", Meaning::Is(ImportedClicks)),
    ("domain", Meaning::Is(Domain)),
    ("domain_id", Meaning::Informational),
    ("user_id", Meaning::Informational),
    ("uuid", Meaning::Informational),
    ("link", Meaning::Is(ShortUrl)),
    ("created_at", Meaning::Is(CreatedAt)),
    ("updated_at", Meaning::Informational),
];
