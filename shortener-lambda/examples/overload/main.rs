//! An open-loop load generator: requests are sent at moments fixed beforehand, whether or not answers came, and latency
//! counts from these moments, so that a slow server cannot slow down its own test.
//!
//! `overload send ADDRESS SECONDS KEY LOAD...` sends; a load is `KIND:RATE:CONNECTIONS` with a rate in requests a second, or
//! `max` for one request after the other on each connection. Prints one line of figures for each load.
//! `overload hold ADDRESS COUNT SOURCE HABIT KEY` opens connections from the address SOURCE, does on them what HABIT says,
//! and prints each second how many are open, until its standard input ends.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

mod figures;
mod hold;
mod line;
mod load;
mod requests;

type Failure = Box<dyn std::error::Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    tokio::task::LocalSet::new().run_until(run(&arguments)).await
}

async fn run(arguments: &[&str]) -> Result<(), Failure> {
    match arguments {
        ["send", address, seconds, key, loads @ ..] => {
            let loads = loads.iter().map(|text| load::Load::from_str(text)).collect::<Result<Vec<_>, _>>()?;
            load::send(address.parse()?, Duration::from_secs_f64(seconds.parse()?), key, &loads).await
        }
        ["hold", address, count, source, habit, key] => {
            let (address, source): (SocketAddr, IpAddr) = (address.parse()?, source.parse()?);
            hold::hold(address, count.parse()?, source, habit.parse()?, key).await
        }
        _ => Err("send ADDRESS SECONDS KEY KIND:RATE:CONNECTIONS... | hold ADDRESS COUNT SOURCE HABIT KEY".into()),
    }
}
