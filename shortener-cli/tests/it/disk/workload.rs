//! What the processes under test do.

use std::fs;
use std::path::Path;
use std::process::Command;

use rusqlite::Connection as Sqlite;
use serde_json::{Value, json};
use shortener_core::link::{Domain, ShortCode};
use shortener_core::table::sqlite::{SqliteOptions, SqliteTable};
use shortener_core::table::{Item, Key, Table, Write, keys};

use super::cuts::Promise;
use super::shim::{Shim, folder};
use super::states::TABLE;
use crate::ingest::{log, name};
use crate::support::{Connection, Served, TestCli};

/// The command with a table in the folder that is watched.
pub(super) fn cli(shim: &Shim, variables: &[(&str, String)]) -> TestCli {
    let table = shim.root().join(TABLE).to_str().unwrap().to_owned();
    let cli = TestCli::new().with("SHORT_FILE", &table);
    variables.iter().fold(cli, |cli, (name, value)| cli.with(name, value))
}

/// The life of a link, through the API: one change after the other, of which most are transactions of several items.
/// Answers how many succeeded.
pub(super) fn live(connection: &mut Connection, code: &str) -> Option<usize> {
    let tags = |tags: &[&str]| json!({"target": format!("https://example.com/{code}?{}", tags[0]), "tags": tags});
    let mut create = tags(&["first", "both"]);
    create["code"] = code.into();
    let path = format!("/api/v1/links/{code}");
    let changes = [
        ("POST", "/api/v1/links".to_owned(), create.to_string()),
        ("PATCH", path.clone(), tags(&["second", "both", "third"]).to_string()),
        ("GET", format!("/{code}"), String::new()),
        ("PATCH", path.clone(), tags(&["fourth"]).to_string()),
        ("DELETE", path.clone(), String::new()),
        ("POST", format!("{path}/restore"), String::new()),
    ];
    let mut succeeded = 0;
    for (method, path, body) in changes {
        let answer = connection.ask(method, &path, &body)?;
        succeeded += usize::from(answer.status < 400);
    }
    Some(succeeded)
}

/// A server, with several clients at once, that is told to end. `between` is done again and again meanwhile.
pub(super) fn serve(shim: &Shim, links: usize, between: impl Fn()) {
    let cli = cli(shim, &shim.watching());
    let mut served = Served::start(&cli, &[]);
    let (url, key) = (served.url.clone(), served.key.clone().unwrap());
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..4)
            .map(|client| {
                let (url, key) = (&url, &key);
                scope.spawn(move || {
                    let mut connection = Connection::to(url, key).unwrap();
                    (0..links / 4).for_each(|link| _ = live(&mut connection, &format!("c{client}-{link}")).unwrap());
                })
            })
            .collect();
        while !clients.iter().all(std::thread::ScopedJoinHandle::is_finished) {
            between();
            std::thread::yield_now();
        }
    });
    served.stop("-TERM");
}

/// What a server answers: links with their versions.
pub(super) fn answers(said: &[u8]) -> Vec<Promise> {
    let text = String::from_utf8_lossy(said);
    let link = || {
        let (_, body) = text.strip_prefix("HTTP/1.1 20")?.split_once("\r\n\r\n")?;
        let link: Value = serde_json::from_str(body).ok()?;
        let key = keys::link(&Domain::default_domain(), &ShortCode::parse(link["code"].as_str()?).ok()?);
        Some(Promise::Version(format!("{} {}", key.pk, key.sk), link["version"].as_u64()?))
    };
    link().into_iter().collect()
}

/// Commands one after the other, each of which opens and closes the table: what closes it last copies the log into it.
pub(super) fn commands(shim: &Shim, rounds: usize) {
    let cli = cli(shim, &shim.watching());
    for round in 0..rounds {
        let code = format!("k{round}");
        cli.run(&["create", "https://example.com/", "--code", &code, "--tag", "a"]).exits(0);
        cli.run(&["create", "https://example.com/", "--idempotency-key", &code]).exits(0);
        cli.run(&["update", &code, "--target", "https://example.com/2", "--add-tag", "b"]).exits(0);
        cli.run(&["keys", "create", &code, "--role", "creator"]).exits(0);
        cli.run(&["delete", &code, "--yes"]).exits(0);
        cli.run(&["restore", &code]).exits(0);
    }
}

/// What a command prints when it has done all it has to do.
pub(super) fn output(said: &[u8]) -> Vec<Promise> {
    if said.starts_with(b"HTTP/") { Vec::new() } else { vec![Promise::Everything] }
}

/// An import, and another that finds all and adds some.
pub(super) fn import(shim: &Shim, rows: usize) {
    let cli = cli(shim, &shim.watching());
    for rows in [rows, rows + rows / 2] {
        fs::write(cli.path("many.csv"), crate::import::many(rows)).unwrap();
        cli.run(&["import", "many.csv", "--json", "--quiet"]).exits(0);
    }
}

/// Logs of an edge that are counted, and more of them.
pub(super) fn ingest(shim: &Shim, links: usize) {
    let cli = cli(shim, &shim.watching());
    let codes: Vec<String> = (0..links).map(|link| format!("i{link}")).collect();
    for code in &codes {
        cli.run(&["create", "https://example.com/", "--code", code]).exits(0);
    }
    fs::create_dir(cli.path("logs")).unwrap();
    for part in 0..3 {
        let ids: Vec<_> = codes.iter().map(|code| (format!("{part}-{code}"), format!("/{code}"))).collect();
        let requests: Vec<_> = ids.iter().map(|(id, path)| (id.as_str(), path.as_str(), 302)).collect();
        fs::write(cli.path("logs").join(name("E2EXAMPLE", &part.to_string())), log(&requests)).unwrap();
        cli.run(&["ingest", "logs", "--json"]).exits(0);
    }
}

/// The folder that [`transactions_with_checkpoints_between_them_are_all_kept`] works in; where it is not set, one of its
/// own.
const PLACE: &str = "PROOF_TABLE";

/// Runs the test below as a process under test.
pub(super) fn transactions(shim: &Shim) {
    let test = "disk::workload::transactions_with_checkpoints_between_them_are_all_kept";
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture"]).envs(shim.watching()).env(PLACE, shim.root().join(TABLE));
    assert!(command.output().unwrap().status.success());
}

/// What [`transactions`] says: one line for each item.
pub(super) fn lines(said: &[u8]) -> Vec<Promise> {
    let line = |line: &str| {
        let (version, name) = line.strip_prefix("stored ")?.split_once(' ')?;
        Some(Promise::Version(name.to_owned(), version.parse().unwrap()))
    };
    String::from_utf8_lossy(said).lines().filter_map(line).collect()
}

/// Another program copies the log into the file now and then, so that the log begins anew under load.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transactions_with_checkpoints_between_them_are_all_kept() {
    let own = folder();
    let file = std::env::var_os(PLACE).map_or_else(|| own.path().join(TABLE), Into::into);
    let table = SqliteTable::open(&file, SqliteOptions::default()).unwrap();
    let modes = ["PASSIVE", "FULL", "RESTART", "TRUNCATE"];
    for round in 0..40 {
        futures_util::future::join_all((0..3).map(|task| store(&table, task, round))).await;
        if round % 5 == 4 {
            checkpoint(&file, modes[round / 5 % 4]);
        }
    }
    for task in 0..3 {
        let keys: Vec<Key> = (0..40).map(|round| Key::new(format!("T{task}"), format!("{round:02}"))).collect();
        assert!(table.get_many(&keys).await.unwrap().iter().all(Option::is_some));
    }
}

/// One transaction of three items, one of which other rounds write too.
async fn store(table: &SqliteTable, task: usize, round: usize) {
    use std::io::Write as _;
    let text = "x".repeat(300 + round * 997 % 5000);
    let item = |sk: String, version: usize| {
        Item::encode(Key::new(format!("T{task}"), sk), &json!({"version": version, "text": text})).unwrap()
    };
    let items =
        [item(format!("{round:02}"), 1), item(format!("more-{round:02}"), 1), item("last".to_owned(), round + 1)];
    table.write(&items.clone().map(Write::put)).await.unwrap();
    if std::env::var_os(PLACE).is_some() {
        let name = |item: &Item| format!("stored {} {} {}\n", item.attributes["version"], item.key.pk, item.key.sk);
        std::io::stdout().write_all(items.each_ref().map(name).concat().as_bytes()).unwrap();
    }
}

fn checkpoint(file: &Path, mode: &str) {
    let other = Sqlite::open(file).unwrap();
    other.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |_| Ok(())).unwrap();
}
