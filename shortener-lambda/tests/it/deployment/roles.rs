//! What the roles call on the table, recorded at the engine, beside what their policies grant.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::Request;
use jiff::Timestamp;
use serde_json::Value;
use shortener_core::client::{ApiClient, ApiKey, ApiSettings, ApiUrl};
use shortener_core::clock::{Clock, SystemClock};
use shortener_core::ingest::testing::clicks::{Plan, code};
use shortener_core::ingest::testing::logs::MemoryLogs;
use shortener_core::ingest::{Ingest, IngestOptions, Lease, Reach};
use shortener_core::link::{BaseUrl, Domain, ShortCode};
use shortener_core::operations::{LinkRef, Operations, WriteOptions};
use shortener_core::redirect::Resolver;
use shortener_core::service::{Service, Settings};
use shortener_core::stats::Hour;
use shortener_core::table::dynamo::DynamoTable;
use shortener_core::table::dynamo::in_process::{Fault, InProcess, Operation};
use shortener_core::wire::{
    CreateKey, CreateLink, LinkFilter, Role, RotateKey, Scope, SetDomain, StateFilter, StatsQuery, TopQuery, UpdateLink,
};
use shortener_lambda::server::serve;
use shortener_lambda::{App, Edge, Site, api_router, redirect_router};
use tokio::net::TcpListener;
use tower::ServiceExt;

use super::{module, texts};

/// The statements of the redirect function and the partitions that each is restricted to.
const REDIRECT: [(&str, &str); 3] = [("read_links", "links"), ("list_domains", "domains"), ("take_quota", "quotas")];

/// A table on a DynamoDB engine that records what it is asked.
struct Deployment {
    engine: InProcess,
    table: DynamoTable,
}

impl Deployment {
    async fn start() -> Self {
        let (engine, table) = InProcess::with_table("links").await.unwrap();
        Self { engine, table }
    }

    /// An instance of a function with nothing in memory.
    fn instance(&self) -> App {
        let base_url = BaseUrl::parse("https://s.example").unwrap();
        let service = Arc::new(Service::new(Arc::new(self.table.clone()), Settings::new(base_url.clone())));
        let resolver = Arc::new(Resolver::new(Arc::clone(&service), None));
        App::new(service, resolver, Site::new(&base_url).with_edge(Edge::CloudFront))
    }

    /// An admin's client of the API function; recording begins with its first call.
    async fn client(&self) -> ApiClient {
        let service =
            Service::new(Arc::new(self.table.clone()), Settings::new(BaseUrl::parse("https://s.example").unwrap()));
        let key = service.ensure_admin_key().await.unwrap().unwrap().key;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = ApiUrl::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        tokio::spawn(serve(listener, api_router(self.instance()), std::future::pending()));
        self.engine.forget_operations();
        ApiClient::new(ApiSettings::new(url, Some(ApiKey::parse(&key).unwrap()))).unwrap()
    }

    /// The redirect function; recording begins with its first click.
    fn clicks(&self) -> Router {
        self.engine.forget_operations();
        redirect_router(self.instance())
    }
}

async fn get(router: &Router, path: &str) -> u16 {
    let request = Request::get(path).header("x-forwarded-host", "s.example").body(Body::empty()).unwrap();
    router.clone().oneshot(request).await.unwrap().status().as_u16()
}

fn launch() -> LinkRef {
    LinkRef { domain: Domain::default_domain(), code: ShortCode::parse("launch").unwrap() }
}

/// Everything that can be done to links.
async fn manage_links(client: &ApiClient) {
    let options = WriteOptions::default();
    let tagged = CreateLink {
        target: "https://example.com/".to_owned(),
        code: Some("launch".to_owned()),
        tags: vec!["spring".to_owned()],
        ..CreateLink::default()
    };
    let plain = CreateLink { code: None, tags: Vec::new(), ..tagged.clone() };
    let repeatable = WriteOptions { idempotency_key: Some("once".to_owned()), ..WriteOptions::default() };
    client.create(&tagged, &options).await.unwrap();
    client.create(&tagged, &options).await.unwrap_err();
    let limited = CreateLink { code: Some("few".to_owned()), max_clicks: Some(1), ..tagged.clone() };
    client.create(&limited, &options).await.unwrap();
    client.create(&plain, &repeatable).await.unwrap();
    client.create(&CreateLink { reuse: true, ..plain.clone() }, &options).await.unwrap();
    // Rows of an import, twice: inserted, and found again.
    let row = CreateLink { occurrence: Some(1), ..plain.clone() };
    let rows = [CreateLink { tags: vec!["imported".to_owned()], owner: Some("team".to_owned()), ..row.clone() }, row];
    client.create_batch(&[plain], &options).await.unwrap();
    client.create_batch(&rows, &options).await.unwrap();
    client.create_batch(&rows, &options).await.unwrap();
    client.check_batch(&rows).await.unwrap();
    client.get(&launch()).await.unwrap();
    let retag = UpdateLink { tags: Some(vec!["autumn".to_owned()]), ..UpdateLink::default() };
    client.update(&launch(), &retag, &options).await.unwrap();
    client.delete(&launch(), &options).await.unwrap();
    client.restore(&launch(), &repeatable).await.unwrap();
    client.history(&launch(), 50, None).await.unwrap();
    client.tags().await.unwrap();
    for filter in [
        LinkFilter::default(),
        LinkFilter { tag: Some("autumn".to_owned()), ..LinkFilter::default() },
        LinkFilter { owner: Some("team".to_owned()), ..LinkFilter::default() },
        LinkFilter { target_host: Some("example.com".to_owned()), ..LinkFilter::default() },
        LinkFilter { state: Some(StateFilter::Active), ..LinkFilter::default() },
        LinkFilter { clicks: true, ..LinkFilter::default() },
    ] {
        client.list(&filter).await.unwrap();
    }
    client.link_stats(&launch(), &StatsQuery::default()).await.unwrap();
    client.site_stats(&StatsQuery::default()).await.unwrap();
    client.top(&TopQuery::default()).await.unwrap();
}

/// Everything that can be done to domains and keys.
async fn manage_the_rest(client: &ApiClient) {
    let (options, domain) = (WriteOptions::default(), Domain::parse("go.example").unwrap());
    client.set_domain(&domain, &SetDomain::default(), &options).await.unwrap();
    client.domains().await.unwrap();
    client.remove_domain(&domain, &options).await.unwrap();
    let key = CreateKey { name: "ci".to_owned(), role: Role::Creator, scope: Scope::default(), expires_at: None };
    let made = client.create_key(&key, &options).await.unwrap();
    client.rotate_key(&made.view.id, &RotateKey::default(), &options).await.unwrap();
    client.revoke_key(&made.view.id, &options).await.unwrap();
    client.keys().await.unwrap();
    client.whoami().await.unwrap();
}

fn actions(operations: &[Operation]) -> BTreeSet<&str> {
    operations.iter().flat_map(|operation| operation.actions.iter().map(String::as_str)).collect()
}

/// Whether a value matches a pattern of IAM, which here ends with the only asterisk it has.
fn matches(pattern: &str, value: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == value, |prefix| value.starts_with(prefix))
}

/// Whether a statement that grants `actions` on `partitions` allows an operation.
fn allows(actions: &Value, partitions: &Value, operation: &Operation) -> bool {
    let within = |partition: &String| texts(partitions).iter().any(|pattern| matches(pattern, partition));
    operation.actions.iter().all(|action| texts(actions).contains(action.as_str()))
        && !operation.partitions.is_empty()
        && operation.partitions.iter().all(within)
}

fn policies() -> Value {
    module(include_str!("../../../../infra/modules/shortener/iam.tf"))["locals"].take()
}

#[tokio::test]
async fn the_api_may_do_what_it_does_and_nothing_else() {
    let deployment = Deployment::start().await;
    let client = deployment.client().await;
    manage_links(&client).await;
    manage_the_rest(&client).await;
    let operations = deployment.engine.operations();
    let (on_indexes, on_table): (Vec<_>, Vec<_>) =
        operations.into_iter().partition(|operation| operation.index.is_some());
    let granted = &policies()["table_actions"]["api"];
    assert_eq!(actions(&on_table), texts(&granted["table"]));
    assert_eq!(actions(&on_indexes), texts(&granted["indexes"]));
}

#[tokio::test]
async fn the_redirect_function_may_do_what_it_does_and_nothing_else() {
    let deployment = Deployment::start().await;
    manage_links(&deployment.client().await).await;
    let clicks = deployment.clicks();
    assert_eq!((get(&clicks, "/launch").await, get(&clicks, "/launch+").await), (302, 200));
    assert_eq!((get(&clicks, "/nothing").await, get(&clicks, "/").await), (404, 200));
    // A program takes a click; the preview page only looks whether one is left.
    assert_eq!((get(&clicks, "/few+").await, get(&clicks, "/few").await), (200, 302));
    assert_eq!((get(&clicks, "/few").await, get(&clicks, "/few+").await), (410, 410));
    deployment.engine.inject(Some("GetItem"), Fault::Throttle, 3);
    assert_eq!(get(&clicks, "/launch").await, 302, "by an eventual read or the copy");
    let policies = policies();
    let statement = |(actions, partitions): (&str, &str)| {
        (policies["table_actions"]["redirect"][actions].clone(), policies["partitions"][partitions].clone())
    };
    let operations = deployment.engine.operations();
    for operation in &operations {
        let allowed =
            REDIRECT.map(statement).iter().any(|(actions, partitions)| allows(actions, partitions, operation));
        assert!(allowed, "{operation:?}");
    }
    let of_quota = |operation: &&Operation| operation.partitions.iter().any(|key| key.starts_with("QUOTA#"));
    let names: BTreeSet<&str> = operations.iter().filter(of_quota).map(|operation| operation.name.as_str()).collect();
    assert_eq!(names, BTreeSet::from(["GetItem", "UpdateItem"]));
    for name in REDIRECT {
        let (actions, partitions) = statement(name);
        assert!(operations.iter().any(|operation| allows(&actions, &partitions, operation)), "{name:?} is not used");
    }
    let named: BTreeSet<&str> =
        policies["table_actions"]["redirect"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(named, REDIRECT.map(|(actions, _)| actions).into());
}

/// Counts a log of clicks, and a file that comes later, as the function does.
async fn count_clicks(deployment: &Deployment) {
    let base_url = BaseUrl::parse("https://s.example").unwrap();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let logs = Arc::new(MemoryLogs::new(clock.clone()));
    let first = Hour::of(clock.now()).plus(-3);
    let plan = Plan { hours: 1, late_files: 0, links: 3, ..Plan::new(1, 60, first) };
    let mut files = Vec::new();
    plan.write(&mut |log| files.push(log));
    let service = Arc::new(Service::new(Arc::new(deployment.table.clone()), Settings::new(base_url)));
    for file in files {
        logs.put(&file.name, Timestamp::UNIX_EPOCH, file.bytes);
        let lease = Lease { owner: "short-ingest".to_owned(), length: std::time::Duration::from_mins(15) };
        let options = IngestOptions { reach: Reach::Recent, lease: Some(lease), ..IngestOptions::default() };
        let report = Ingest::new(service.clone(), logs.clone(), options).run().await.unwrap();
        assert_eq!((report.hours_left, report.problems), (0, vec![]));
    }
}

#[tokio::test]
async fn the_ingest_may_do_what_it_does_and_nothing_else() {
    let deployment = Deployment::start().await;
    let client = deployment.client().await;
    let link = CreateLink { target: "https://example.com/".to_owned(), code: Some(code(0)), ..CreateLink::default() };
    client.create(&link, &WriteOptions::default()).await.unwrap();
    deployment.engine.forget_operations();
    count_clicks(&deployment).await;
    let operations = deployment.engine.operations();
    assert!(operations.iter().all(|operation| operation.index.is_none()));
    assert_eq!(actions(&operations), texts(&policies()["table_actions"]["ingest"]["table"]));
}

#[test]
fn no_role_may_scan_or_overwrite_in_bulk() {
    let source = include_str!("../../../../infra/modules/shortener/iam.tf");
    for role in policies()["table_actions"].as_object().unwrap().values() {
        for actions in role.as_object().unwrap().values() {
            for action in texts(actions) {
                assert!(action.starts_with("dynamodb:") && !action.contains('*'), "{action}");
                assert!(!["dynamodb:Scan", "dynamodb:BatchWriteItem"].contains(&action), "{action}");
            }
        }
    }
    let granted = source.lines().filter(|line| !line.trim_start().starts_with('#'));
    assert!(granted.clone().count() > 100 && !granted.into_iter().any(|line| line.contains("dynamodb:Scan")));
}
