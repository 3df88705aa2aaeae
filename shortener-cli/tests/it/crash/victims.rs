//! Processes that are killed: when, nobody knows before.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::ledger::Ledger;
use crate::disk::Seed;
use crate::ingest::{log, name};
use crate::support::{Connection, Served, TestCli};

/// Rows of an import.
const ROWS: usize = 60;

/// Clicks on a server that is not killed.
const CLICKS: u64 = 20;

/// What a process does.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Serve,
    Create,
    Import,
    Ingest,
}

impl Kind {
    pub(super) fn draw(coin: &mut Seed) -> Self {
        [Self::Serve, Self::Serve, Self::Create, Self::Create, Self::Import, Self::Ingest][coin.below(6)]
    }

    /// The longest that it lives: somewhat longer than it takes, where it ends by itself.
    fn milliseconds(self) -> usize {
        match self {
            Self::Serve => 250,
            Self::Create => 40,
            Self::Import => 120,
            Self::Ingest => 60,
        }
    }
}

/// A file, and those who write it.
pub(super) struct World<'a> {
    cli: &'a TestCli,
    ledger: &'a Mutex<Ledger>,
    /// Gives names.
    number: AtomicUsize,
    key: Mutex<Option<String>>,
}

impl<'a> World<'a> {
    pub(super) fn new(cli: &'a TestCli, ledger: &'a Mutex<Ledger>) -> Self {
        fs::create_dir(cli.path("logs")).unwrap();
        Self { cli, ledger, number: AtomicUsize::new(0), key: Mutex::default() }
    }

    /// Starts a process and kills it.
    pub(super) fn kill(&self, kind: Kind, mut coin: Seed) {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let life = Duration::from_micros(u64::try_from(coin.below(kind.milliseconds() * 1_000)).unwrap());
        match kind {
            Kind::Serve => self.serve(number, life, &mut coin),
            Kind::Create => self.create(number, life),
            Kind::Import => self.import(number, life),
            Kind::Ingest => self.ingest(number, life),
        }
    }

    /// Lets what was begun come to an end, with processes that are not killed.
    pub(super) fn end(&self) {
        for file in fs::read_dir(self.cli.home()).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|end| end == "csv") {
                self.cli.run(&["import", path.to_str().unwrap(), "--resume", "--quiet"]).exits(0);
                let number: usize = path.file_stem().unwrap().to_str().unwrap()[4..].parse().unwrap();
                (0..ROWS).for_each(|row| self.ledger.lock().unwrap().acknowledge(&format!("i{number}-{row}"), 1));
            }
        }
        for code in ["clicked", "logged"] {
            self.cli.run(&["create", "https://example.com/", "--code", code, "--if-exists", "return"]).exits(0);
        }
        self.cli.run(&["ingest", "logs"]).exits(0);
        let mut served = Served::start(self.cli, &[]);
        let mut connection = Connection::to(&served.url, "").unwrap();
        for _ in 0..CLICKS {
            assert_eq!(connection.ask("GET", "/clicked", "").unwrap().status, 302);
        }
        let mut ledger = self.ledger.lock().unwrap();
        ledger.sent += CLICKS;
        ledger.clicks += CLICKS;
        assert_eq!(served.stop("-TERM").code(), Some(0));
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_short"));
        command.args(args).env_clear().envs(self.cli.variables()).current_dir(self.cli.home());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        command
    }

    fn create(&self, number: usize, life: Duration) {
        // The link that is clicked is made by whoever comes first.
        let code = if number == 0 { "clicked".to_owned() } else { format!("k{number}") };
        self.ledger.lock().unwrap().ask(&code, 1);
        let child = self.command(&["create", "https://example.com/", "--code", &code, "--tag", "k"]).spawn().unwrap();
        let output = end(child, life);
        if String::from_utf8_lossy(&output).trim_end().ends_with(&code) {
            let mut ledger = self.ledger.lock().unwrap();
            ledger.acknowledge(&code, 1);
            ledger.printed += 1;
        }
    }

    fn import(&self, number: usize, life: Duration) {
        let rows: Vec<String> =
            (0..ROWS).map(|row| format!("i{number}-{row},https://example.com/{row},t{row}")).collect();
        let name = format!("rows{number}.csv");
        fs::write(self.cli.path(&name), format!("code,target,tags\n{}\n", rows.join("\n"))).unwrap();
        (0..ROWS).for_each(|row| self.ledger.lock().unwrap().ask(&format!("i{number}-{row}"), 1));
        let child = self.command(&["import", &name, "--json", "--quiet"]).spawn().unwrap();
        if !end(child, life).is_empty() {
            // The summary is its last word.
            (0..ROWS).for_each(|row| self.ledger.lock().unwrap().acknowledge(&format!("i{number}-{row}"), 1));
        }
    }

    fn ingest(&self, number: usize, life: Duration) {
        // Clicks on a link that is not there yet would be nobody's.
        if self.ledger.lock().unwrap().lines == 0 {
            self.cli.run(&["create", "https://example.com/", "--code", "logged", "--if-exists", "return"]).exits(0);
        }
        let id = format!("r{number}");
        let file = self.cli.path("logs").join(name("E2EXAMPLE", &id));
        // Under its name only when it is whole, as others deliver logs.
        let half = self.cli.path(&format!("log{number}"));
        fs::write(&half, log(&[(&id, "/logged", 302)])).unwrap();
        fs::rename(half, file).unwrap();
        self.ledger.lock().unwrap().lines += 1;
        end(self.command(&["ingest", "logs"]).spawn().unwrap(), life);
    }

    /// A server with clients. Some are told to end just before they are killed, which copies the log into the file.
    fn serve(&self, number: usize, life: Duration, coin: &mut Seed) {
        let mut command = self.command(&["serve", "--listen", "127.0.0.1:0"]);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let stderr = child.stderr.take().unwrap();
        let (is_told, more) = (coin.below(3) == 0, Duration::from_micros(u64::try_from(coin.below(15_000)).unwrap()));
        std::thread::scope(|scope| {
            scope.spawn(|| self.use_server(number, stderr));
            std::thread::sleep(life);
            if is_told {
                Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
                std::thread::sleep(more);
            }
            child.kill().unwrap();
            child.wait().unwrap();
        });
    }

    /// Waits until the server listens and uses it until it is gone.
    fn use_server(&self, number: usize, stderr: ChildStderr) {
        let mut lines = BufReader::new(stderr).lines().map_while(Result::ok);
        let mut key = self.key.lock().unwrap().clone();
        let url = loop {
            let Some(line) = lines.next() else { return };
            if let Some(made) = line.strip_prefix("admin key, shown only now: ") {
                // It was stored before it was shown.
                *self.key.lock().unwrap() = Some(made.to_owned());
                key = Some(made.to_owned());
            }
            if let Some(url) = line.strip_prefix("listening on ") {
                break url.to_owned();
            }
        };
        std::thread::scope(|scope| {
            scope.spawn(|| lines.for_each(drop));
            scope.spawn(|| self.click(&url));
            for client in 0..2 {
                let (url, key) = (&url, key.as_deref());
                scope.spawn(move || {
                    // Whoever makes the first key may be killed before it shows it.
                    let Some(mut connection) = key.and_then(|key| Connection::to(url, key)) else { return };
                    let mut codes = (0..).map(|link| format!("s{number}-{client}-{link}"));
                    while self.live(&mut connection, &codes.next().unwrap()).is_some() {}
                });
            }
        });
    }

    fn click(&self, url: &str) {
        let Some(mut connection) = Connection::to(url, "") else { return };
        loop {
            self.ledger.lock().unwrap().sent += 1;
            let Some(answer) = connection.ask("GET", "/clicked", "") else { return };
            // The link may not have been made yet.
            assert!([302, 404].contains(&answer.status), "{answer:?}");
        }
    }

    /// The life of a link; none when the server is gone.
    fn live(&self, connection: &mut Connection, code: &str) -> Option<()> {
        let path = format!("/api/v1/links/{code}");
        let create = json!({"target": "https://example.com/", "code": code, "tags": ["a", "b"]});
        let steps = [
            ("POST", "/api/v1/links", create.to_string()),
            ("PATCH", path.as_str(), json!({"tags": ["b", "c"]}).to_string()),
            ("DELETE", &path, String::new()),
            ("POST", &format!("{path}/restore"), String::new()),
        ];
        for (version, (method, path, body)) in (1..).zip(steps) {
            self.ledger.lock().unwrap().ask(code, version);
            let answer = connection.ask(method, path, &body)?;
            // Busy neighbours may hold the file for longer than a request waits.
            if answer.status == 503 {
                return Some(());
            }
            assert!(answer.status < 300, "{answer:?}");
            let link: Value = serde_json::from_str(&answer.body).unwrap();
            assert_eq!(link["version"], version, "{link}");
            self.ledger.lock().unwrap().acknowledge(code, version);
        }
        Some(())
    }
}

/// Lets a process live for so long, and answers what it has printed.
fn end(mut child: Child, life: Duration) -> Vec<u8> {
    std::thread::sleep(life);
    child.kill().unwrap();
    child.wait_with_output().unwrap().stdout
}
