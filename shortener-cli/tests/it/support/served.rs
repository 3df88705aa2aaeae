//! `short serve` as a child process on a free port.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use super::TestCli;

/// How long anything that a test waits for may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running server. Dropping it ends the process.
pub(crate) struct Served {
    child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
    /// Where it listens.
    pub(crate) url: String,
    /// The key that its first start made.
    pub(crate) key: Option<String>,
}

impl Served {
    /// Starts `short serve` with these arguments in the home of `cli` and waits until it listens.
    pub(crate) fn start(cli: &TestCli, args: &[&str]) -> Self {
        Self::start_under(cli, &[], args)
    }

    /// The same where the system lets it open so many files and no more.
    #[cfg(unix)]
    pub(crate) fn start_with_files(files: u32, cli: &TestCli, args: &[&str]) -> Self {
        let limited = format!("ulimit -n {files} && exec \"$0\" \"$@\"");
        Self::start_under(cli, &["/bin/sh", "-c", &limited], args)
    }

    /// The same, by a command that is given the program and its arguments.
    pub(crate) fn start_under(cli: &TestCli, launcher: &[&str], args: &[&str]) -> Self {
        let program = [env!("CARGO_BIN_EXE_short"), "serve", "--listen", "127.0.0.1:0"];
        let words = [launcher, &program, args].concat();
        let mut child = Command::new(words[0])
            .args(&words[1..])
            .env_clear()
            .envs(cli.variables())
            .current_dir(cli.home())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = follow(child.stderr.take().unwrap());
        let mut served = Self { child, lines, seen: Vec::new(), url: String::new(), key: None };
        served.url = served.wait_for("listening on ");
        served.key =
            served.seen.iter().find_map(|line| line.strip_prefix("admin key, shown only now: ").map(Into::into));
        served
    }

    /// The process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has said on standard error so far.
    pub(crate) fn said(&mut self) -> &[String] {
        self.seen.extend(self.lines.try_iter());
        &self.seen
    }

    /// Waits for a line that begins so and answers its rest.
    pub(crate) fn wait_for(&mut self, begin: &str) -> String {
        loop {
            let line = self.lines.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no '{begin}' in {:#?}", self.seen));
            self.seen.push(line.clone());
            if let Some(rest) = line.strip_prefix(begin) {
                return rest.to_owned();
            }
        }
    }

    /// All that it has logged, once it has ended.
    pub(crate) fn log(&mut self) -> String {
        self.seen.extend(self.lines.iter());
        self.seen.join("\n")
    }

    /// Waits for a line that has this in it.
    pub(crate) fn wait_for_what_holds(&mut self, part: &str) {
        while !self.seen.last().is_some_and(|line| line.contains(part)) {
            self.wait_for("");
        }
    }

    /// Sends a signal and waits for the end.
    pub(crate) fn stop(&mut self, signal: &str) -> ExitStatus {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        within(PATIENCE, || self.child.try_wait().unwrap())
    }

    /// Status and `location` of a GET, with nothing followed.
    pub(crate) fn get(&self, path: &str) -> (u16, Option<String>) {
        use std::io::{Read, Write};
        let host = self.url.trim_start_matches("http://");
        let mut stream = std::net::TcpStream::connect(host).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        (status, answer.lines().find_map(|line| line.strip_prefix("location: ").map(Into::into)))
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks until there is an answer, for so long at most.
pub(crate) fn within<T>(limit: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(started.elapsed() < limit, "nothing within {limit:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn follow(stderr: ChildStderr) -> Receiver<String> {
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    lines
}
