//! What a click gets.

use std::sync::Arc;

use shortener_core::link::ShortCode;
use shortener_core::operations::{Operations, WriteOptions};
use shortener_core::redirect::{CacheLifetimes, Preview, Redirect, Resolution, Resolver};
use shortener_core::table::{Consistency, Item, Table, Write, keys};
use shortener_core::wire::{CreateLink, Patch, PolicyRules, SetDomain, UpdateLink};

use super::fixture::{Fixture, Reads, ScriptedTable, coded, link, service_on};

fn code(text: &str) -> ShortCode {
    ShortCode::parse(text).unwrap()
}

fn target(resolution: &Resolution) -> &str {
    match resolution {
        Resolution::Redirect(redirect) => redirect.target.as_str(),
        other => panic!("no redirect: {other:?}"),
    }
}

fn fresh_seconds(resolution: &Resolution) -> Option<u32> {
    let (Resolution::Redirect(Redirect { cache, .. })
    | Resolution::NotFound { cache, .. }
    | Resolution::Gone { cache }) = resolution
    else {
        panic!("unavailable");
    };
    match cache {
        CacheLifetimes::NoStore => None,
        CacheLifetimes::Edge { fresh, .. } => Some(*fresh),
    }
}

/// A resolver that reads the store each time, and one that answers from memory.
fn resolvers(fixture: &Fixture) -> [Resolver; 2] {
    let store_first = Resolver::new(fixture.service.clone(), None);
    let memory_first = Resolver::new(fixture.service.clone(), Some(fixture.table.clone()));
    [store_first, memory_first]
}

#[tokio::test]
async fn a_link_lives_from_its_start_to_its_expiry_and_no_cache_outlives_it() {
    let fixture = Fixture::new();
    let request = CreateLink {
        starts_at: Some("10s".to_owned()),
        expires_at: Some("100s".to_owned()),
        ..coded("a", "https://example.com/")
    };
    fixture.create(request).await;
    for resolver in resolvers(&fixture) {
        for second in 0..120_i64 {
            let answer = resolver.resolve("s.example", &code("a")).await;
            let fresh = fresh_seconds(&answer).map_or(0, i64::from);
            match second {
                0..10 => assert!(matches!(answer, Resolution::NotFound { .. }) && second + fresh < 10.max(second + 1)),
                10..100 => {
                    assert_eq!(target(&answer), "https://example.com/");
                    assert!(second + fresh < 100, "{second}: {fresh}");
                }
                _ => assert!(matches!(answer, Resolution::Gone { .. }), "{second}"),
            }
            fixture.advance(1);
        }
        fixture.advance(-120);
    }
}

#[tokio::test]
async fn unknown_is_404_and_disabled_or_deleted_is_410() {
    let fixture = Fixture::new();
    fixture.create(coded("a", "https://example.com/")).await;
    let options = WriteOptions::default();
    for resolver in resolvers(&fixture) {
        let resolve = async || {
            resolver.catch_up();
            resolver.resolve("whatever.example", &code("a")).await
        };
        let unknown = resolver.resolve("s.example", &code("nope")).await;
        assert!(matches!(unknown, Resolution::NotFound { .. }) && fresh_seconds(&unknown) == Some(5));
        assert_eq!(target(&resolve().await), "https://example.com/");
        let disable = |disabled| UpdateLink { disabled: Some(disabled), ..UpdateLink::default() };
        fixture.session.update(&link("a"), &disable(true), &options).await.unwrap();
        assert!(matches!(resolve().await, Resolution::Gone { .. }));
        fixture.session.update(&link("a"), &disable(false), &options).await.unwrap();
        fixture.session.delete(&link("a"), &options).await.unwrap();
        assert!(matches!(resolve().await, Resolution::Gone { .. }));
        assert_eq!(resolver.preview("s.example", &code("a")).await, Preview::Gone);
        fixture.session.restore(&link("a"), &options).await.unwrap();
        assert_eq!(target(&resolve().await), "https://example.com/");
    }
}

#[tokio::test]
async fn memory_drops_exactly_what_the_feed_names() {
    let fixture = Fixture::new();
    fixture.create(coded("a", "https://example.com/1")).await;
    let resolver = Resolver::new(fixture.service.clone(), Some(fixture.table.clone()));
    resolver.resolve("s.example", &code("a")).await;
    let edit = UpdateLink { target: Some("https://example.com/2".to_owned()), ..UpdateLink::default() };
    fixture.session.update(&link("a"), &edit, &WriteOptions::default()).await.unwrap();
    assert_eq!(target(&resolver.resolve("s.example", &code("a")).await), "https://example.com/1", "memory answers");
    resolver.catch_up();
    assert_eq!(target(&resolver.resolve("s.example", &code("a")).await), "https://example.com/2");
}

#[tokio::test]
async fn a_policy_change_stops_existing_links_within_a_minute() {
    let fixture = Fixture::new();
    fixture.create(coded("a", "https://www.evil.example/")).await;
    let resolver = Resolver::new(fixture.service.clone(), None);
    assert_eq!(target(&resolver.resolve("s.example", &code("a")).await), "https://www.evil.example/");
    let other_process = service_on(fixture.table.clone()).0;
    let admin = shortener_core::service::Session::new(other_process, shortener_core::service::Caller::direct("ops"));
    let rules = PolicyRules { allow: vec![], deny: vec!["evil.example".to_owned()] };
    let set = SetDomain { policy: Patch::Set(rules), ..SetDomain::default() };
    let default = shortener_core::link::Domain::default_domain();
    admin.set_domain(&default, &set, &WriteOptions::default()).await.unwrap();
    fixture.advance(60);
    assert!(matches!(resolver.resolve("s.example", &code("a")).await, Resolution::Gone { .. }));
    let refused = fixture.refused(coded("b", "https://evil.example/")).await;
    assert_eq!(super::fixture::violations(&refused), [("/target", "target_denied")]);
}

#[tokio::test]
async fn a_row_that_could_not_have_been_created_leads_nowhere() {
    let fixture = Fixture::new();
    fixture.create(coded("a", "https://example.com/")).await;
    let key = keys::link(&link("a").domain, &link("a").code);
    let planted = serde_json::Map::from_iter([("target".to_owned(), "javascript:alert(1)".into())]);
    fixture.table.write(&[Write::update(key, planted, vec![])]).await.unwrap();
    for resolver in resolvers(&fixture) {
        assert!(matches!(resolver.resolve("s.example", &code("a")).await, Resolution::Gone { .. }));
    }
}

#[tokio::test]
async fn hosts_choose_their_domain() {
    let fixture = Fixture::new();
    let domain = shortener_core::link::Domain::parse("go.example").unwrap();
    let not_found =
        SetDomain { not_found_target: Patch::Set("https://example.com/lost".to_owned()), ..SetDomain::default() };
    fixture.session.set_domain(&domain, &not_found, &WriteOptions::default()).await.unwrap();
    fixture.create(coded("a", "https://example.com/default")).await;
    fixture.create(CreateLink { domain: Some("go.example".to_owned()), ..coded("a", "https://example.com/go") }).await;
    let resolver: Arc<Resolver> = Arc::new(Resolver::new(fixture.service.clone(), None));
    for (host, expected) in [
        ("go.example", "https://example.com/go"),
        ("GO.EXAMPLE:443", "https://example.com/go"),
        ("s.example", "https://example.com/default"),
        ("else.example", "https://example.com/default"),
        ("", "https://example.com/default"),
    ] {
        assert_eq!(target(&resolver.resolve(host, &code("a")).await), expected, "{host}");
    }
    let Resolution::NotFound { target, .. } = resolver.resolve("go.example", &code("zzz")).await else { panic!() };
    assert_eq!(target.unwrap().as_str(), "https://example.com/lost");
}

/// A link `a` at its first and its second version, a table whose reads follow a script, and a resolver on it.
async fn two_versions() -> (Fixture, [Item; 2], Arc<ScriptedTable>, Resolver) {
    let fixture = Fixture::new();
    let scripted = ScriptedTable::over(&fixture.table);
    let resolver = Resolver::new(service_on(scripted.clone()).0, None);
    let key = keys::link(&link("a").domain, &link("a").code);
    let stored = async || fixture.table.get(&key, Consistency::Strong).await.unwrap().unwrap();
    fixture.create(coded("a", "https://example.com/1")).await;
    let first = stored().await;
    let edit = UpdateLink { target: Some("https://example.com/2".to_owned()), ..UpdateLink::default() };
    fixture.session.update(&link("a"), &edit, &WriteOptions::default()).await.unwrap();
    let second = stored().await;
    (fixture, [first, second], scripted, resolver)
}

#[tokio::test]
async fn a_failed_strong_read_and_a_stale_one_that_finds_nothing_are_no_404() {
    let (_fixture, _, scripted, resolver) = two_versions().await;
    scripted.read_as(Reads::Stale(None));
    assert_eq!(resolver.resolve("s.example", &code("a")).await, Resolution::Unavailable, "no copy and no answer");
    scripted.read_as(Reads::Right);
    let current = resolver.resolve("s.example", &code("a")).await;
    assert_eq!(fresh_seconds(&current), Some(60));
    scripted.read_as(Reads::Stale(None));
    for _ in 0..3 {
        let answer = resolver.resolve("s.example", &code("a")).await;
        assert_eq!(target(&answer), "https://example.com/2", "the copy stays");
    }
}

#[tokio::test]
async fn when_strong_reads_fail_the_newest_of_copy_and_stale_read_answers_and_edges_keep_it_briefly() {
    let (fixture, [first, second], scripted, resolver) = two_versions().await;
    let put = async |item: &Item| fixture.table.write(&[Write::put(item.clone())]).await.unwrap();
    let cases = [
        (None, &first, "https://example.com/1"),
        (Some(&second), &first, "https://example.com/2"),
        (Some(&first), &second, "https://example.com/2"),
        (Some(&second), &second, "https://example.com/2"),
    ];
    for (copy, stale, expected) in cases {
        if let Some(copy) = copy {
            put(copy).await;
            scripted.read_as(Reads::Right);
            resolver.resolve("s.example", &code("a")).await;
        }
        scripted.read_as(Reads::Stale(Some(stale.clone())));
        let answer = resolver.resolve("s.example", &code("a")).await;
        assert_eq!(target(&answer), expected, "{copy:?} {stale:?}");
        let Resolution::Redirect(Redirect { cache: CacheLifetimes::Edge { fresh, revalidate, .. }, .. }) = answer
        else {
            panic!("{answer:?}")
        };
        assert!(fresh <= 5 && revalidate <= 5, "{fresh} {revalidate}");
    }
}

#[tokio::test]
async fn a_stale_read_of_a_deleted_link_says_gone_but_only_briefly() {
    let (fixture, _, scripted, resolver) = two_versions().await;
    fixture.session.delete(&link("a"), &WriteOptions::default()).await.unwrap();
    let key = keys::link(&link("a").domain, &link("a").code);
    let deleted = fixture.table.get(&key, Consistency::Strong).await.unwrap();
    scripted.read_as(Reads::Stale(deleted));
    let answer = resolver.resolve("s.example", &code("a")).await;
    assert!(matches!(answer, Resolution::Gone { .. }), "{answer:?}");
    assert!(fresh_seconds(&answer).unwrap() <= 5, "{answer:?}");
}

#[tokio::test]
async fn a_damaged_file_is_unavailable_and_a_damaged_row_is_gone() {
    let (fixture, [first, _], scripted, store_first) = two_versions().await;
    let memory_first = Resolver::new(service_on(scripted.clone()).0, Some(scripted.clone()));
    for resolver in [&store_first, &memory_first] {
        scripted.read_as(Reads::Corrupt);
        assert_eq!(resolver.resolve("s.example", &code("a")).await, Resolution::Unavailable);
        assert_eq!(resolver.preview("s.example", &code("a")).await, Preview::Unavailable);
    }
    let planted = Item { attributes: serde_json::Map::from_iter([("target".to_owned(), 7.into())]), ..first };
    fixture.table.write(&[Write::put(planted)]).await.unwrap();
    scripted.read_as(Reads::Right);
    for resolver in [&store_first, &memory_first] {
        assert!(matches!(resolver.resolve("s.example", &code("a")).await, Resolution::Gone { .. }));
        assert_eq!(resolver.preview("s.example", &code("a")).await, Preview::Gone);
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_never_answers_holds_up_no_click_for_a_second() {
    let (_fixture, _, scripted, store_first) = two_versions().await;
    let memory_first = Resolver::new(service_on(scripted.clone()).0, Some(scripted.clone()));
    scripted.read_as(Reads::Hang);
    for resolver in [&store_first, &memory_first] {
        let begin = tokio::time::Instant::now();
        let second = std::time::Duration::from_secs(1);
        let answer = tokio::time::timeout(second, resolver.resolve("s.example", &code("a"))).await;
        assert_eq!(answer, Ok(Resolution::Unavailable));
        assert!(begin.elapsed() < second);
        assert_eq!(resolver.preview("s.example", &code("a")).await, Preview::Unavailable);
    }
    scripted.read_as(Reads::Right);
    assert_eq!(target(&store_first.resolve("s.example", &code("a")).await), "https://example.com/2");
    scripted.read_as(Reads::Hang);
    let begin = tokio::time::Instant::now();
    let answer = store_first.resolve("s.example", &code("a")).await;
    assert_eq!(target(&answer), "https://example.com/2", "the copy answers");
    assert!(begin.elapsed() < std::time::Duration::from_secs(1));
}
