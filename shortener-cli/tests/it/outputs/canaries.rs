//! Secrets that were planted everywhere and may be found nowhere.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use shortener_core::table::dynamo::in_process::{Fault, InProcess};

use crate::support::{BackEnd, Served, TestCli};

/// What nobody may see: each is looked for in everything that is written.
const SECRETS: [&str; 5] = [
    "canary-secret-key-of-aws",
    "canary-session-token-of-aws",
    "canary-idempotency",
    "canary-in-a-query",
    "canary-password",
];

/// A target with a token in its query.
const TARGET: &str = "https://example.com/a?token=canary-in-a-query#canary-in-a-query";

#[track_caller]
fn demand_none(text: &str, secrets: &[&str], what: &str) {
    for secret in secrets {
        if let Some(at) = text.find(secret) {
            let from = text[..at].char_indices().rev().nth(200).map_or(0, |(at, _)| at);
            panic!("{what}: {secret} after {}", &text[from..at]);
        }
    }
}

/// Everything that the processes have written into files, the table apart.
fn files_beside_the_table(home: &Path) -> String {
    let mut all = String::new();
    for entry in fs::read_dir(home).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_file() && !name.starts_with("links.db") && !name.starts_with("given") {
            all += &String::from_utf8_lossy(&fs::read(entry.path()).unwrap());
        }
    }
    all
}

fn on_a_table(engine: &InProcess) -> (TestCli, shortener_core::table::dynamo::in_process::Server) {
    let server = engine.serve().unwrap();
    let cli = TestCli::new()
        .with("SHORT_TABLE", "links")
        .with("SHORT_BASE_URL", "https://s.example")
        .with("AWS_ENDPOINT_URL_DYNAMODB", server.url())
        .with("AWS_REGION", "eu-central-1")
        .with("AWS_ACCESS_KEY_ID", "AKIACANARY")
        .with("AWS_SECRET_ACCESS_KEY", "canary-secret-key-of-aws")
        .with("AWS_SESSION_TOKEN", "canary-session-token-of-aws")
        .with("SHORT_LOG", "trace")
        .with("RUST_LOG", "trace");
    (cli, server)
}

/// Sends a request as it is and answers the whole reply.
fn ask(url: &str, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(request).unwrap();
    let mut reply = Vec::new();
    // A server may end a connection that makes no sense without a reply.
    let _ = stream.read_to_end(&mut reply);
    String::from_utf8_lossy(&reply).into_owned()
}

#[test]
fn no_secret_is_in_what_commands_say_or_leave_however_they_fail() {
    let engine = InProcess::start().unwrap();
    let (cli, _server) = on_a_table(&engine);
    cli.run(&["table", "create"]).exits(0);
    let rows = format!(
        "code,target\na,{TARGET}\nb,example.com/?token=canary-in-a-query\nc,https://u:canary-password@example.com/\n"
    );
    fs::write(cli.path("given.csv"), rows).unwrap();
    let commands: [&[&str]; 9] = [
        &["create", "https://example.com/", "--idempotency-key", "canary-idempotency", "-v"],
        &["create", "https://u:canary-password@example.com/", "-v"],
        &["create", "//u:canary-password@example.com/", "-v"],
        &["create", "https://u:canary-password@example.com:x/", "-v", "--json"],
        &["list", "-v"],
        &["whoami", "-v", "--json"],
        &["table", "status", "-v"],
        &["domains", "list", "-v"],
        &["inspect", "nothing", "-v"],
    ];
    for fault in [None, Some(Fault::Throttle), Some(Fault::ServerError), Some(Fault::Unreachable)] {
        if let Some(fault) = fault {
            engine.inject(None, fault, 10_000);
        }
        // Commands repeat what a sick table does not answer, which takes its time.
        let some = if fault.is_some() { &commands[..1] } else { &commands[..] };
        for args in some.iter().copied() {
            let outcome = cli.run_for(args, 60);
            demand_none(&(outcome.stdout + &outcome.stderr), &SECRETS, &format!("{args:?} {fault:?}"));
        }
        engine.heal();
    }
    let outcome = cli.run_for(&["import", "given.csv", "-v"], 60).exits(8);
    let secrets_but_the_query = &SECRETS[..3];
    demand_none(&(outcome.stdout + &outcome.stderr), &SECRETS[..3], "import");
    // Rejects give rows back as they were; the journal has no row.
    demand_none(&files_beside_the_table(cli.home()), secrets_but_the_query, "files");
}

#[test]
fn no_secret_is_in_the_log_of_a_server_that_traces_everything() {
    let engine = InProcess::start().unwrap();
    let (cli, _server) = on_a_table(&engine);
    cli.run(&["table", "create"]).exits(0);
    let mut served = Served::start(&cli, &[]);
    let key = served.key.clone().unwrap();
    let secret = key.rsplit('_').next().unwrap().to_owned();
    let host = served.url.trim_start_matches("http://").to_owned();
    let body = format!(r#"{{"target":"{TARGET}","code":"a"}}"#);
    let post = |headers: &str, body: &str| {
        format!(
            "POST /api/v1/links?token=canary-in-a-query HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\nx-api-key: {key}\r\n{headers}\
                 content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let wrong = body.replace("\"target\"", "\"canary-password\"");
    let plain = post("idempotency-key: canary-idempotency\r\n", &body).replacen("?token=canary-in-a-query", "", 1);
    let get = |path: &str| {
        format!(
            "GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncookie: canary-password\r\nauthorization: Bearer {key}\r\nreferer: https://x.example/?canary-in-a-query\r\n\r\n"
        )
    };
    for fault in [None, Some(Fault::ServerError), Some(Fault::Unreachable)] {
        if let Some(fault) = fault {
            engine.inject(None, fault, 16);
        }
        let requests = [
            plain.clone(),
            post("", &body),
            post("", &wrong),
            get("/a?token=canary-in-a-query"),
            get("/a+?token=canary-in-a-query"),
            get("/api/v1/links?cursor=canary-in-a-query"),
            get("/api/v1/links/a"),
            get("/api/v1/whoami"),
        ];
        // All at once, because each waits for a table that does not answer.
        std::thread::scope(|scope| {
            for request in &requests {
                let url = &served.url;
                scope.spawn(move || ask(url, request.as_bytes()));
            }
        });
        engine.heal();
    }
    assert_eq!(served.get("/a").0, 302, "it was created");
    served.stop("-TERM");
    // The one line that shows a key is no part of the log.
    let log = served.log().replace(&format!("admin key, shown only now: {key}"), "");
    assert!(log.contains("TRACE") && log.contains("request"), "there is a trace: {log}");
    demand_none(&log, &[&SECRETS[..], &[secret.as_str()]].concat(), "log");
}

#[test]
fn no_secret_is_in_the_table_but_what_links_are_made_of() {
    let back_end = BackEnd::file();
    let cli = &back_end.cli;
    cli.run(&["create", "https://example.com/", "--idempotency-key", "canary-idempotency"]).exits(0);
    let key = cli.run(&["keys", "create", "ci", "--role", "admin"]).exits(0).stdout;
    let key = key.split_whitespace().find(|word| word.starts_with("short_")).unwrap().to_owned();
    let rotated = cli.run(&["keys", "rotate", key.split('_').nth(1).unwrap()]).exits(0).stdout;
    let rotated = rotated.split_whitespace().find(|word| word.starts_with("short_")).unwrap().to_owned();
    let secrets = [key.rsplit('_').next().unwrap(), rotated.rsplit('_').next().unwrap(), "canary-idempotency"];
    let mut whole = String::new();
    for entry in fs::read_dir(cli.home()).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_file() {
            whole += &String::from_utf8_lossy(&fs::read(entry.path()).unwrap());
        }
    }
    assert!(whole.contains("example.com"), "the table is read");
    demand_none(&whole, &secrets, "table");
    let said = cli.run(&["keys", "list", "--json"]).exits(0).stdout + &cli.run(&["list", "--json"]).exits(0).stdout;
    demand_none(&said, &secrets, "lists");
}

#[test]
fn a_planted_row_is_not_quoted_with_its_query() {
    use shortener_core::link::{Domain, ShortCode};
    use shortener_core::table::sqlite::{SqliteOptions, SqliteTable};
    use shortener_core::table::{Table, Write as Change, keys};
    let cli = TestCli::new().with("SHORT_FILE", "links.db").with("SHORT_LOG", "trace");
    let planted = [
        "example.com/?token=canary-in-a-query",
        "//u:canary-password@example.com",
        "https://u:canary-password@example.com:x/",
        "canary:#canary-in-a-query",
    ];
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for (at, target) in planted.iter().enumerate() {
        let code = format!("c{at}");
        cli.run(&["create", "https://example.com/", "--code", &code]).exits(0);
        let table = SqliteTable::open(&cli.path("links.db"), SqliteOptions::default()).unwrap();
        let key = keys::link(&Domain::default_domain(), &ShortCode::parse(&code).unwrap());
        let fields = serde_json::Map::from_iter([("target".to_owned(), (*target).into())]);
        runtime.block_on(table.write(&[Change::update(key, fields, vec![])])).unwrap();
    }
    let mut served = Served::start(&cli, &[]);
    for at in 0..planted.len() {
        assert_eq!(served.get(&format!("/c{at}")), (410, None));
        let outcome = cli.run(&["inspect", &format!("c{at}")]);
        demand_none(&(outcome.stdout + &outcome.stderr), &SECRETS, "inspect");
    }
    let listed = cli.run(&["list", "-v"]);
    demand_none(&(listed.stdout + &listed.stderr), &SECRETS, "list");
    served.stop("-TERM");
    let log = served.log();
    assert!(log.contains("refused"), "{log}");
    demand_none(&log, &SECRETS, "log");
}
