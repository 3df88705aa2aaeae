//! The emulator of the tests on a loopback port, for benchmarks and for trying the command by hand:
//!
//! ```console
//! cargo run --release -p shortener-core --features testing-dynamodb --example dynamodb_emulator -- 30
//! ```
//!
//! The argument is the time in milliseconds that is added to every round trip. Prints the endpoint's URL and serves until
//! its standard input ends. What it holds is in memory and gone afterwards; any credentials and region are accepted.

#![expect(clippy::print_stdout, reason = "an example talks to its user")]

use std::io::{Read, stdin};
use std::time::Duration;

use shortener_core::table::dynamo::in_process::InProcess;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let latency_ms = std::env::args().nth(1).map_or(Ok(0), |text| text.parse())?;
    let engine = InProcess::start()?;
    engine.stop_recording();
    engine.set_round_trip(Duration::from_millis(latency_ms));
    let server = engine.serve()?;
    println!("{}", server.url());
    stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
