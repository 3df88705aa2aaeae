//! Sink: pages of its export, and its backups.

use crate::formats::field::Meaning;
use crate::formats::field::TargetField::{Code, CreatedAt, ExpiresAt, ForwardQuery, Tags, Target, Title};

use super::Meanings;

const PREVIEW: Meaning = Meaning::Lost("custom previews for social networks");

/// Keys.
pub(super) const KEYS: Meanings = &[
    ("id", Meaning::Informational),
    ("url", Meaning::Is(Target)),
    ("slug", Meaning::Is(Code)),
    ("comment", Meaning::Lost("comment")),
    ("createdAt", Meaning::Is(CreatedAt)),
    ("updatedAt", Meaning::Informational),
    ("expiration", Meaning::Is(ExpiresAt)),
    ("title", Meaning::Is(Title)),
    ("description", PREVIEW),
    ("image", PREVIEW),
    ("apple", super::RULES),
    ("google", super::RULES),
    ("geo", super::RULES),
    ("cloaking", super::CLOAKING),
    ("redirectWithQuery", Meaning::Is(ForwardQuery)),
    ("password", super::PASSWORD),
    ("unsafe", Meaning::Lost("unsafe (visitors are not warned)")),
    ("tags", Meaning::Is(Tags)),
];
