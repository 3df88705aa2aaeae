//! A DynamoDB-compatible engine on a loopback port, with injected faults, for benchmarks and trials of `short`.
//!
//! `dynamodb_emulator [--round-trip-ms N] [--throttled PERCENT] [--lost PERCENT] [--refused PERCENT] [--bears N] [--seed N]`
//! prints its URL and serves until it is ended. It throttles so many of the calls, breaks so many connections after doing
//! what was asked, refuses so many of the statements and keys of a batch one by one, and throttles what arrives while N
//! requests are under way. Its data is in memory. Any region and any credentials will do.

use std::error::Error;
use std::time::Duration;

use shortener_core::table::dynamo::in_process::{Fault, InProcess};

fn main() -> Result<(), Box<dyn Error>> {
    let engine = InProcess::start()?;
    engine.stop_recording();
    let (mut faults, mut seed) = (Vec::new(), 0);
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--round-trip-ms" => engine.set_round_trip(Duration::from_millis(value.parse()?)),
            "--bears" => engine.throttle_above(value.parse()?),
            "--seed" => seed = value.parse()?,
            "--throttled" => faults.push((Fault::Throttle, value.parse()?)),
            "--lost" => faults.push((Fault::LostReply, value.parse()?)),
            "--refused" => faults.push((Fault::SomeUnprocessed { percent: value.parse()? }, 100)),
            _ => return Err(format!("unknown option {name}").into()),
        }
    }
    // Only one fault meets a request, so the one that meets all comes last.
    faults.sort_by_key(|(_, percent)| *percent);
    for (number, (fault, percent)) in (0..).zip(faults) {
        engine.inject_share(None, fault, percent, seed + number);
    }
    let server = engine.serve()?;
    say(server.url());
    loop {
        std::thread::park();
    }
}

#[expect(clippy::print_stdout, reason = "whoever starts it needs the address")]
fn say(line: &str) {
    println!("{line}");
}
