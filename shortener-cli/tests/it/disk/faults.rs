//! A disk that fails under a running server: what is asked of memory goes on, what cannot be done is said in a typed
//! answer, and when the disk is well again so is the server, without a restart.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::shim::{Fault, Shim, errno, kind};
use super::states::TABLE;
use super::workload::cli;
use crate::counting::{of, stored};
use crate::support::{Answer, Connection, Served, TestCli, within};

/// How long a server may need after a fault is gone.
const RECOVERY: Duration = Duration::from_secs(2);

/// A server on a disk that can fail.
struct Sick {
    shim: Shim,
    _cli: TestCli,
    served: Served,
    connection: Connection,
}

impl Sick {
    /// With three links: two that are in memory, of which one is clicked, and one that was never asked for.
    fn start() -> Self {
        let shim = Shim::new();
        let cli = cli(&shim, &shim.variables());
        let served = Served::start(&cli, &[]);
        let connection = Connection::to(&served.url, served.key.as_deref().unwrap()).unwrap();
        let mut sick = Self { shim, _cli: cli, served, connection };
        for code in ["warm", "clicked", "cold"] {
            assert_eq!(sick.create(code).status, 201);
        }
        sick.click("warm");
        sick.click("clicked");
        sick
    }

    fn create(&mut self, code: &str) -> Answer {
        let link = json!({"target": "https://example.com/", "code": code, "tags": ["a", "b"]});
        self.connection.ask("POST", "/api/v1/links", &link.to_string()).unwrap()
    }

    fn click(&mut self, code: &str) -> u16 {
        self.connection.ask("GET", &format!("/{code}"), "").unwrap().status
    }

    /// Demands an answer that says what is wrong, and that nothing internal is said.
    fn refuses(&mut self, code: &str, allowed: &[(&str, u16, bool)]) {
        let answer = self.create(code);
        let problem: Value = serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{answer:?}"));
        let found = (problem["code"].as_str().unwrap(), answer.status, problem["retryable"].as_bool().unwrap());
        assert!(allowed.contains(&found), "{problem:#}\n{:#?}", self.served.said());
        assert!(answer.head.contains("content-type: application/problem+json"), "{}", answer.head);
        assert_eq!(answer.head.contains("retry-after: "), found.2, "{}", answer.head);
        assert!(!answer.body.contains("links.db") && !answer.body.contains("I/O"), "{}", answer.body);
    }

    /// Demands that the server is well again soon, with everything that was acknowledged; answers after how long.
    fn recovers(&mut self, code: &str) -> Duration {
        self.shim.heal();
        let begin = Instant::now();
        // One whose outcome was unknown may be there.
        let is_there = |status| matches!(status, 201 | 409);
        within(RECOVERY, || is_there(self.create(code).status).then_some(()));
        let took = begin.elapsed();
        for code in ["warm", "clicked", "cold", code] {
            assert_eq!(self.click(code), 302, "{code}");
        }
        took
    }
}

const FULL: &[(&str, u16, bool)] = &[("storage_full", 507, false)];
const BROKEN: &[(&str, u16, bool)] = &[("outcome_unknown", 503, true), ("unavailable", 503, true)];
const SEALED: &[(&str, u16, bool)] =
    &[("outcome_unknown", 503, true), ("unavailable", 503, true), ("unavailable", 503, false)];

/// A sector that cannot be read is damage to SQLite, which tells nobody that it may pass.
const UNREADABLE: &[(&str, u16, bool)] =
    &[("outcome_unknown", 503, true), ("unavailable", 503, true), ("internal", 500, false)];

/// Name, what fails with which error, and what a create may be answered.
type Case = (&'static str, u32, u32, &'static [(&'static str, u16, bool)]);

const CASES: &[Case] = &[
    ("a full disk", kind::WRITE | kind::CHANGE, errno::ENOSPC, FULL),
    ("failing writes", kind::WRITE, errno::EIO, BROKEN),
    ("failing fsync", kind::SYNC, errno::EIO, BROKEN),
    ("a full disk that says so at fsync", kind::SYNC, errno::ENOSPC, BROKEN),
    ("a disk that is only read", kind::WRITE | kind::CHANGE | kind::OPEN_TO_WRITE, errno::EROFS, SEALED),
    ("a folder and files that are only read", kind::CHANGE | kind::OPEN_TO_WRITE | kind::WRITE, errno::EACCES, SEALED),
    (
        "a disk that neither reads nor writes",
        kind::READ | kind::WRITE | kind::SYNC | kind::OPEN,
        errno::EIO,
        UNREADABLE,
    ),
];

#[test]
fn a_server_outlives_every_fault_of_its_disk() {
    let mut sick = Sick::start();
    for (number, (name, kinds, errno, allowed)) in CASES.iter().enumerate() {
        let code = format!("w{number}");
        sick.shim.fail(Fault::all(*kinds, *errno));
        for round in 0..3 {
            sick.refuses(&code, allowed);
            assert_eq!(sick.click("warm"), 302, "{name}, {round}");
        }
        assert!(sick.shim.failed() > 0, "{name}");
        // It is read, where reading is possible; a link that cannot be read is never said to be missing.
        let cold = sick.click("cold");
        assert!(cold == 302 || cold == 503 && kinds & kind::READ != 0, "{name}: {cold}");
        let took = sick.recovers(&code);
        assert!(took < RECOVERY, "{name}: {took:?}");
    }
    assert_eq!(sick.served.stop("-TERM").code(), Some(0));
    super::states::rows(&sick.shim.root().join(TABLE)).unwrap();
}

/// The share of reads: what memory has is answered from there.
#[test]
fn a_disk_that_cannot_be_read_is_no_reason_for_a_404() {
    let mut sick = Sick::start();
    sick.shim.fail(Fault::all(kind::READ | kind::OPEN, errno::EIO));
    for code in ["warm", "cold", "warm", "unknown", "cold"] {
        let status = sick.click(code);
        assert!(
            status == 302 && code != "unknown" || status == 503 && code != "warm" || status == 404 && code == "unknown"
        );
    }
    sick.recovers("after");
    assert_eq!(sick.click("unknown"), 404);
}

#[test]
fn clicks_that_could_not_be_stored_are_stored_when_the_disk_is_well_again() {
    let mut sick = Sick::start();
    for (kinds, errno) in [(kind::WRITE | kind::CHANGE, errno::ENOSPC), (kind::SYNC | kind::WRITE, errno::EIO)] {
        sick.shim.fail(Fault::all(kinds, errno));
        for _ in 0..20 {
            assert_eq!(sick.click("clicked"), 302);
        }
        // The server stores each second, and finds that it cannot.
        within(Duration::from_secs(5), || (sick.shim.failed() > 0).then_some(()));
        sick.shim.heal();
    }
    assert_eq!(sick.served.stop("-TERM").code(), Some(0));
    let counts = stored(&sick.shim.root().join(TABLE), Some("clicked"));
    assert_eq!(of(&counts, "clicks/human"), 41, "{counts:?}");
}
