//! All literals that say something about a user agent, found in one pass over it.

use std::sync::OnceLock;

use aho_corasick::AhoCorasick;

use super::families::{BROWSERS, DEVICES, SYSTEMS};
use crate::stats::Kind;

/// Crawlers and the like, as a maintained list names them; `scripts/update-crawlers` makes it.
const CRAWLERS: &str = include_str!("crawlers.txt");
/// What that list lacks.
const KNOWN: &str = include_str!("known.txt");

/// Where a literal has to stand.
#[derive(Debug, Clone, Copy)]
enum Anchor {
    Any,
    Start,
    End,
    /// At the start or after a space.
    Word,
    /// At the end of a word, but not before a number: `B BOT 550` is a phone.
    Tail,
}

impl Anchor {
    fn holds(self, text: &[u8], start: usize, end: usize) -> bool {
        match self {
            Self::Any => true,
            Self::Start => start == 0,
            Self::End => end == text.len(),
            Self::Word => start == 0 || text[start - 1] == b' ',
            Self::Tail => match &text[end..] {
                [b' ', next, ..] => !next.is_ascii_digit(),
                [next, ..] => !next.is_ascii_alphanumeric(),
                [] => true,
            },
        }
    }
}

/// What a literal says: the lower number wins over the higher one.
#[derive(Debug, Clone, Copy)]
enum Says {
    Kind(Rank),
    Browser(usize),
    System(usize),
    Device(usize),
}

/// What wins where several literals tell of the kind, first to last. A fetcher of previews names many others, so that
/// pages treat it like them; and a crawler is one whatever library it is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    KnownPreview,
    KnownMonitor,
    KnownPerson,
    Preview,
    Monitor,
    Crawler,
    Client,
    Guess,
}

impl Rank {
    fn of(kind: &str, known: bool) -> Option<Self> {
        Some(match (kind, known) {
            ("preview", true) => Self::KnownPreview,
            ("monitor", true) => Self::KnownMonitor,
            ("person", true) => Self::KnownPerson,
            ("preview", false) => Self::Preview,
            ("monitor", false) => Self::Monitor,
            ("crawler", _) => Self::Crawler,
            ("client", _) => Self::Client,
            ("guess", true) => Self::Guess,
            _ => return None,
        })
    }

    fn kind(self) -> Kind {
        match self {
            Self::KnownPreview | Self::Preview => Kind::Preview,
            Self::KnownMonitor | Self::Monitor => Kind::Monitor,
            Self::KnownPerson => Kind::Person,
            Self::Crawler | Self::Guess => Kind::Crawler,
            Self::Client => Kind::Client,
        }
    }
}

/// What was found in a user agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) kind: Option<Kind>,
    pub(super) browser: Option<&'static str>,
    pub(super) system: Option<&'static str>,
    pub(super) device: Option<&'static str>,
}

/// The literals, and what each of them says.
#[derive(Debug)]
pub(super) struct Rules {
    automaton: AhoCorasick,
    meanings: Vec<(Anchor, Says)>,
}

impl Rules {
    /// The rules; the first call builds them. Nothing where they cannot be built, which a test rules out.
    pub(super) fn get() -> Option<&'static Self> {
        static RULES: OnceLock<Option<Rules>> = OnceLock::new();
        RULES.get_or_init(Self::build).as_ref()
    }

    fn build() -> Option<Self> {
        let (mut literals, mut meanings) = (Vec::new(), Vec::new());
        let lists = parse(KNOWN, true).chain(parse(CRAWLERS, false));
        let families =
            [(BROWSERS, Says::Browser as fn(usize) -> Says), (SYSTEMS, Says::System), (DEVICES, Says::Device)];
        let tokens = families.into_iter().flat_map(|(table, says)| {
            table.iter().enumerate().map(move |(index, (token, _))| (*token, Anchor::Any, says(index)))
        });
        for (literal, anchor, says) in lists.chain(tokens) {
            literals.push(literal);
            meanings.push((anchor, says));
        }
        let automaton = AhoCorasick::new(literals).ok()?;
        Some(Self { automaton, meanings })
    }

    /// Looks for every literal in a user agent.
    pub(super) fn find(&self, user_agent: &str) -> Found {
        let (mut rank, mut browser, mut system, mut device) = (None, None, None, None);
        for found in self.automaton.find_overlapping_iter(user_agent) {
            let (anchor, says) = self.meanings[found.pattern().as_usize()];
            if !anchor.holds(user_agent.as_bytes(), found.start(), found.end()) {
                continue;
            }
            match says {
                Says::Kind(new) => first(&mut rank, new),
                Says::Browser(new) => first(&mut browser, new),
                Says::System(new) => first(&mut system, new),
                Says::Device(new) => first(&mut device, new),
            }
        }
        let family = |table: &[(&str, &'static str)], index: Option<usize>| Some(table.get(index?)?.1);
        Found {
            kind: rank.map(Rank::kind),
            browser: family(BROWSERS, browser),
            system: family(SYSTEMS, system),
            device: family(DEVICES, device),
        }
    }
}

/// Keeps the one that wins.
fn first<T: Ord + Copy>(best: &mut Option<T>, new: T) {
    *best = Some(best.map_or(new, |best| best.min(new)));
}

/// The lines of a list; a line that says nothing is left out, which a test rules out.
fn parse(list: &'static str, known: bool) -> impl Iterator<Item = (&'static str, Anchor, Says)> {
    list.lines().filter(|line| !line.starts_with('#')).filter_map(move |line| {
        let mut fields = line.splitn(3, '\t');
        let rank = Rank::of(fields.next()?, known)?;
        let anchor = match fields.next()? {
            "any" => Anchor::Any,
            "start" => Anchor::Start,
            "end" => Anchor::End,
            "word" => Anchor::Word,
            "tail" => Anchor::Tail,
            _ => return None,
        };
        Some((fields.next()?, anchor, Says::Kind(rank)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_lists_says_something() {
        for (list, known) in [(KNOWN, true), (CRAWLERS, false)] {
            let lines = list.lines().filter(|line| !line.starts_with('#')).count();
            assert_eq!(parse(list, known).count(), lines);
            assert!(parse(list, known).all(|(literal, ..)| literal.len() >= 3));
        }
        assert!(Rules::build().is_some());
    }

    #[test]
    fn a_literal_counts_only_where_it_has_to_stand() {
        let holds = |anchor: Anchor, literal: &str, text: &str| {
            let start = text.find(literal).unwrap();
            anchor.holds(text.as_bytes(), start, start + literal.len())
        };
        assert!(holds(Anchor::Start, "curl", "curl/8") && !holds(Anchor::Start, "curl", "libcurl/8"));
        assert!(holds(Anchor::End, "Labs", "SSL Labs") && !holds(Anchor::End, "Labs", "SSL Labs/1"));
        assert!(holds(Anchor::Word, "PTST/", "x PTST/1") && !holds(Anchor::Word, "PTST/", "xPTST/1"));
        assert!(holds(Anchor::Tail, "bot", "a bot") && holds(Anchor::Tail, "bot", "(mybot; x)"));
        assert!(!holds(Anchor::Tail, "bot", "bottle") && !holds(Anchor::Tail, "BOT", "B BOT 550"));
    }
}
