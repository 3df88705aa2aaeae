//! Fitting the tags and titles of others to our rules.

use std::borrow::Cow;

use shortener_core::link::{MAX_TAGS, Tag};

use super::{Draft, Manner};
use crate::formats::value::Given;

const MAX_TITLE_CHARACTERS: usize = 200;
const MAX_TAG_CHARACTERS: usize = 64;

impl Draft<'_> {
    /// A title, in one line and not too long unless it is ours.
    pub(super) fn fitted_title(&mut self, title: Cow<'_, str>) -> Option<String> {
        if self.reading.manner == Manner::Own {
            return Some(title.into_owned());
        }
        let title = if title.chars().any(char::is_control) {
            self.lost.count("line breaks and control characters in titles (they are spaces now)");
            Cow::Owned(title.replace(char::is_control, " "))
        } else {
            title
        };
        let trimmed = title.trim();
        let end = trimmed.char_indices().nth(MAX_TITLE_CHARACTERS).map(|(at, _)| at);
        let kept = match end {
            Some(end) => {
                self.lost.count("the end of titles of more than 200 characters");
                trimmed[..end].trim_end()
            }
            None => trimmed,
        };
        (!kept.is_empty()).then(|| kept.to_owned())
    }

    /// Tags: a list, or text in which they are separated.
    pub(super) fn tags(&mut self, name: &str, given: Given<'_>) {
        let own = self.reading.manner == Manner::Own;
        let separators: &[char] = if own { &[',', ';'] } else { &[',', ';', '|'] };
        match given {
            Given::Nothing => {}
            Given::Text(text) => text.split(separators).for_each(|tag| self.tag(tag)),
            Given::List(tags) => tags.into_iter().for_each(|tag| self.tag(tag)),
            _ => self.violation(name, "tags_expected", "tags are expected".to_owned()),
        }
        if !own && self.request.tags.len() > MAX_TAGS {
            self.lost.count("tags beyond the 20th");
            self.request.tags.truncate(MAX_TAGS);
        }
    }

    fn tag(&mut self, tag: &str) {
        let tag = tag.trim();
        if tag.is_empty() {
            return;
        }
        let kept = if self.reading.manner == Manner::Own || Tag::parse(tag).is_ok() {
            tag.to_owned()
        } else {
            self.lost.count("the spelling of tags (what is no letter, digit or one of - _ . : / is - now)");
            respelled(tag)
        };
        if !self.request.tags.contains(&kept) {
            self.request.tags.push(kept);
        }
    }
}

fn respelled(tag: &str) -> String {
    let allowed = |c: char| c.is_alphanumeric() || "-_.:/".contains(c);
    let plain = tag.to_lowercase().chars().map(|c| if allowed(c) { c } else { '-' }).collect::<String>();
    plain.chars().take(MAX_TAG_CHARACTERS).collect()
}
