//! Cells that a spreadsheet would take for a formula.

use std::borrow::Cow;

/// Whether a spreadsheet would run the cell, were the apostrophes in front of it gone.
fn is_formula(cell: &str) -> bool {
    let first = cell.trim_start_matches('\'').chars().next();
    first.is_some_and(|first| matches!(first, '=' | '+' | '-' | '@' | '\t' | '\r' | '＝' | '＋' | '－' | '＠'))
}

/// The cell with one apostrophe more, if it would be a formula.
pub(crate) fn neutralise(cell: &str) -> Cow<'_, str> {
    if is_formula(cell) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// The cell before it was neutralised.
pub(in crate::formats) fn restore(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if is_formula(cell) => rest,
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_is_neutralised_and_given_back() {
        for cell in ["=1+1", "+1", "-abc", "@x", "'=x", "''-x", "\tx", "\rx", "＝x", "－x"] {
            let neutral = neutralise(cell);
            assert_eq!(neutral.strip_prefix('\''), Some(cell));
            assert_eq!(restore(&neutral), cell);
        }
        for cell in ["", "a=1", "'a", "'", "https://example.com/-"] {
            assert_eq!(neutralise(cell), cell);
            assert_eq!(restore(cell), cell);
        }
    }
}
