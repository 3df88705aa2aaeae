//! `docs/PERFORMANCE.md`: sections, each replaced by the run that measures it again.

use std::path::PathBuf;

use anyhow::Context;

use crate::programs::root;
use crate::report::{Target, targets};

/// What is measured together.
#[derive(Debug)]
pub(crate) struct Section {
    /// Names it on the command line, in the document and among the notes.
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) targets: Vec<Target>,
    /// Markdown: what was done, and the tables.
    pub(crate) body: String,
}

const HEAD: &str = "# Performance

Written by `cargo run --release -p bench`, which builds everything below and measures it side by side in one run, on the machine and at
the commit that each section names; `cargo run --release -p bench -- NAME` measures one section again. It needs wrk and two cores: the
servers have one, the load the other. Programs that are compared run in turns, and the ratio is the median of those of the single
turns, so that a machine that is slower for a while changes no ratio. Figures are medians, in parentheses the least and the most.
";

impl Section {
    /// What was measured: targets, if there are any, and tables.
    pub(crate) fn figures(&self) -> String {
        let wanted = if self.targets.is_empty() { String::new() } else { targets(&self.targets) + "\n" };
        wanted + self.body.trim()
    }

    /// Puts the section into the document, where the one of the same name was, or else at the end.
    pub(crate) fn publish(&self, conditions: &str) -> anyhow::Result<()> {
        let path = path();
        let before = std::fs::read_to_string(&path).unwrap_or_else(|_| HEAD.to_owned());
        let after = replaced(&before, self.name, &self.markdown(conditions)?);
        std::fs::write(&path, after).with_context(|| format!("{} cannot be written", path.display()))
    }

    /// The section: its figures, and what was found out about them, which people write.
    fn markdown(&self, conditions: &str) -> anyhow::Result<String> {
        let notes = root().join("bench/notes").join(format!("{}.md", self.name));
        let notes = if notes.exists() { std::fs::read_to_string(notes)? } else { String::new() };
        let text = format!("## {}\n\n{conditions}\n\n{}\n\n{notes}", self.title, self.figures());
        Ok(text.trim().to_owned())
    }
}

fn path() -> PathBuf {
    root().join("docs/PERFORMANCE.md")
}

fn replaced(document: &str, name: &str, section: &str) -> String {
    let (begin, end) = (format!("<!-- {name} -->"), format!("<!-- end of {name} -->"));
    let section = format!("{begin}\n{section}\n{end}");
    let places = document.find(&begin).zip(document.find(&end));
    match places {
        Some((from, to)) => format!("{}{section}{}", &document[..from], &document[to + end.len()..]),
        None => format!("{}\n\n{section}\n", document.trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_takes_the_place_of_the_one_before_and_leaves_the_others() {
        let one = replaced("# Head\n", "a", "first");
        let two = replaced(&one, "b", "second");
        let again = replaced(&two, "a", "third");
        assert_eq!(two, "# Head\n\n<!-- a -->\nfirst\n<!-- end of a -->\n\n<!-- b -->\nsecond\n<!-- end of b -->\n");
        assert_eq!(again, two.replace("first", "third"));
    }
}
