//! chhoto-url: the table `urls` of its SQLite file, and the answer of `GET /api/all`.

use crate::formats::field::Meaning;
use crate::formats::field::TargetField::{Code, ExpiresAt, ImportedClicks, Target, Title};

use super::Meanings;

/// Columns of the table, as they are compared.
pub(super) const COLUMNS: Meanings = &[];

/// Keys of the API and columns of the table. The notes are all the text that a link has, so they are the title.
pub(super) const KEYS: Meanings = &[
    ("id", Meaning::Informational),
    ("shortlink", Meaning::Is(Code)),
    ("short_url", Meaning::Is(Code)),
    ("longlink", Meaning::Is(Target)),
    ("long_url", Meaning::Is(Target)),
    ("hits", Meaning::Is(ImportedClicks)),
    ("expiry_time", Meaning::Is(ExpiresAt)),
    ("notes", Meaning::Is(Title)),
];
