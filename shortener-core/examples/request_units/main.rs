//! What each operation takes of a DynamoDB table, by the `ConsumedCapacity` of the replies of the engine in process: one
//! JSON object a line.
//!
//! `cargo run --release -p shortener-core --example request_units --features logs,testing-dynamodb`

mod counting;
mod in_place;
mod links;
mod meter;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    links::measure().await?;
    counting::measure().await?;
    in_place::measure().await
}
