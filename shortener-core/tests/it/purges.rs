//! What the edge is told to forget when a link changes.

use std::sync::Arc;

use shortener_core::edge::recorded::RecordedEdge;
use shortener_core::edge::{EdgeError, Progress, PurgeId};
use shortener_core::operations::{LinkRef, Mode, Operations, WriteOptions};
use shortener_core::service::{Caller, Session};
use shortener_core::table::memory::MemoryTable;
use shortener_core::wire::{
    CreateKey, CreateLink, Created, Link, LinkState, Patch, ProblemCode, Purge, PurgeStatus, Role, Scope, UpdateLink,
};

use crate::fixture::{Fixture, ScriptedTable, coded, keyed, link, service_on};

/// A session whose changes purge an edge, with that edge and a link `launch`.
async fn purging() -> (Session, RecordedEdge, Fixture) {
    let (fixture, edge) = (Fixture::new(), RecordedEdge::default());
    fixture.create(coded("launch", "https://example.com/a")).await;
    let session = fixture.session.clone().with_edge_cache(Some(Arc::new(edge.clone())));
    (session, edge, fixture)
}

async fn update(session: &Session, change: UpdateLink) -> Link {
    session.update(&link("launch"), &change, &WriteOptions::default()).await.unwrap()
}

fn retarget(target: &str) -> UpdateLink {
    UpdateLink { target: Some(target.to_owned()), ..UpdateLink::default() }
}

fn disable() -> UpdateLink {
    UpdateLink { disabled: Some(true), ..UpdateLink::default() }
}

fn purge_of(link: &Link) -> &Purge {
    link.purge.as_ref().expect("nothing was purged")
}

#[tokio::test]
async fn every_change_that_visitors_notice_purges_the_path_of_the_link_alone() {
    let noticed = [
        retarget("https://example.com/b"),
        UpdateLink { redirect_status: Some(307), ..UpdateLink::default() },
        UpdateLink { forward_query: Some(true), ..UpdateLink::default() },
        UpdateLink { starts_at: Patch::Set("2026-11-01".to_owned()), ..UpdateLink::default() },
        UpdateLink { expires_at: Patch::Set("30d".to_owned()), ..UpdateLink::default() },
        UpdateLink { expires_at: Patch::Clear, ..UpdateLink::default() },
        disable(),
        UpdateLink { disabled: Some(false), title: Patch::Set("x".to_owned()), ..UpdateLink::default() },
    ];
    for change in noticed {
        let (session, edge, _fixture) = purging().await;
        let purge = update(&session, change.clone()).await.purge;
        assert_eq!(purge.map(|purge| purge.status), Some(PurgeStatus::InProgress), "{change:?}");
        assert_eq!(edge.purges().iter().map(|purge| purge.paths.clone()).collect::<Vec<_>>(), [["/launch"]]);
    }
}

#[tokio::test]
async fn titles_and_tags_are_on_no_answer_that_the_edge_holds() {
    let (session, edge, _fixture) = purging().await;
    let change = UpdateLink {
        title: Patch::Set("x".to_owned()),
        add_tags: vec!["a".to_owned()],
        remove_tags: vec!["b".to_owned()],
        ..UpdateLink::default()
    };
    assert_eq!(update(&session, change).await.purge, None);
    let tags = UpdateLink { tags: Some(Vec::new()), ..UpdateLink::default() };
    assert_eq!(update(&session, tags).await.purge, None);
    assert_eq!(edge.purges(), []);
}

#[tokio::test]
async fn delete_and_restore_purge() {
    let (session, edge, _fixture) = purging().await;
    let options = WriteOptions::default();
    let deleted = session.delete(&link("launch"), &options).await.unwrap();
    let restored = session.restore(&link("launch"), &options).await.unwrap();
    assert_eq!(purge_of(&deleted).id.as_ref().map(PurgeId::as_str), Some("I1"));
    assert_eq!(purge_of(&restored).id.as_ref().map(PurgeId::as_str), Some("I2"));
    assert_eq!(edge.purges().len(), 2);
}

#[tokio::test]
async fn a_create_purges_only_if_it_takes_a_retired_code() {
    let (session, edge, _fixture) = purging().await;
    let options = WriteOptions::default();
    let fresh = coded("fresh", "https://example.com/");
    assert_eq!(session.create(&fresh, &options).await.unwrap().0.purge, None);
    let free = CreateLink { reissue: true, ..coded("free", "https://example.com/") };
    assert_eq!(session.create(&free, &options).await.unwrap().0.purge, None);
    session.delete(&link("launch"), &options).await.unwrap();
    let again = CreateLink { reissue: true, ..coded("launch", "https://example.com/new") };
    let (taken, how) = session.create(&again, &keyed("k")).await.unwrap();
    assert_eq!((how, purge_of(&taken).status), (Created::New, PurgeStatus::InProgress));
    let (replayed, how) = session.create(&again, &keyed("k")).await.unwrap();
    assert_eq!((how, &replayed.purge), (Created::Replayed, &taken.purge));
    assert_eq!(edge.purges().len(), 2);
}

#[tokio::test]
async fn what_a_batch_reissues_is_purged_in_one_request() {
    let (session, edge, _fixture) = purging().await;
    let options = WriteOptions::default();
    let reissued = |code: &str| CreateLink { reissue: true, ..coded(code, "https://example.com/new") };
    session.create(&coded("second", "https://example.com/"), &options).await.unwrap();
    for code in ["launch", "second"] {
        session.delete(&link(code), &options).await.unwrap();
    }
    let batch = [reissued("second"), coded("third", "https://example.com/"), reissued("launch")];
    let results = session.create_batch(&batch, &options).await.unwrap();
    let purges: Vec<_> = results.iter().map(|result| result.link.as_ref().unwrap().purge.is_some()).collect();
    assert_eq!(purges, [true, false, true]);
    assert_eq!(edge.purges().last().unwrap().paths, ["/launch", "/second"]);
    assert_eq!(edge.purges().len(), 3);
}

#[tokio::test]
async fn a_purge_that_fails_leaves_the_change_acknowledged() {
    let (session, edge, _fixture) = purging().await;
    edge.fails_by(|| EdgeError::Denied("arn:aws:iam::1:user/x is not authorized".into()));
    let changed = update(&session, disable()).await;
    assert_eq!((changed.state, changed.version), (LinkState::Disabled, 2));
    let expected = Purge {
        id: None,
        status: PurgeStatus::Failed,
        detail: Some("the credentials do not allow purges of the edge".to_owned()),
    };
    assert_eq!(purge_of(&changed), &expected);
    assert_eq!(session.get(&link("launch")).await.unwrap().state, LinkState::Disabled);
}

#[tokio::test]
async fn a_change_that_is_refused_or_rehearsed_purges_nothing() {
    let (session, edge, _fixture) = purging().await;
    let dry = WriteOptions { mode: Mode::DryRun, ..WriteOptions::default() };
    let stale = WriteOptions { if_match: Some(7), ..WriteOptions::default() };
    assert_eq!(session.update(&link("launch"), &disable(), &dry).await.unwrap().purge, None);
    assert_eq!(session.delete(&link("launch"), &dry).await.unwrap().purge, None);
    session.update(&link("launch"), &disable(), &stale).await.unwrap_err();
    session.update(&link("nope"), &disable(), &WriteOptions::default()).await.unwrap_err();
    assert_eq!(edge.purges(), []);
}

#[tokio::test]
async fn a_command_that_is_repeated_purges_again_though_nothing_changes() {
    let (session, edge, _fixture) = purging().await;
    let first = update(&session, disable()).await;
    let second = update(&session, disable()).await;
    assert_eq!(first.version, second.version);
    assert_ne!(purge_of(&first).id, purge_of(&second).id);
    assert_eq!(edge.purges().len(), 2);
}

#[tokio::test]
async fn a_request_that_is_sent_again_under_its_key_is_the_same_purge() {
    let (session, edge, _fixture) = purging().await;
    let send = async |target: &LinkRef| session.update(target, &disable(), &keyed("k")).await.unwrap();
    let (first, second) = (send(&link("launch")).await, send(&link("launch")).await);
    assert_eq!(first.purge, second.purge);
    assert_eq!(edge.purges().iter().map(|purge| purge.requests).collect::<Vec<_>>(), [2]);
    // The same key on another link, or on a later state of this one, is another purge.
    session.create(&coded("second", "https://example.com/"), &WriteOptions::default()).await.unwrap();
    assert_eq!(purge_of(&send(&link("second")).await).status, PurgeStatus::InProgress);
    update(&session, retarget("https://example.com/c")).await;
    assert_eq!(purge_of(&send(&link("launch")).await).status, PurgeStatus::InProgress);
    assert_eq!(edge.purges().len(), 4);
}

#[tokio::test]
async fn a_change_whose_reply_was_lost_is_purged_all_the_same() {
    let memory = Arc::new(MemoryTable::new());
    let table = ScriptedTable::over(&memory);
    let (service, _clock) = service_on(Arc::clone(&table) as _);
    let edge = RecordedEdge::default();
    let session = Session::new(service, Caller::direct("ana")).with_edge_cache(Some(Arc::new(edge.clone())));
    session.create(&coded("launch", "https://example.com/a"), &WriteOptions::default()).await.unwrap();
    table.lose_reply(async {});
    let changed = update(&session, disable()).await;
    assert_eq!((changed.version, purge_of(&changed).status), (2, PurgeStatus::InProgress));
    assert_eq!(edge.purges().len(), 1);
}

#[tokio::test]
async fn without_an_edge_nothing_is_purged_and_no_purge_is_known() {
    let fixture = Fixture::new();
    fixture.create(coded("launch", "https://example.com/a")).await;
    assert_eq!(update(&fixture.session, disable()).await.purge, None);
    let unknown = fixture.session.purge_status(&PurgeId::parse("I1").unwrap()).await.unwrap_err();
    assert_eq!(unknown.code, ProblemCode::NotFound);
}

#[tokio::test]
async fn how_far_a_purge_is_can_be_asked_by_editors() {
    let (session, edge, fixture) = purging().await;
    let id = purge_of(&update(&session, disable()).await).id.clone().unwrap();
    assert_eq!(session.purge_status(&id).await.unwrap().status, PurgeStatus::InProgress);
    edge.progresses_to(Progress::Completed);
    let purge = session.purge_status(&id).await.unwrap();
    assert_eq!((purge.id, purge.status), (Some(id.clone()), PurgeStatus::Completed));
    let unknown = session.purge_status(&PurgeId::parse("I9").unwrap()).await.unwrap_err();
    assert_eq!(unknown.code, ProblemCode::NotFound);
    edge.fails_by(|| EdgeError::Unavailable("refused".into()));
    let unavailable = session.purge_status(&id).await.unwrap_err();
    assert!(unavailable.code == ProblemCode::Unavailable && unavailable.retryable);
    for (role, allowed) in [(Role::Creator, false), (Role::Editor, true)] {
        let request = CreateKey { name: "x".to_owned(), role, scope: Scope::default(), expires_at: None };
        let key = fixture.session.create_key(&request, &WriteOptions::default()).await.unwrap().key;
        let caller = fixture.service.authenticate(&key).await.unwrap();
        let session = Session::new(fixture.service.clone(), caller).with_edge_cache(Some(Arc::new(edge.clone())));
        let refused = session.purge_status(&id).await.unwrap_err().code;
        assert_eq!(refused != ProblemCode::Forbidden, allowed, "{role:?}");
    }
}
