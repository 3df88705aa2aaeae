//! The proof that counts of logs are true, at any size, with real processes that are really killed.
//!
//! `ingest_proof [--requests N] [--hours N] [--links N] [--files N] [--waves N] [--seed N]` writes logs of N requests
//! (default 10,000,000, of one hour, in 200 files) whose truth it knows, 5 % of the files twice, 1 % of the lines twice, 10 %
//! of the files late. First it counts all of them at once, beside `zcat | wc -l`, and says lines a second and the peak of
//! resident memory. Then it delivers them in waves to three workers at a time on one SQLite file, of which some are ended by
//! SIGKILL, compares each (link, hour, class) and the roll-ups with the truth, and looks that a further pass writes nothing.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the numbers are what this is run for")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::civil::Date;
use shortener_core::clock::{Clock, TestClock};
use shortener_core::ingest::testing::clicks::{Plan, Truth, code};
use shortener_core::ingest::{Folder, Ingest, IngestOptions};
use shortener_core::link::{BaseUrl, Domain, ShortCode};
use shortener_core::operations::{Operations, WriteOptions};
use shortener_core::service::{Caller, Service, Session, Settings};
use shortener_core::stats::tally::Counts;
use shortener_core::stats::{Class, Hour, Period, Subject};
use shortener_core::table::sqlite::{SqliteOptions, SqliteTable};
use shortener_core::table::{ChangeFeed, Consistency, Item, Table, keys};
use shortener_core::wire::CreateLink;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// The hour for which the first files are named.
const FIRST: &str = "2026-11-24T18";

/// A file that is to come: its name, and when.
type Staged = (Timestamp, String);

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1).peekable();
    if arguments.next_if(|first| first == "work").is_some() {
        let arguments: Vec<_> = arguments.collect();
        return runtime()?.block_on(work(&arguments));
    }
    let (plan, waves) = plan(arguments)?;
    runtime()?.block_on(prove(&plan, waves))
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()
}

fn plan(mut arguments: impl Iterator<Item = String>) -> Outcome<(Plan, usize)> {
    let first = Hour::parse(FIRST).ok_or("the first hour")?;
    let mut plan = Plan { hours: 1, files: 200, links: 1_000, ..Plan::new(1, 10_000_000, first) };
    let mut waves = 6;
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--requests" => plan.requests = value.parse()?,
            "--hours" => plan.hours = value.parse()?,
            "--links" => plan.links = value.parse()?,
            "--files" => plan.files = value.parse()?,
            "--waves" => waves = value.parse()?,
            "--seed" => plan.seed = value.parse()?,
            _ => return Err(format!("unknown option {name}").into()),
        }
    }
    Ok((plan, waves))
}

/// One count, in a process of its own: the table's file, the folder of logs, the moment.
async fn work(arguments: &[String]) -> Outcome<()> {
    let [table, logs, now] = arguments else { return Err("work TABLE LOGS MOMENT".into()) };
    let clock = Arc::new(TestClock::at(now.parse()?));
    let (table, _) = open(Path::new(table))?;
    let begin = Instant::now();
    let logs = Arc::new(Folder::new([PathBuf::from(logs)]));
    let report = Ingest::new(service(&table, clock)?, logs, IngestOptions::default()).run().await?;
    let seconds = begin.elapsed().as_secs_f64();
    let lines = report.lines + report.duplicates;
    eprintln!(
        "  {} of {} hours, {lines} lines in {seconds:.1} s, {} items written, peak {} MiB, {:?}",
        report.hours,
        report.hours + report.hours_left,
        report.written,
        peak_kib()? / 1024,
        report.problems
    );
    Ok(())
}

fn open(path: &Path) -> Outcome<(Arc<dyn Table>, Arc<SqliteTable>)> {
    let table = Arc::new(SqliteTable::open(path, SqliteOptions::default())?);
    Ok((table.clone(), table))
}

fn service(table: &Arc<dyn Table>, clock: Arc<dyn Clock>) -> Outcome<Arc<Service>> {
    let settings = Settings::new(BaseUrl::parse("https://s.example").map_err(|error| error.detail.into_owned())?);
    Ok(Arc::new(Service::new(table.clone(), settings).with_clock(clock)))
}

/// A new table with the links of a plan.
async fn make_table(path: &Path, plan: &Plan) -> Outcome<()> {
    let (table, _) = open(path)?;
    let clock = Arc::new(TestClock::at("2026-11-01T00:00:00Z".parse()?));
    let session = Session::new(service(&table, clock)?, Caller::direct("proof"));
    for link in 0..plan.links {
        let (code, target) = (Some(code(link)), "https://example.com/".to_owned());
        let request = CreateLink { target, code, ..CreateLink::default() };
        session.create(&request, &WriteOptions::default()).await.map_err(|problem| problem.detail)?;
    }
    Ok(())
}

async fn prove(plan: &Plan, waves: usize) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let (staged, logs) = (folder.path().join("staged"), folder.path().join("logs"));
    std::fs::create_dir_all(&staged)?;
    std::fs::create_dir_all(&logs)?;
    let mut files: Vec<Staged> = Vec::new();
    let mut failed = None;
    let truth = plan.write(&mut |log| {
        failed = std::fs::write(staged.join(&log.name), &log.bytes).err().or(failed.take());
        files.push((log.arrives, log.name));
    });
    failed.map_or(Ok(()), Err)?;
    files.sort();
    let lines = truth.lines + truth.duplicates;
    eprintln!("{lines} lines in {} files, {} of them copies", files.len(), truth.duplicates);
    measure(plan, &staged, &folder.path().join("measured.db")).await?;
    let table = folder.path().join("links.db");
    make_table(&table, plan).await?;
    let killed = deliver(plan, waves, &files, &staged, &logs, &table)?;
    eprintln!("the last pass, and one more");
    let end = files.last().map_or(Timestamp::UNIX_EPOCH, |(arrives, _)| *arrives);
    count(&table, &logs, end)?.wait()?;
    let (_, feed) = open(&table)?;
    let before = feed.changes_since(u64::MAX)?.latest;
    count(&table, &logs, end)?.wait()?;
    let written = feed.changes_since(u64::MAX)?.latest - before;
    let differences = differences(plan, &truth, &table).await?;
    println!(
        "workers killed: {killed}; differences from the truth: {differences}; writes of a further pass: {written}"
    );
    if differences + written == 0 { Ok(()) } else { Err("the counts are not true".into()) }
}

/// Counts everything at once, beside what only decompresses it and counts line feeds.
async fn measure(plan: &Plan, logs: &Path, table: &Path) -> Outcome<()> {
    make_table(table, plan).await?;
    let begin = Instant::now();
    let zcat = format!("cat '{}'/* | zcat | wc -l", logs.display());
    let counted = Command::new("sh").args(["-c", &zcat]).output()?;
    let counted = String::from_utf8_lossy(&counted.stdout).trim().to_owned();
    eprintln!("zcat | wc -l: {counted} lines in {:.1} s; all at once:", begin.elapsed().as_secs_f64());
    let end = plan.first.plus(i64::from(plan.hours) + 26).start();
    count(table, logs, end)?.wait()?;
    Ok(())
}

/// Delivers the files in waves, each to three workers, of which one or two are killed.
fn deliver(plan: &Plan, waves: usize, files: &[Staged], staged: &Path, logs: &Path, table: &Path) -> Outcome<u32> {
    let mut random = fastrand::Rng::with_seed(plan.seed);
    let mut killed = 0;
    for wave in files.chunks(files.len().div_ceil(waves.max(1)).max(1)) {
        let now = wave.last().map_or(Timestamp::UNIX_EPOCH, |(arrives, _)| *arrives);
        eprintln!("{} files more, {now}", wave.len());
        for (_, name) in wave {
            std::fs::rename(staged.join(name), logs.join(name))?;
        }
        let mut workers: Vec<Child> = (0..3).map(|_| count(table, logs, now)).collect::<Outcome<_>>()?;
        for worker in workers.iter_mut().take(random.usize(1..3)) {
            std::thread::sleep(Duration::from_millis(random.u64(20..3_000)));
            if worker.try_wait()?.is_none() {
                worker.kill()?;
                killed += 1;
            }
        }
        for mut worker in workers {
            worker.wait()?;
        }
    }
    Ok(killed)
}

fn count(table: &Path, logs: &Path, now: Timestamp) -> Outcome<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("work").args([table, logs]).arg(now.to_string()).stdin(Stdio::null());
    Ok(command.spawn()?)
}

/// How many numbers are not what they must be: of each link in each hour and day, and in total.
async fn differences(plan: &Plan, truth: &Truth, table: &Path) -> Outcome<u64> {
    let (table, _) = open(table)?;
    let mut differences = 0;
    for link in 0..plan.links {
        let code = ShortCode::parse(&code(link)).map_err(|error| error.detail.into_owned())?;
        let subject = Subject::Link(Domain::default_domain(), code);
        let mut days: Vec<(Date, Counts)> = Vec::new();
        for hour in (-1..=i64::from(plan.hours)).map(|hour| plan.first.plus(hour)) {
            let expected = truth.clicks.get(&(link, hour)).copied().unwrap_or_default();
            let stored = table.get(&keys::hour_stats(&subject, hour, "edge"), Consistency::Strong).await?;
            differences += u64::from(clicks(stored.as_ref()) != by_class(&expected));
            match days.last_mut() {
                Some((date, sum)) if *date == hour.date() => sum.add(&expected),
                _ => days.push((hour.date(), expected)),
            }
        }
        let mut sum = Counts::default();
        for (date, expected) in days {
            sum.add(&expected);
            let stored = table.get(&keys::period_stats(&subject, Period::Day(date)), Consistency::Strong).await?;
            differences += u64::from(clicks(stored.as_ref()) != by_class(&expected));
        }
        let stored = table.get(&keys::period_stats(&subject, Period::Total), Consistency::Strong).await?;
        differences += u64::from(months(stored.as_ref()) != by_class(&sum));
    }
    Ok(differences)
}

fn by_class(counts: &Counts) -> [u64; 5] {
    Class::ALL.map(|class| counts.of(class))
}

fn of_value(value: Option<&serde_json::Value>) -> [u64; 5] {
    let of = |class: Class| value?.get(class.as_str())?.as_u64();
    Class::ALL.map(|class| of(class).unwrap_or(0))
}

fn clicks(item: Option<&Item>) -> [u64; 5] {
    of_value(item.and_then(|item| item.attributes.get("clicks")))
}

fn months(item: Option<&Item>) -> [u64; 5] {
    let months = item.and_then(|item| item.attributes.get("months")).and_then(|months| months.as_object());
    let mut sum = [0; 5];
    for month in months.into_iter().flat_map(|months| months.values()) {
        of_value(month.get(1)).iter().zip(&mut sum).for_each(|(count, sum)| *sum += count);
    }
    sum
}

fn peak_kib() -> Outcome<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no peak of memory")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}
