//! Does one thing many times, so that the instructions of each can be counted: see `scripts/check-instructions`.
//!
//! Clocks stand, randomness repeats itself, and one thread does it all but the writing of the table's file. So two runs differ
//! by the seeds of hash tables and little else.

mod client;
mod creates;
mod dynamodb;
mod events;
mod redirects;
mod world;

use clap::{Parser, ValueEnum};

/// Do one thing many times
#[derive(Debug, Parser)]
struct Args {
    /// What to do
    what: What,
    /// How often
    count: u32,
}

/// What can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// A redirect from memory by the server, counted in an embedded table
    Redirect,
    /// A create by the service on an embedded table
    Create,
    /// The same, asked for over HTTP
    CreateOverHttp,
    /// A redirect by the function, from the event to the answer, with a read from DynamoDB
    Event,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let Args { what, count } = Args::parse();
    match what {
        What::Redirect => redirects::run(count).await,
        What::Create => creates::run(count).await,
        What::CreateOverHttp => creates::run_over_http(count).await,
        What::Event => events::run(count).await,
    }
}
