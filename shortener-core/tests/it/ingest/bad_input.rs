//! Logs that are not as they should be: counted as rejected, and never a wrong count elsewhere.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use shortener_core::ingest::testing::clicks::{Plan, code};
use shortener_core::ingest::testing::{LEGACY_FIELDS, Written, write_header, write_line};
use shortener_core::ingest::{IngestReport, LogLine};
use shortener_core::link::Domain;
use shortener_core::stats::{Period, Subject};
use shortener_core::table::keys;
use shortener_core::table::{Order, Query, SortRange};

use super::mutants::log_of;
use super::passes::{line, log, name, world};
use super::world::{FIRST, World, hour, subject};

/// One good file, one file that is not, and what came of them.
async fn beside_a_good_one(bad: &[u8]) -> (World, IngestReport) {
    let world = world().await;
    world.put("good", &[("g1", "/a", 302), ("g2", "/b", 302)]);
    world.logs.put(&name("bad"), world.now(), bad);
    let report = world.pass().await;
    assert_eq!((report.hours, report.hours_left), (1, 0));
    assert!(world.people("a").await >= 1 && world.people("b").await == 1);
    assert_eq!(world.pass().await.new_files, 0);
    (world, report)
}

/// What is said of the bad file.
fn said(report: &IngestReport) -> Vec<&str> {
    let prefix = format!("{} is broken: ", name("bad"));
    report.problems.iter().map(|problem| problem.strip_prefix(&prefix).unwrap_or(problem)).collect()
}

fn rejected(report: &IngestReport) -> Vec<(&str, u64)> {
    report.rejected_lines.iter().map(|(reason, lines)| (reason.as_str(), *lines)).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::default());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

#[tokio::test]
async fn each_kind_of_bad_file_is_rejected_and_spoils_no_other() {
    let many: Vec<_> = (0..500).map(|id| format!("r{id}")).collect();
    let many: Vec<_> = many.iter().map(|id| (id.as_str(), "/a", 302)).collect();
    let whole = gzip(&log(&many));
    let (world, report) = beside_a_good_one(&whole[..whole.len() / 2]).await;
    assert_eq!(rejected(&report), [("truncated", 1)]);
    assert!(said(&report)[0].starts_with("it is cut off after "), "{:?}", report.problems);
    let people = world.people("a").await;
    assert!((2..501).contains(&people), "the lines before the break count: {people}");

    let half = log(&[("r1", "/a", 302), ("r2", "/a", 302)]);
    let (world, report) = beside_a_good_one(&half[..half.len() - 40]).await;
    assert_eq!((rejected(&report), world.people("a").await), (vec![("truncated", 1)], 2));

    let (_, report) = beside_a_good_one(b"").await;
    assert_eq!((rejected(&report), report.new_files, said(&report)), (vec![], 2, vec![]));

    let (_, report) = beside_a_good_one(&[0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]).await;
    assert_eq!(report.rejected_lines.values().sum::<u64>(), 1, "{report:?}");
    assert_eq!(said(&report).len(), 1);

    let mut named_for_another_hour = Vec::new();
    write_header(&mut named_for_another_hour, Written::W3c, &LEGACY_FIELDS);
    let late = LogLine { second: 5, ..line("r1", "/a", 302) };
    write_line(&mut named_for_another_hour, Written::W3c, &LEGACY_FIELDS, &late);
    let (_, report) = beside_a_good_one(&named_for_another_hour).await;
    assert_eq!(said(&report), ["none of its lines can be counted (1 outside file)"]);
}

#[tokio::test]
async fn broken_files_are_named_up_to_ten_of_a_run() {
    let world = world().await;
    for id in 0..12 {
        world.logs.put(&name(&format!("{id:02}")), world.now(), *b"no log\n");
    }
    let report = world.pass().await;
    assert_eq!((report.problems.len(), report.problems[10].as_str()), (11, "2 more files are broken"));
    assert!(report.problems[9].starts_with(&name("09")), "{:?}", report.problems);
    assert_eq!(world.pass().await.problems, [""; 0], "they are counted as far as they can be");
}

#[tokio::test]
async fn each_kind_of_bad_line_is_rejected_and_spoils_no_other() {
    let long = format!("/{}", "x".repeat(8_000));
    let mut bytes = Vec::new();
    write_header(&mut bytes, Written::W3c, &LEGACY_FIELDS);
    let mut write = |line| write_line(&mut bytes, Written::W3c, &LEGACY_FIELDS, &line);
    write(line("r1", &long, 404));
    write(line("r2", "/%zz%%%00", 302));
    write(line("r3", "/a%0d%0a%1b[31m", 302));
    // A header with a tab in it makes two fields of one.
    write(LogLine { user_agent: b"forged\tuser agent", ..line("r4", "/a", 302) });
    write(LogLine { second: 5, ..line("r5", "/a", 302) });
    write(line("", "/a", 302));
    write(line("r6", "/a", 302));
    let (world, report) = beside_a_good_one(&bytes).await;
    assert_eq!(rejected(&report), [("malformed", 1), ("no_request_id", 1), ("outside_file", 1)]);
    assert_eq!((world.people("a").await, report.lines, said(&report)), (2, 6, vec![]));

    let mut fields = LEGACY_FIELDS.to_vec();
    fields.retain(|field| *field != "cs-uri-stem");
    let mut bytes = Vec::new();
    write_header(&mut bytes, Written::W3c, &fields);
    write_line(&mut bytes, Written::W3c, &fields, &line("r1", "/a", 302));
    let (_, report) = beside_a_good_one(&bytes).await;
    assert_eq!(report.rejected_lines.values().sum::<u64>(), 1, "{report:?}");
    assert_eq!(said(&report), ["it lacks a column that is needed: cs-uri-stem"]);
}

#[tokio::test]
async fn bad_lines_are_those_of_the_hour_of_their_file_whatever_else_is_in_it() {
    let world = world().await;
    world.advance_hours(2);
    let put = |name: &str, id: &str, hours: i64| {
        let bytes = [log_of(&[(id, hours)]), b"no line of a log\n".to_vec()].concat();
        world.logs.put(name, world.now(), bytes);
    };
    put(&name("early"), "r1", 1);
    put("E2EXAMPLE.2026-11-24-19.beside", "r2", 1);
    assert_eq!(rejected(&world.pass().await), [("malformed", 2)]);
    world.put("more", &[("r3", "/a", 302)]);
    let report = world.pass().await;
    assert_eq!((report.hours, rejected(&report)), (1, vec![("malformed", 1)]), "of the file that is there still");
}

#[tokio::test]
async fn no_address_and_no_full_user_agent_is_stored() {
    let plan = Plan { hours: 2, ..Plan::new(11, 600, hour(FIRST)) };
    let (world, truth) = World::of(&plan).await;
    world.advance_hours(30);
    world.pass().await;
    let mut dump = Vec::new();
    let site = keys::period_stats(&Subject::Site(Domain::default_domain()), Period::Total);
    let mut partitions = vec![keys::INGEST.to_owned(), site.pk];
    partitions.extend((0..plan.links).map(|link| keys::period_stats(&subject(&code(link)), Period::Total).pk));
    for partition in partitions {
        let range = SortRange::all();
        let query = Query { index: None, partition, range, order: Order::Ascending, limit: 10_000, start: None };
        for item in world.table.query(&query).await.unwrap().items {
            dump.push(format!("{item:?}"));
        }
    }
    let dump = dump.join("\n");
    assert!(dump.contains("visitors") && dump.contains("Firefox"), "the dump has what is counted");
    for secret in
        truth.addresses.iter().map(String::as_str).chain(["AppleWebKit", "Gecko", "Mozilla", "python-requests/"])
    {
        assert!(!dump.contains(secret), "{secret}");
    }
}
