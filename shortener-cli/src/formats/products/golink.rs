//! golink: JSON lines of `.export` and `-snapshot`.

use crate::formats::field::Meaning;
use crate::formats::field::TargetField::{Code, CreatedAt, Target};
use crate::formats::row::Draft;

use super::Meanings;

/// Keys.
pub(super) const KEYS: Meanings = &[
    ("Short", Meaning::Is(Code)),
    ("Long", Meaning::Is(Target)),
    ("Created", Meaning::Is(CreatedAt)),
    ("LastEdit", Meaning::Informational),
    ("Owner", Meaning::Lost("Owner")),
];

/// A target can be a template over the path, the user and the time, which would be no URL here, or another one.
pub(super) fn judge(draft: &mut Draft<'_>) {
    if draft.target().contains("{{") {
        let detail = "the target is a template, which links here cannot do; name a fixed URL";
        draft.violation("Long", "target_template", detail.to_owned());
    }
}
