//! The promises of a link's life.

use std::sync::Arc;

use shortener_core::operations::{Mode, Operations, WriteOptions};
use shortener_core::service::{Caller, Session};
use shortener_core::table::memory::MemoryTable;
use shortener_core::wire::{
    Action, CreateLink, Created, IfExists, Link, LinkClicks, LinkFilter, LinkState, Patch, ProblemCode, SetDomain,
    StateFilter, UpdateLink,
};

use super::fixture::{Fixture, ScriptedTable, coded, keyed, link, service_on, to, violations};

fn expiring(when: &str) -> CreateLink {
    CreateLink { expires_at: Some(when.to_owned()), ..to("https://example.com/") }
}

fn tagged(target: &str, tags: &[&str]) -> CreateLink {
    CreateLink { tags: tags.iter().map(|tag| (*tag).to_owned()).collect(), ..to(target) }
}

#[tokio::test]
async fn a_created_link_is_read_back_as_it_was_answered() {
    let fixture = Fixture::new();
    let request = CreateLink {
        title: Some("  Launch  ".to_owned()),
        redirect_status: Some(307),
        forward_query: true,
        starts_at: Some("2026-11-25".to_owned()),
        expires_at: Some("30d".to_owned()),
        ..tagged("HTTPS://Example.com/a b", &["Q4", "ads", "q4"])
    };
    let created = fixture.create(request).await;
    assert_eq!(created.code.as_str().len(), 7);
    assert_eq!(created.short_url, format!("https://s.example/{}", created.code));
    assert_eq!(created.target.as_str(), "https://example.com/a%20b");
    assert_eq!(created.tags.iter().map(ToString::to_string).collect::<Vec<_>>(), ["ads", "q4"]);
    assert_eq!((created.state, created.version), (LinkState::Scheduled, 1));
    assert_eq!(created.created_by.as_str(), "direct:ana");
    assert_eq!(created.expires_at.unwrap().to_string(), "2026-12-24T12:00:00Z");
    let clicks = Some(LinkClicks::default());
    assert_eq!(fixture.session.get(&link(created.code.as_str())).await.unwrap(), Link { clicks, ..created });
}

#[tokio::test]
async fn every_broken_rule_is_named_at_once() {
    let fixture = Fixture::new();
    let problem = fixture
        .refused(CreateLink {
            code: Some("api".to_owned()),
            title: Some("x".repeat(201)),
            tags: vec!["ok".to_owned(), "not ok".to_owned()],
            redirect_status: Some(200),
            expires_at: Some("2020-01-01".to_owned()),
            code_length: Some(3),
            max_clicks: Some(5),
            ..to("ftp://example.com/")
        })
        .await;
    insta::assert_debug_snapshot!(violations(&problem), @r#"
    [
        (
            "/target",
            "target_scheme",
        ),
        (
            "/title",
            "title_too_long",
        ),
        (
            "/tags/1",
            "tag_character",
        ),
        (
            "/redirect_status",
            "redirect_status_invalid",
        ),
        (
            "/max_clicks",
            "max_clicks_unsupported",
        ),
        (
            "/expires_at",
            "expires_in_the_past",
        ),
        (
            "/code",
            "code_reserved",
        ),
        (
            "/code_length",
            "code_length_invalid",
        ),
    ]
    "#);
}

#[tokio::test]
async fn a_permanent_redirect_cannot_expire_and_a_start_precedes_its_end() {
    let fixture = Fixture::new();
    let permanent = fixture.refused(CreateLink { redirect_status: Some(301), ..expiring("1d") }).await;
    assert_eq!(violations(&permanent), [("/redirect_status", "permanent_with_end")]);
    let upside_down = fixture.refused(CreateLink { starts_at: Some("2d".to_owned()), ..expiring("1d") }).await;
    assert_eq!(violations(&upside_down), [("/starts_at", "starts_after_expiry")]);
    fixture.create(CreateLink { redirect_status: Some(308), ..to("https://example.com/") }).await;
}

#[tokio::test]
async fn a_taken_code_shows_the_winner() {
    let fixture = Fixture::new();
    let winner = fixture.create(coded("launch", "https://example.com/1")).await;
    let problem = fixture.refused(coded("launch", "https://example.com/2")).await;
    assert_eq!((problem.code, problem.status), (ProblemCode::CodeTaken, 409));
    assert_eq!(*problem.link.unwrap(), winner);
    let wanted = CreateLink { if_exists: IfExists::Return, ..coded("launch", "https://example.com/2") };
    let (found, created) = fixture.session.create(&wanted, &WriteOptions::default()).await.unwrap();
    assert_eq!((found, created), (winner, Created::Existing));
    assert_eq!(fixture.create(coded("LAUNCH", "https://example.com/3")).await.version, 1, "codes are case-sensitive");
}

#[tokio::test]
async fn an_idempotency_key_has_one_effect() {
    let fixture = Fixture::new();
    let create = |request: CreateLink, key: &'static str| {
        let session = fixture.session.clone();
        async move { session.create(&request, &keyed(key)).await }
    };
    let (first, created) = create(to("https://example.com/"), "k1").await.unwrap();
    assert_eq!(created, Created::New);
    fixture.advance(100);
    let (again, created) = create(to("https://example.com/"), "k1").await.unwrap();
    assert_eq!((&again, created), (&first, Created::Replayed));
    let problem = create(to("https://example.com/other"), "k1").await.unwrap_err();
    assert_eq!((problem.code, problem.status), (ProblemCode::IdempotencyKeyReused, 422));
    let (other, _) = create(to("https://example.com/"), "k2").await.unwrap();
    assert_ne!(other.code, first.code);
    let someone_else = Session::new(fixture.service.clone(), Caller::direct("bob"));
    let (theirs, created) = someone_else.create(&to("https://example.com/"), &keyed("k1")).await.unwrap();
    assert_eq!(created, Created::New, "keys belong to their caller");
    assert_ne!(theirs.code, first.code);
    assert_eq!(fixture.session.list(&LinkFilter::default()).await.unwrap().links.len(), 3);
}

#[tokio::test]
async fn reuse_finds_only_untouched_live_links_made_with_it() {
    let fixture = Fixture::new();
    fixture.create(to("https://example.com/")).await;
    let reuse = CreateLink { reuse: true, ..to("https://example.com/") };
    let first = fixture.create(reuse.clone()).await;
    assert_eq!(fixture.create(reuse.clone()).await.code, first.code);
    let edit = UpdateLink { title: Patch::Set("mine".to_owned()), ..UpdateLink::default() };
    fixture.session.update(&link(first.code.as_str()), &edit, &WriteOptions::default()).await.unwrap();
    let second = fixture.create(reuse.clone()).await;
    assert_ne!(second.code, first.code);
    fixture.session.delete(&link(second.code.as_str()), &WriteOptions::default()).await.unwrap();
    let third = fixture.create(reuse.clone()).await;
    assert!(third.code != first.code && third.code != second.code);
    let with_code = fixture.refused(CreateLink { code: Some("x".to_owned()), ..reuse }).await;
    assert_eq!(violations(&with_code), [("/reuse", "reuse_with_own_terms")]);
}

#[tokio::test]
async fn a_retired_code_is_reissued_only_when_asked_or_after_its_retention() {
    let fixture = Fixture::new();
    let first = fixture.create(coded("promo", "https://example.com/1")).await;
    fixture.session.delete(&link("promo"), &WriteOptions::default()).await.unwrap();
    let problem = fixture.refused(coded("promo", "https://example.com/2")).await;
    assert_eq!((problem.code, problem.status), (ProblemCode::CodeRetired, 409));
    let asked = CreateLink { if_exists: IfExists::Return, ..coded("promo", "https://example.com/2") };
    assert_eq!(fixture.refused(asked).await.code, ProblemCode::CodeRetired, "a dead link is not what was asked for");
    fixture.advance(1);
    let reissued = fixture.create(CreateLink { reissue: true, ..coded("promo", "https://example.com/2") }).await;
    assert!(reissued.version > first.version, "no old ETag fits the new link");
    let history = fixture.session.history(&link("promo"), 50, None).await.unwrap();
    assert_eq!(history.events.len(), 1, "the life of the former link is over: {history:?}");
    let live = fixture.refused(CreateLink { reissue: true, ..coded("promo", "https://example.com/3") }).await;
    assert_eq!(live.code, ProblemCode::CodeTaken, "a live link is never replaced");

    fixture.create(CreateLink { code: Some("brief".to_owned()), ..expiring("1d") }).await;
    fixture.advance(86_400 * 400);
    assert_eq!(fixture.refused(coded("brief", "https://example.com/")).await.code, ProblemCode::CodeRetired);
    fixture.advance(86_400);
    assert_eq!(fixture.create(coded("brief", "https://example.com/")).await.version, 1);
}

#[tokio::test]
async fn expiry_is_exact_to_the_second() {
    let fixture = Fixture::new();
    let created = fixture.create(expiring("90s")).await;
    let state = async || fixture.session.get(&link(created.code.as_str())).await.unwrap().state;
    fixture.advance(89);
    assert_eq!(state().await, LinkState::Active);
    fixture.advance(1);
    assert_eq!(state().await, LinkState::Expired);
}

#[tokio::test]
async fn edits_carry_versions_and_the_loser_sees_the_current_state() {
    let fixture = Fixture::new();
    fixture.create(coded("a", "https://example.com/1")).await;
    let edit = |target: &str| UpdateLink { target: Some(target.to_owned()), ..UpdateLink::default() };
    let at = |version| WriteOptions { if_match: Some(version), ..WriteOptions::default() };
    let second = fixture.session.update(&link("a"), &edit("https://example.com/2"), &at(1)).await.unwrap();
    assert_eq!(second.version, 2);
    let problem = fixture.session.update(&link("a"), &edit("https://example.com/3"), &at(1)).await.unwrap_err();
    assert_eq!((problem.code, problem.status), (ProblemCode::VersionMismatch, 412));
    assert_eq!(*problem.link.unwrap(), second);
    let same = fixture.session.update(&link("a"), &edit("https://example.com/2"), &at(2)).await.unwrap();
    assert_eq!(same.version, 2, "a change that changes nothing writes nothing");
}

#[tokio::test]
async fn concurrent_edits_lose_nothing() {
    let fixture = Fixture::new();
    fixture.create(coded("a", "https://example.com/")).await;
    let mut edits = tokio::task::JoinSet::new();
    for number in 0..8 {
        let session = fixture.session.clone();
        edits.spawn(async move {
            let edit = UpdateLink { add_tags: vec![format!("t{number}")], ..UpdateLink::default() };
            session.update(&link("a"), &edit, &WriteOptions::default()).await.unwrap();
        });
    }
    while let Some(done) = edits.join_next().await {
        done.unwrap();
    }
    let after = fixture.session.get(&link("a")).await.unwrap();
    assert_eq!((after.tags.len(), after.version), (8, 9));
    assert_eq!(fixture.session.history(&link("a"), 50, None).await.unwrap().events.len(), 9);
}

#[tokio::test]
async fn the_history_tells_who_changed_what() {
    let fixture = Fixture::new();
    fixture.create(coded("a", "https://example.com/1")).await;
    let options = WriteOptions::default();
    let a = link("a");
    let update = async |update: UpdateLink| fixture.session.update(&a, &update, &options).await;
    fixture.advance(1);
    let edit = UpdateLink {
        target: Some("https://example.com/2".to_owned()),
        title: Patch::Set("T".to_owned()),
        ..UpdateLink::default()
    };
    update(edit).await.unwrap();
    update(UpdateLink { disabled: Some(true), ..UpdateLink::default() }).await.unwrap();
    update(UpdateLink { disabled: Some(false), title: Patch::Keep, ..UpdateLink::default() }).await.unwrap();
    update(UpdateLink { title: Patch::Clear, ..UpdateLink::default() }).await.unwrap();
    fixture.session.delete(&a, &options).await.unwrap();
    let edit = update(UpdateLink { disabled: Some(true), ..UpdateLink::default() }).await.unwrap_err();
    assert_eq!(edit.code, ProblemCode::StateConflict);
    fixture.session.restore(&a, &options).await.unwrap();
    let history = fixture.session.history(&a, 50, None).await.unwrap();
    let actions: Vec<Action> = history.events.iter().map(|event| event.action).collect();
    assert_eq!(
        actions,
        [
            Action::Restored,
            Action::Deleted,
            Action::Updated,
            Action::Enabled,
            Action::Disabled,
            Action::Updated,
            Action::Created
        ]
    );
    assert!(history.events.iter().all(|event| event.actor.as_str() == "direct:ana"));
    insta::assert_json_snapshot!(history.events[5].changes, @r#"
    [
      {
        "field": "target",
        "from": "https://example.com/1",
        "to": "https://example.com/2"
      },
      {
        "field": "title",
        "from": null,
        "to": "T"
      }
    ]
    "#);
    let first = fixture.session.history(&a, 4, None).await.unwrap();
    let rest = fixture.session.history(&a, 4, first.next_cursor.as_deref()).await.unwrap();
    assert_eq!([first.events, rest.events].concat(), history.events);
}

#[tokio::test]
async fn a_repeated_change_is_made_once_even_after_others_followed() {
    let fixture = Fixture::new();
    fixture.create(coded("a", "https://example.com/1")).await;
    let edit = |target: &str| UpdateLink { target: Some(target.to_owned()), ..UpdateLink::default() };
    fixture.session.update(&link("a"), &edit("https://example.com/2"), &keyed("k")).await.unwrap();
    let after = fixture.session.update(&link("a"), &edit("https://example.com/3"), &keyed("other")).await.unwrap();
    let repeated = fixture.session.update(&link("a"), &edit("https://example.com/2"), &keyed("k")).await.unwrap();
    assert_eq!(repeated, after);
}

#[tokio::test]
async fn a_dry_run_answers_like_the_real_thing_and_writes_nothing() {
    let fixture = Fixture::new();
    let dry = WriteOptions { mode: Mode::DryRun, ..WriteOptions::default() };
    let (planned, created) = fixture.session.create(&coded("a", "https://example.com/"), &dry).await.unwrap();
    assert_eq!((planned.version, created), (1, Created::New));
    assert_eq!(fixture.session.get(&link("a")).await.unwrap_err().code, ProblemCode::NotFound);
    fixture.create(coded("a", "https://example.com/")).await;
    let taken = fixture.session.create(&coded("a", "https://example.com/"), &dry).await.unwrap_err();
    assert_eq!(taken.code, ProblemCode::CodeTaken);
    assert_eq!(fixture.session.delete(&link("a"), &dry).await.unwrap().state, LinkState::Deleted);
    assert_eq!(fixture.session.get(&link("a")).await.unwrap().state, LinkState::Active);
}

#[tokio::test]
async fn a_list_pages_through_every_link_once_in_created_order() {
    let fixture = Fixture::new();
    let mut created = Vec::new();
    for number in 0..130 {
        fixture.advance(1);
        let tags: &[&str] = if number % 3 == 0 { &["third"] } else { &[] };
        let host = if number % 2 == 0 { "even.example" } else { "odd.example" };
        created.push(fixture.create(tagged(&format!("https://{host}/{number}"), tags)).await);
    }
    created.reverse();
    for limit in [1, 7, 129, 130, 131] {
        let filter = LinkFilter { limit: Some(limit), ..LinkFilter::default() };
        assert_eq!(all_pages(&fixture.session, filter).await, created, "limit {limit}");
    }
    let matching = |keep: &dyn Fn(usize) -> bool| -> Vec<_> {
        created.iter().enumerate().filter(|(at, _)| keep(129 - at)).map(|(_, link)| link.clone()).collect()
    };
    let tag = LinkFilter { tag: Some("Third".to_owned()), limit: Some(10), ..LinkFilter::default() };
    assert_eq!(all_pages(&fixture.session, tag).await, matching(&|number| number % 3 == 0));
    let search = LinkFilter { search: Some("EVEN".to_owned()), limit: Some(10), ..LinkFilter::default() };
    assert_eq!(all_pages(&fixture.session, search).await, matching(&|number| number % 2 == 0));
    let host = LinkFilter { target_host: Some("odd.example".to_owned()), limit: Some(10), ..LinkFilter::default() };
    assert_eq!(all_pages(&fixture.session, host).await.len(), 65);
    let since = LinkFilter { created_after: Some(created[9].created_at.to_string()), ..LinkFilter::default() };
    assert_eq!(all_pages(&fixture.session, since).await, created[..10]);
    let stolen = LinkFilter { cursor: Some("AAAA".to_owned()), ..LinkFilter::default() };
    assert_eq!(fixture.session.list(&stolen).await.unwrap_err().code, ProblemCode::CursorInvalid);
}

async fn all_pages(session: &Session, mut filter: LinkFilter) -> Vec<Link> {
    let mut links = Vec::new();
    loop {
        let page = session.list(&filter).await.unwrap();
        links.extend(page.links);
        match page.next_cursor {
            Some(cursor) => filter.cursor = Some(cursor),
            None => return links,
        }
    }
}

#[tokio::test]
async fn lists_hide_deleted_links_unless_asked_and_forget_removed_tags() {
    let fixture = Fixture::new();
    fixture.create(CreateLink { code: Some("a".to_owned()), ..tagged("https://example.com/", &["x"]) }).await;
    fixture.create(CreateLink { code: Some("b".to_owned()), ..tagged("https://example.com/", &["x"]) }).await;
    fixture.session.delete(&link("a"), &WriteOptions::default()).await.unwrap();
    let untag = UpdateLink { remove_tags: vec!["x".to_owned()], ..UpdateLink::default() };
    fixture.session.update(&link("b"), &untag, &WriteOptions::default()).await.unwrap();
    let codes = async |filter: LinkFilter| -> Vec<String> {
        let page = fixture.session.list(&filter).await.unwrap();
        page.links.iter().map(|link| link.code.to_string()).collect()
    };
    assert_eq!(codes(LinkFilter::default()).await, ["b"]);
    assert_eq!(codes(LinkFilter { state: Some(StateFilter::Deleted), ..LinkFilter::default() }).await, ["a"]);
    assert_eq!(codes(LinkFilter { tag: Some("x".to_owned()), ..LinkFilter::default() }).await, [""; 0]);
    assert_eq!(fixture.session.tags().await.unwrap().tags.len(), 1);
}

#[tokio::test]
async fn the_same_code_lives_on_several_domains() {
    let fixture = Fixture::new();
    let domain = shortener_core::link::Domain::parse("go.example").unwrap();
    let on_go = CreateLink { domain: Some("go.example".to_owned()), ..coded("a", "https://example.com/go") };
    assert_eq!(violations(&fixture.refused(on_go.clone()).await), [("/domain", "domain_unknown")]);
    let set = SetDomain { code_length: Patch::Set(9), ..SetDomain::default() };
    fixture.session.set_domain(&domain, &set, &WriteOptions::default()).await.unwrap();
    fixture.create(coded("a", "https://example.com/default")).await;
    assert_eq!(fixture.create(on_go).await.short_url, "https://go.example/a");
    let drawn = CreateLink { domain: Some("GO.example".to_owned()), ..to("https://example.com/") };
    assert_eq!(fixture.create(drawn).await.code.as_str().len(), 9);
    let loops = fixture.refused(to("https://GO.example./x")).await;
    assert_eq!(violations(&loops), [("/target", "target_own_host")]);
}

#[tokio::test]
async fn two_hundred_creators_of_one_code_have_one_winner() {
    let fixture = Fixture::new();
    let mut creators = tokio::task::JoinSet::new();
    for number in 0..200 {
        let session = fixture.session.clone();
        creators.spawn(async move {
            session.create(&coded("one", &format!("https://example.com/{number}")), &WriteOptions::default()).await
        });
    }
    let outcomes = creators.join_all().await;
    let winners: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok()).collect();
    assert_eq!(winners.len(), 1);
    for problem in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
        assert_eq!(problem.code, ProblemCode::CodeTaken);
        assert_eq!(problem.link.as_deref(), Some(&winners[0].0), "every loser sees the winner");
    }
}

#[tokio::test]
async fn a_lost_reply_is_no_false_conflict_and_no_second_link() {
    let table = ScriptedTable::over(&Arc::new(MemoryTable::new()));
    table.lose_every_reply();
    let (service, _) = service_on(table);
    let session = Session::new(service, Caller::direct("ana"));
    let options = WriteOptions::default();
    let request = CreateLink { tags: vec!["t".to_owned()], ..coded("a", "https://example.com/") };
    let (created, how) = session.create(&request, &options).await.unwrap();
    assert_eq!((created.version, how), (1, Created::New));
    session.create(&to("https://example.com/"), &keyed("k")).await.unwrap();
    let edit = UpdateLink { title: Patch::Set("T".to_owned()), ..UpdateLink::default() };
    let edited = session.update(&link("a"), &edit, &options).await.unwrap();
    assert_eq!(edited.version, 2);
    session.delete(&link("a"), &options).await.unwrap();
    assert_eq!(session.restore(&link("a"), &options).await.unwrap().version, 4);
    assert_eq!(session.history(&link("a"), 50, None).await.unwrap().events.len(), 4);
    assert_eq!(session.list(&LinkFilter::default()).await.unwrap().links.len(), 2);
}
