//! YOURLS: `mysqldump` of `yourls_url`, the stats of its API, CSV of its import and export and bulk plugins.

use crate::formats::field::Meaning;
use crate::formats::field::TargetField::{Code, CreatedAt, ImportedClicks, Target, Title};

use super::Meanings;

const ADDRESS: Meaning = Meaning::Lost("ip (the address of whoever made the link)");

/// Columns of the dump and the plugins.
pub(super) const COLUMNS: Meanings = &[
    ("source", Meaning::Is(Code)),
    ("target", Meaning::Is(Target)),
    ("hits", Meaning::Is(ImportedClicks)),
    ("keyword", Meaning::Is(Code)),
    ("url", Meaning::Is(Target)),
    ("title", Meaning::Is(Title)),
    ("timestamp", Meaning::Is(CreatedAt)),
    ("clicks", Meaning::Is(ImportedClicks)),
    ("ip", ADDRESS),
];

/// The columns of the bulk plugin, which writes no header.
pub(super) const BULK: &[&str] = &["url", "keyword", "title"];

/// Keys of the stats.
pub(super) const KEYS: Meanings = &[
    ("shorturl", Meaning::UrlInDirectory),
    ("keyword", Meaning::Is(Code)),
    ("url", Meaning::Is(Target)),
    ("title", Meaning::Is(Title)),
    ("timestamp", Meaning::Is(CreatedAt)),
    ("clicks", Meaning::Is(ImportedClicks)),
    ("ip", ADDRESS),
];
