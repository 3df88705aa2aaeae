//! Keys, roles and scopes.

use std::sync::Arc;

use shortener_core::operations::{Operations, WriteOptions};
use shortener_core::service::{Caller, Session};
use shortener_core::table::dynamo::in_process::InProcess;
use shortener_core::table::{Consistency, Table, keys};
use shortener_core::wire::{
    CreateKey, CreateLink, LinkFilter, Patch, ProblemCode, Role, RotateKey, Scope, SetDomain, UpdateLink,
};

use super::fixture::{Fixture, coded, link, to, violations};

fn request(role: Role, scope: Scope) -> CreateKey {
    CreateKey { name: "ci".to_owned(), role, scope, expires_at: None }
}

async fn holder(fixture: &Fixture, role: Role, scope: Scope) -> Session {
    let key = fixture.session.create_key(&request(role, scope), &WriteOptions::default()).await.unwrap().key;
    Session::new(fixture.service.clone(), fixture.service.authenticate(&key).await.unwrap())
}

#[tokio::test]
async fn only_the_whole_key_is_accepted_and_only_its_digest_is_stored() {
    let fixture = Fixture::new();
    let options = WriteOptions::default();
    let created = fixture.session.create_key(&request(Role::Editor, Scope::default()), &options).await.unwrap();
    let id = created.view.id.clone();
    let secret = created.key.rsplit('_').next().unwrap();
    assert_eq!(secret.len(), 44);
    assert!(fixture.service.authenticate(&created.key).await.is_ok());
    let wrong = format!("short_{id}_{}", "1".repeat(44));
    let truncated = &created.key[..created.key.len() - 1];
    for bad in ["", "short_", "short__", "short_x_y", &wrong, truncated, &format!("{}x", created.key), "Bearer x"] {
        assert!(fixture.service.authenticate(bad).await.is_err(), "{bad:?}");
    }
    let stored = fixture.table.get(&keys::api_key(&id), Consistency::Strong).await.unwrap().unwrap();
    assert!(!serde_json::to_string(&stored.attributes).unwrap().contains(secret));
}

#[tokio::test]
async fn a_revoked_or_expired_key_stops_working_within_a_minute() {
    let fixture = Fixture::new();
    let options = WriteOptions::default();
    let key = fixture.session.create_key(&request(Role::Reader, Scope::default()), &options).await.unwrap();
    let brief = CreateKey { expires_at: Some("1h".to_owned()), ..request(Role::Reader, Scope::default()) };
    let brief = fixture.session.create_key(&brief, &options).await.unwrap();
    let elsewhere = super::fixture::service_on(fixture.table.clone()).0;
    assert!(elsewhere.authenticate(&key.key).await.is_ok());
    fixture.session.revoke_key(&key.view.id, &options).await.unwrap();
    assert!(fixture.service.authenticate(&key.key).await.is_err(), "at once where it was revoked");
    let elsewhere_later = super::fixture::service_on(fixture.table.clone()).0;
    assert!(elsewhere_later.authenticate(&key.key).await.is_err());
    assert!(fixture.service.authenticate(&brief.key).await.is_ok());
    fixture.advance(3600);
    assert!(fixture.service.authenticate(&brief.key).await.is_err());
}

#[tokio::test]
async fn a_rotated_key_keeps_its_old_secret_for_the_grace_period_only() {
    let fixture = Fixture::new();
    let options = WriteOptions::default();
    let old = fixture.session.create_key(&request(Role::Reader, Scope::default()), &options).await.unwrap();
    let grace = RotateKey { grace_seconds: 60 };
    let new = fixture.session.rotate_key(&old.view.id, &grace, &options).await.unwrap();
    assert_eq!(new.view.id, old.view.id);
    for key in [&old.key, &new.key] {
        assert!(fixture.service.authenticate(key).await.is_ok());
    }
    fixture.advance(60);
    assert!(fixture.service.authenticate(&old.key).await.is_err());
    assert!(fixture.service.authenticate(&new.key).await.is_ok());
}

#[tokio::test]
async fn the_first_start_makes_one_admin_key() {
    let fixture = Fixture::new();
    let first = fixture.service.ensure_admin_key().await.unwrap().unwrap();
    assert!(fixture.service.ensure_admin_key().await.unwrap().is_none());
    let admin = Session::new(fixture.service.clone(), fixture.service.authenticate(&first.key).await.unwrap());
    assert_eq!(admin.whoami().await.unwrap().role, Role::Admin);
    assert_eq!(admin.keys().await.unwrap().keys.len(), 1);
}

#[tokio::test]
async fn roles_do_what_they_may_and_no_more() {
    let fixture = Fixture::new();
    fixture.create(coded("a", "https://example.com/")).await;
    let options = WriteOptions::default();
    let domain = shortener_core::link::Domain::default_domain();
    for role in [Role::Reader, Role::Creator, Role::Editor, Role::Admin] {
        let session = holder(&fixture, role, Scope::default()).await;
        let outcomes = [
            (Role::Reader, session.get(&link("a")).await.err()),
            (Role::Reader, session.list(&LinkFilter::default()).await.err()),
            (Role::Reader, session.history(&link("a"), 5, None).await.err()),
            (Role::Reader, session.tags().await.err()),
            (Role::Reader, session.domains().await.err()),
            (Role::Creator, session.create(&to("https://example.com/"), &options).await.err()),
            (Role::Editor, session.update(&link("a"), &UpdateLink::default(), &options).await.err()),
            (Role::Editor, session.delete(&link("a"), &options).await.err()),
            (Role::Editor, session.restore(&link("a"), &options).await.err()),
            (Role::Admin, session.keys().await.err()),
            (Role::Admin, session.create_key(&request(Role::Reader, Scope::default()), &options).await.err()),
            (Role::Admin, session.set_domain(&domain, &SetDomain::default(), &options).await.err()),
        ];
        for (at, (needed, problem)) in outcomes.into_iter().enumerate() {
            let forbidden = problem.as_ref().is_some_and(|problem| problem.code == ProblemCode::Forbidden);
            assert_eq!(forbidden, role < needed, "{role:?} at {at}: {problem:?}");
            assert!(problem.is_none() || forbidden, "{role:?} at {at}: {problem:?}");
        }
    }
}

#[tokio::test]
async fn a_scope_limits_every_operation() {
    let fixture = Fixture::new();
    let options = WriteOptions::default();
    fixture.create(coded("other", "https://example.com/")).await;
    let scope = Scope { prefixes: vec!["ci-".to_owned()], ..Scope::default() };
    let session = holder(&fixture, Role::Editor, scope).await;
    let drawn = session.create(&to("https://example.com/"), &options).await.unwrap().0;
    assert!(drawn.code.as_str().starts_with("ci-"));
    let forbidden = [
        session.get(&link("other")).await.err(),
        session.create(&coded("other", "https://example.com/"), &options).await.err(),
        session.create(&coded("mine", "https://example.com/"), &options).await.err(),
        session.update(&link("other"), &UpdateLink::default(), &options).await.err(),
        session.delete(&link("other"), &options).await.err(),
    ];
    for problem in forbidden {
        let problem = problem.unwrap();
        assert_eq!(problem.code, ProblemCode::Forbidden);
        assert!(problem.link.is_none(), "nothing of the link is shown");
    }
    assert_eq!(session.list(&LinkFilter::default()).await.unwrap().links, [drawn]);

    let scope = Scope { tags: vec!["team".to_owned()], ..Scope::default() };
    let session = holder(&fixture, Role::Editor, scope).await;
    let tagged = CreateLink { tags: vec!["team".to_owned()], ..coded("t", "https://example.com/") };
    assert!(session.create(&coded("u", "https://example.com/"), &options).await.is_err());
    session.create(&tagged, &options).await.unwrap();
    let escape = UpdateLink { tags: Some(vec![]), title: Patch::Keep, ..UpdateLink::default() };
    assert_eq!(session.update(&link("t"), &escape, &options).await.unwrap_err().code, ProblemCode::Forbidden);
}

#[tokio::test]
async fn a_scoped_admin_is_refused() {
    let fixture = Fixture::new();
    let scope = Scope { domains: vec!["go.example".to_owned()], ..Scope::default() };
    let problem = fixture.session.create_key(&request(Role::Admin, scope), &WriteOptions::default()).await.unwrap_err();
    assert_eq!(violations(&problem), [("/scope", "admin_scoped")]);
}

#[tokio::test]
async fn a_scope_is_kept_as_links_spell_it() {
    let fixture = Fixture::new();
    let options = WriteOptions::default();
    let domain = shortener_core::link::Domain::parse("go.example").unwrap();
    fixture.session.set_domain(&domain, &SetDomain::default(), &options).await.unwrap();
    let scope = Scope { tags: vec!["Team-A".to_owned()], domains: vec!["GO.Example.".to_owned()], prefixes: vec![] };
    let key = fixture.session.create_key(&request(Role::Editor, scope), &options).await.unwrap();
    let kept = Scope { tags: vec!["team-a".to_owned()], domains: vec!["go.example".to_owned()], prefixes: vec![] };
    assert_eq!(key.view.scope, kept);
    let stored = fixture.session.keys().await.unwrap().keys;
    assert_eq!(stored.iter().find(|view| view.id == key.view.id).unwrap().scope, kept);
    let session = Session::new(fixture.service.clone(), fixture.service.authenticate(&key.key).await.unwrap());
    let request = CreateLink {
        tags: vec!["team-a".to_owned()],
        domain: Some("go.example".to_owned()),
        ..coded("a", "https://example.com/")
    };
    let (created, _) = session.create(&request, &options).await.unwrap();
    assert_eq!(session.list(&LinkFilter::default()).await.unwrap().links, [created]);
}

#[tokio::test]
async fn a_scoped_key_learns_nothing_of_codes_outside() {
    let fixture = Fixture::new();
    let options = WriteOptions::default();
    fixture.create(coded("there", "https://example.com/")).await;
    let by_prefix = Scope { prefixes: vec!["ci-".to_owned()], ..Scope::default() };
    let by_domain = Scope { domains: vec!["go.example".to_owned()], ..Scope::default() };
    for scope in [by_prefix, by_domain] {
        let session = holder(&fixture, Role::Editor, scope).await;
        let mut answers = Vec::new();
        for code in ["there", "nowhere"] {
            let link = link(code);
            let edit = UpdateLink { title: Patch::Set("T".to_owned()), ..UpdateLink::default() };
            let problems = [
                session.get(&link).await.unwrap_err(),
                session.history(&link, 5, None).await.unwrap_err(),
                session.update(&link, &edit, &options).await.unwrap_err(),
                session.delete(&link, &options).await.unwrap_err(),
                session.restore(&link, &options).await.unwrap_err(),
                session.create(&coded(code, "https://example.com/"), &options).await.unwrap_err(),
            ];
            assert!(problems.iter().all(|problem| problem.code == ProblemCode::Forbidden), "{problems:?}");
            answers.push(problems.map(|problem| (problem.detail.replace(code, "…"), problem.link)));
        }
        assert_eq!(answers[0], answers[1], "whether it exists does not show");
    }
}

#[tokio::test]
async fn what_is_no_key_id_is_no_key() {
    let (_engine, table) = InProcess::with_table("short").await.unwrap();
    let (service, _) = super::fixture::service_on(Arc::new(table));
    let session = Session::new(service, Caller::direct("ana"));
    let options = WriteOptions::default();
    let long = "x".repeat(2000);
    for id in [long.as_str(), "", "a/b", "é", "nobody"] {
        let problems = [
            session.revoke_key(id, &options).await.unwrap_err(),
            session.rotate_key(id, &RotateKey::default(), &options).await.unwrap_err(),
        ];
        for problem in problems {
            assert_eq!(problem.code, ProblemCode::NotFound, "{id:?}");
            assert!(problem.detail.len() < 100, "{}", problem.detail);
        }
    }
}

#[tokio::test]
async fn a_new_key_is_not_in_what_debug_shows_of_it() {
    let fixture = Fixture::new();
    let created =
        fixture.session.create_key(&request(Role::Reader, Scope::default()), &WriteOptions::default()).await.unwrap();
    let secret = created.key.rsplit('_').next().unwrap();
    let caller = fixture.service.authenticate(&created.key).await.unwrap();
    let shown = format!("{created:?} {caller:?} {:?} {:?}", fixture.service, fixture.session.keys().await.unwrap());
    assert!(shown.contains(&created.view.id) && !shown.contains(secret), "{shown}");
}
