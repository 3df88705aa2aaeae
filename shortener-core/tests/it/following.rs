//! A server that answers from memory follows what others change, and only that.

use std::sync::{Arc, Mutex};

use shortener_core::operations::{Operations, WriteOptions};
use shortener_core::redirect::{Resolution, Resolver};
use shortener_core::table::{ChangeFeed, Changes, TableError, keys};
use shortener_core::wire::{CreateKey, CreateLink, IfExists, Patch, PolicyRules, Role, Scope, SetDomain, UpdateLink};

use super::fixture::{Fixture, Reads, ScriptedTable, coded, link, service_on};

const OPTIONS: fn() -> WriteOptions = WriteOptions::default;

/// A feed that says what it is told to say.
#[derive(Debug)]
struct Told(Mutex<Changes>);

impl ChangeFeed for Told {
    fn changes_since(&self, _: u64) -> Result<Changes, TableError> {
        Ok(self.0.lock().unwrap().clone())
    }
}

/// Where a click on a link leads; none if to no place, or if the store was asked and failed.
async fn target(resolver: &Resolver, code: &str) -> Option<String> {
    match resolver.resolve("s.example", &link(code).code).await {
        Resolution::Redirect(redirect) => Some(redirect.target.as_str().to_owned()),
        _ => None,
    }
}

fn targeted(target: &str) -> UpdateLink {
    UpdateLink { target: Some(target.to_owned()), ..UpdateLink::default() }
}

fn refusing_example_com() -> SetDomain {
    let rules = PolicyRules { allow: vec![], deny: vec!["example.com".to_owned()] };
    SetDomain { policy: Patch::Set(rules), ..SetDomain::default() }
}

#[tokio::test]
async fn links_domains_and_keys_that_others_change_are_dropped_and_nothing_else() {
    let others = Fixture::new();
    let table = ScriptedTable::over(&others.table);
    let (service, _) = service_on(table.clone());
    let resolver = Resolver::new(service.clone(), Some(table.clone()));
    let old = Some("https://example.com/".to_owned());
    for code in ["a", "b"] {
        others.create(coded(code, "https://example.com/")).await;
    }
    let request = CreateKey { name: "ci".to_owned(), role: Role::Reader, scope: Scope::default(), expires_at: None };
    let key = others.session.create_key(&request, &OPTIONS()).await.unwrap();
    resolver.catch_up();
    assert!(service.authenticate(&key.key).await.is_ok());
    assert_eq!((target(&resolver, "a").await, target(&resolver, "b").await), (old.clone(), old.clone()));

    let new = Some("https://example.org/".to_owned());
    others.session.update(&link("a"), &targeted("https://example.org/"), &OPTIONS()).await.unwrap();
    assert_eq!((target(&resolver, "a").await, target(&resolver, "b").await), (old.clone(), old.clone()));
    resolver.catch_up();
    table.read_as(Reads::Corrupt);
    assert_eq!((target(&resolver, "a").await, target(&resolver, "b").await), (None, old));
    table.read_as(Reads::Right);
    assert_eq!(target(&resolver, "a").await, new);
    // Nothing has changed since.
    resolver.catch_up();
    table.read_as(Reads::Corrupt);
    assert_eq!(target(&resolver, "a").await, new);
    table.read_as(Reads::Right);

    assert!(service.authenticate(&key.key).await.is_ok());
    others.session.revoke_key(&key.view.id, &OPTIONS()).await.unwrap();
    assert!(service.authenticate(&key.key).await.is_ok());
    resolver.catch_up();
    assert!(service.authenticate(&key.key).await.is_err());

    others.session.set_domain(&link("a").domain, &refusing_example_com(), &OPTIONS()).await.unwrap();
    assert!(target(&resolver, "b").await.is_some());
    resolver.catch_up();
    assert_eq!((target(&resolver, "a").await, target(&resolver, "b").await), (new, None));
}

#[tokio::test]
async fn everything_is_dropped_if_too_much_changed_or_an_older_file_took_the_place() {
    let others = Fixture::new();
    let (service, _) = service_on(others.table.clone());
    let feed = Arc::new(Told(Mutex::new(Changes { latest: 5, keys: Some(Vec::new()) })));
    let resolver = Resolver::new(service, Some(feed.clone()));
    others.create(coded("a", "https://example.com/0")).await;
    let mut before = target(&resolver, "a").await;
    // Later by more than is listed; earlier; and again just as it was then.
    for (latest, has_changed) in [(90_000, true), (3, true), (3, false)] {
        let new = format!("https://example.com/{latest}{has_changed}");
        others.session.update(&link("a"), &targeted(&new), &OPTIONS()).await.unwrap();
        *feed.0.lock().unwrap() = Changes { latest, keys: None };
        resolver.catch_up();
        let expected = if has_changed { Some(new) } else { before };
        assert_eq!(target(&resolver, "a").await, expected, "{latest}");
        before = expected;
    }
    others.session.set_domain(&link("a").domain, &refusing_example_com(), &OPTIONS()).await.unwrap();
    *feed.0.lock().unwrap() = Changes { latest: 4, keys: None };
    resolver.catch_up();
    assert_eq!(target(&resolver, "a").await, None);
}

#[tokio::test]
async fn what_was_read_before_a_change_and_arrives_after_it_is_not_remembered() {
    let others = Fixture::new();
    let table = ScriptedTable::over(&others.table);
    for keys in [Some(vec![keys::link(&link("a").domain, &link("a").code)]), None] {
        let feed = Arc::new(Told(Mutex::new(Changes { latest: 5, keys: Some(Vec::new()) })));
        let resolver = Resolver::new(service_on(table.clone()).0, Some(feed.clone()));
        let request = CreateLink { if_exists: IfExists::Return, ..coded("a", "https://example.com/old") };
        others.create(request).await;
        others.session.update(&link("a"), &targeted("https://example.com/old"), &OPTIONS()).await.unwrap();
        // The domains are in memory from now on.
        assert_eq!(target(&resolver, "nothing").await, None);
        let change = async {
            // The read has not begun; then it has, and its answer is on its way.
            tokio::task::yield_now().await;
            others.session.update(&link("a"), &targeted("https://example.com/new"), &OPTIONS()).await.unwrap();
            *feed.0.lock().unwrap() = Changes { latest: 6, keys };
            resolver.catch_up();
        };
        let (read, ()) = tokio::join!(biased; target(&resolver, "a"), change);
        assert_eq!(read.as_deref(), Some("https://example.com/old"));
        assert_eq!(target(&resolver, "a").await.as_deref(), Some("https://example.com/new"));
    }
}
