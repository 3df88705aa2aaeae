//! Our own format: what `short export` writes and `short import` gives back the same.

use super::field::{Meaning, TargetField};

mod formula;
mod writer;

pub(crate) use formula::neutralise;
pub(super) use formula::restore;
pub(crate) use writer::{Compression, OwnForm, OwnWriter};

/// The columns, in order.
pub(super) const COLUMNS: [(&str, TargetField); 13] = [
    ("code", TargetField::Code),
    ("domain", TargetField::Domain),
    ("target", TargetField::Target),
    ("title", TargetField::Title),
    ("tags", TargetField::Tags),
    ("redirect_status", TargetField::RedirectStatus),
    ("forward_query", TargetField::ForwardQuery),
    ("disabled", TargetField::Disabled),
    ("starts_at", TargetField::StartsAt),
    ("expires_at", TargetField::ExpiresAt),
    ("max_clicks", TargetField::MaxClicks),
    ("imported_clicks", TargetField::ImportedClicks),
    ("created_at", TargetField::CreatedAt),
];

/// What only the documents of commands and the API have: it follows from the rest.
const INFORMATIONAL: [&str; 7] =
    ["short_url", "version", "created_by", "updated_at", "owner", "purge", super::IMPORT_ERROR];

/// What a column or key of ours means.
pub(super) fn column(name: &str) -> Option<Meaning> {
    if name == "state" {
        return Some(Meaning::State);
    }
    if INFORMATIONAL.contains(&name) {
        return Some(Meaning::Informational);
    }
    COLUMNS.iter().find(|(column, _)| *column == name).map(|(_, field)| Meaning::Is(*field))
}

/// Names that only our files have, and all that were exported.
const SIGNATURE: [&str; 2] = ["redirect_status", "forward_query"];

/// Whether a table or an object with these names is ours. Somebody may have added columns to an export.
pub(super) fn is_own<S: AsRef<str>>(names: &[S]) -> bool {
    let has = |name: &str| names.iter().any(|known| known.as_ref() == name);
    has("target") && (names.iter().all(|name| column(name.as_ref()).is_some()) || SIGNATURE.into_iter().all(has))
}

/// Whether a table with these columns was made for spreadsheets: by an export or by hand, or by `short list` as CSV. As TSV
/// that prints cells as they are.
pub(super) fn is_neutralised<S: AsRef<str>>(names: &[S], delimiter: u8) -> bool {
    is_own(names) && (delimiter == b',' || !names.iter().any(|name| name.as_ref() == "short_url"))
}
