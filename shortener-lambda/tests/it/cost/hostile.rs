//! A million hostile hits of each kind, by the list prices of `docs/OPERATIONS.md` (us-east-1, without free tiers; DynamoDB
//! as since November 2024).

use std::fmt::Write as _;

use http::Method;
use shortener_core::routes::api;

use super::world::{Took, World, code};

/// US dollars a million: requests and two functions of CloudFront, the firewall, and a Lambda request of 5 ms.
const EDGE: f64 = 1.00 + 0.20 + 0.60;
const ORIGIN: f64 = 0.20 + 0.03;

/// US dollars a million read units.
const READS: f64 = 0.125;

/// US dollars a GB: to visitors, and from origin to edge.
const BYTES: f64 = 0.085 + 0.02;

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn dollars(took: &Took) -> (f64, f64) {
    let reads = took.spent.half_reads as f64 / 2.0 * READS;
    // A million answers of so many bytes, in GB.
    let bytes = took.bytes as f64 / 1000.0 * BYTES;
    (reads, EDGE + ORIGIN + reads + bytes)
}

#[tokio::test]
#[expect(clippy::print_stdout, reason = "the table is what the proof is read for")]
async fn a_million_hostile_hits_cost_a_few_dollars_of_any_kind() {
    let world = World::small().await;
    let get = |path: String| world.ask_once(path, None);
    let big = code(1);
    let unknown_key = format!("short_Zz9Zz9Zz_{}", "1".repeat(44));
    let known_key = format!("short_admin_{}", "1".repeat(44));
    let kinds = [
        ("unknown code", get("/zzzzzzz".to_owned()).await, 404, 2),
        ("malformed code", get("/wp-login.php".to_owned()).await, 404, 0),
        ("deleted link (410)", get("/gone".to_owned()).await, 410, 2),
        ("largest redirect", get(format!("/{big}")).await, 302, 4),
        ("largest preview", get(format!("/{big}+")).await, 200, 4),
        ("wrong key, new id", world.ask_once(api::LINKS.to_owned(), Some(&unknown_key)).await, 401, 2),
        ("wrong key, same id", world.ask_once(api::LINKS.to_owned(), Some(&unknown_key)).await, 401, 0),
        ("wrong key, id of a key", world.ask_twice(api::LINKS, &known_key).await, 401, 0),
        ("no key", get(api::LINKS.to_owned()).await, 401, 0),
        ("malformed key", world.ask_once(api::LINKS.to_owned(), Some("nonsense")).await, 401, 0),
        ("API document", get(api::OPENAPI.to_owned()).await, 200, 0),
    ];
    let mut table = "a million of | read units | bytes out | DynamoDB | all\n".to_owned();
    for (kind, took, status, most) in &kinds {
        let (reads, all) = dollars(took);
        let units = super::ceilings::read_units(took.spent);
        let _ = writeln!(table, "{kind} | {units} | {} | {reads:.2} | {all:.2}", took.bytes);
        assert_eq!(took.status, *status, "{kind}");
        assert!(took.spent.half_reads <= *most && took.spent.writes == 0, "{kind}: {took:?}");
        assert!(all < 20.0, "{kind}: {all}");
    }
    println!("{table}");
}

impl World {
    async fn ask_once(&self, path: String, key: Option<&str>) -> Took {
        self.ask(Method::GET, &path, key, None).await
    }

    async fn ask_twice(&self, path: &str, key: &str) -> Took {
        self.ask(Method::GET, path, Some(key), None).await;
        self.ask(Method::GET, path, Some(key), None).await
    }
}
