//! Changes through the API purge the edge through which they came.

use http::Method;
use serde_json::{Value, json};
use shortener_core::client::{ApiClient, ApiKey, ApiSettings, ApiUrl};
use shortener_core::edge::{EdgeError, Progress, PurgeId};
use shortener_core::link::{Domain, ShortCode};
use shortener_core::operations::{LinkRef, Operations, WriteOptions};
use shortener_core::wire::{ProblemCode, PurgeStatus, UpdateLink};
use shortener_lambda::server::serve;
use tokio::net::TcpListener;

use crate::app::{Reply, TestApp};

const LAUNCH: &str = "/api/v1/links/launch";

/// Disables `launch` as a request that names this distribution.
async fn disable(app: &TestApp, named: Option<&str>) -> Reply {
    let mut call = app.api(Method::PATCH, LAUNCH);
    if let Some(id) = named {
        call = call.header("x-short-distribution-id", id);
    }
    call.json(&json!({"disabled": true})).send().await
}

fn distributions(app: &TestApp) -> Vec<String> {
    app.edge.purges().into_iter().map(|purge| purge.distribution).collect()
}

#[tokio::test]
async fn behind_the_edge_its_own_distribution_is_purged() {
    let app = TestApp::setup().behind_cloudfront().start().await;
    app.create_launch().await;
    let reply = disable(&app, Some("EDFDVBD632BHDS5")).await;
    assert_eq!(reply.json()["purge"], json!({"id": "I1", "status": "in_progress"}), "{reply}");
    assert_eq!(distributions(&app), ["EDFDVBD632BHDS5"]);
}

#[tokio::test]
async fn nobody_but_the_edge_is_believed_which_distribution_it_is() {
    let app = TestApp::start().await;
    app.create_launch().await;
    assert_eq!(disable(&app, Some("EDFDVBD632BHDS5")).await.json().get("purge"), None);
    assert_eq!(distributions(&app), [""; 0]);
}

#[tokio::test]
async fn a_request_that_names_no_distribution_purges_nothing() {
    let app = TestApp::setup().behind_cloudfront().start().await;
    app.create_launch().await;
    for named in [None, Some(""), Some("E1/../E2")] {
        let reply = disable(&app, named).await;
        assert_eq!((reply.status.as_u16(), reply.json().get("purge")), (200, None));
    }
    assert_eq!(distributions(&app), [""; 0]);
}

#[tokio::test]
async fn the_distribution_of_the_settings_comes_before_that_of_the_request() {
    for setup in [TestApp::setup().behind_cloudfront(), TestApp::setup()] {
        let app = setup.with_distribution("ESETTING").start().await;
        app.create_launch().await;
        disable(&app, Some("EHEADER")).await;
        disable(&app, None).await;
        assert_eq!(distributions(&app), ["ESETTING", "ESETTING"]);
    }
}

#[tokio::test]
async fn every_kind_of_change_answers_what_became_of_its_purge() {
    let app = TestApp::setup().with_distribution("E1").start().await;
    app.create_launch().await;
    let purge = |reply: Reply| reply.json()["purge"]["id"].as_str().map(str::to_owned);
    assert_eq!(purge(app.api(Method::DELETE, LAUNCH).send().await).as_deref(), Some("I1"));
    let restore = app.api(Method::POST, "/api/v1/links/launch/restore");
    assert_eq!(purge(restore.send().await).as_deref(), Some("I2"));
    app.api(Method::DELETE, LAUNCH).send().await;
    let reissue = json!({"target": "https://example.com/", "code": "launch", "reissue": true});
    assert_eq!(purge(app.api(Method::POST, "/api/v1/links").json(&reissue).send().await).as_deref(), Some("I4"));
    assert_eq!(app.api(Method::GET, LAUNCH).send().await.json().get("purge"), None);
}

#[tokio::test]
async fn a_purge_that_fails_leaves_the_change_made_and_says_nothing_internal() {
    let app = TestApp::setup().with_distribution("E1").start().await;
    app.create_launch().await;
    app.edge.fails_by(|| EdgeError::Denied("arn:aws:sts::1:assumed-role/x is not authorized".into()));
    let concealed = json!({"status": "failed", "detail": "the edge was not purged; the log of the service says why"});
    let reply = disable(&app, None).await;
    assert_eq!((reply.status.as_u16(), &reply.json()["state"]), (200, &json!("disabled")));
    assert_eq!(reply.json()["purge"], concealed, "{reply}");
    app.api(Method::DELETE, LAUNCH).send().await;
    let batch = json!({"links": [{"target": "https://example.com/", "code": "launch", "reissue": true}]});
    let reply = app.api(Method::POST, "/api/v1/links/batch").json(&batch).send().await;
    assert_eq!(reply.json()["results"][0]["link"]["purge"], concealed, "{reply}");
}

#[tokio::test]
async fn a_purge_is_followed_by_its_id() {
    let app = TestApp::setup().with_distribution("E1").start().await;
    app.create_launch().await;
    disable(&app, None).await;
    let ask = async |id: &str| app.api(Method::GET, &format!("/api/v1/purges/{id}")).send().await;
    assert_eq!(ask("I1").await.json(), json!({"id": "I1", "status": "in_progress"}));
    app.edge.progresses_to(Progress::Completed);
    assert_eq!(ask("I1").await.json(), json!({"id": "I1", "status": "completed"}));
    for unknown in ["I2", "a%2Fb", "a-b", "%C3%A9"] {
        ask(unknown).await.expect_problem(404, "not_found");
    }
    app.edge.fails_by(|| EdgeError::Denied("arn:aws:sts::1:assumed-role/x is not authorized".into()));
    let refused = ask("I1").await.expect_problem(500, "internal");
    assert!(!refused.to_string().contains("arn:"), "{refused}");
}

#[tokio::test]
async fn following_a_purge_needs_the_role_editor_whatever_its_scope() {
    let app = TestApp::setup().with_distribution("E1").start().await;
    app.create_launch().await;
    disable(&app, None).await;
    for (role, status) in [("creator", 403), ("editor", 200)] {
        let key = json!({"name": "x", "role": role, "scope": {"prefixes": ["other-"]}});
        let key = app.api(Method::POST, "/api/v1/keys").json(&key).send().await.json();
        let call = app.call(Method::GET, "/api/v1/purges/I1").header("x-api-key", key["key"].as_str().unwrap());
        assert_eq!(call.send().await.status.as_u16(), status, "{role}");
    }
}

#[tokio::test]
async fn the_client_sees_purges_and_follows_them() {
    let app = TestApp::setup().with_distribution("E1").start().await;
    app.create_launch().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = ApiUrl::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(serve(listener, app.router, std::future::pending()));
    let client = ApiClient::new(ApiSettings::new(url, Some(ApiKey::parse(&app.key).unwrap()))).unwrap();
    let link = LinkRef { domain: Domain::default_domain(), code: ShortCode::parse("launch").unwrap() };
    let change = UpdateLink { disabled: Some(true), ..UpdateLink::default() };
    let purge = client.update(&link, &change, &WriteOptions::default()).await.unwrap().purge.unwrap();
    assert_eq!(purge.status, PurgeStatus::InProgress);
    app.edge.progresses_to(Progress::Completed);
    let followed = client.purge_status(&purge.id.clone().unwrap()).await.unwrap();
    assert_eq!((followed.id, followed.status), (purge.id, PurgeStatus::Completed));
    let unknown = client.purge_status(&PurgeId::parse("I9").unwrap()).await.unwrap_err();
    assert_eq!(unknown.code, ProblemCode::NotFound);
}

/// The document says that `purge` need not be there.
#[tokio::test]
async fn a_link_without_a_purge_fits_the_document() {
    let document = TestApp::start().await.get("/api/openapi.json").await.json();
    let required = document["components"]["schemas"]["Link"]["required"].as_array().unwrap();
    assert!(!required.contains(&Value::from("purge")) && required.contains(&Value::from("title")));
}
