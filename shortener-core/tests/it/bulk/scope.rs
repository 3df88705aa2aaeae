//! Keys that are limited to some links.

use shortener_core::link::Domain;
use shortener_core::operations::{Operations, WriteOptions};
use shortener_core::service::Session;
use shortener_core::wire::{CreateKey, CreateLink, IfExists, ProblemCode, Role, Scope, SetDomain};

use super::{coded_row, codes, create, problem, rehearse, row, statuses, tagged};
use crate::fixture::{Fixture, coded};

async fn limited(fixture: &Fixture, role: Role, scope: Scope) -> Session {
    let key = CreateKey { name: "ci".to_owned(), role, scope, expires_at: None };
    let key = fixture.session.create_key(&key, &WriteOptions::default()).await.unwrap().key;
    Session::new(fixture.service.clone(), fixture.service.authenticate(&key).await.unwrap())
}

/// Statuses of the check, the dry run and the creates of some rows, which must agree on what is forbidden.
async fn judged(session: &Session, rows: &[CreateLink]) -> Vec<u16> {
    let checked = session.check_batch(rows).await.unwrap();
    let planned = statuses(&rehearse(session, rows).await);
    for (problem, status) in checked.iter().zip(&planned) {
        assert_eq!(problem.as_ref().map_or(201, |problem| problem.status), *status);
    }
    let made = statuses(&create(session, rows).await);
    assert_eq!(made, planned);
    made
}

#[tokio::test]
async fn a_prefix_limits_codes_and_begins_the_drawn_ones() {
    let fixture = Fixture::new();
    let scope = Scope { prefixes: vec!["ci-".to_owned()], ..Scope::default() };
    let session = limited(&fixture, Role::Creator, scope).await;
    let rows = [
        coded_row("ci-a", "https://example.com/1"),
        coded_row("a", "https://example.com/2"),
        row("https://example.com/3"),
    ];
    assert_eq!(judged(&session, &rows).await, [201, 403, 201]);
    let again = create(&session, &[rows[0].clone(), rows[2].clone()]).await;
    assert_eq!(statuses(&again), [200, 200]);
    assert!(codes(&again).iter().all(|code| code.starts_with("ci-")));
    let fallback = CreateLink { if_exists: IfExists::NewCode, ..coded_row("ci-a", "https://example.com/4") };
    let fallback = create(&session, &[fallback]).await;
    assert_eq!(statuses(&fallback), [201]);
    assert!(codes(&fallback)[0].starts_with("ci-"));
}

#[tokio::test]
async fn tags_and_domains_limit_rows() {
    let fixture = Fixture::new();
    let go = Domain::parse("go.example").unwrap();
    fixture.session.set_domain(&go, &SetDomain::default(), &WriteOptions::default()).await.unwrap();
    let on_go = |request| CreateLink { domain: Some("go.example".to_owned()), ..request };
    let scope = Scope { domains: vec!["go.example".to_owned()], tags: vec!["team".to_owned()], ..Scope::default() };
    let session = limited(&fixture, Role::Creator, scope).await;
    let rows = [
        on_go(tagged(&["team"], row("https://example.com/1"))),
        on_go(row("https://example.com/2")),
        tagged(&["team"], row("https://example.com/3")),
        on_go(tagged(&["other"], coded_row("a", "https://example.com/4"))),
    ];
    assert_eq!(judged(&session, &rows).await, [201, 403, 403, 403]);
}

#[tokio::test]
async fn a_link_outside_the_scope_is_shown_to_nobody() {
    let fixture = Fixture::new();
    fixture.create(CreateLink { tags: vec!["secret".to_owned()], ..coded("a", "https://example.com/") }).await;
    let scope = Scope { tags: vec!["team".to_owned()], ..Scope::default() };
    let session = limited(&fixture, Role::Creator, scope).await;
    let rows = [tagged(&["team"], coded_row("a", "https://example.com/"))];
    for results in [rehearse(&session, &rows).await, create(&session, &rows).await] {
        let problem = problem(&results[0]);
        assert_eq!((problem.code, &problem.link), (ProblemCode::Forbidden, &None));
    }
}

#[tokio::test]
async fn a_reader_creates_nothing() {
    let fixture = Fixture::new();
    let session = limited(&fixture, Role::Reader, Scope::default()).await;
    assert_eq!(judged(&session, &[row("https://example.com/"), row("nonsense")]).await, [403, 403]);
}
