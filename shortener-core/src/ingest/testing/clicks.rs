//! Clicks of which the truth is known, as the log files that an edge would write of them.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::{SignedDuration, Timestamp};

use super::{LEGACY_FIELDS, Written, write_header, write_line};
use crate::ingest::LogLine;
use crate::stats::tally::Counts;
use crate::stats::{Class, Hour};

/// How many clicks, of how many links, in how many files.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The same seed makes the same clicks.
    pub seed: u64,
    /// Different requests, copies not counted: about so many.
    pub requests: u64,
    /// Links, by the names of [`code`].
    pub links: u32,
    /// The first hour for which files are named.
    pub first: Hour,
    /// How many hours they are named for.
    pub hours: u32,
    /// Files of an hour, without those that come twice.
    pub files: u32,
    /// Percent of the files that come again under another name.
    pub repeated_files: u32,
    /// Percent of the lines that come again in another file.
    pub repeated_lines: u32,
    /// Percent of the files that come late, by up to 24 hours.
    pub late_files: u32,
}

/// A file, and when it is delivered.
#[derive(Debug, Clone)]
pub struct ClickLog {
    /// Its name.
    pub name: String,
    /// When it is there.
    pub arrives: Timestamp,
    /// Its content, compressed.
    pub bytes: Vec<u8>,
    /// Lines in it.
    pub lines: u64,
}

/// What a count of all files must come to.
#[derive(Debug, Clone, Default)]
pub struct Truth {
    /// Clicks by link and hour.
    pub clicks: HashMap<(u32, Hour), Counts>,
    /// Answers of 410 by link and hour.
    pub gone: HashMap<(u32, Hour), u64>,
    /// Requests for codes that no link has, by hour.
    pub orphans: BTreeMap<Hour, u64>,
    /// Different lines.
    pub lines: u64,
    /// Copies beyond the first.
    pub duplicates: u64,
    /// Every address that was written.
    pub addresses: Vec<String>,
}

/// User agents, each of which leaves no doubt about its class.
pub const AGENTS: [(Class, &str); 9] = [
    (
        Class::Human,
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    ),
    (
        Class::Human,
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
    ),
    (Class::Human, "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0"),
    (
        Class::Human,
        "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36",
    ),
    (Class::Bot, "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"),
    (Class::Bot, "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)"),
    (Class::Preview, "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"),
    (Class::Tool, "curl/8.7.1"),
    (Class::Tool, "python-requests/2.32.3"),
];

/// The distribution in the names of the files.
pub const DISTRIBUTION: &str = "E2EXAMPLE";

/// The code of a link of a plan.
pub fn code(link: u32) -> String {
    format!("link{link:05}")
}

/// What happens in one request.
enum Happens {
    Click(Class),
    Gone,
    Failed,
    NotCounted,
    Orphan,
}

struct Writer<'a> {
    plan: &'a Plan,
    random: fastrand::Rng,
    truth: Truth,
    requests: u64,
    line: Vec<u8>,
}

impl Plan {
    /// A plan with the usual share of trouble.
    pub fn new(seed: u64, requests: u64, first: Hour) -> Self {
        let (links, hours, files) = (60, 12, 6);
        Self { seed, requests, links, first, hours, files, repeated_files: 5, repeated_lines: 1, late_files: 10 }
    }

    /// Writes the files, hour by hour, and says what they come to.
    pub fn write(&self, each: &mut dyn FnMut(ClickLog)) -> Truth {
        let random = fastrand::Rng::with_seed(self.seed);
        let mut writer = Writer { plan: self, random, truth: Truth::default(), requests: 0, line: Vec::new() };
        for hour in 0..self.hours {
            writer.hour(self.first.plus(hour.into()), each);
        }
        writer.truth.addresses = (0..ADDRESSES).map(address).collect();
        writer.truth
    }
}

impl Writer<'_> {
    fn hour(&mut self, hour: Hour, each: &mut dyn FnMut(ClickLog)) {
        let files = u64::from(self.plan.files);
        let requests = self.plan.requests / (u64::from(self.plan.hours) * files).max(1);
        let mut repeated: Vec<u8> = Vec::new();
        let mut repeated_lines = 0;
        for file in 0..files {
            let mut out = Log::begin();
            out.push(&repeated, repeated_lines);
            self.truth.duplicates += repeated_lines;
            (repeated, repeated_lines) = (Vec::new(), 0);
            for _ in 0..requests {
                self.request(hour);
                out.push(&self.line, 1);
                if self.percent(self.plan.repeated_lines) {
                    repeated.extend_from_slice(&self.line);
                    repeated_lines += 1;
                }
            }
            let log = ClickLog { name: self.name(hour, file), arrives: self.arrival(hour), ..out.finish() };
            if self.percent(self.plan.repeated_files) {
                self.truth.duplicates += log.lines;
                let again =
                    ClickLog { name: self.name(hour, files + file), arrives: self.arrival(hour), ..log.clone() };
                each(again);
            }
            each(log);
        }
    }

    fn name(&mut self, hour: Hour, file: u64) -> String {
        let hour = hour.to_string().replace('T', "-");
        format!("{DISTRIBUTION}.{hour}.{:08x}{file:04x}.gz", self.random.u32(..))
    }

    fn arrival(&mut self, hour: Hour) -> Timestamp {
        let late = if self.percent(self.plan.late_files) { self.random.i64(3_600..86_400) } else { 0 };
        hour.end() + SignedDuration::from_secs(self.random.i64(0..3_600) + late)
    }

    fn percent(&mut self, share: u32) -> bool {
        self.random.u32(..100) < share
    }

    /// Writes one request into `line`; most are of the hour in the file's name, a few of those beside it.
    fn request(&mut self, named: Hour) {
        let hour = match self.random.u32(..100) {
            0 => named.plus(-1),
            1 => named.plus(1),
            _ => named,
        };
        let random = &mut self.random;
        // Few links have most clicks.
        let link = random.u32(..=random.clone().u32(..self.plan.links.max(1)));
        let (class, agent) = AGENTS[random.usize(..AGENTS.len())];
        let is_head = random.u32(..100) < 3;
        let class = if is_head { Class::Head } else { class };
        let (happens, path, status) = match random.u32(..100) {
            0..=1 => (Happens::Orphan, format!("/nothing{}", random.u32(..1_000)), 404),
            2 => (Happens::Orphan, format!("/nothing{}", random.u32(..1_000)), 302),
            3 => (Happens::Gone, format!("/{}", code(link)), 410),
            4 => (Happens::Failed, format!("/{}", code(link)), *random.choice([503, 0].iter()).unwrap_or(&0)),
            5 => (Happens::NotCounted, format!("/{}+", code(link)), 200),
            6 => (Happens::NotCounted, "/api/v1/links".to_owned(), 200),
            7 => (Happens::Click(class), format!("/%6c{}", &code(link)[1..]), 302),
            _ => (Happens::Click(class), format!("/{}", code(link)), 302),
        };
        match happens {
            Happens::Click(class) => *self.truth.clicks.entry((link, hour)).or_default().of_mut(class) += 1,
            Happens::Gone => *self.truth.gone.entry((link, hour)).or_default() += 1,
            Happens::Orphan => *self.truth.orphans.entry(hour).or_default() += 1,
            Happens::Failed | Happens::NotCounted => {}
        }
        let request_id = format!("{:016x}{:016x}{:022x}==", self.plan.seed, self.requests, random.u64(..));
        let (referrer, query) = (REFERRERS[random.usize(..REFERRERS.len())], QUERIES[random.usize(..QUERIES.len())]);
        self.line.clear();
        let line = LogLine {
            second: hour.start().as_second() + random.i64(0..3_600),
            request_id: request_id.as_bytes(),
            host: b"s.example",
            method: if is_head { b"HEAD" } else { b"GET" },
            path: path.as_bytes(),
            query: query.as_bytes(),
            status,
            result: RESULTS[random.usize(..RESULTS.len())].as_bytes(),
            referrer: referrer.as_bytes(),
            user_agent: &agent.replace(' ', "%20").into_bytes(),
            country: b"DE",
            address: &address(random.u32(..ADDRESSES)).into_bytes(),
        };
        write_line(&mut self.line, Written::W3c, &FIELDS, &line);
        self.requests += 1;
        self.truth.lines += 1;
    }
}

/// A legacy log with the country at its end, as later versions of it have.
const FIELDS: [&str; 34] = {
    let mut fields = ["c-country"; 34];
    let mut at = 0;
    while at < LEGACY_FIELDS.len() {
        fields[at] = LEGACY_FIELDS[at];
        at += 1;
    }
    fields
};

const REFERRERS: [&str; 5] =
    ["", "https://news.example/a", "https://mail.example/", "https://chat.example/r/1", "android-app://app.example/"];
const QUERIES: [&str; 4] = ["", "", "utm_source=mail&utm_medium=email&utm_campaign=spring%2520sale", "a=b"];
const RESULTS: [&str; 4] = ["Hit", "Hit", "Miss", "RefreshHit"];
const ADDRESSES: u32 = 5_000;

/// An address of the documentation's networks, in whichever family.
fn address(number: u32) -> String {
    if number.is_multiple_of(3) {
        format!("2001:db8::{number:x}:77")
    } else {
        format!("198.51.{}.{}", number / 250, number % 250)
    }
}

/// A file that is being written.
struct Log {
    out: GzEncoder<Vec<u8>>,
    lines: u64,
}

impl Log {
    fn begin() -> Self {
        let mut log = Self { out: GzEncoder::new(Vec::new(), Compression::fast()), lines: 0 };
        let mut header = Vec::new();
        write_header(&mut header, Written::W3c, &FIELDS);
        log.push(&header, 0);
        log
    }

    fn push(&mut self, bytes: &[u8], lines: u64) {
        // Writing to memory does not fail.
        let _ = self.out.write_all(bytes);
        self.lines += lines;
    }

    fn finish(self) -> ClickLog {
        let bytes = self.out.finish().unwrap_or_default();
        ClickLog { name: String::new(), arrives: Timestamp::UNIX_EPOCH, bytes, lines: self.lines }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::read_log;

    #[test]
    fn what_is_written_is_read() {
        let first = Hour::parse("2026-11-24T18").unwrap();
        let plan = Plan { hours: 2, ..Plan::new(1, 120, first) };
        let mut lines = 0;
        let truth = plan.write(&mut |log| {
            let mut reader: &[u8] = &log.bytes;
            let mut hours = Vec::new();
            let gz = &mut reader;
            let report = read_log(gz, &mut |line| hours.push(Hour::of_second(line.second).to_string())).unwrap();
            assert!(report.rejected.is_empty(), "{report:?}");
            assert_eq!(report.lines, log.lines);
            assert!(hours.iter().all(|hour| hour.starts_with("2026-11-24T")), "{hours:?}");
            lines += report.lines;
        });
        assert_eq!(lines, truth.lines + truth.duplicates);
    }
}
