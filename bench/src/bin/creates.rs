//! Creates on an embedded file, and what bounds them: `creates WAY CLIENTS SECONDS FOLDER` prints how many there were a second.
//!
//! Ways: `sync` appends 4 KiB to a file and synchronises it; `sqlite` inserts a row of the product's table in a transaction of
//! its own, on one connection, or as many rows in each transaction as there are clients; `service` creates links by the
//! product's rules, with so many clients that each wait for one create after the other. All is durable when it is counted.

use std::error::Error;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::{Connection, params};
use shortener_core::link::BaseUrl;
use shortener_core::operations::{Operations as _, WriteOptions};
use shortener_core::service::{Caller, Service, Session, Settings};
use shortener_core::table::sqlite::{SqliteOptions, SqliteTable};
use shortener_core::wire::CreateLink;
use tokio::task::JoinSet;

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [way, clients, seconds, folder] = arguments.as_slice() else {
        return Err("usage: creates sync|sqlite|service CLIENTS SECONDS FOLDER".into());
    };
    let (clients, time, folder) = (clients.parse()?, Duration::from_secs(seconds.parse()?), Path::new(folder));
    let begin = Instant::now();
    let done = match &**way {
        "sync" => sync(&folder.join("synced"), begin + time)?,
        "sqlite" => sqlite(&folder.join("sqlite.db"), clients, begin + time)?,
        "service" => service(&folder.join("links.db"), clients, begin + time)?,
        _ => return Err(format!("there is no way {way}").into()),
    };
    say(&format!("{:.1}", f64::from(done) / begin.elapsed().as_secs_f64()));
    Ok(())
}

fn sync(path: &Path, end: Instant) -> Result<u32, Failure> {
    let mut file = File::create(path)?;
    let mut done = 0;
    while Instant::now() < end {
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
        done += 1;
    }
    Ok(done)
}

fn sqlite(path: &Path, rows: u32, end: Instant) -> Result<u32, Failure> {
    drop(SqliteTable::open(path, SqliteOptions::default())?);
    let mut connection = Connection::open(path)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    let body = r#"{"target":"https://example.com/some/path","redirect_status":302,"version":1,"created_at":"2026-01-01T00:00:00Z"}"#;
    let mut done = 0;
    while Instant::now() < end {
        let transaction = connection.transaction()?;
        for _ in 0..rows {
            let mut insert = transaction.prepare_cached("INSERT INTO items (pk, sk, body) VALUES (?, ?, ?)")?;
            // Spread over the tree, as random codes are.
            insert.execute(params![
                format!("{:016x}", u64::from(done).wrapping_mul(0x9E37_79B9_7F4A_7C15)),
                "LINK",
                body
            ])?;
            done += 1;
        }
        transaction.commit()?;
    }
    Ok(done)
}

fn service(path: &Path, clients: u32, end: Instant) -> Result<u32, Failure> {
    let table = Arc::new(SqliteTable::open(path, SqliteOptions::default())?);
    let service = Arc::new(Service::new(table, Settings::new(BaseUrl::parse("https://s.example")?)));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut running = JoinSet::new();
        for client in 0..clients {
            running.spawn(create_until(end, Session::new(Arc::clone(&service), Caller::direct("bench")), client));
        }
        let mut done = 0;
        while let Some(one) = running.join_next().await {
            done += one??;
        }
        Ok(done)
    })
}

async fn create_until(end: Instant, session: Session, client: u32) -> Result<u32, Failure> {
    let mut done = 0;
    while Instant::now() < end {
        let target = format!("https://example.com/some/path/{client}/{done}");
        session.create(&CreateLink { target, ..CreateLink::default() }, &WriteOptions::default()).await?;
        done += 1;
    }
    Ok(done)
}

#[expect(clippy::print_stdout, reason = "the figure is what this is run for")]
fn say(line: &str) {
    println!("{line}");
}
