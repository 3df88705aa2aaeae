//! One table: route, calls, read units, write units, bytes out; each has a ceiling.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use http::Method;
use serde_json::{Value, json};
use shortener_core::routes::{api, public};
use shortener_core::service::Cost;
use shortener_core::wire::CreateLink;

use super::metered::Spent;
use super::world::{World, code, largest};

/// Most bytes that a function can answer
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
const MOST_BYTES: usize = 6 * 1024 * 1024;

/// A request, and what it may take at most: calls, read units, write units and kilobytes.
struct Row {
    what: &'static str,
    route: &'static str,
    method: Method,
    path: String,
    body: Option<Value>,
    status: u16,
    most: [u64; 4],
}

fn read(what: &'static str, route: &'static str, path: String, most: [u64; 4]) -> Row {
    Row { what, route, method: Method::GET, path, body: None, status: 200, most }
}

fn write(what: &'static str, route: &'static str, method: Method, path: String, body: Value, most: [u64; 4]) -> Row {
    let body = (!body.is_null()).then_some(body);
    Row { what, route, method, path, body, status: 200, most }
}

fn with(row: Row, status: u16) -> Row {
    Row { status, ..row }
}

/// Reads of visitors.
fn public_rows(links: usize) -> Vec<Row> {
    let page = |what, path: &str, status, most| with(read(what, public::CODE, path.to_owned(), most), status);
    vec![
        page("redirect, largest", &format!("/{}", code(1)), 302, [1, 2, 0, 3]),
        page("preview, largest", &format!("/{}+", code(1)), 200, [1, 2, 0, 12]),
        page("unknown code", "/unknown", 404, [1, 1, 0, 5]),
        page("unknown preview", "/unknown+", 404, [1, 1, 0, 5]),
        page("deleted", "/gone", 410, [1, 1, 0, 5]),
        page("no code", "/no.code", 404, [0, 0, 0, 5]),
        page("no code, long", &format!("/{}", "x".repeat(links.max(65))), 404, [0, 0, 0, 5]),
        Row { method: Method::HEAD, ..page("redirect, HEAD", &format!("/{}", code(2)), 302, [1, 2, 0, 3]) },
        Row { method: Method::HEAD, ..page("unknown, HEAD", "/unknown", 404, [1, 1, 0, 1]) },
        Row { method: Method::POST, ..page("another method", "/unknown", 405, [0, 0, 0, 1]) },
        read("page", public::ROOT, "/".to_owned(), [0, 0, 0, 6]),
        read("page", public::ROBOTS, "/robots.txt".to_owned(), [0, 0, 0, 1]),
        with(read("page", public::SECURITY, "/.well-known/security.txt".to_owned(), [0, 0, 0, 5]), 404),
        read("page", public::FAVICON, "/favicon.ico".to_owned(), [0, 0, 0, 8]),
    ]
}

/// Lists: ten links are looked at for each that a page may have, so that `limit` is a tenth of all there are.
fn list_rows(links: usize) -> Vec<Row> {
    let (limit, n) = (links / 11, (links / 11) as u64);
    let list = |what, query: &str, most| read(what, api::LINKS, format!("{}?limit={limit}&{query}", api::LINKS), most);
    let tag = format!("t01{}", "x".repeat(61));
    let owner = "o".repeat(64);
    // Of ten links for each of the page, each of two units: an index reads them for half, and a tag's links are read
    // strongly.
    let (by_index, by_entry) = (8 * n, 22 * n + 40);
    let calls = n + 80;
    vec![
        list("search finds nothing", "search=nowhere", [calls, by_index, 0, 2]),
        list("state finds nothing", "state=scheduled", [calls, by_index, 0, 2]),
        list("a tag, search finds nothing", &format!("tag={tag}&search=nowhere"), [calls, by_entry, 0, 2]),
        list("an owner, search finds nothing", &format!("owner={owner}&search=nowhere"), [calls, by_entry, 0, 2]),
        list("a host, search finds nothing", "target_host=www.example.com&search=nowhere", [calls, by_entry, 0, 2]),
        list("full, with clicks", "state=any&clicks=true", [calls, 3 * n, 0, 5 * n]),
        list("a cursor of nowhere", "cursor=AAAA", [0, 0, 0, 2]),
    ]
    .into_iter()
    .map(|row| if row.what.contains("cursor") { with(row, 400) } else { row })
    .collect()
}

fn link_rows(links: usize) -> Vec<Row> {
    let (big, gone, page) = (code(0), links as u64, links.min(1000) as u64);
    let path = |route: &str| shortener_core::routes::fill(route, &[&big]);
    let wide = "since=2025-10-22&until=2026-11-24&by=day&limit=100";
    vec![
        read("largest", api::LINK, path(api::LINK), [2, 4, 0, 6]),
        with(read("unknown", api::LINK, "/api/v1/links/unknown".to_owned(), [1, 1, 0, 2]), 404),
        with(read("no code", api::LINK, "/api/v1/links/no.code".to_owned(), [0, 0, 0, 2]), 404),
        read(
            "longest page",
            api::LINK_HISTORY,
            format!("{}?limit={page}", path(api::LINK_HISTORY)),
            [6, 1100, 0, 4_300],
        ),
        read("widest range", api::LINK_STATS, format!("{}?{wide}", path(api::LINK_STATS)), [45, 10_000, 0, 100]),
        read("widest range", api::STATS, format!("{}?{wide}", api::STATS), [45, 10_000, 0, 100]),
        read(
            "most, behind links that are gone",
            api::TOP,
            format!("{}?limit=100", api::TOP),
            [80 + gone / 100, gone + 500, 0, 240],
        ),
        read("all", api::TAGS, api::TAGS.to_owned(), [2, 4, 0, 8]),
    ]
}

fn write_rows() -> Vec<Row> {
    let path = |at: usize| shortener_core::routes::fill(api::LINK, &[&code(at)]);
    let new = |at: usize, change: Value| {
        let mut link = largest(at);
        link.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        link
    };
    let tags: Vec<String> = (0..20).map(|tag| format!("v{tag:02}{}", "x".repeat(61))).collect();
    let changed = json!({"target": largest(900_000)["target"], "tags": tags});
    let batch: Vec<Value> = (0..500).map(|at| new(500_000 + at, json!({"title": "t"}))).collect();
    let taken: Vec<Value> = (0..500).map(|at| new(at % 400, json!({"if_exists": "return"}))).collect();
    vec![
        with(
            write("largest", api::LINKS, Method::POST, api::LINKS.to_owned(), new(800_000, json!({})), [2, 2, 64, 6]),
            201,
        ),
        with(
            write("taken", api::LINKS, Method::POST, api::LINKS.to_owned(), new(5, json!({"tags": []})), [2, 2, 14, 6]),
            409,
        ),
        write(
            "as it is to be",
            api::LINKS,
            Method::POST,
            format!("{}?dry_run=true", api::LINKS),
            new(800_001, json!({})),
            [2, 2, 0, 6],
        ),
        write(
            "500 new",
            api::LINKS_BATCH,
            Method::POST,
            api::LINKS_BATCH.to_owned(),
            json!({"links": batch}),
            [510, 510, 30_000, 2_000],
        ),
        write(
            "500 that are there",
            api::LINKS_BATCH,
            Method::POST,
            api::LINKS_BATCH.to_owned(),
            json!({"links": taken}),
            [510, 510, 28_000, 2_400],
        ),
        write(
            "500 checked",
            api::LINKS_BATCH,
            Method::POST,
            format!("{}?check=true", api::LINKS_BATCH),
            json!({"links": batch}),
            [0, 0, 0, 20],
        ),
        write("all tags", api::LINK, Method::PATCH, path(3), changed, [44, 14, 140, 6]),
        write("largest", api::LINK, Method::DELETE, path(4), Value::Null, [3, 4, 22, 6]),
        write("largest", api::LINK_RESTORE, Method::POST, format!("{}/restore", path(4)), Value::Null, [3, 4, 22, 6]),
    ]
}

fn other_rows() -> Vec<Row> {
    let key = json!({"name": "🦀".repeat(100), "role": "reader", "scope": {"tags": ["x".repeat(64)]}});
    let policy: Vec<String> = (0..500).map(|at| format!("{at:03}.example.com")).collect();
    let domain = json!({"policy": {"deny": policy}});
    vec![
        with(read("unknown", api::PURGE, "/api/v1/purges/I2J0I21PCUYOIK".to_owned(), [0, 0, 0, 2]), 404),
        write("many rules", api::DOMAIN, Method::PUT, "/api/v1/domains/go.test".to_owned(), domain, [4, 12, 20, 12]),
        read("all", api::DOMAINS, api::DOMAINS.to_owned(), [1, 4, 0, 14]),
        with(
            write("one", api::DOMAIN, Method::DELETE, "/api/v1/domains/go.test".to_owned(), Value::Null, [3, 4, 20, 2]),
            204,
        ),
        with(write("long name", api::KEYS, Method::POST, api::KEYS.to_owned(), key, [4, 4, 2, 4]), 201),
        read("all", api::KEYS, api::KEYS.to_owned(), [1, 2, 0, 4]),
        with(
            write("unknown", api::KEY, Method::DELETE, "/api/v1/keys/nobody".to_owned(), Value::Null, [1, 1, 0, 2]),
            404,
        ),
        with(
            write(
                "unknown",
                api::KEY_ROTATE,
                Method::POST,
                "/api/v1/keys/nobody/rotate".to_owned(),
                Value::Null,
                [1, 1, 0, 2],
            ),
            404,
        ),
        read("caller", api::WHOAMI, api::WHOAMI.to_owned(), [0, 0, 0, 2]),
        read("open", api::HEALTH, api::HEALTH.to_owned(), [0, 0, 0, 2]),
        read("open", api::OPENAPI, api::OPENAPI.to_owned(), [0, 0, 0, 90]),
        read("open", api::DOCS, api::DOCS.to_owned(), [0, 0, 0, 110]),
    ]
}

/// Read units as they are charged: a half counts.
pub(super) fn read_units(spent: Spent) -> String {
    if spent.half_reads.is_multiple_of(2) {
        (spent.half_reads / 2).to_string()
    } else {
        format!("{}.5", spent.half_reads / 2)
    }
}

#[tokio::test]
#[expect(clippy::print_stdout, reason = "the table is what the proof is read for")]
async fn no_route_costs_more_than_its_ceiling_whatever_is_asked() {
    let world = World::filled().await;
    world.api(Method::GET, api::WHOAMI, None).await;
    let rows: Vec<Row> = public_rows(world.links)
        .into_iter()
        .chain(list_rows(world.links))
        .chain(link_rows(world.links))
        .chain(write_rows())
        .chain(other_rows())
        .collect();
    let routes: BTreeSet<&str> = rows.iter().map(|row| row.route).collect();
    assert!(api::ALL.iter().chain(&public::ALL).all(|route| routes.contains(route)), "a route without a ceiling");
    let (mut table, mut over) =
        ("route | request | calls | read units | write units | bytes out\n".to_owned(), String::new());
    for row in rows {
        let took = world.api(row.method.clone(), &row.path, row.body.as_ref()).await;
        assert_eq!(took.status, row.status, "{} {} {}", row.method, row.route, row.what);
        let Spent { calls, half_reads, writes } = took.spent;
        let line = format!(
            "{} {} | {} | {calls} | {} | {writes} | {}",
            row.method,
            row.route,
            row.what,
            read_units(took.spent),
            took.bytes
        );
        assert!(took.bytes < MOST_BYTES, "no function can answer {line}");
        let found = [calls, half_reads.div_ceil(2), writes, (took.bytes as u64).div_ceil(1024)];
        if found.iter().zip(row.most).any(|(found, most)| *found > most) {
            let _ = writeln!(over, "{line}\n  more than {:?}", row.most);
        }
        let _ = writeln!(table, "{line}");
    }
    println!("{table}");
    assert!(over.is_empty(), "over the ceiling:\n{over}");
}

#[tokio::test]
async fn the_meter_counts_what_the_estimate_of_creates_does() {
    let world = World::small().await;
    let mut link = largest(700_000);
    link["occurrence"] = json!(1);
    let request: CreateLink = serde_json::from_value(link.clone()).unwrap();
    // The table's secret and the names of tags are written once.
    let before = json!({"target": "https://a.example/", "occurrence": 1, "tags": link["tags"]});
    assert_eq!(world.api(Method::POST, api::LINKS_BATCH, Some(&json!({"links": [before]}))).await.status, 200);
    let took = world.api(Method::POST, api::LINKS_BATCH, Some(&json!({"links": [link]}))).await;
    let estimate = Cost::of_create(&request);
    assert_eq!(took.spent.writes, estimate.write_units, "{took:?}");
}
