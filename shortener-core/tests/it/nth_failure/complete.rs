//! That the loop knows every operation: a new one fails here until it has a scenario.

use std::collections::BTreeSet;

use super::scenarios;

/// Where the operations are declared: what reaches a table is one of these.
const DECLARED: [(&str, &str); 15] = [
    ("async fn ", include_str!("../../../src/operations.rs")),
    ("pub async fn ", include_str!("../../../src/service.rs")),
    ("pub async fn ", include_str!("../../../src/service/api_keys.rs")),
    ("pub async fn ", include_str!("../../../src/service/change.rs")),
    ("pub async fn ", include_str!("../../../src/service/create.rs")),
    ("pub async fn ", include_str!("../../../src/service/directory.rs")),
    ("pub async fn ", include_str!("../../../src/service/domains.rs")),
    ("pub async fn ", include_str!("../../../src/service/history.rs")),
    ("pub async fn ", include_str!("../../../src/service/list.rs")),
    ("pub async fn ", include_str!("../../../src/service/tags.rs")),
    ("pub async fn ", include_str!("../../../src/redirect/resolver.rs")),
    ("pub async fn ", include_str!("../../../src/stats/counter/flush.rs")),
    ("pub async fn ", include_str!("../../../src/stats/ledger.rs")),
    ("pub async fn ", include_str!("../../../src/stats/progress.rs")),
    ("pub async fn ", include_str!("../../../src/ingest/run.rs")),
];

/// What has no scenario of its own, and which one it is part of, or why it needs none.
const PART_OF: [(&str, &str); 9] = [
    ("directory", "answer, create, update"),
    ("prepare", "run"),
    ("resolve", "answer"),
    ("preview_by", "preview"),
    ("follow_changes", "reads the change feed, which is in memory or in the file, until it is dropped"),
    ("record_all", "record"),
    ("report_at", "report"),
    ("of", "salts, progress"),
    ("destroy_due", "salts"),
];

#[test]
fn every_operation_is_in_the_loop() {
    let tried: BTreeSet<_> = scenarios::all().iter().map(|scenario| scenario.operation).collect();
    let excused: BTreeSet<_> = PART_OF.iter().map(|(name, _)| *name).collect();
    let mut found = 0;
    for (start, source) in DECLARED {
        let names = source.lines().filter_map(|line| line.trim().strip_prefix(start));
        for name in names.filter_map(|rest| rest.split(['(', '<']).next()) {
            found += 1;
            assert!(tried.contains(name) || excused.contains(name), "'{name}' has no scenario");
        }
    }
    assert!(found > 50, "{found} operations: are they declared elsewhere now?");
    let changes = scenarios::all().iter().filter(|scenario| scenario.in_pairs).count();
    assert!(changes >= 10, "{changes}");
}
