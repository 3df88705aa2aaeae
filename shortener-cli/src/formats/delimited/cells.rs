//! Where the cells of a record end, as the csv crate sees it.

/// What a walk over a record found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Walk {
    /// Whether the record ends within quotation marks.
    pub(super) open: bool,
    /// Where the last delimiter is.
    pub(super) last_delimiter: Option<usize>,
}

#[derive(PartialEq)]
enum State {
    Begins,
    Quoted,
    /// After a mark that ends the quotation, unless another one follows.
    Closed,
    Plain,
}

/// Walks over a record.
pub(super) fn walk(record: &str, delimiter: u8) -> Walk {
    let (mut state, mut last_delimiter) = (State::Begins, None);
    for (at, byte) in record.bytes().enumerate() {
        state = match (state, byte) {
            (State::Begins | State::Closed, b'"') => State::Quoted,
            (State::Quoted, b'"') => State::Closed,
            (State::Quoted, _) => State::Quoted,
            (_, byte) if byte == delimiter => {
                last_delimiter = Some(at);
                State::Begins
            }
            _ => State::Plain,
        };
    }
    Walk { open: state == State::Quoted, last_delimiter }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotation_marks_open_cells_only_at_their_beginning() {
        for (record, open, last_delimiter) in [
            ("a,b", false, Some(1)),
            ("a", false, None),
            ("a,\"b,c\"", false, Some(1)),
            ("a,\"b,\"\"c", true, Some(1)),
            ("a\"b,c\"d,e", false, Some(7)),
            ("\"a\"b\",c", false, Some(5)),
        ] {
            assert_eq!(walk(record, b','), Walk { open, last_delimiter }, "{record}");
        }
    }
}
