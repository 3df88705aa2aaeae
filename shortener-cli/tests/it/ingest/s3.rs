//! Buckets that cannot be listed: said in words, with the status that help gives.

use std::net::TcpListener;

use crate::support::{FakeApi, Outcome, TestCli};

/// A table, and an AWS configuration without anything.
fn cli() -> TestCli {
    let cli = TestCli::new().with("SHORT_FILE", "links.db").with("AWS_EC2_METADATA_DISABLED", "true");
    cli.run(&["create", "https://example.com", "--code", "launch"]).exits(0);
    cli
}

fn with_credentials(url: &str) -> TestCli {
    let cli = cli().with("AWS_ACCESS_KEY_ID", "test").with("AWS_SECRET_ACCESS_KEY", "test");
    cli.with("AWS_REGION", "eu-central-1").with("AWS_ENDPOINT_URL_S3", url)
}

/// Two lines in words: nothing of how a program prints its values.
fn assert_words(outcome: &Outcome) {
    let told = &outcome.stderr;
    assert_eq!(told.lines().count(), 2, "{told}");
    assert!(told.lines().all(|line| line.len() < 250), "{told}");
    for inside in ["{", "(\"", "Failure", "Error(", "feature"] {
        assert!(!told.contains(inside), "{inside}: {told}");
    }
}

#[test]
fn credentials_that_are_missing_are_said_to_be_and_what_to_set() {
    let cli = cli();
    let outcome = cli.run(&["ingest", "s3://example-logs/edge"]).exits(4);
    assert_words(&outcome);
    insta::assert_snapshot!(outcome.stderr, @r"
    error: s3://example-logs/edge/: no AWS credentials were found
    hint: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; where a sign-in has expired, sign in again
    ");
    let json = cli.run(&["ingest", "s3://example-logs/edge", "--json"]).exits(4).stderr;
    assert!(json.contains(r#""code":"unauthenticated""#), "{json}");
}

#[test]
fn a_profile_that_signs_in_by_sso_is_said_to_be_unread_for_logs_and_tables() {
    let cli = cli().with("AWS_PROFILE", "work").with("AWS_REGION", "eu-central-1");
    let profile = "[profile work]\nsso_session = x\nsso_account_id = 123456789012\nsso_role_name = reader\n";
    let session = "[sso-session x]\nsso_region = eu-central-1\nsso_start_url = https://sso.invalid/start\n";
    std::fs::create_dir(cli.path(".aws")).unwrap();
    std::fs::write(cli.path(".aws/config"), [profile, session].concat()).unwrap();
    let of_logs = cli.run(&["ingest", "s3://example-logs"]).exits(4);
    assert_words(&of_logs);
    let of_table = cli.run(&["--table", "links", "list"]).exits(4);
    assert_words(&of_table);
    for told in [of_logs.stderr, of_table.stderr] {
        assert!(told.contains("the AWS profile signs in by SSO") && told.contains("export-credentials"), "{told}");
    }
}

/// An answer of S3 that is an error.
fn refusal(status: &str, headers: &str, code: &str) -> String {
    let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>it is so</Message></Error>");
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n{body}")
}

#[test]
fn a_bucket_that_refuses_is_explained_and_has_a_fitting_status() {
    let mut told = Vec::new();
    for (status, headers, code, exit) in [
        ("403 Forbidden", "", "AccessDenied", 4),
        ("400 Bad Request", "", "ExpiredToken", 4),
        ("404 Not Found", "", "NoSuchBucket", 2),
        ("301 Moved Permanently", "x-amz-bucket-region: eu-west-1\r\n", "PermanentRedirect", 2),
        ("400 Bad Request", "", "InvalidArgument", 2),
    ] {
        let api = FakeApi::answering(vec![("", refusal(status, headers, code))]);
        let outcome = with_credentials(&api.url).run(&["ingest", "s3://example-logs/edge"]).exits(exit);
        assert_words(&outcome);
        told.push(outcome.stderr);
    }
    insta::assert_snapshot!(told.concat());
}

#[test]
fn a_bucket_that_cannot_be_reached_may_be_reached_later() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let outcome = with_credentials(&format!("http://127.0.0.1:{port}")).run(&["ingest", "s3://example-logs"]).exits(7);
    assert_words(&outcome);
    assert!(outcome.stderr.contains("no connection could be made: Connection refused"), "{}", outcome.stderr);
}
