//! How well user agents are told apart, on a list of real ones with their kinds.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use shortener_core::stats::Kind;
use shortener_core::stats::agent::{Agent, CLASSIFIER};

/// One line of the list.
struct Labelled {
    kind: &'static str,
    /// Browser, system and device; nothing where the list does not tell.
    families: [Option<&'static str>; 3],
    user_agent: &'static str,
}

fn labelled() -> Vec<Labelled> {
    let lines = include_str!("agents/user_agents.tsv").lines().filter(|line| !line.starts_with('#'));
    let told = |field: &'static str| Some(field).filter(|field| *field != "-");
    lines
        .map(|line| {
            let fields: Vec<_> = line.splitn(6, '\t').collect();
            Labelled {
                kind: fields[0],
                families: [told(fields[1]), told(fields[2]), told(fields[3])],
                user_agent: fields[5],
            }
        })
        .collect()
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Person => "person",
        Kind::Crawler => "crawler",
        Kind::Preview => "preview",
        Kind::Monitor => "monitor",
        Kind::Client => "client",
        Kind::Prefetch => "prefetch",
    }
}

/// Of all that was taken for a kind, the part that is of it; and of all that is of it, the part that was found.
fn precision_and_recall(pairs: &[(&str, &str)], kind: &str) -> (f64, f64) {
    let count = |of: &dyn Fn(&(&str, &str)) -> bool| {
        f64::from(u32::try_from(pairs.iter().filter(|pair| of(pair)).count()).unwrap())
    };
    let right = count(&|(is, taken)| *is == kind && *taken == kind);
    (right / count(&|(_, taken)| *taken == kind), right / count(&|(is, _)| *is == kind))
}

#[test]
#[expect(clippy::print_stdout, reason = "the figures are to be looked at")]
fn people_are_told_from_programs_and_programs_from_each_other() {
    let list = labelled();
    assert!(list.len() >= 300, "{} lines", list.len());
    let pairs: Vec<_> = list.iter().map(|line| (line.kind, name(Agent::of(line.user_agent).kind))).collect();
    let mut report = format!("{CLASSIFIER}, {} user agents\n", list.len());
    let mut fell_short = false;
    let least = [
        ("person", 0.99, 0.95),
        ("crawler", 0.9, 0.9),
        ("preview", 0.9, 0.9),
        ("monitor", 0.9, 0.9),
        ("client", 0.7, 0.9),
    ];
    for (kind, least_precision, least_recall) in least {
        let (precision, recall) = precision_and_recall(&pairs, kind);
        writeln!(report, "{kind:8} precision {precision:.3} recall {recall:.3}").unwrap();
        fell_short |= precision < least_precision || recall < least_recall;
    }
    println!("{report}");
    for (line, (is, taken)) in list.iter().zip(&pairs).filter(|(_, (is, taken))| is != taken) {
        writeln!(report, "{is} taken for {taken}: {}", line.user_agent).unwrap();
    }
    assert!(!fell_short, "{report}");
}

#[test]
#[expect(clippy::print_stdout, reason = "the figures are to be looked at")]
fn browsers_systems_and_devices_are_told_apart() {
    let (mut all, mut wrong) = (0, Vec::new());
    for line in labelled() {
        let agent = Agent::of(line.user_agent);
        for (told, found) in line.families.into_iter().zip([agent.browser, agent.os, agent.device]) {
            let Some(told) = told else { continue };
            all += 1;
            if told != found {
                wrong.push(format!("{told} taken for {found}: {}", line.user_agent));
            }
        }
    }
    println!("{} of {all} families right", all - wrong.len());
    assert!(all > 500 && wrong.len() * 50 < all, "{} of {all}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn whoever_must_be_a_certain_kind_is_it() {
    // One example each of what decides about people's numbers: apps that show pages, and fetchers that claim to be browsers.
    let own: BTreeMap<_, _> = include_str!("agents/user_agents.tsv")
        .lines()
        .filter(|line| line.split('\t').nth(4) == Some("own"))
        .map(|line| (line.splitn(6, '\t').nth(5).unwrap(), line.split('\t').next().unwrap()))
        .collect();
    assert!(own.len() > 100);
    for (user_agent, kind) in own {
        assert_eq!(name(Agent::of(user_agent).kind), kind, "{user_agent}");
    }
    assert_eq!(Agent::of("").kind, Kind::Client);
    assert_eq!(Agent::of("\u{1b}[31m\u{202e}né").kind, Kind::Client);
}

#[test]
fn the_version_of_the_classifier_names_that_of_the_list() {
    let list = include_str!("../../src/stats/agent/crawlers.txt");
    let version = list.lines().next().unwrap().trim_start_matches("# ");
    assert_eq!(CLASSIFIER.split_once('/').unwrap().0, version, "raise `CLASSIFIER` in agent.rs");
}

#[test]
fn the_version_of_the_classifier_changes_with_its_lists() {
    let lists = [
        include_str!("../../src/stats/agent/crawlers.txt"),
        include_str!("../../src/stats/agent/known.txt"),
        include_str!("../../src/stats/agent/families.rs"),
    ];
    let digest = HEXLOWER.encode(&Sha256::digest(lists.concat())[..8]);
    assert_eq!(
        (CLASSIFIER, digest.as_str()),
        ("crawler-user-agents 1.60.0/1", "3c27c4127e9e5041"),
        "raise the number of `CLASSIFIER`, then write both here"
    );
}
