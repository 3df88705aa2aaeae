//! How fast access logs are read.
//!
//! `log_lines write FILE LINES [SEED]` writes a compressed log of our fields: 2,000 links by Zipf's law, 3,000 user agents,
//! and request ids at random. `log_lines read FILE` hands its lines over to nothing, and `log_lines count FILE` counts them by
//! link, referrer, country, campaign, result and user agent; both print how many there were, and their peak
//! resident memory in KiB.

use std::collections::HashMap;
use std::error::Error;
use std::fs::File;
use std::hint::black_box;
use std::io::{BufWriter, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use shortener_core::ingest::testing::{Written, write_header, write_line};
use shortener_core::ingest::{CONFIGURED_FIELDS, LogLine, fields, read_log};

const LINKS: usize = 2000;
const USER_AGENTS: usize = 3000;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["write", file, lines] => write(file, lines.parse()?, 1),
        ["write", file, lines, seed] => write(file, lines.parse()?, seed.parse()?),
        ["read", file] => read(file, &mut |line| _ = black_box(line)),
        ["count", file] => {
            let mut counts = Counts::default();
            read(file, &mut |line| counts.add(line))?;
            black_box(&counts);
            Ok(())
        }
        _ => Err("usage: log_lines write FILE LINES [SEED] | read FILE | count FILE".into()),
    }
}

/// `SplitMix64`: the same lines for the same seed, everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap_or_default()
    }

    fn one_of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }

    /// 56 characters, as CloudFront makes them.
    fn request_id(&mut self) -> String {
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut id: String = (0..54).map(|_| char::from(ALPHABET[self.below(64)])).collect();
        id.push_str("==");
        id
    }
}

/// Picks of a number of things by Zipf's law: the n-th is picked in proportion to 1/n.
struct Zipf(Vec<f64>);

impl Zipf {
    #[expect(clippy::cast_precision_loss, reason = "some thousands")]
    fn of(things: usize) -> Self {
        let mut sum = 0.0;
        Self(
            (1..=things)
                .map(|rank| {
                    sum += 1.0 / rank as f64;
                    sum
                })
                .collect(),
        )
    }

    #[expect(clippy::cast_precision_loss, reason = "a number in [0, 1) needs no more")]
    fn pick(&self, random: &mut Random) -> usize {
        let at = random.next() as f64 / u64::MAX as f64 * self.0.last().copied().unwrap_or_default();
        self.0.partition_point(|sum| *sum < at).min(self.0.len() - 1)
    }
}

fn user_agents(random: &mut Random) -> Vec<String> {
    let agent = |random: &mut Random| match random.below(4) {
        0 => format!(
            "Mozilla/5.0%20(Windows%20NT%2010.0;%20Win64;%20x64)%20AppleWebKit/537.36%20(KHTML,%20like%20Gecko)%20Chrome/{}.0.{}.{}%20Safari/537.36",
            100 + random.below(40),
            4000 + random.below(2000),
            random.below(200)
        ),
        1 => format!(
            "Mozilla/5.0%20(iPhone;%20CPU%20iPhone%20OS%20{0}_{1}%20like%20Mac%20OS%20X)%20AppleWebKit/605.1.15%20(KHTML,%20like%20Gecko)%20Version/{0}.{1}%20Mobile/15E148%20Safari/604.1",
            14 + random.below(5),
            random.below(8)
        ),
        2 => format!(
            "Mozilla/5.0%20(Linux;%20Android%20{};%20SM-G{}B)%20AppleWebKit/537.36%20(KHTML,%20like%20Gecko)%20Chrome/{}.0.0.0%20Mobile%20Safari/537.36",
            9 + random.below(7),
            900 + random.below(100),
            100 + random.below(40)
        ),
        _ => format!(
            "Mozilla/5.0%20(compatible;%20{}/{}.{};%20+http://www.example.com/bot.html)",
            random.one_of(&["Googlebot", "bingbot", "AhrefsBot", "SemrushBot"]),
            random.below(10),
            random.below(100)
        ),
    };
    (0..USER_AGENTS).map(|_| agent(random)).collect()
}

fn write(file: &str, lines: u64, seed: u64) -> Result<(), Box<dyn Error>> {
    let mut random = Random(seed);
    let (links, agents) = (Zipf::of(LINKS), Zipf::of(USER_AGENTS));
    let user_agents = user_agents(&mut random);
    let mut out = GzEncoder::new(BufWriter::new(File::create(file)?), Compression::default());
    let mut buffer = Vec::new();
    write_header(&mut buffer, Written::W3c, &CONFIGURED_FIELDS);
    for number in 0..lines {
        let (id, path) = (random.request_id(), format!("/b{:06}", links.pick(&mut random) * 7919 % 1_000_000));
        let second = 1_795_665_600 + i64::try_from(number * 3600 / lines)?;
        let line = LogLine {
            second,
            request_id: id.as_bytes(),
            host: b"go.example.com",
            method: if random.below(50) == 0 { b"HEAD" } else { b"GET" },
            path: path.as_bytes(),
            query: random
                .one_of(&["", "", "", "", "utm_source=newsletter&utm_medium=email&utm_campaign=spring"])
                .as_bytes(),
            status: if random.below(30) == 0 { 404 } else { 302 },
            result: random.one_of(&["Hit", "Hit", "Hit", "Miss"]).as_bytes(),
            referrer: random
                .one_of(&[
                    "",
                    "",
                    "https://www.google.com/",
                    "https://t.co/aBcDeFgHiJ",
                    "https://news.example/2026/11/a%20story?id=5",
                ])
                .as_bytes(),
            user_agent: user_agents[agents.pick(&mut random)].as_bytes(),
            country: random.one_of(&["DE", "US", "FR", "GB", "IN", "BR", "JP", "AT", "CH", "NL"]).as_bytes(),
            address: b"",
        };
        write_line(&mut buffer, Written::W3c, &CONFIGURED_FIELDS, &line);
        if buffer.len() > 1 << 16 {
            out.write_all(&buffer)?;
            buffer.clear();
        }
    }
    out.write_all(&buffer)?;
    out.finish()?.flush()?;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the figure is what it is run for")]
fn read(file: &str, each: &mut dyn FnMut(&LogLine<'_>)) -> Result<(), Box<dyn Error>> {
    let report = read_log(&mut File::open(file)?, each)?;
    if !report.rejected.is_empty() {
        return Err(format!("{report:?}").into());
    }
    println!("{} {}", report.lines, peak_kib());
    Ok(())
}

/// Most memory that was resident, in KiB; 0 where the system does not tell.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or_default()
}

/// Counts by link, and by what clicks are broken down by.
#[derive(Default)]
struct Counts {
    links: HashMap<Vec<u8>, u64, foldhash::fast::FixedState>,
    names: HashMap<String, u64, foldhash::fast::FixedState>,
    user_agents: HashMap<Vec<u8>, u64, foldhash::fast::FixedState>,
    results: [u64; 4],
}

impl Counts {
    fn add(&mut self, line: &LogLine<'_>) {
        count(&mut self.links, line.path);
        count(&mut self.user_agents, line.user_agent);
        self.count_name(&fields::referrer_host(line.referrer));
        self.count_name(&fields::country(line.country));
        for value in [fields::utm(line.query).source, fields::utm(line.query).campaign].into_iter().flatten() {
            self.count_name(&value);
        }
        self.results[fields::edge_result(line.result, line.status).map_or(3, |result| result as usize)] += 1;
    }

    fn count_name(&mut self, name: &str) {
        match self.names.get_mut(name) {
            Some(count) => *count += 1,
            None => _ = self.names.insert(name.to_owned(), 1),
        }
    }
}

fn count(counts: &mut HashMap<Vec<u8>, u64, foldhash::fast::FixedState>, name: &[u8]) {
    match counts.get_mut(name) {
        Some(count) => *count += 1,
        None => _ = counts.insert(name.to_vec(), 1),
    }
}
