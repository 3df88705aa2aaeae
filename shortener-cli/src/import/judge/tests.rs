use super::*;

/// A link as the service shows it.
fn link(target: &str, state: &str) -> Link {
    let link = serde_json::json!({
        "code": "launch", "domain": "-", "short_url": "https://s.example/launch", "target": target, "title": null,
        "tags": [], "redirect_status": 302, "forward_query": false, "state": state, "version": 4,
        "created_at": "2026-01-01T00:00:00Z", "created_by": "key:x", "updated_at": "2026-01-01T00:00:00Z",
        "starts_at": null, "expires_at": null, "max_clicks": null, "imported_clicks": 3,
    });
    serde_json::from_value(link).unwrap()
}

fn wanted() -> Wanted {
    let request = CreateLink {
        target: "https://example.com/a".to_owned(),
        code: Some("launch".to_owned()),
        imported_clicks: Some(5),
        ..CreateLink::default()
    };
    Wanted { request, given: Fields::ALL }
}

fn answered(status: u16, link: Link) -> BatchResult {
    BatchResult { status, link: Some(link), problem: None }
}

fn refused(problem: Problem) -> BatchResult {
    BatchResult { status: problem.status, link: None, problem: Some(problem) }
}

fn taken(link: Link) -> BatchResult {
    refused(Problem::new(ProblemCode::CodeTaken, "taken").with_link(link))
}

/// A verdict in a word.
fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Settled(settlement) => settlement.outcome.as_str(),
        Verdict::Then(Step::Create(_)) => "new code",
        Verdict::Then(Step::Update(_)) => "update",
        Verdict::Later(_) => "later",
        Verdict::Never(_) => "never",
    }
}

const POLICIES: [OnConflict; 4] = [OnConflict::Fail, OnConflict::Skip, OnConflict::Update, OnConflict::NewCode];

fn words(result: &BatchResult) -> [&'static str; 4] {
    POLICIES.map(|policy| word(wanted().after_create(IfExists::Fail, policy, result.clone())))
}

#[test]
fn what_an_answer_means_depends_on_what_is_to_be_done_about_conflicts() {
    let (same, other) = ("https://example.com/a", "https://example.com/b");
    assert_eq!(words(&answered(201, link(same, "active"))), ["created"; 4]);
    // Made by this row earlier, and edited by people since.
    assert_eq!(words(&answered(200, link(other, "active"))), ["unchanged", "unchanged", "update", "unchanged"]);
    assert_eq!(words(&answered(200, link(other, "deleted"))), ["unchanged", "unchanged", "conflict", "unchanged"]);
    // Made by someone else: the same but for its clicks, and another one.
    assert_eq!(words(&taken(link(same, "active"))), ["unchanged", "unchanged", "update", "unchanged"]);
    assert_eq!(words(&taken(link(other, "active"))), ["conflict", "skipped", "update", "new code"]);
    assert_eq!(words(&taken(link(same, "deleted"))), ["conflict", "skipped", "conflict", "new code"]);
    let unseen = Problem::new(ProblemCode::Forbidden, "belongs to a link outside the scope");
    assert_eq!(words(&refused(unseen)), ["conflict", "skipped", "conflict", "new code"]);
}

#[test]
fn a_row_that_has_tried_another_code_in_vain_is_a_conflict() {
    let result = taken(link("https://example.com/b", "active"));
    assert_eq!(word(wanted().after_create(IfExists::NewCode, OnConflict::NewCode, result)), "conflict");
}

#[test]
fn a_problem_is_of_the_row_or_passes_or_is_of_every_row() {
    let store = |code| Problem { about_the_store: true, ..Problem::new(code, "x") };
    let lasting = Problem { retryable: false, ..Problem::new(ProblemCode::Unavailable, "x") };
    for (problem, expected) in [
        (Problem::new(ProblemCode::Invalid, "x"), "invalid"),
        (Problem::new(ProblemCode::TooLarge, "x"), "invalid"),
        (Problem::new(ProblemCode::Unavailable, "x"), "later"),
        (Problem::new(ProblemCode::OutcomeUnknown, "x"), "later"),
        (Problem::new(ProblemCode::Internal, "x"), "failed"),
        (Problem::new(ProblemCode::Unauthenticated, "x"), "never"),
        (Problem::new(ProblemCode::StorageFull, "x"), "never"),
        (store(ProblemCode::Forbidden), "never"),
        (lasting, "never"),
    ] {
        let code = problem.code;
        assert_eq!(words(&refused(problem)), [expected; 4], "{code:?}");
    }
}

#[test]
fn a_link_that_changed_meanwhile_is_compared_again() {
    let Verdict::Then(Step::Update(change)) =
        wanted().after_create(IfExists::Fail, OnConflict::Update, taken(link("https://example.com/b", "active")))
    else {
        panic!("no change")
    };
    assert_eq!(change.version, 4);
    assert_eq!(change.update.target.as_deref(), Some("https://example.com/a"));
    let mismatch = |link| Problem::new(ProblemCode::VersionMismatch, "x").with_link(link);
    let after = |result| word(wanted().after_update(&change, result));
    assert_eq!(after(Ok(link("https://example.com/a", "active"))), "updated");
    assert_eq!(after(Err(mismatch(link("https://example.com/c", "active")))), "update");
    assert_eq!(after(Err(mismatch(link("https://example.com/c", "deleted")))), "conflict");
    let settled = Link { imported_clicks: Some(5), ..link("https://example.com/a", "active") };
    assert_eq!(after(Err(mismatch(settled))), "unchanged");
    assert_eq!(after(Err(Problem::new(ProblemCode::NotFound, "x"))), "conflict");
    assert_eq!(after(Err(Problem::new(ProblemCode::Unavailable, "x"))), "later");
}
