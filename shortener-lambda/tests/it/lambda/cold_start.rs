//! Start times: the `redirect` role beside a hello world, in turns. Slow, and only on request: `scripts/bench-cold-start`.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::harness::{Answer, Event, Setup, Store, build, release_binary};

/// Starts of each.
const STARTS: usize = 40;

/// What one start took.
struct Start {
    to_first_next: Duration,
    to_first_answer: Duration,
    rss_kb: u64,
}

/// One of the functions compared.
struct Subject {
    name: &'static str,
    binary: PathBuf,
    setup: Setup,
    status: u16,
    starts: Vec<Start>,
}

impl Subject {
    fn new(name: &'static str, binary: &Path, setup: Setup, status: u16) -> Self {
        Self { name, binary: binary.to_owned(), setup, status, starts: Vec::new() }
    }

    /// One start, with the first event waiting for it as on Lambda.
    async fn start(&mut self) {
        let function = self.setup.clone().spawn();
        let reply = function.deliver(Event::get("/launch").payload(), Duration::from_secs(10)).wait().await;
        let to_first_answer = function.since_start(reply.at);
        let answer = Answer::of(reply);
        assert_eq!(answer.status, self.status, "{answer}");
        let start =
            Start { to_first_next: function.start_time(), to_first_answer, rss_kb: function.memory_kb("VmRSS") };
        self.starts.push(start);
    }

    fn sorted<T: Ord>(&self, value: impl Fn(&Start) -> T) -> Vec<T> {
        let mut values: Vec<T> = self.starts.iter().map(value).collect();
        values.sort();
        values
    }

    fn median_answer_ms(&self) -> f64 {
        ms(self.sorted(|start| start.to_first_answer)[self.starts.len() / 2])
    }

    fn row(&self) -> String {
        let range = |values: Vec<Duration>| {
            let (least, median, most) = (values[0], values[values.len() / 2], values[values.len() - 1]);
            format!("{:.2} ({:.2}–{:.2})", ms(median), ms(least), ms(most))
        };
        let bytes = std::fs::metadata(&self.binary).unwrap().len();
        let rss = self.sorted(|start| start.rss_kb)[self.starts.len() / 2];
        format!(
            "| {} | {} | {} | {:.2} | {:.1} |",
            self.name,
            range(self.sorted(|start| start.to_first_next)),
            range(self.sorted(|start| start.to_first_answer)),
            megabytes(bytes),
            megabytes(rss * 1024),
        )
    }
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

#[expect(clippy::cast_precision_loss, reason = "sizes of programs are far below 2^52")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1_000_000.0
}

#[tokio::test]
async fn the_redirect_role_starts_beside_a_hello_world() {
    let store = Store::start().await;
    store.create_code("launch").await;
    let hello = build(&["--example", "hello_lambda"])["hello_lambda"].clone();
    let ours = release_binary("shortener-lambda");
    let mut subjects = [
        Subject::new("hello world", &hello, Setup::binary(hello.clone()), 200),
        Subject::new("`redirect`", &ours, Setup::role("redirect", store.url()), 302),
        Subject::new("`api`, a redirect's 404", &ours, Setup::role("api", store.url()), 404),
    ];
    for _ in 0..STARTS {
        for subject in &mut subjects {
            subject.start().await;
        }
    }
    let mut table = format!("\n{STARTS} starts each, in turns; milliseconds since exec as median (least–most)\n\n");
    table += "| function | first /next | first answer | binary MB | RSS MB |\n|---|---|---|---|---|\n";
    for subject in &subjects {
        writeln!(table, "{}", subject.row()).unwrap();
    }
    let ratio = subjects[1].median_answer_ms() / subjects[0].median_answer_ms();
    writeln!(table, "\nfirst redirect answered: {ratio:.2} × the hello world (target: 2.5 at most)").unwrap();
    show(&table);
}

#[expect(clippy::print_stdout, reason = "the table is what this test is run for")]
fn show(table: &str) {
    println!("{table}");
}
