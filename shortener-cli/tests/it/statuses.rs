//! Each exit status, and errors for people and for programs.

use std::io::{Read, Write};
use std::net::TcpStream;

use shortener_core::table::dynamo::in_process::InProcess;
use shortener_core::wire::{Problem, ProblemCode};

use crate::support::{FakeApi, TestCli, answer, link, problem};

fn status_of(code: ProblemCode) -> i32 {
    let api = FakeApi::failing(code);
    TestCli::new().run(&["--api", &api.url, "inspect", "launch"]).status
}

#[test]
fn done_is_0() {
    let api = FakeApi::answering(vec![("GET /api/v1/links/launch", link(200, "launch", "t"))]);
    TestCli::new().run(&["--api", &api.url, "inspect", "launch"]).exits(0);
}

#[test]
fn a_failure_is_1() {
    assert_eq!(status_of(ProblemCode::Internal), 1);
    assert_eq!(status_of(ProblemCode::StorageFull), 1);
}

#[test]
fn wrong_usage_is_2() {
    TestCli::new().run(&["inspect"]).exits(2);
    TestCli::new().run(&["update", "launch", "--api", "http://127.0.0.1:1"]).exits(2);
}

#[test]
fn not_found_is_3() {
    assert_eq!(status_of(ProblemCode::NotFound), 3);
}

#[test]
fn a_bad_key_is_4() {
    assert_eq!(status_of(ProblemCode::Unauthenticated), 4);
    assert_eq!(status_of(ProblemCode::Forbidden), 4);
}

#[test]
fn a_conflict_is_5() {
    for code in
        [ProblemCode::CodeTaken, ProblemCode::CodeRetired, ProblemCode::StateConflict, ProblemCode::VersionMismatch]
    {
        assert_eq!(status_of(code), 5, "{code:?}");
    }
}

#[test]
fn a_request_that_breaks_rules_is_6() {
    assert_eq!(status_of(ProblemCode::Invalid), 6);
    assert_eq!(status_of(ProblemCode::IdempotencyKeyReused), 6);
}

#[test]
fn what_may_work_later_is_7_after_three_attempts() {
    let api = FakeApi::failing(ProblemCode::Unavailable);
    TestCli::new().run(&["--api", &api.url, "inspect", "launch"]).exits(7);
    assert_eq!(api.requests().len(), 3);
}

#[test]
fn some_of_several_failing_is_8_and_all_alike_is_their_own() {
    let api = FakeApi::answering(vec![("GET /api/v1/links/launch", link(200, "launch", "t"))]);
    let cli = TestCli::new().redacting(&api.url, "[api]");
    let run = |args: &[&str]| cli.run(&[&["--api", &api.url], args].concat());
    run(&["inspect", "launch", "nope"]).exits(8);
    run(&["inspect", "nope", "none"]).exits(3);
    insta::assert_snapshot!(cli.transcript(&[
        &["--api", &api.url, "inspect", "launch", "nope"],
        &["--api", &api.url, "inspect", "launch", "nope", "--json"],
        &["--api", &api.url, "inspect", "launch", "nope", "-o", "ndjson"],
        &["--api", &api.url, "inspect", "launch", "nope", "-o", "csv"],
    ]));
}

/// The answer to one request of DynamoDB.
fn dynamodb(url: &str, operation: &str, body: &str) -> String {
    let host = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).unwrap();
    let length = body.len();
    let head = format!("POST / HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {length}\r\n");
    write!(stream, "{head}x-amz-target: DynamoDB_20120810.{operation}\r\n\r\n{body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_table_of_another_shape_is_9() {
    let engine = InProcess::start().unwrap();
    let server = engine.serve().unwrap();
    let table = r#"{"TableName": "other", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}"#;
    assert!(dynamodb(server.url(), "CreateTable", table).starts_with("HTTP/1.1 200 "));
    let cli = TestCli::new()
        .with("AWS_REGION", "eu-central-1")
        .with("AWS_ACCESS_KEY_ID", "test")
        .with("AWS_SECRET_ACCESS_KEY", "test")
        .with("AWS_ENDPOINT_URL_DYNAMODB", server.url());
    let status = cli.run(&["--table", "other", "table", "status", "--json"]).exits(9).stdout;
    assert!(status.contains(r#""differences":["its key is not pk and sk""#), "{status}");
    cli.run(&["--table", "links", "table", "create"]).exits(0);
    cli.run(&["--table", "links", "table", "status"]).exits(0);
}

#[test]
fn a_confirmation_without_a_terminal_is_refused_with_2_and_nothing_is_sent() {
    let api = FakeApi::failing(ProblemCode::Internal);
    for args in [&["delete", "launch"][..], &["keys", "revoke", "x"], &["domains", "remove", "go.example"]] {
        let outcome = TestCli::new().run(&[&["--api", &api.url], args].concat()).exits(2);
        assert!(outcome.stderr.contains("hint: pass --yes"), "{}", outcome.stderr);
    }
    assert!(api.requests().is_empty());
}

#[test]
fn yes_and_a_dry_run_need_no_confirmation() {
    let api = FakeApi::answering(vec![("DELETE /api/v1/links/launch", link(200, "launch", "t"))]);
    TestCli::new().run(&["--api", &api.url, "delete", "launch", "--yes"]).exits(0);
    TestCli::new().run(&["--api", &api.url, "delete", "launch", "--dry-run"]).exits(0);
    let lines: Vec<String> = api.requests().iter().map(|r| r.lines().next().unwrap().to_owned()).collect();
    assert_eq!(lines, ["DELETE /api/v1/links/launch HTTP/1.1", "DELETE /api/v1/links/launch?dry_run=true HTTP/1.1"]);
}

#[test]
#[cfg(unix)]
fn an_interrupt_is_130() {
    // A service that never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_short"))
        .args(["--api", &url, "whoami"])
        .env_clear()
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    // Once it is connected its handler of signals is in place.
    let (_stream, _) = silent.accept().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(200));
    let killed = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn a_reader_that_goes_away_ends_the_command_quietly() {
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_short"))
        .args(["completions", "bash"])
        .env_clear()
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}

#[test]
#[cfg(target_os = "linux")]
fn output_that_cannot_be_written_is_1() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_short"))
        .args(["completions", "bash"])
        .env_clear()
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("error: "));
}

#[test]
fn errors_are_for_people_or_one_line_of_json() {
    let taken = problem(ProblemCode::CodeTaken, "code 'launch' is already taken");
    let api = FakeApi::answering(vec![("POST /api/v1/links", taken)]);
    let cli = TestCli::new().redacting(&api.url, "[api]");
    insta::assert_snapshot!(cli.transcript(&[
        &["--api", &api.url, "create", "https://example.com", "--code", "launch"],
        &["--api", &api.url, "create", "https://example.com", "--code", "launch", "--json"],
        &["--api", &api.url, "create", "https://example.com", "--code", "launch", "-o", "ndjson"],
        &["--json", "inspect"],
    ]));
}

#[test]
fn several_broken_rules_are_all_said() {
    let violation = |pointer: &str, detail: &str| shortener_core::wire::Violation {
        pointer: pointer.to_owned(),
        code: "x".to_owned(),
        detail: detail.to_owned(),
    };
    let both = Problem::invalid(vec![violation("/target", "no URL"), violation("/tags/0", "no tag")]);
    let body = serde_json::to_string(&both).unwrap();
    let api = FakeApi::answering(vec![("", answer(422, "application/problem+json", &body))]);
    let outcome = TestCli::new().run(&["--api", &api.url, "create", "x", "--tag", "!"]).exits(6);
    assert_eq!(outcome.stderr, "error: 2 rules are broken\n  target: no URL\n  tags/0: no tag\n");
}
