//! The real client drives the real router.

use shortener_core::client::{ApiClient, ApiKey, ApiSettings, ApiUrl};
use shortener_core::link::{Domain, ShortCode};
use shortener_core::operations::{LinkRef, Mode, Operations, WriteOptions};
use shortener_core::wire::{
    CreateKey, CreateLink, Created, IfExists, Link, LinkClicks, LinkFilter, LinkState, Patch, ProblemCode, Role,
    RotateKey, Scope, SetDomain, StatsQuery, Step, TopQuery, UpdateLink,
};
use shortener_lambda::server::serve;
use tokio::net::TcpListener;

use crate::app::TestApp;

/// A client with the admin's key, to a server that runs until the test ends.
async fn client() -> ApiClient {
    let app = TestApp::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = ApiUrl::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(serve(listener, app.router, std::future::pending()));
    ApiClient::new(ApiSettings::new(url, Some(ApiKey::parse(&app.key).unwrap()))).unwrap()
}

fn link(code: &str) -> LinkRef {
    LinkRef { domain: Domain::default_domain(), code: ShortCode::parse(code).unwrap() }
}

fn launch() -> CreateLink {
    CreateLink {
        target: "https://example.com/".to_owned(),
        code: Some("launch".to_owned()),
        tags: vec!["spring".to_owned()],
        ..CreateLink::default()
    }
}

#[tokio::test]
async fn a_create_ends_as_the_service_says() {
    let client = client().await;
    let dry = WriteOptions { mode: Mode::DryRun, ..WriteOptions::default() };
    let once = WriteOptions { idempotency_key: Some("once".to_owned()), ..WriteOptions::default() };
    assert_eq!(client.create(&launch(), &dry).await.unwrap().1, Created::New);
    let (made, how) = client.create(&launch(), &once).await.unwrap();
    assert_eq!(how, Created::New);
    assert_eq!(client.create(&launch(), &once).await.unwrap(), (made.clone(), Created::Replayed));
    let existing = CreateLink { if_exists: IfExists::Return, ..launch() };
    assert_eq!(client.create(&existing, &WriteOptions::default()).await.unwrap(), (made.clone(), Created::Existing));
    assert_eq!(client.create(&existing, &dry).await.unwrap().1, Created::Existing);
    let taken = client.create(&launch(), &WriteOptions::default()).await.unwrap_err();
    assert_eq!((taken.code, taken.link.as_deref()), (ProblemCode::CodeTaken, Some(&made)));
    let batch = client.create_batch(&[launch(), existing], &WriteOptions::default()).await.unwrap();
    assert_eq!(batch.iter().map(|result| result.status).collect::<Vec<_>>(), [409, 200]);
}

#[tokio::test]
async fn a_link_lives_and_ends_through_the_client() {
    let client = client().await;
    let options = WriteOptions::default();
    let (made, _) = client.create(&launch(), &options).await.unwrap();
    let found = client.get(&link("launch")).await.unwrap();
    assert_eq!(found, Link { clicks: Some(LinkClicks::default()), ..made });
    let change = UpdateLink { title: Patch::Set("Spring".to_owned()), ..UpdateLink::default() };
    let first = WriteOptions { if_match: Some(1), ..WriteOptions::default() };
    assert_eq!(client.update(&link("launch"), &change, &first).await.unwrap().version, 2);
    let late = client.update(&link("launch"), &UpdateLink::default(), &first).await.unwrap_err();
    assert_eq!(late.code, ProblemCode::VersionMismatch);
    assert_eq!(client.delete(&link("launch"), &options).await.unwrap().state, LinkState::Deleted);
    assert_eq!(client.restore(&link("launch"), &options).await.unwrap().state, LinkState::Active);
    assert_eq!(client.history(&link("launch"), 50, None).await.unwrap().events.len(), 4);
    let filter = LinkFilter { tag: Some("spring".to_owned()), limit: Some(10), ..LinkFilter::default() };
    assert_eq!(client.list(&filter).await.unwrap().links.len(), 1);
    assert_eq!(client.tags().await.unwrap().tags.len(), 1);
    assert_eq!(client.get(&link("unknown")).await.unwrap_err().code, ProblemCode::NotFound);
}

#[tokio::test]
async fn statistics_are_read_through_the_client() {
    let client = client().await;
    client.create(&launch(), &WriteOptions::default()).await.unwrap();
    let query = StatsQuery {
        since: Some("3d".to_owned()),
        tz: Some("Europe/Berlin".to_owned()),
        by: Some(Step::Hour),
        ..StatsQuery::default()
    };
    let of_link = client.link_stats(&link("launch"), &query).await.unwrap();
    assert_eq!((of_link.code, of_link.series.len(), of_link.orphans), (Some(link("launch").code), 72, None));
    assert_eq!((of_link.as_of, of_link.previous, of_link.edge), (None, None, None));
    let of_site = client.site_stats(&query).await.unwrap();
    assert_eq!((of_site.code, of_site.domain, of_site.orphans), (None, None, Some(0)));
    assert!(client.top(&TopQuery::default()).await.unwrap().links.is_empty());
    let listed = client.list(&LinkFilter { clicks: true, ..LinkFilter::default() }).await.unwrap();
    assert_eq!(listed.links[0].clicks, Some(LinkClicks::default()));
    let wrong = StatsQuery { limit: Some(0), ..query.clone() };
    assert_eq!(client.site_stats(&wrong).await.unwrap_err().errors[0].pointer, "/limit");
    let elsewhere = StatsQuery { domain: Some("go.test".to_owned()), ..query };
    assert_eq!(client.site_stats(&elsewhere).await.unwrap_err().errors[0].code, "domain_unknown");
    assert_eq!(client.link_stats(&link("unknown"), &wrong).await.unwrap_err().code, ProblemCode::Invalid);
    let unknown = client.link_stats(&link("unknown"), &StatsQuery::default()).await.unwrap_err();
    assert_eq!(unknown.code, ProblemCode::NotFound);
}

#[tokio::test]
async fn keys_and_domains_are_managed_through_the_client() {
    let client = client().await;
    let options = WriteOptions::default();
    assert_eq!(client.whoami().await.unwrap().role, Role::Admin);
    let request = CreateKey { name: "ci".to_owned(), role: Role::Reader, scope: Scope::default(), expires_at: None };
    let made = client.create_key(&request, &options).await.unwrap();
    let rotated = client.rotate_key(&made.view.id, &RotateKey::default(), &options).await.unwrap();
    assert_ne!(rotated.key, made.key);
    assert!(client.revoke_key(&made.view.id, &options).await.unwrap().revoked_at.is_some());
    assert_eq!(client.keys().await.unwrap().keys.len(), 2);
    let domain = Domain::parse("go.test").unwrap();
    assert_eq!(client.set_domain(&domain, &SetDomain::default(), &options).await.unwrap().domain, domain);
    assert_eq!(client.domains().await.unwrap().domains.len(), 2);
    client.remove_domain(&domain, &options).await.unwrap();
    assert_eq!(client.domains().await.unwrap().domains.len(), 1);
}
