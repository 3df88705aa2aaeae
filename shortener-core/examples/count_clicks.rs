//! What counting a click costs a redirect: nanoseconds a call, on one thread.
//!
//! `cargo run --release -p shortener-core --example count_clicks`

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Instant;

use shortener_core::clock::SystemClock;
use shortener_core::link::{Domain, ShortCode};
use shortener_core::redirect::Visitor;
use shortener_core::stats::{ClickCounter, Hit, Outcome, Subject};

const CALLS: u32 = 2_000_000;
const AGENT: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";

/// Counts clicks on `links` links by `people` people, and prints what a call costs.
fn measure(name: &str, links: u32, people: u32, query: &str) -> Result<(), Box<dyn std::error::Error>> {
    let counter = ClickCounter::new(Arc::new(SystemClock));
    let subjects: Vec<Subject> = (0..links)
        .map(|link| Ok(Subject::Link(Domain::default_domain(), ShortCode::parse(&format!("b{link:06}"))?)))
        .collect::<Result<_, shortener_core::error::InvalidValue>>()?;
    let hit = |call: u32| Hit {
        outcome: Outcome::Click,
        visitor: Visitor::Agent(AGENT),
        referrer: b"https://news.example/some/page?a=b",
        query,
        address: Some(IpAddr::V4(Ipv4Addr::from_bits(0x0A00_0000 | (call % people)))),
    };
    // The redirect has made the subject anyway: its cost is taken away.
    let begin = Instant::now();
    for call in 0..CALLS {
        black_box(subjects[(call % links) as usize].clone());
    }
    let made = begin.elapsed();
    for call in 0..links {
        counter.count(subjects[call as usize].clone(), &hit(call));
    }
    let begin = Instant::now();
    for call in 0..CALLS {
        counter.count(subjects[(call % links) as usize].clone(), &hit(call));
    }
    let each = begin.elapsed().saturating_sub(made).as_nanos() / u128::from(CALLS);
    #[expect(clippy::print_stdout, reason = "this is what it is for")]
    {
        println!("{name:40} {each:5} ns");
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    measure("one link, one person", 1, 1, "")?;
    measure("one link, 100,000 people", 1, 100_000, "")?;
    measure("one link, campaign tags", 1, 1, "utm_source=mail&utm_medium=post&utm_campaign=spring")?;
    measure("100,000 links, one person", 100_000, 1, "")
}
