//! Domains: rows that cannot be read, hosts that belong to one domain each, and lost replies.

use std::sync::Arc;

use serde_json::json;
use shortener_core::link::{Domain, ShortCode};
use shortener_core::operations::{Operations, WriteOptions};
use shortener_core::redirect::{Resolution, Resolver};
use shortener_core::service::{Caller, Session};
use shortener_core::table::memory::MemoryTable;
use shortener_core::table::{Attributes, Item, Key, Table, Write, keys};
use shortener_core::wire::{CreateLink, DomainSettings, Patch, PolicyRules, Problem, Role, SetDomain};

use super::fixture::{Fixture, ScriptedTable, coded, service_on, to, violations};

fn domain(name: &str) -> Domain {
    Domain::parse(name).unwrap()
}

fn on(name: &str, request: CreateLink) -> CreateLink {
    CreateLink { domain: Some(name.to_owned()), ..request }
}

fn at(base_url: &str) -> SetDomain {
    SetDomain { base_url: Patch::Set(base_url.to_owned()), ..SetDomain::default() }
}

async fn set(session: &Session, name: &str, change: SetDomain) -> Result<DomainSettings, Problem> {
    session.set_domain(&domain(name), &change, &WriteOptions::default()).await
}

/// Writes to a domain's row what the service would not, and lets the service read it.
async fn plant(fixture: &Fixture, name: &str, attributes: serde_json::Value) {
    let serde_json::Value::Object(attributes) = attributes else { panic!("{attributes}") };
    fixture.table.write(&[Write::update(keys::domain(&domain(name)), attributes, vec![])]).await.unwrap();
    fixture.advance(61);
}

async fn visit(fixture: &Fixture, host: &str) -> Resolution {
    let resolver = Resolver::new(fixture.service.clone(), None);
    resolver.resolve(host, &ShortCode::parse("a").unwrap()).await
}

fn leads_to(resolution: &Resolution) -> &str {
    match resolution {
        Resolution::Redirect(redirect) => redirect.target.as_str(),
        other => panic!("no redirect: {other:?}"),
    }
}

#[tokio::test]
async fn a_domain_that_cannot_be_read_refuses_its_targets_and_leaves_the_others_alone() {
    let fixture = Fixture::new();
    fixture.create(coded("a", "https://example.com/default")).await;
    for name in ["go.example", "to.example"] {
        set(&fixture.session, name, SetDomain::default()).await.unwrap();
        fixture.create(on(name, coded("a", &format!("https://example.com/{name}")))).await;
    }
    plant(&fixture, "go.example", json!({ "code_length": "seven" })).await;
    fixture
        .table
        .write(&[Write::put(Item { key: Key::new(keys::DOMAINS, "no host"), attributes: Attributes::new() })])
        .await
        .unwrap();
    fixture.advance(61);
    assert_eq!(leads_to(&visit(&fixture, "s.example").await), "https://example.com/default");
    assert_eq!(leads_to(&visit(&fixture, "to.example").await), "https://example.com/to.example");
    let answer = visit(&fixture, "go.example").await;
    assert!(matches!(answer, Resolution::Gone { .. }), "{answer:?}");
    for target in ["https://example.com/", "http://127.0.0.1/", "https://x.invalid/"] {
        let refused = violations(&fixture.refused(on("go.example", to(target))).await)[0].1.to_owned();
        assert!(["target_denied", "target_not_allowed"].contains(&refused.as_str()), "{target}: {refused}");
    }
    set(&fixture.session, "go.example", SetDomain::default()).await.unwrap();
    assert_eq!(leads_to(&visit(&fixture, "go.example").await), "https://example.com/go.example", "set anew");
    plant(&fixture, "go.example", json!({ "version": "seven" })).await;
    fixture.session.remove_domain(&domain("go.example"), &WriteOptions::default()).await.unwrap();
    fixture.create(on("to.example", to("https://example.com/"))).await;
    fixture.create(to("https://example.com/")).await;
    assert_eq!(fixture.session.domains().await.unwrap().domains.len(), 2, "one was removed");
}

#[tokio::test]
async fn rules_that_cannot_be_read_refuse_every_target() {
    let fixture = Fixture::new();
    fixture.create(coded("a", "https://example.com/")).await;
    plant(&fixture, "-", json!({ "version": 1, "policy": { "deny": ["a b"] } })).await;
    assert!(matches!(visit(&fixture, "s.example").await, Resolution::Gone { .. }));
    let refused = fixture.refused(to("https://example.com/")).await;
    assert_eq!(violations(&refused), [("/target", "target_not_allowed")]);
}

#[tokio::test]
async fn a_stored_rule_that_became_a_public_suffix_is_still_honoured() {
    let fixture = Fixture::new();
    fixture.create(coded("a", "https://shop.co.uk/")).await;
    let rules = PolicyRules { allow: vec![], deny: vec!["co.uk".to_owned()] };
    let new = SetDomain { policy: Patch::Set(rules.clone()), ..SetDomain::default() };
    assert_eq!(violations(&set(&fixture.session, "-", new).await.unwrap_err()), [("/policy", "rule_invalid")]);
    plant(&fixture, "-", json!({ "version": 1, "policy": rules })).await;
    let refused = fixture.refused(to("https://evil.co.uk/")).await;
    assert_eq!(violations(&refused), [("/target", "target_denied")]);
    assert!(matches!(visit(&fixture, "s.example").await, Resolution::Gone { .. }));
    fixture.create(to("https://example.com/")).await;
    let other = SetDomain { code_length: Patch::Set(9), ..SetDomain::default() };
    assert_eq!(set(&fixture.session, "-", other).await.unwrap().policy, rules, "other settings can still be changed");
}

#[tokio::test]
async fn two_domains_cannot_share_a_host() {
    let fixture = Fixture::new();
    let elsewhere = Session::new(service_on(fixture.table.clone()).0, Caller::direct("bob"));
    assert_eq!(elsewhere.domains().await.unwrap().domains.len(), 1);
    set(&fixture.session, "go.example", at("https://links.example")).await.unwrap();
    for session in [&fixture.session, &elsewhere] {
        for taken in
            ["https://links.example", "https://LINKS.example.", "http://links.example:8080", "https://s.example"]
        {
            let problem = set(session, "to.example", at(taken)).await.unwrap_err();
            assert_eq!((violations(&problem), problem.status), (vec![("/base_url", "base_url_taken")], 422), "{taken}");
        }
    }
    let implied = set(&fixture.session, "links.example", SetDomain::default()).await.unwrap_err();
    assert_eq!(violations(&implied), [("/base_url", "base_url_taken")], "a domain's own name counts as well");
    set(&fixture.session, "go.example", at("https://links.example")).await.unwrap();
    set(&fixture.session, "to.example", at("https://other.example")).await.unwrap();
}

#[tokio::test]
async fn a_host_with_a_trailing_dot_finds_its_domain() {
    let fixture = Fixture::new();
    fixture.create(coded("a", "https://example.com/default")).await;
    set(&fixture.session, "go.example", SetDomain::default()).await.unwrap();
    set(&fixture.session, "to.example", at("https://dot.example.")).await.unwrap();
    fixture.create(on("go.example", coded("a", "https://example.com/go"))).await;
    fixture.create(on("to.example", coded("a", "https://example.com/to"))).await;
    for (host, expected) in [
        ("go.example.", "https://example.com/go"),
        ("GO.example.:443", "https://example.com/go"),
        ("dot.example", "https://example.com/to"),
        ("dot.example.", "https://example.com/to"),
        ("s.example.", "https://example.com/default"),
    ] {
        assert_eq!(leads_to(&visit(&fixture, host).await), expected, "{host}");
    }
}

#[tokio::test]
async fn visitors_of_unknown_codes_are_not_sent_to_a_host_of_ours() {
    let fixture = Fixture::new();
    set(&fixture.session, "go.example", SetDomain::default()).await.unwrap();
    let lost = |target: &str| SetDomain { not_found_target: Patch::Set(target.to_owned()), ..SetDomain::default() };
    let moved =
        SetDomain { not_found_target: Patch::Set("https://new.example/x".to_owned()), ..at("https://new.example") };
    for (name, change) in [
        ("go.example", lost("https://go.example/lost")),
        ("go.example", lost("https://s.example./lost")),
        ("-", lost("https://GO.example:8443/lost")),
        ("new.example", lost("https://new.example/lost")),
        ("go.example", moved),
    ] {
        let problem = set(&fixture.session, name, change.clone()).await.unwrap_err();
        assert_eq!(violations(&problem), [("/not_found_target", "target_own_host")], "{name} {change:?}");
    }
    set(&fixture.session, "go.example", lost("https://example.com/lost")).await.unwrap();
}

#[tokio::test]
async fn lost_replies_spoil_neither_domains_nor_the_first_key() {
    let table = ScriptedTable::over(&Arc::new(MemoryTable::new()));
    table.lose_every_reply();
    let (service, _) = service_on(table);
    let session = Session::new(service.clone(), Caller::direct("ana"));
    let made = set(&session, "go.example", at("https://links.example")).await.unwrap();
    assert_eq!(made.version, 1);
    let length = SetDomain { code_length: Patch::Set(9), ..SetDomain::default() };
    let expecting = WriteOptions { if_match: Some(1), ..WriteOptions::default() };
    let changed = session.set_domain(&domain("go.example"), &length, &expecting).await.unwrap();
    assert_eq!((changed.version, changed.code_length), (2, 9));
    assert_eq!(session.domains().await.unwrap().domains[1], changed);
    session.remove_domain(&domain("go.example"), &WriteOptions::default()).await.unwrap();
    assert_eq!(session.domains().await.unwrap().domains.len(), 1);

    let key = service.ensure_admin_key().await.unwrap().expect("the key that was made is shown").key;
    let admin = Session::new(service.clone(), service.authenticate(&key).await.unwrap());
    assert_eq!(admin.whoami().await.unwrap().role, Role::Admin);
    assert!(service.ensure_admin_key().await.unwrap().is_none());
}
