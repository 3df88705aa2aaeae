//! The rules of links that come from elsewhere.

use shortener_core::link::Tag;
use shortener_core::operations::{Mode, Operations, WriteOptions};
use shortener_core::redirect::{Resolution, Resolver};
use shortener_core::service::Session;
use shortener_core::table::{Item, Table, keys};
use shortener_core::wire::{Action, CreateLink, IfExists, Link, LinkFilter, LinkState, Patch, ProblemCode, UpdateLink};

use super::{coded_row, codes, create, nth, owned, problem, rehearse, row, statuses, tagged};
use crate::fixture::{Fixture, coded, keyed, link, to, violations};

fn created(at: &str, request: CreateLink) -> CreateLink {
    CreateLink { created_at: Some(at.to_owned()), ..request }
}

fn expiring(at: &str, request: CreateLink) -> CreateLink {
    CreateLink { expires_at: Some(at.to_owned()), ..request }
}

async fn made(fixture: &Fixture, request: CreateLink) -> Link {
    let mut results = create(&fixture.session, &[request]).await;
    assert_eq!(results[0].status, 201, "{results:?}");
    results.remove(0).link.unwrap()
}

async fn owned_by(session: &Session, owner: &str) -> Vec<String> {
    let filter = LinkFilter { owner: Some(owner.to_owned()), ..LinkFilter::default() };
    session.list(&filter).await.unwrap().links.iter().map(|link| link.code.to_string()).collect()
}

#[tokio::test]
async fn a_link_keeps_the_time_at_which_it_was_created_elsewhere() {
    let fixture = Fixture::new();
    let old = made(&fixture, created("2019-05-01", coded_row("old", "https://example.com/"))).await;
    assert_eq!((old.created_at.to_string().as_str(), old.version), ("2019-05-01T00:00:00Z", 1));
    assert_eq!(old.updated_at.to_string(), "2026-11-24T12:00:00Z", "it came here now");
    let new = made(&fixture, coded_row("new", "https://example.com/")).await;
    let listed = fixture.session.list(&LinkFilter::default()).await.unwrap().links;
    assert_eq!(listed, [new, old], "lists are in the order of creation, wherever that was");
}

#[tokio::test]
async fn the_times_of_a_link_from_elsewhere_have_rules() {
    let fixture = Fixture::new();
    let rows = [
        created("2026-11-25", row("https://example.com/1")),
        expiring("2025-10-19", row("https://example.com/2")),
        expiring("2026-11-01", row("https://example.com/3")),
        expiring("2025-10-19", created("2020-01-01", to("https://example.com/4"))),
        expiring("2026-11-01", created("2020-01-01", to("https://example.com/5"))),
        expiring("2026-11-01", to("https://example.com/6")),
        created("never", row("https://example.com/7")),
        nth(0, to("https://example.com/8")),
    ];
    let checked = fixture.session.check_batch(&rows).await.unwrap();
    let planned = rehearse(&fixture.session, &rows).await;
    let results = create(&fixture.session, &rows).await;
    let told = |at: usize| violations(problem(&results[at])).into_iter().next();
    assert_eq!(told(0), Some(("/created_at", "created_in_the_future")));
    assert_eq!(told(1), Some(("/expires_at", "expired_long_ago")));
    assert_eq!((results[2].status, results[2].link.as_ref().unwrap().state), (201, LinkState::Expired));
    assert_eq!(told(3), Some(("/expires_at", "expired_long_ago")));
    assert_eq!((results[4].status, results[4].link.as_ref().unwrap().state), (201, LinkState::Expired));
    assert_eq!(told(5), Some(("/expires_at", "expires_in_the_past")), "a link made here and now");
    assert_eq!(results[6].status, 201, "no time is now");
    assert_eq!(told(7), Some(("/occurrence", "occurrence_invalid")));
    for (at, result) in results.iter().enumerate() {
        assert_eq!(checked[at], result.problem, "{at}");
        assert_eq!(planned[at].problem, result.problem, "{at}");
    }
}

#[tokio::test]
async fn a_link_may_come_switched_off() {
    let fixture = Fixture::new();
    let off = made(&fixture, CreateLink { disabled: true, ..coded_row("off", "https://example.com/") }).await;
    assert_eq!((off.state, off.disabled), (LinkState::Disabled, true));
    let resolver = Resolver::new(fixture.service.clone(), None);
    assert!(matches!(resolver.resolve("s.example", &off.code).await, Resolution::Gone { .. }));
    let on = UpdateLink { disabled: Some(false), ..UpdateLink::default() };
    let on = fixture.session.update(&link("off"), &on, &WriteOptions::default()).await.unwrap();
    assert_eq!((on.state, on.disabled), (LinkState::Active, false));
    assert!(matches!(resolver.resolve("s.example", &off.code).await, Resolution::Redirect(_)));
}

#[tokio::test]
async fn imported_clicks_are_kept_changed_and_told_and_are_no_part_of_the_row() {
    let fixture = Fixture::new();
    let counted = |clicks| CreateLink { imported_clicks: Some(clicks), ..coded_row("a", "https://example.com/") };
    assert_eq!(made(&fixture, counted(7)).await.imported_clicks, Some(7));
    let again = create(&fixture.session, &[counted(9)]).await;
    assert_eq!((again[0].status, again[0].link.as_ref().unwrap().imported_clicks), (200, Some(7)));
    fixture.advance(1);
    let patch = |clicks| UpdateLink { imported_clicks: clicks, ..UpdateLink::default() };
    let options = WriteOptions::default();
    let patched = fixture.session.update(&link("a"), &patch(Patch::Set(9)), &options).await.unwrap();
    assert_eq!((patched.imported_clicks, patched.version), (Some(9), 2));
    let cleared = fixture.session.update(&link("a"), &patch(Patch::Clear), &options).await.unwrap();
    assert_eq!(cleared.imported_clicks, None);
    let history = fixture.session.history(&link("a"), 50, None).await.unwrap();
    insta::assert_json_snapshot!(history.events.iter().map(|event| (event.action, &event.changes)).collect::<Vec<_>>(), @r#"
    [
      [
        "updated",
        [
          {
            "field": "imported_clicks",
            "from": 9,
            "to": null
          }
        ]
      ],
      [
        "updated",
        [
          {
            "field": "imported_clicks",
            "from": 7,
            "to": 9
          }
        ]
      ],
      [
        "created",
        []
      ]
    ]
    "#);
}

#[tokio::test]
async fn a_taken_code_is_a_conflict_that_shows_its_link_or_another_code() {
    let fixture = Fixture::new();
    let theirs = fixture.create(tagged(&["t"], coded("a", "https://example.com/theirs"))).await;
    for request in [coded_row("a", "https://example.com/"), tagged(&["t"], coded_row("a", "https://example.com/"))] {
        let one = std::slice::from_ref(&request);
        for results in [rehearse(&fixture.session, one).await, create(&fixture.session, one).await] {
            let problem = problem(&results[0]);
            assert_eq!((problem.code, problem.link.as_deref()), (ProblemCode::CodeTaken, Some(&theirs)));
        }
        let elsewhere = [CreateLink { if_exists: IfExists::NewCode, ..request.clone() }];
        let planned = rehearse(&fixture.session, &elsewhere).await;
        let made = create(&fixture.session, &elsewhere).await;
        assert_eq!((statuses(&made), codes(&planned)), (vec![201], codes(&made)));
        assert_ne!(codes(&made), ["a"]);
        let again = create(&fixture.session, &elsewhere).await;
        assert_eq!((statuses(&again), &again[0].link), (vec![200], &made[0].link), "sent again it finds its link");
        let found = CreateLink { if_exists: IfExists::Return, ..request };
        let found = create(&fixture.session, &[found]).await;
        assert_eq!((statuses(&found), found[0].link.as_ref()), (vec![200], Some(&theirs)));
    }
    let free = CreateLink { if_exists: IfExists::NewCode, ..coded_row("free", "https://example.com/") };
    assert_eq!(codes(&create(&fixture.session, &[free]).await), ["free"], "a code that is free is taken");
}

#[tokio::test]
async fn a_retired_code_is_a_conflict_until_it_may_be_collected_or_is_reissued() {
    let fixture = Fixture::new();
    let options = WriteOptions::default();
    for code in ["a", "b"] {
        fixture.create(owned("former", coded(code, "https://example.com/1"))).await;
        fixture
            .session
            .update(&link(code), &UpdateLink { title: Patch::Set("T".to_owned()), ..UpdateLink::default() }, &options)
            .await
            .unwrap();
        fixture.session.delete(&link(code), &options).await.unwrap();
    }
    let rows = ["a", "b"].map(|code| owned("later", coded_row(code, "https://example.com/2")));
    let refused = create(&fixture.session, &rows).await;
    assert_eq!(refused.iter().map(|result| problem(result).code).collect::<Vec<_>>(), [ProblemCode::CodeRetired; 2]);

    let reissue = [CreateLink { reissue: true, ..rows[0].clone() }];
    let reissued = create(&fixture.session, &reissue).await;
    assert_eq!((statuses(&reissued), reissued[0].link.as_ref().unwrap().version > 1), (vec![201], true));
    assert_eq!(statuses(&create(&fixture.session, &reissue).await), [200]);
    assert_eq!(owned_by(&fixture.session, "later").await, ["a"]);
    assert_eq!(owned_by(&fixture.session, "former").await, [""; 0], "no owner has another's link");

    fixture.advance(86_400 * 401);
    for results in [rehearse(&fixture.session, &rows[1..]).await, create(&fixture.session, &rows[1..]).await] {
        assert_eq!(statuses(&results), [201], "what may be collected is in nobody's way");
        assert_eq!(results[0].link.as_ref().unwrap().version, 1);
    }
    let mut later = owned_by(&fixture.session, "later").await;
    later.sort();
    assert_eq!(later, ["a", "b"]);
}

#[tokio::test]
async fn a_link_imported_over_a_collected_one_inherits_no_history() {
    let fixture = Fixture::new();
    fixture.create(coded("a", "https://example.com/1")).await;
    fixture.advance(1);
    fixture.session.delete(&link("a"), &WriteOptions::default()).await.unwrap();
    fixture.advance(86_400 * 401);
    // Created elsewhere before everything that happened to the former link.
    let imported = made(&fixture, created("2020-01-01", coded_row("a", "https://example.com/2"))).await;
    let history = fixture.session.history(&link("a"), 50, None).await.unwrap();
    let told: Vec<_> = history.events.iter().map(|event| (event.action, event.version, event.at)).collect();
    assert_eq!(told, [(Action::Created, 1, imported.updated_at)]);
}

#[tokio::test]
async fn an_entry_whose_link_is_not_there_or_not_of_that_owner_or_tag_lists_nothing() {
    let fixture = Fixture::new();
    let plain = made(&fixture, coded_row("plain", "https://example.com/")).await;
    let absent = link("absent");
    let (owner, tag) = (Tag::parse("team").unwrap(), Tag::parse("t").unwrap());
    let empty = |key| Item { key, attributes: serde_json::Map::new() };
    let orphans = [(&plain.domain, &plain.code), (&absent.domain, &absent.code)].map(|(domain, code)| {
        [
            keys::owner_entry(&owner, plain.created_at, domain, code),
            keys::tag_entry(&tag, plain.created_at, domain, code),
        ]
    });
    let orphans: Vec<_> = orphans.into_iter().flatten().map(empty).collect();
    fixture.table.insert_many(&orphans).await.unwrap();
    assert_eq!(owned_by(&fixture.session, "team").await, [""; 0]);
    let by_tag = LinkFilter { tag: Some("t".to_owned()), ..LinkFilter::default() };
    assert_eq!(fixture.session.list(&by_tag).await.unwrap().links, []);
    // Once the link is there, its entry counts; one of another creation does not.
    made(&fixture, owned("team", tagged(&["t"], coded_row("absent", "https://example.com/")))).await;
    fixture
        .table
        .insert_many(&[empty(keys::owner_entry(
            &owner,
            "2020-01-01T00:00:00Z".parse().unwrap(),
            &absent.domain,
            &absent.code,
        ))])
        .await
        .unwrap();
    assert_eq!(owned_by(&fixture.session, "team").await, ["absent"]);
    assert_eq!(fixture.session.list(&by_tag).await.unwrap().links.len(), 1);
}

#[tokio::test]
async fn rows_and_plain_creates_share_a_batch_in_the_order_of_the_request() {
    let fixture = Fixture::new();
    let batch = [
        to("https://example.com/plain"),
        row("https://example.com/row"),
        coded("a", "nonsense"),
        coded_row("b", "nonsense"),
        coded("c", "https://example.com/c"),
        coded_row("d", "https://example.com/d"),
    ];
    let first = fixture.session.create_batch(&batch, &keyed("k")).await.unwrap();
    assert_eq!(statuses(&first), [201, 201, 422, 422, 201, 201]);
    assert_eq!(first[4].link.as_ref().unwrap().code.as_str(), "c");
    assert_eq!(first[5].link.as_ref().unwrap().code.as_str(), "d");
    let again = fixture.session.create_batch(&batch, &keyed("k")).await.unwrap();
    assert_eq!(statuses(&again), [201, 200, 422, 422, 201, 200], "keys replay, contents are there");
    let links = |results: &[shortener_core::wire::BatchResult]| -> Vec<_> {
        results.iter().map(|result| result.link.clone()).collect()
    };
    assert_eq!(links(&again), links(&first));
    let dry = WriteOptions { mode: Mode::DryRun, ..keyed("other") };
    let planned = fixture.session.create_batch(&batch[1..2], &dry).await.unwrap();
    assert_eq!(statuses(&planned), [200]);
}
