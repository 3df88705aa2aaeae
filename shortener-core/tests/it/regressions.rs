//! What once went wrong, or was about to: repeated changes, reuse, replays, lists and clocks that disagree.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::SignedDuration;
use serde_json::json;
use shortener_core::operations::{Mode, Operations, WriteOptions};
use shortener_core::service::{Caller, Session};
use shortener_core::table::dynamo::in_process::InProcess;
use shortener_core::table::fault::{Call, Fate, Fault, FaultTable, Faults, Primitive};
use shortener_core::table::memory::MemoryTable;
use shortener_core::table::{Consistency, Item, Table, Write, keys};
use shortener_core::wire::{
    Action, CreateKey, CreateLink, Created, Link, LinkFilter, LinkState, Patch, ProblemCode, Role, Scope, StateFilter,
    UpdateLink,
};

use super::fixture::{Fixture, Meanwhile, ScriptedTable, coded, keyed, link, service_on, to};

/// Eve's session on the fixture's table, which does as the test says.
fn scripted(fixture: &Fixture) -> (Arc<ScriptedTable>, Session) {
    let table = ScriptedTable::over(&fixture.table);
    let session = Session::new(service_on(table.clone()).0, Caller::direct("eve"));
    (table, session)
}

fn titled(title: &str) -> UpdateLink {
    UpdateLink { title: Patch::Set(title.to_owned()), ..UpdateLink::default() }
}

fn retargeted(target: &str) -> UpdateLink {
    UpdateLink { target: Some(target.to_owned()), ..UpdateLink::default() }
}

fn tagged(tag: &str, request: CreateLink) -> CreateLink {
    CreateLink { tags: vec![tag.to_owned()], ..request }
}

fn reusing(target: &str) -> CreateLink {
    CreateLink { reuse: true, ..to(target) }
}

async fn actions(session: &Session, code: &str) -> Vec<Action> {
    let history = session.history(&link(code), 100, None).await.unwrap();
    history.events.iter().map(|event| event.action).collect()
}

async fn every_page(session: &Session, mut filter: LinkFilter) -> Vec<Link> {
    let mut links = Vec::new();
    for _ in 0..1000 {
        let page = session.list(&filter).await.unwrap();
        links.extend(page.links);
        match page.next_cursor {
            Some(cursor) => filter.cursor = Some(cursor),
            None => return links,
        }
    }
    panic!("the list does not end: {filter:?}");
}

fn with_tag(tag: &str) -> LinkFilter {
    LinkFilter { tag: Some(tag.to_owned()), ..LinkFilter::default() }
}

#[tokio::test]
async fn one_idempotency_key_is_not_good_for_two_changes() {
    let fixture = Fixture::new();
    let session = &fixture.session;
    fixture.create(coded("a", "https://example.com/")).await;
    let edited = session.update(&link("a"), &titled("T"), &keyed("k")).await.unwrap();
    let dry = WriteOptions { mode: Mode::DryRun, ..keyed("k") };
    let others = [
        session.delete(&link("a"), &keyed("k")).await,
        session.restore(&link("a"), &keyed("k")).await,
        session.update(&link("a"), &titled("U"), &keyed("k")).await,
        session.update(&link("a"), &UpdateLink::default(), &keyed("k")).await,
        session.delete(&link("a"), &dry).await,
    ];
    for other in others {
        let problem = other.unwrap_err();
        assert_eq!((problem.code, problem.status), (ProblemCode::IdempotencyKeyReused, 422));
    }
    assert_eq!(session.update(&link("a"), &titled("T"), &keyed("k")).await.unwrap(), edited);
    assert_eq!(actions(session, "a").await, [Action::Updated, Action::Created]);
    session.delete(&link("a"), &keyed("l")).await.unwrap();
    let late = session.restore(&link("a"), &keyed("k")).await.unwrap_err();
    assert_eq!(late.code, ProblemCode::IdempotencyKeyReused, "also after other changes");
    let bob = Session::new(fixture.service.clone(), Caller::direct("bob"));
    assert_eq!(bob.restore(&link("a"), &keyed("k")).await.unwrap().version, 4, "keys belong to their caller");
}

#[tokio::test]
async fn a_change_whose_reply_was_lost_before_another_followed_is_not_made_again() {
    for if_match in [None, Some(1)] {
        for key in [None, Some("k".to_owned())] {
            let fixture = Fixture::new();
            fixture.create(coded("a", "https://example.com/1")).await;
            let (scripted, session) = scripted(&fixture);
            let other = fixture.session.clone();
            scripted.lose_reply(async move {
                let edit = retargeted("https://example.com/3");
                other.update(&link("a"), &edit, &WriteOptions::default()).await.unwrap();
            });
            let options = WriteOptions { if_match, idempotency_key: key, ..WriteOptions::default() };
            let after = session.update(&link("a"), &retargeted("https://example.com/2"), &options).await.unwrap();
            assert_eq!((after.version, after.target.as_str()), (3, "https://example.com/3"), "{options:?}");
            let history = session.history(&link("a"), 50, None).await.unwrap();
            let told: Vec<_> = history.events.iter().map(|event| (event.version, event.actor.as_str())).collect();
            assert_eq!(told, [(3, "direct:ana"), (2, "direct:eve"), (1, "direct:ana")], "{options:?}");
        }
    }
}

#[tokio::test]
async fn a_change_that_was_made_at_the_last_attempt_is_no_conflict() {
    let fixture = Fixture::new();
    fixture.create(coded("a", "https://example.com/1")).await;
    let (scripted, session) = scripted(&fixture);
    let edit = |number: u32| -> Meanwhile {
        let other = fixture.session.clone();
        Box::pin(async move {
            other.update(&link("a"), &titled(&number.to_string()), &WriteOptions::default()).await.unwrap();
        })
    };
    scripted.overtake((1..8).map(edit));
    scripted.lose_reply(edit(8));
    let after = session.update(&link("a"), &retargeted("https://example.com/2"), &WriteOptions::default()).await;
    let after = after.unwrap();
    assert_eq!((after.version, after.target.as_str()), (10, "https://example.com/2"));
}

#[tokio::test]
async fn a_delete_whose_reply_was_lost_does_not_undo_the_restore_that_followed() {
    let fixture = Fixture::new();
    fixture.create(coded("a", "https://example.com/")).await;
    let (scripted, session) = scripted(&fixture);
    let other = fixture.session.clone();
    scripted.lose_reply(async move {
        other.restore(&link("a"), &WriteOptions::default()).await.unwrap();
        other.update(&link("a"), &titled("T"), &WriteOptions::default()).await.unwrap();
    });
    let after = session.delete(&link("a"), &WriteOptions::default()).await.unwrap();
    assert_eq!((after.version, after.state), (4, LinkState::Active));
    let expected = [Action::Updated, Action::Restored, Action::Deleted, Action::Created];
    assert_eq!(actions(&session, "a").await, expected);
}

#[tokio::test]
async fn a_create_whose_reply_was_lost_before_an_edit_followed_is_not_taken_for_anothers() {
    let fixture = Fixture::new();
    let (scripted, session) = scripted(&fixture);
    let other = fixture.session.clone();
    scripted.lose_reply(async move {
        other.update(&link("a"), &titled("T"), &WriteOptions::default()).await.unwrap();
    });
    let request = tagged("t", coded("a", "https://example.com/"));
    let (created, how) = session.create(&request, &WriteOptions::default()).await.unwrap();
    assert_eq!((created.version, how), (2, Created::New));
    assert_eq!(actions(&session, "a").await, [Action::Updated, Action::Created]);
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_creators_that_reuse_make_one_link() {
    let fixture = Fixture::new();
    let (service, _) = service_on(ScriptedTable::over(&fixture.table));
    let mut creators = tokio::task::JoinSet::new();
    for number in 0..20 {
        let session = Session::new(service.clone(), Caller::direct(&format!("u{}", number % 4)));
        creators.spawn(async move {
            session.create(&reusing("https://example.com/"), &WriteOptions::default()).await.unwrap()
        });
    }
    let outcomes = creators.join_all().await;
    assert_eq!(outcomes.iter().filter(|(_, how)| *how == Created::New).count(), 1);
    assert!(outcomes.iter().all(|(link, _)| link.code == outcomes[0].0.code));
    assert_eq!(every_page(&fixture.session, LinkFilter::default()).await.len(), 1);
}

#[tokio::test]
async fn reuse_finds_a_link_on_the_same_terms_only() {
    let fixture = Fixture::new();
    let plain = reusing("https://example.com/");
    let terms = [
        plain.clone(),
        tagged("t", plain.clone()),
        CreateLink { title: Some("T".to_owned()), ..plain.clone() },
        CreateLink { redirect_status: Some(307), ..plain.clone() },
        CreateLink { forward_query: true, ..plain.clone() },
        reusing("https://example.com/other"),
    ];
    let mut codes = Vec::new();
    for request in &terms {
        codes.push(fixture.create(request.clone()).await.code);
    }
    assert_eq!(codes.iter().collect::<std::collections::HashSet<_>>().len(), terms.len());
    for (request, code) in terms.iter().zip(&codes) {
        let (found, how) = fixture.session.create(request, &WriteOptions::default()).await.unwrap();
        assert_eq!((&found.code, how), (code, Created::Existing), "{request:?}");
    }
}

#[tokio::test]
async fn reuse_gives_nobody_a_link_outside_their_scope() {
    let fixture = Fixture::new();
    let options = WriteOptions::default();
    let target = "https://example.com/";
    let outside = [fixture.create(reusing(target)).await, fixture.create(tagged("other", reusing(target))).await];
    let scope = Scope { tags: vec!["team".to_owned()], ..Scope::default() };
    let key = CreateKey { name: "team".to_owned(), role: Role::Creator, scope, expires_at: None };
    let key = fixture.session.create_key(&key, &options).await.unwrap().key;
    let team = Session::new(fixture.service.clone(), fixture.service.authenticate(&key).await.unwrap());
    for request in [reusing(target), tagged("other", reusing(target))] {
        let problem = team.create(&request, &options).await.unwrap_err();
        assert_eq!((problem.code, problem.link), (ProblemCode::Forbidden, None));
    }
    let (ours, how) = team.create(&tagged("team", reusing(target)), &options).await.unwrap();
    assert_eq!(how, Created::New);
    assert!(outside.iter().all(|link| link.code != ours.code));
    let (again, how) = team.create(&tagged("team", reusing(target)), &options).await.unwrap();
    assert_eq!((again, how), (ours, Created::Existing));
}

#[tokio::test]
async fn a_create_is_replayed_after_its_link_has_expired() {
    let fixture = Fixture::new();
    let expiring = |request| CreateLink { expires_at: Some("2026-11-24T13:00:00Z".to_owned()), ..request };
    let requests = [
        ("k1", expiring(to("https://example.com/"))),
        ("k2", expiring(coded("a", "https://example.com/"))),
        ("k3", expiring(CreateLink { code_length: Some(12), ..to("https://example.com/") })),
    ];
    let mut created = Vec::new();
    for (key, request) in &requests {
        created.push(fixture.session.create(request, &keyed(key)).await.unwrap().0);
    }
    fixture.advance(7200);
    for ((key, request), first) in requests.iter().zip(created) {
        let (again, how) = fixture.session.create(request, &keyed(key)).await.unwrap();
        assert_eq!(how, Created::Replayed, "{key}");
        assert_eq!(again, Link { state: LinkState::Expired, ..first });
        let new_key = fixture.session.create(request, &keyed("new")).await.unwrap_err();
        assert_eq!(new_key.code, ProblemCode::Invalid, "a new request is refused");
        let other = CreateLink { title: Some("T".to_owned()), ..request.clone() };
        let other = fixture.session.create(&other, &keyed(key)).await.unwrap_err();
        assert_eq!(other.status, 422, "{other:?}");
    }
}

#[tokio::test]
async fn a_code_that_was_collected_and_made_again_is_listed_once() {
    let (_engine, dynamo) = InProcess::with_table("short").await.unwrap();
    let tables: [Arc<dyn Table>; 2] = [Fixture::new().table, Arc::new(dynamo)];
    for table in tables {
        let (service, clock) = service_on(table);
        let session = Session::new(service, Caller::direct("ana"));
        let options = WriteOptions::default();
        let request = tagged("t", coded("a", "https://example.com/"));
        session.create(&request, &options).await.unwrap();
        session.delete(&link("a"), &options).await.unwrap();
        clock.advance(SignedDuration::from_hours(24 * 401));
        for filter in [with_tag("t"), LinkFilter { state: Some(StateFilter::Any), ..LinkFilter::default() }] {
            assert_eq!(every_page(&session, filter).await, [], "what may be collected is gone");
        }
        let (again, how) = session.create(&request, &options).await.unwrap();
        assert_eq!(how, Created::New);
        for limit in [1, 50] {
            let filter = LinkFilter { limit: Some(limit), ..with_tag("t") };
            assert_eq!(every_page(&session, filter).await, std::slice::from_ref(&again), "limit {limit}");
        }
    }
}

#[tokio::test]
async fn a_row_that_cannot_be_read_breaks_no_list() {
    let fixture = Fixture::new();
    let mut readable = Vec::new();
    for number in 0..9 {
        fixture.advance(1);
        let code = format!("c{number}");
        let created = fixture.create(tagged("t", coded(&code, &format!("https://example.com/{number}")))).await;
        if number % 3 == 1 {
            let key = keys::link(&link(&code).domain, &link(&code).code);
            let planted = serde_json::Map::from_iter([("target".to_owned(), json!("javascript:alert(1)"))]);
            fixture.table.write(&[Write::update(key, planted, vec![])]).await.unwrap();
        } else {
            readable.push(created);
        }
    }
    readable.reverse();
    let host = LinkFilter { target_host: Some("example.com".to_owned()), ..LinkFilter::default() };
    for filter in [LinkFilter::default(), with_tag("t"), host] {
        for limit in [1, 2, 50] {
            let filter = LinkFilter { limit: Some(limit), ..filter.clone() };
            let mut listed = every_page(&fixture.session, filter.clone()).await;
            listed.sort_by_key(|link| std::cmp::Reverse(link.created_at));
            assert_eq!(listed, readable, "{filter:?}");
        }
    }
}

#[tokio::test]
async fn a_rare_filter_costs_a_bounded_page_and_still_shows_every_match_once() {
    let fixture = Fixture::new();
    let created = fixture.create(coded("model", "https://example.com/")).await;
    let model = keys::link(&link("model").domain, &link("model").code);
    let model = fixture.table.get(&model, Consistency::Strong).await.unwrap().unwrap();
    let rows: Vec<Item> = (0..10_010_i64).map(|number| copy_of(&model, number, &created)).collect();
    fixture.table.insert_many(&rows).await.unwrap();
    let filter = LinkFilter { search: Some("needle".to_owned()), limit: Some(1000), ..LinkFilter::default() };
    let first = fixture.session.list(&filter).await.unwrap();
    assert!(first.next_cursor.is_some() && first.links.len() < 5, "the page ends before the list does");
    let found = every_page(&fixture.session, filter).await;
    assert_eq!(
        found.iter().map(|link| link.code.as_str()).collect::<Vec<_>>(),
        ["needle10000", "needle7500", "needle5000", "needle2500", "needle0"]
    );
}

/// A row like `model`, made `number` milliseconds later; every 2,500th one is a needle.
fn copy_of(model: &Item, number: i64, created: &Link) -> Item {
    let code = if number % 2500 == 0 { format!("needle{number}") } else { format!("n{number}") };
    let at = created.created_at + SignedDuration::from_millis(number);
    let link = link(&code);
    let mut attributes = model.attributes.clone();
    for (name, value) in [
        ("created_at", at.to_string()),
        (keys::attribute::CREATED_PK, keys::created_partition(keys::shard(&link.domain, &link.code))),
        (keys::attribute::CREATED_SK, keys::created_sort(at, &link.domain, &link.code)),
    ] {
        attributes.insert(name.to_owned(), value.into());
    }
    Item { key: keys::link(&link.domain, &link.code), attributes }
}

#[tokio::test]
async fn an_edit_by_a_clock_that_is_behind_is_in_the_history_and_is_recognised() {
    let fixture = Fixture::new();
    let (ahead, clock) = service_on(fixture.table.clone());
    clock.advance(SignedDuration::from_hours(1));
    let ahead = Session::new(ahead, Caller::direct("ahead"));
    ahead.create(&coded("a", "https://example.com/1"), &WriteOptions::default()).await.unwrap();
    let behind = &fixture.session;
    let second = retargeted("https://example.com/2");
    behind.update(&link("a"), &second, &keyed("k")).await.unwrap();
    ahead.update(&link("a"), &retargeted("https://example.com/3"), &keyed("k")).await.unwrap();
    behind.update(&link("a"), &titled("T"), &keyed("l")).await.unwrap();
    let repeated = behind.update(&link("a"), &second, &keyed("k")).await.unwrap();
    assert_eq!((repeated.version, repeated.target.as_str()), (4, "https://example.com/3"), "made once");
    let history = behind.history(&link("a"), 50, None).await.unwrap();
    assert_eq!(history.events.iter().map(|event| event.version).collect::<Vec<_>>(), [4, 3, 2, 1]);
    assert!(history.events.is_sorted_by(|later, earlier| later.at > earlier.at), "{history:?}");
}

#[tokio::test]
async fn a_reissued_code_inherits_no_history_whatever_the_clocks_say() {
    let fixture = Fixture::new();
    let (ahead, clock) = service_on(fixture.table.clone());
    clock.advance(SignedDuration::from_hours(1));
    let ahead = Session::new(ahead, Caller::direct("ahead"));
    let options = WriteOptions::default();
    // An edit of a link from a clock that is ahead tells nothing of the time of other links.
    ahead.create(&coded("x", "https://example.com/"), &options).await.unwrap();
    fixture.session.update(&link("x"), &titled("T"), &options).await.unwrap();
    let (here, long_ago) = (&fixture.session, || Some("2020-01-01".to_owned()));
    for (code, creator, created_at) in
        [("a", &ahead, None), ("b", here, None), ("c", &ahead, long_ago()), ("d", here, long_ago())]
    {
        creator.create(&coded(code, "https://example.com/1"), &options).await.unwrap();
        fixture.session.update(&link(code), &titled("T"), &options).await.unwrap();
        fixture.session.delete(&link(code), &options).await.unwrap();
        let reissue = CreateLink { reissue: true, created_at, ..coded(code, "https://example.com/2") };
        fixture.create(reissue).await;
        assert_eq!(actions(&fixture.session, code).await, [Action::Created], "{code}");
        fixture.session.update(&link(code), &titled("U"), &options).await.unwrap();
        assert_eq!(actions(&fixture.session, code).await, [Action::Updated, Action::Created], "{code}");
    }
}

/// Loses the reply of the first write, and refuses the second for load.
#[derive(Debug, Default)]
struct LostThenRefused(AtomicU64);

impl Faults for LostThenRefused {
    fn fate(&self, call: &Call) -> Fate {
        if !matches!(call.primitive, Primitive::Write | Primitive::Transaction) {
            return Fate::default();
        }
        let fault = match self.0.fetch_add(1, Ordering::Relaxed) {
            0 => Some(Fault::FailAfter),
            1 => Some(Fault::Throttle),
            _ => None,
        };
        Fate { fault, ..Fate::default() }
    }
}

#[tokio::test]
async fn a_write_whose_reply_was_lost_stays_in_doubt_when_its_repetition_is_refused() {
    let inner = Arc::new(MemoryTable::new());
    service_on(inner.clone()).0.prepare_changes().await.unwrap();
    let table: Arc<dyn Table> = Arc::new(FaultTable::new(inner, Arc::new(LostThenRefused::default())));
    let session = Session::new(service_on(table).0, Caller::direct("ana"));
    let request = coded("a", "https://example.com/");
    let problem = session.create(&request, &keyed("once")).await.unwrap_err();
    assert_eq!(problem.code, ProblemCode::OutcomeUnknown, "{problem:?}");
    assert_eq!(session.get(&link("a")).await.unwrap().version, 1, "it is there");
    assert_eq!(session.create(&request, &keyed("once")).await.unwrap().1, Created::Replayed);
}
