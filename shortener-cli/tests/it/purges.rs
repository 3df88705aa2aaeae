//! What the command says of the edge's copies after a change, and waiting until they are gone.

use shortener_core::table::dynamo::in_process::{InProcess, Server};
use shortener_core::wire::ProblemCode;

use crate::support::{Course, DISTRIBUTION, FakeApi, FakeCloudFront, TestCli, answer, link, problem};

/// A DynamoDB table with a link `launch`, a CloudFront in front of it, and the command in their environment.
struct Deployed {
    cli: TestCli,
    edge: FakeCloudFront,
    _table: Server,
}

impl Deployed {
    fn start(course: Course) -> Self {
        let table = InProcess::start().unwrap().serve().unwrap();
        let edge = FakeCloudFront::start(course);
        let cli = TestCli::new()
            .with("SHORT_TABLE", "links")
            .with("AWS_ENDPOINT_URL_DYNAMODB", table.url())
            .with("AWS_ENDPOINT_URL_CLOUDFRONT", &edge.url)
            .with("AWS_REGION", "eu-central-1")
            .with("AWS_ACCESS_KEY_ID", "test")
            .with("AWS_SECRET_ACCESS_KEY", "test");
        cli.run(&["table", "create"]).exits(0);
        for code in ["launch", "second"] {
            cli.run(&["create", "https://example.com/a", "--code", code]).exits(0);
        }
        Self { cli, edge, _table: table }
    }

    /// The same with the distribution in the environment.
    fn purging(course: Course) -> Self {
        let deployed = Self::start(course);
        Self { cli: deployed.cli.with("SHORT_DISTRIBUTION_ID", DISTRIBUTION), ..deployed }
    }

    fn state(&self) -> String {
        let shown = self.cli.run(&["inspect", "launch", "--json"]).exits(0).stdout;
        let link: serde_json::Value = serde_json::from_str(&shown).unwrap();
        link["state"].as_str().unwrap().to_owned()
    }
}

#[test]
fn waiting_ends_when_the_edge_has_dropped_its_copies() {
    let deployed = Deployed::purging(Course::CompletedAfter(2));
    insta::assert_snapshot!(deployed.cli.transcript(&[
        &["update", "launch", "--target", "https://example.com/new", "--wait"],
        &["disable", "launch", "second", "--wait"],
        &["enable", "launch", "--wait", "--quiet"],
        &["expire", "launch", "--at", "2040-01-01"],
        &["delete", "launch", "--yes", "--dry-run", "--wait"],
        &["delete", "launch", "--yes"],
        &["create", "https://example.com/b", "--code", "launch", "--reissue"],
        &["update", "launch", "--title", "x", "--wait"],
    ]));
    let paths: Vec<_> = deployed.edge.paths().into_iter().flatten().collect();
    assert_eq!(paths, ["/launch", "/launch", "/second", "/launch", "/launch", "/launch", "/launch"]);
}

#[test]
fn json_shows_how_the_purge_ended() {
    let deployed = Deployed::purging(Course::CompletedAfter(1));
    let purge = |args: &[&str]| {
        let outcome = deployed.cli.run(&[args, &["--json"]].concat()).exits(0);
        let link: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
        link["purge"].to_string()
    };
    assert_eq!(purge(&["disable", "launch"]), r#"{"id":"I1","status":"in_progress"}"#);
    assert_eq!(purge(&["disable", "launch", "--wait"]), r#"{"id":"I2","status":"completed"}"#);
    assert_eq!(purge(&["inspect", "launch"]), "null");
    let outcome = deployed.cli.run(&["enable", "launch", "second", "--wait", "--json"]).exits(0);
    assert_eq!(outcome.stdout.matches(r#""status":"completed"}"#).count(), 2, "{}", outcome.stdout);
}

#[test]
fn a_purge_that_fails_is_a_warning_and_waiting_for_it_is_7() {
    let deployed = Deployed::purging(Course::Denied);
    insta::assert_snapshot!(deployed.cli.transcript(&[
        &["disable", "launch"],
        &["disable", "launch", "--wait"],
        &["disable", "launch", "--wait", "--json", "--quiet"],
        &["disable", "launch", "nope", "--wait"],
        &["disable", "launch", "--distribution", "ENOSUCH"],
    ]));
    assert_eq!(deployed.state(), "disabled");
}

#[test]
fn waiting_has_an_end_after_which_the_change_stands() {
    let deployed = Deployed::purging(Course::Endless);
    let late = deployed.cli.run(&["disable", "launch", "--wait", "--wait-timeout", "1"]).exits(7);
    assert_eq!(
        late.stderr,
        "disabled launch\n\
         waiting until the edge has dropped its copies of launch, 1 s at most\n\
         error: launch is changed, but the edge is not purged after 1 s\n\
         hint: visitors may get the old answer for up to 2 minutes, or 1 day while the origin fails; repeating the \
         command is safe and purges again\n"
    );
    assert_eq!(deployed.state(), "disabled");
}

#[test]
fn a_purge_that_nobody_may_follow_is_not_waited_for() {
    let deployed = Deployed::purging(Course::Unwatched);
    let started = std::time::Instant::now();
    let outcome = deployed.cli.run(&["disable", "launch", "--wait", "--json"]).exits(7);
    assert!(started.elapsed().as_secs() < 20);
    let detail = "its purge cannot be followed: the credentials do not allow purges of the edge";
    assert!(outcome.stderr.contains(detail), "{}", outcome.stderr);
    assert!(outcome.stdout.contains(r#""status":"in_progress""#), "{}", outcome.stdout);
}

#[test]
fn a_command_that_is_repeated_purges_again() {
    let deployed = Deployed::purging(Course::CompletedAfter(1));
    for _ in 0..2 {
        deployed.cli.run(&["disable", "launch", "--wait"]).exits(0);
    }
    assert_eq!(deployed.edge.paths(), [["/launch"], ["/launch"]]);
}

#[test]
fn without_an_edge_there_is_nothing_to_wait_for() {
    let deployed = Deployed::start(Course::CompletedAfter(1));
    let outcome = deployed.cli.run(&["disable", "launch", "--wait"]).exits(0);
    assert_eq!(
        outcome.stderr,
        "disabled launch\nnothing to wait for: no distribution is configured, so that no edge is purged; name one by \
         --distribution\n"
    );
    assert_eq!(deployed.edge.paths(), [[""; 0]; 0]);
    let file = TestCli::new().with("SHORT_FILE", "links.db").with("SHORT_DISTRIBUTION_ID", DISTRIBUTION);
    file.run(&["create", "https://example.com/a", "--code", "launch"]).exits(0);
    let outcome = file.run(&["disable", "launch", "--wait"]).exits(0);
    assert_eq!(
        outcome.stderr,
        "disabled launch\nnothing to wait for: no edge is configured, the new answer is served already\n"
    );
    let api = FakeApi::answering(vec![("PATCH /api/v1/links/launch ", link(200, "launch", "t"))]);
    let outcome = TestCli::new().run(&["--api", &api.url, "disable", "launch", "--wait"]).exits(0);
    assert_eq!(outcome.stderr, "disabled launch\nnothing to wait for: no edge had to drop anything\n");
}

/// A link in whose answer a service says this of its purge.
fn changed(purge: &str) -> (&'static str, String) {
    let link = link(200, "launch", "t");
    let body = link.split_once("\r\n\r\n").unwrap().1.trim_end_matches('}');
    ("PATCH /api/v1/links/launch ", answer(200, "application/json", &format!("{body},\"purge\":{purge}}}")))
}

#[test]
fn a_service_is_asked_how_far_its_purge_is() {
    let completed = answer(200, "application/json", r#"{"id":"I1","status":"completed"}"#);
    let api = FakeApi::answering(vec![
        changed(r#"{"id":"I1","status":"in_progress"}"#),
        ("GET /api/v1/purges/I1 ", completed),
    ]);
    let outcome = TestCli::new().run(&["--api", &api.url, "disable", "launch", "--wait"]).exits(0);
    assert!(outcome.stderr.ends_with("no edge serves an old answer of launch any more\n"), "{}", outcome.stderr);
}

#[test]
fn a_service_whose_purge_fails_or_cannot_be_followed_is_7() {
    let failed = FakeApi::answering(vec![changed(r#"{"status":"failed","detail":"the log says why"}"#)]);
    let run = |url: &str| TestCli::new().run(&["--api", url, "disable", "launch", "--wait", "--wait-timeout", "1"]);
    assert!(run(&failed.url).exits(7).stderr.contains("but the edge was not purged: the log says why\n"));
    let refusing = FakeApi::answering(vec![
        changed(r#"{"id":"I1","status":"in_progress"}"#),
        ("GET /api/v1/purges/I1 ", problem(ProblemCode::Forbidden, "the key may not")),
    ]);
    assert!(run(&refusing.url).exits(7).stderr.contains("its purge cannot be followed: the key may not\n"));
    let busy = FakeApi::answering(vec![
        changed(r#"{"id":"I1","status":"in_progress"}"#),
        ("GET /api/v1/purges/I1 ", problem(ProblemCode::Unavailable, "busy")),
    ]);
    assert!(run(&busy.url).exits(7).stderr.contains("the edge is not purged after 1 s\n"));
}

#[test]
fn the_distribution_is_a_flag_a_variable_or_an_entry_of_the_profile() {
    let deployed = Deployed::start(Course::CompletedAfter(0));
    let disable = |cli: &TestCli, args: &[&str]| cli.run(&[&["disable", "launch", "--json"], args].concat());
    let purge = |outcome: &str| outcome.contains(r#""purge":{"id":"#);
    assert!(purge(&disable(&deployed.cli, &["--distribution", DISTRIBUTION]).exits(0).stdout));
    deployed.cli.run(&["profiles", "add", "edge", "--table", "links", "--distribution", DISTRIBUTION]).exits(0);
    assert!(purge(&disable(&deployed.cli, &["--profile", "edge"]).exits(0).stdout));
    let listed = deployed.cli.run(&["profiles", "list", "--json"]).exits(0).stdout;
    assert!(listed.contains(&format!(r#""distribution":"{DISTRIBUTION}""#)), "{listed}");
    let cli = deployed.cli.with("SHORT_DISTRIBUTION_ID", DISTRIBUTION);
    assert!(purge(&disable(&cli, &[]).exits(0).stdout));
    let unknown = disable(&cli, &["--distribution", "EOTHER"]).exits(0).stdout;
    assert!(unknown.contains(r#""purge":{"status":"failed","detail":"there is no such distribution"}"#), "{unknown}");
}

#[test]
fn what_is_wrong_about_purges_on_the_command_line_is_said() {
    insta::assert_snapshot!(TestCli::new().transcript(&[
        &["--file", "links.db", "disable", "launch", "--distribution", "E1"],
        &["--table", "links", "disable", "launch", "--distribution", "E1/../E2"],
        &["profiles", "add", "edge", "--table", "links", "--distribution", ""],
        &["disable", "launch", "--wait-timeout", "5"],
        &["disable", "launch", "--wait", "--wait-timeout", "0"],
    ]));
}
