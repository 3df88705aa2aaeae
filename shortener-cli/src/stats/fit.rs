//! A page that is no higher than its terminal.

/// The parts of a page from above, as lines.
#[derive(Debug)]
pub(super) struct Parts {
    /// What comes first, and the series.
    pub(super) top: Vec<String>,
    /// Lists of names, each row of them after an empty line.
    pub(super) lists: Vec<String>,
    /// As of when it is.
    pub(super) as_of: Vec<String>,
    /// What else there is to say.
    pub(super) notes: Vec<String>,
}

impl Parts {
    /// The page in at most so many lines: where it has more, lists are cut, then the notes left out, then the top is
    /// cut, and a line says how many are missing. As of when it is comes before everything.
    pub(super) fn within(self, most: usize) -> Vec<String> {
        let Self { top, lists, as_of, notes } = self;
        let all = top.len() + lists.len() + as_of.len() + notes.len();
        if all <= most {
            return [top, lists, as_of, notes].concat();
        }
        // One line says how many are missing.
        let has_room = top.len() + 1 + as_of.len() + notes.len() <= most;
        let notes = if has_room { notes } else { Vec::new() };
        let below = [as_of, notes].concat();
        let top_lines = top.len();
        let mut page = [top, lists].concat();
        page.truncate(most.saturating_sub(below.len() + 1));
        drop_headings(&mut page, top_lines);
        page.push(format!("{} more lines on a higher terminal", all - page.len() - below.len()));
        page.extend(below);
        page.split_off(page.len().saturating_sub(most))
    }
}

/// Drops a row of headings from the end of lists that begin at a line, if there is no name below them.
fn drop_headings(page: &mut Vec<String>, lists: usize) {
    let Some(empty) = page.iter().rposition(String::is_empty).filter(|empty| *empty >= lists) else { return };
    if page.len() - empty <= 2 {
        page.truncate(empty);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.split_terminator('|').map(str::to_owned).collect()
    }

    fn page(most: usize) -> String {
        let parts = Parts {
            top: lines("what|1|2|"),
            lists: lines("|A|a|b||B|c|"),
            as_of: lines("|now|"),
            notes: lines("more|"),
        };
        let page = parts.within(most);
        assert!(page.len() <= most, "{page:?}");
        page.join("|")
    }

    #[test]
    fn a_page_that_is_too_high_says_how_much_is_missing_and_never_lacks_as_of_when_it_is() {
        assert_eq!(page(13), "what|1|2||A|a|b||B|c||now|more");
        assert_eq!(page(12), "what|1|2||A|a|b|3 more lines on a higher terminal||now|more");
        assert_eq!(page(10), "what|1|2||A|a|4 more lines on a higher terminal||now|more");
        assert_eq!(page(9), "what|1|2|7 more lines on a higher terminal||now|more");
        assert_eq!(page(7), "what|1|2|7 more lines on a higher terminal||now|more");
        assert_eq!(page(6), "what|1|2|8 more lines on a higher terminal||now");
        assert_eq!(page(4), "what|10 more lines on a higher terminal||now");
        assert_eq!(page(1), "now");
    }
}
