//! What visitors read.

use data_encoding::BASE64;
use http::{Method, StatusCode};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::app::{Reply, TestApp};

async fn with_links() -> TestApp {
    let app = TestApp::setup().with_contact("mailto:security@s.example").start().await;
    let title = "<script>alert('title')</script> & co";
    let target = "https://login.bank.example.evil.co.uk/<script>alert(1)</script>?a=\"b'&c=d";
    app.create(json!({"target": target, "code": "hostile", "title": title, "expires_at": "2027-01-31T08:00:00Z"}))
        .await;
    app.create(json!({"target": "https://example.com/", "code": "over"})).await;
    app.api(Method::DELETE, "/api/v1/links/over").send().await;
    app
}

#[tokio::test]
async fn an_unknown_code_gets_the_404_page() {
    insta::assert_snapshot!(with_links().await.get("/unknown").await);
}

#[tokio::test]
async fn a_deleted_link_gets_the_410_page() {
    insta::assert_snapshot!(with_links().await.get("/over").await);
}

#[tokio::test]
async fn a_sick_store_gets_the_503_page() {
    let app = with_links().await;
    app.table.fail();
    insta::assert_snapshot!(app.get("/never-seen").await);
}

#[tokio::test]
async fn the_preview_shows_where_a_link_leads_and_escapes_it() {
    let reply = with_links().await.get("/hostile+").await;
    let text = reply.text();
    assert!(!text.contains("<script") && !text.contains("?a=\"b"), "{reply}");
    assert!(text.contains("https://login.bank.example.<strong>evil.co.uk</strong>/"), "{reply}");
    assert!(text.contains("rel=\"noopener noreferrer nofollow\""), "{reply}");
    insta::assert_snapshot!(reply);
}

#[tokio::test]
async fn the_landing_page_says_what_this_host_is() {
    insta::assert_snapshot!(with_links().await.get("/").await);
}

#[tokio::test]
async fn crawlers_are_kept_from_the_api_and_previews() {
    insta::assert_snapshot!(with_links().await.get("/robots.txt").await);
}

#[tokio::test]
async fn security_txt_names_the_contact_and_expires_within_a_year() {
    insta::assert_snapshot!(with_links().await.get("/.well-known/security.txt").await);
}

#[tokio::test]
async fn there_is_no_security_txt_without_a_contact() {
    let app = TestApp::start().await;
    assert_eq!(app.get("/.well-known/security.txt").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_icon_is_small_and_kept() {
    let reply = TestApp::start().await.get("/favicon.ico").await;
    assert_eq!((reply.status, reply.header("content-type")), (StatusCode::OK, "image/x-icon"));
    assert!(reply.body.starts_with(&[0, 0, 1, 0]) && reply.body.len() < 2048);
    assert_eq!(reply.header("cache-control"), "public, max-age=604800, immutable");
}

#[tokio::test]
async fn previews_of_what_is_not_there_say_so_and_are_not_kept() {
    let app = with_links().await;
    for (path, status) in [("/unknown+", StatusCode::NOT_FOUND), ("/over+", StatusCode::GONE)] {
        let reply = app.get(path).await;
        assert_eq!((reply.status, reply.header("cache-control")), (status, "private, no-store"), "{path}");
    }
}

#[tokio::test]
async fn every_page_allows_exactly_its_own_style_and_is_protected() {
    let app = with_links().await;
    for path in ["/", "/unknown", "/a/b", "/over", "/hostile+", "/api/docs"] {
        let reply = app.get(path).await;
        let (_, rest) = reply.text().split_once("<style>").unwrap();
        let (style, rest) = rest.split_once("</style>").unwrap();
        let hash = BASE64.encode(&Sha256::digest(style));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{hash}'; img-src 'self' data:; form-action 'none'; base-uri 'none'; \
             frame-ancestors 'none'"
        );
        assert_eq!(reply.header("content-security-policy"), policy, "{path}");
        assert!(!rest.contains("style=") && !rest.contains("<script") && !rest.contains("<style"), "{path}");
        assert_protected(path, &reply);
    }
}

#[tokio::test]
async fn every_page_for_visitors_speaks_english_and_french_and_is_accessible_by_structure() {
    let app = with_links().await;
    for path in ["/", "/unknown", "/over", "/hostile+"] {
        let reply = app.get(path).await;
        let text = reply.text();
        assert!(text.contains("<html lang=\"en\">") && text.matches("lang=\"fr\"").count() == 1, "{path}");
        for once in ["<h1>", "<main", "<title>", "name=\"viewport\"", "name=\"color-scheme\" content=\"light dark\""] {
            assert_eq!(text.matches(once).count(), 1, "{path}: {once}");
        }
        for asked in ["prefers-color-scheme:dark", "prefers-reduced-motion", ":focus-visible"] {
            assert!(text.contains(asked), "{path}: {asked}");
        }
    }
}

#[tokio::test]
async fn strict_transport_security_is_for_https_alone() {
    let app = TestApp::setup().at("http://127.0.0.1:8080").start().await;
    app.create_launch().await;
    for path in ["/launch", "/unknown", "/", "/api/v1/health"] {
        assert_eq!(app.get(path).await.header("strict-transport-security"), "", "{path}");
    }
    let app = TestApp::start().await;
    app.create_launch().await;
    for path in ["/launch", "/unknown", "/", "/api/v1/health"] {
        assert_eq!(app.get(path).await.header("strict-transport-security"), "max-age=31536000", "{path}");
    }
}

fn assert_protected(path: &str, reply: &Reply) {
    assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
    assert_eq!(reply.header("referrer-policy"), "no-referrer", "{path}");
    assert_eq!(reply.header("x-robots-tag"), "noindex", "{path}");
    assert_eq!(reply.header("set-cookie"), "", "{path}");
}
