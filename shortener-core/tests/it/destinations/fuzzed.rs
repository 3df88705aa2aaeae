//! Targets made from the hostile ones by chance: stored, followed and planted.

use shortener_core::hostile::{self, Case};
use shortener_core::link::TargetUrl;
use shortener_core::operations::{Operations, WriteOptions};
use shortener_core::proof;
use shortener_core::redirect::{Resolution, Resolver};
use shortener_core::table::{Table, Write, keys};
use shortener_core::wire::UpdateLink;

use super::second;
use crate::fixture::{Fixture, coded, link};

/// How many targets there are, unless `PROOF_DESTINATIONS` says so.
const COUNT: u64 = 4_000;

/// What is put into a target: what some parser gives a meaning, and letters that become such.
const PIECES: [&str; 40] = [
    "/",
    "//",
    "\\",
    "?",
    "#",
    "@",
    ":",
    ":80",
    ":0",
    "%2f",
    "%40",
    "%00",
    "%0d%0a",
    "%",
    "[",
    "]",
    "[::1]",
    ".",
    "..",
    "\t",
    "\n",
    "\0",
    " ",
    "\u{a0}",
    "\u{202e}",
    "\u{200b}",
    "\u{feff}",
    "／",
    "。",
    "＠",
    "é",
    "а",
    "xn--",
    "s.example",
    "127.0.0.1",
    "http://",
    "https:",
    "javascript:",
    "\u{fffd}",
    "|",
];

fn mutated(corpus: &[Case], random: &mut fastrand::Rng) -> String {
    let mut target: Vec<char> = corpus[random.usize(..corpus.len())].given.chars().take(300).collect();
    for _ in 0..random.usize(1..4) {
        let at = random.usize(..=target.len());
        match random.u8(..4) {
            0 if at < target.len() => drop(target.remove(at)),
            1 => target.truncate(at),
            2 => {
                let other: Vec<char> = corpus[random.usize(..corpus.len())].given.chars().take(300).collect();
                target.extend_from_slice(&other[random.usize(..=other.len())..]);
            }
            _ => drop(target.splice(at..at, PIECES[random.usize(..PIECES.len())].chars())),
        }
    }
    target.into_iter().collect()
}

#[tokio::test]
async fn what_is_stored_is_what_is_followed_and_what_is_refused_leads_nowhere() {
    let (count, seed) =
        (proof::number("PROOF_DESTINATIONS").unwrap_or(COUNT), proof::number("PROOF_SEED").unwrap_or(1));
    let (fixture, corpus) = (Fixture::new(), hostile::corpus());
    let resolver = Resolver::new(fixture.service.clone(), None);
    fixture.create(coded("a", "https://ok.example/")).await;
    let (at, mut accepted) = (link("a"), 0_u64);
    for number in 0..count {
        let given = mutated(&corpus, &mut fastrand::Rng::with_seed(seed.wrapping_add(number)));
        let replay = format!("PROOF_SEED={} PROOF_DESTINATIONS=1: {given:?}", seed.wrapping_add(number));
        let change = UpdateLink { target: Some(given.clone()), ..UpdateLink::default() };
        let answer = fixture.session.update(&at, &change, &WriteOptions::default()).await;
        let Ok(edited) = answer else {
            let planted = serde_json::Map::from_iter([("target".to_owned(), given.into())]);
            fixture.table.write(&[Write::update(keys::link(&at.domain, &at.code), planted, vec![])]).await.unwrap();
            let answer = resolver.resolve("s.example", &at.code).await;
            let long = matches!(&answer, Resolution::Redirect(redirect) if redirect.target.as_str().len() > 2_048);
            assert!(long || matches!(answer, Resolution::Gone { .. }), "{replay}: {answer:?}");
            let sound = serde_json::Map::from_iter([("target".to_owned(), "https://ok.example/".into())]);
            fixture.table.write(&[Write::update(keys::link(&at.domain, &at.code), sound, vec![])]).await.unwrap();
            continue;
        };
        accepted += 1;
        let stored = edited.target;
        assert_eq!(TargetUrl::parse(stored.as_str()).unwrap(), stored, "{replay}");
        assert!(stored.as_str().bytes().all(|byte| byte.is_ascii_graphic()), "{replay}: {stored}");
        assert!(stored.as_str().starts_with("http://") || stored.as_str().starts_with("https://"), "{replay}");
        assert_eq!(second::disagreement(&given, &stored), None, "{replay}");
        let Resolution::Redirect(redirect) = resolver.resolve("s.example", &at.code).await else { panic!("{replay}") };
        assert_eq!(redirect.target, stored, "{replay}");
    }
    println!("{count} fuzzed targets, {accepted} accepted, seed {seed}");
    assert!(accepted > count / 20 && accepted < count, "both happen: {accepted} of {count}");
}
