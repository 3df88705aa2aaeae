//! Hostile targets through every way in, and out again: one verdict, whoever is asked.
#![expect(clippy::print_stdout, reason = "a proof tells its figures")]

use std::collections::BTreeMap;
use std::io::Write as _;

use shortener_core::hostile::{self, Case, Verdict};
use shortener_core::link::{Domain, TargetUrl};
use shortener_core::operations::{LinkRef, Operations, WriteOptions};
use shortener_core::policy::NamedRule;
use shortener_core::redirect::{CacheLifetimes, Resolution, Resolver};
use shortener_core::table::{Table, Write, keys};
use shortener_core::wire::{CreateLink, LinkFilter, Patch, PolicyRules, Problem, SetDomain, UpdateLink};

use super::fixture::{Fixture, link, violations};

mod fuzzed;
mod second;

/// The target as stored, or the code of the refusal.
type Outcome = Result<String, String>;

fn refusal(problem: &Problem, pointer: &str) -> Outcome {
    let [(found, code)] = violations(problem)[..] else { panic!("{problem:?}") };
    assert_eq!(found, pointer, "{problem:?}");
    Err(code.to_owned())
}

fn request(case: &Case) -> CreateLink {
    CreateLink { target: case.given.clone(), domain: Some(case.domain.to_owned()), ..CreateLink::default() }
}

/// The domains of the corpus.
async fn domains() -> Fixture {
    let fixture = Fixture::new();
    let deny = NamedRule::ALL.map(|rule| rule.name().to_owned()).to_vec();
    let strict = SetDomain { policy: Patch::Set(PolicyRules { allow: vec![], deny }), ..SetDomain::default() };
    let others = hostile::OTHERS
        .map(|(domain, base)| (domain, SetDomain { base_url: Patch::Set(base.to_owned()), ..SetDomain::default() }));
    for (domain, settings) in [(hostile::STRICT, strict)].into_iter().chain(others) {
        let domain = Domain::parse(domain).unwrap();
        fixture.session.set_domain(&domain, &settings, &WriteOptions::default()).await.unwrap();
    }
    fixture
}

async fn created(fixture: &Fixture, case: &Case) -> Outcome {
    match fixture.session.create(&request(case), &WriteOptions::default()).await {
        Ok((link, _)) => Ok(link.target.to_string()),
        Err(problem) => refusal(&problem, "/target"),
    }
}

async fn edited(fixture: &Fixture, case: &Case) -> Outcome {
    let link = LinkRef { domain: Domain::parse(case.domain).unwrap(), ..link("edited") };
    let change = UpdateLink { target: Some(case.given.clone()), ..UpdateLink::default() };
    match fixture.session.update(&link, &change, &WriteOptions::default()).await {
        Ok(link) => Ok(link.target.to_string()),
        Err(problem) => refusal(&problem, "/target"),
    }
}

async fn sent_to_when_not_found(fixture: &Fixture, case: &Case) -> Outcome {
    let change = SetDomain { not_found_target: Patch::Set(case.given.clone()), ..SetDomain::default() };
    let domain = Domain::parse(case.domain).unwrap();
    match fixture.session.set_domain(&domain, &change, &WriteOptions::default()).await {
        Ok(settings) => Ok(settings.not_found_target.unwrap().to_string()),
        Err(problem) => refusal(&problem, "/not_found_target"),
    }
}

async fn in_a_batch(fixture: &Fixture, cases: &[Case]) -> Vec<Outcome> {
    let requests: Vec<CreateLink> = cases.iter().map(request).collect();
    let results = fixture.session.create_batch(&requests, &WriteOptions::default()).await.unwrap();
    let outcome = |result: shortener_core::wire::BatchResult| match (result.link, result.problem) {
        (Some(link), None) => Ok(link.target.to_string()),
        (_, problem) => refusal(&problem.unwrap(), "/target"),
    };
    results.into_iter().map(outcome).collect()
}

async fn judged(fixture: &Fixture, cases: &[Case]) -> Vec<Result<(), String>> {
    let requests: Vec<CreateLink> = cases.iter().map(request).collect();
    let problems = fixture.session.check_batch(&requests).await.unwrap();
    problems.into_iter().map(|problem| problem.map_or(Ok(()), |p| refusal(&p, "/target").map(|_| ()))).collect()
}

#[tokio::test]
async fn a_hostile_target_has_one_verdict_by_every_way_in() {
    let (fixture, corpus) = (domains().await, hostile::corpus());
    for domain in [hostile::PLAIN, hostile::STRICT] {
        let edited = CreateLink {
            code: Some("edited".to_owned()),
            target: "https://ok.example/".to_owned(),
            domain: Some(domain.to_owned()),
            ..CreateLink::default()
        };
        fixture.create(edited).await;
    }
    let mut wrong = Vec::new();
    for cases in corpus.chunks(500) {
        let (batch, checked) = (in_a_batch(&fixture, cases).await, judged(&fixture, cases).await);
        for ((case, batch), checked) in cases.iter().zip(batch).zip(checked) {
            let outcomes = [
                created(&fixture, case).await,
                edited(&fixture, case).await,
                sent_to_when_not_found(&fixture, case).await,
                batch,
            ];
            let same = outcomes.iter().all(|outcome| *outcome == outcomes[0]);
            let checked_alike = checked.as_ref().err() == outcomes[0].as_ref().err();
            let met = case.is_met_by(outcomes[0].as_deref().map_err(String::as_str));
            if !(same && checked_alike && met) {
                wrong.push((case.clone(), outcomes, checked));
            }
        }
    }
    let count = wrong.len();
    assert!(wrong.is_empty(), "{count} of {}: {:#?}", corpus.len(), &wrong[..count.min(40)]);
}

#[test]
fn the_corpus_has_enough_of_every_kind() {
    let corpus = hostile::corpus();
    let mut kinds: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for case in &corpus {
        let (refused, accepted) = kinds.entry(case.kind).or_default();
        *if case.is_refused() { refused } else { accepted } += 1;
    }
    for (kind, (refused, accepted)) in &kinds {
        println!("{refused:6} refused {accepted:6} accepted  {kind}");
    }
    let refused = corpus.iter().filter(|case| case.is_refused()).count();
    println!("{} targets, {refused} of them refused", corpus.len());
    assert!(corpus.len() >= 5_000 && refused >= 3_000, "{} of which {refused}", corpus.len());
}

#[test]
fn what_is_accepted_is_read_alike_by_a_parser_of_rfc_3986() {
    let corpus = hostile::corpus();
    let accepted = corpus.iter().filter(|case| !case.is_refused());
    for case in accepted {
        let target = TargetUrl::parse(&case.given).unwrap();
        assert_eq!(second::disagreement(&case.given, &target), None, "{case:?}");
        assert_eq!(TargetUrl::parse(target.as_str()).unwrap(), target, "{case:?}");
    }
}

fn freshness(cache: CacheLifetimes) -> u32 {
    match cache {
        CacheLifetimes::NoStore => 0,
        CacheLifetimes::Edge { fresh, revalidate, .. } => fresh + revalidate,
    }
}

#[tokio::test]
async fn a_planted_target_that_would_be_refused_leads_nowhere_and_is_told_to_nobody() {
    let (fixture, corpus) = (domains().await, hostile::corpus());
    let planted = corpus.iter().filter(|case| case.is_refused() && case.verdict != Verdict::Refused("target_too_long"));
    for domain in [hostile::PLAIN, hostile::STRICT] {
        let row = CreateLink {
            code: Some("a".to_owned()),
            target: "https://ok.example/".to_owned(),
            domain: Some(domain.to_owned()),
            ..CreateLink::default()
        };
        fixture.create(row).await;
    }
    let resolvers = [
        Resolver::new(fixture.service.clone(), None),
        Resolver::new(fixture.service.clone(), Some(fixture.table.clone())),
    ];
    for case in planted {
        let at = LinkRef { domain: Domain::parse(case.domain).unwrap(), ..link("a") };
        let target = serde_json::Map::from_iter([("target".to_owned(), case.given.clone().into())]);
        fixture.table.write(&[Write::update(keys::link(&at.domain, &at.code), target, vec![])]).await.unwrap();
        let host = if case.domain == hostile::STRICT { hostile::STRICT } else { "s.example" };
        for resolver in &resolvers {
            resolver.catch_up();
            let answer = resolver.resolve(host, &at.code).await;
            let Resolution::Gone { cache } = answer else { panic!("{case:?}: {answer:?}") };
            assert!(freshness(cache) <= 60, "{case:?}: {cache:?}");
        }
        match fixture.session.get(&at).await {
            Ok(shown) => assert!(shown.target.as_str().chars().all(|c| c.is_ascii_graphic()), "{shown:?}"),
            Err(problem) => {
                let moves = |c: char| {
                    c.is_control()
                        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
                };
                assert!(!problem.detail.contains(moves), "{problem:?}");
            }
        }
        let listed = fixture.session.list(&LinkFilter::default()).await.unwrap().links;
        assert!(!listed.is_empty(), "a planted row hides no other");
    }
}

#[tokio::test]
async fn a_not_found_target_is_judged_by_the_policy_in_force_at_each_redirect() {
    let fixture = domains().await;
    let (strict, options) = (Domain::parse(hostile::STRICT).unwrap(), WriteOptions::default());
    let set = async |change: SetDomain| fixture.session.set_domain(&strict, &change, &options).await.unwrap();
    let to = |target: &str| SetDomain { not_found_target: Patch::Set(target.to_owned()), ..SetDomain::default() };
    let resolver = Resolver::new(fixture.service.clone(), None);
    let leads_to = async || match resolver.resolve(hostile::STRICT, &link("zzz").code).await {
        Resolution::NotFound { target, .. } => target.map(|target| target.to_string()),
        other => panic!("{other:?}"),
    };
    set(to("https://lost.example/")).await;
    assert_eq!(leads_to().await.as_deref(), Some("https://lost.example/"));
    let deny = PolicyRules { allow: vec![], deny: vec!["lost.example".to_owned()] };
    let shown = set(SetDomain { policy: Patch::Set(deny), ..SetDomain::default() }).await;
    assert_eq!(leads_to().await, None, "denied since");
    assert_eq!(shown.not_found_target.unwrap().as_str(), "https://lost.example/", "what is set is shown");
    set(SetDomain { policy: Patch::Clear, ..SetDomain::default() }).await;
    assert!(leads_to().await.is_some());
    let ours = Domain::parse("lost.example").unwrap();
    fixture.session.set_domain(&ours, &SetDomain::default(), &options).await.unwrap();
    assert_eq!(leads_to().await, None, "our own host since");
}

/// Where the list of real URLs is, if it is not beside the repository.
const URLS: &str = "PROOF_URLS";

#[test]
fn every_real_url_is_accepted() {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/urls.txt");
    #[expect(clippy::disallowed_methods, reason = "the variable says where the list is")]
    let path = std::env::var(URLS).unwrap_or_else(|_| beside.to_owned());
    let list = match std::fs::read_to_string(&path) {
        Ok(list) => list,
        Err(error) => {
            assert!(path == beside, "{path}: {error}");
            // Past what the test runner captures, so that nobody takes this for the whole proof.
            writeln!(std::io::stderr(), "NOT SHOWN: there is no list of real URLs; name one by {URLS}").unwrap();
            REAL.join("\n")
        }
    };
    let urls: Vec<&str> = list.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    for url in &urls {
        let target = TargetUrl::parse(url).unwrap_or_else(|refused| panic!("{url}: {refused}"));
        assert_eq!(second::disagreement(url, &target), None, "{url}");
    }
    println!("{} real URLs accepted", urls.len());
}

/// Shapes of URLs that people shorten, for where the list is not.
const REAL: [&str; 8] = [
    "https://www.google.com/search?q=a+b&hl=en#:~:text=a%20b",
    "https://en.wikipedia.org/wiki/Rust_(programming_language)",
    "https://web.archive.org/web/2020/http://example.com/a",
    "https://www.google.com/maps/@48.85,2.35,15z/data=!4m6!3m5!1s0x0:0x1",
    "http://example.com:8080/~user/a;b=c,d?x[]=1&y={z}|'",
    "https://my_bucket.s3.amazonaws.com/a%20b.pdf?X-Amz-Signature=0",
    "https://bücher.example/straße?ä=ö",
    "https://user.example/@name/post",
];
