//! Any bytes as a log, compressed or not.

use std::io::{Read, Write};
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::accumulate::{Accumulator, Part, Rules};
use super::line::{FileEnd, FileReport, LogLine, Rejection};
use super::manifest::Manifest;
use super::read_log;
use super::testing::{Written, write_header, write_line};
use crate::clock::TestClock;
use crate::link::BaseUrl;
use crate::service::{Directory, Service, Settings};
use crate::stats::Hour;
use crate::stats::tally::LONGEST_HOST;
use crate::table::Item;
use crate::table::keys;
use crate::table::memory::MemoryTable;

/// Longest line that is read, and the heads of files that are no text.
const LONGEST_LINE: usize = 64 * 1024;
const NO_TEXT: [&[u8]; 6] = [b"\x1f\x8b", b"PAR1", b"\x28\xb5\x2f\xfd", b"PK\x03\x04", b"BZh", b"\xfd7zX"];

#[test]
fn every_line_of_a_log_is_counted_or_rejected() {
    crate::fuzz_target!("log", |input: &[u8]| {
        let (lines, report) = read(&mut &input[..]);
        let again = read(&mut Pieces(input));
        // What a decoder gives of damaged data before it sees the damage depends on how much of it is there.
        let damaged = report.end == FileEnd::Broken(Rejection::Corrupt) && input.starts_with(b"\x1f\x8b");
        assert!(damaged || again == (lines.clone(), report.clone()), "how a file arrives changes nothing");
        assert_eq!(again.1.end, report.end);
        if !NO_TEXT.iter().any(|head| input.starts_with(head)) {
            assert_eq!(report.lines + report.rejected.values().sum::<u64>(), lines_in(input));
            compressed(input, &lines);
        }
    });
}

#[test]
fn what_is_counted_of_a_log_is_bounded_by_its_lines() {
    let rules = rules();
    crate::fuzz_target!("clicks", |input: &[u8]| {
        let mut counted = Accumulator::new(rules.clone(), Part::ALL);
        let mut lines = 0;
        let mut each = |line: &LogLine<'_>| {
            lines += 1;
            counted.line(line);
            value(line);
            written_again(line);
        };
        read_log(&mut &input[..], &mut each).unwrap();
        let counted = counted.finish();
        assert_eq!(counted.lines + counted.duplicates, lines);
        let orphans: u64 = counted.domains.iter().map(|domain| domain.orphans).sum();
        let codes: usize = counted.domains.iter().map(|domain| domain.links.len()).sum();
        assert!(orphans + codes as u64 <= counted.lines, "{orphans} orphans, {codes} codes");
    });
}

/// The lines of a log as they are debugged, and its report.
fn read(reader: &mut dyn Read) -> (Vec<String>, FileReport) {
    let mut lines = Vec::new();
    let report = read_log(reader, &mut |line| lines.push(format!("{line:?}"))).unwrap();
    assert_eq!(lines.len() as u64, report.lines);
    (lines, report)
}

/// Gives bytes a few at a time.
struct Pieces<'a>(&'a [u8]);

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let most = 1 + self.0.len() % 7;
        let length = buffer.len().min(most);
        self.0.read(&mut buffer[..length])
    }
}

/// How many lines there are in a text that are to be counted or rejected, told in another way.
fn lines_in(text: &[u8]) -> u64 {
    let is_line = |line: &&[u8]| {
        let shown = line.strip_suffix(b"\r").unwrap_or(line);
        let broken = line.contains(&0) || line.len() > LONGEST_LINE;
        broken || shown.first().is_some_and(|first| *first != b'#')
    };
    text.split(|byte| *byte == b'\n').filter(is_line).count() as u64
}

/// A compressed copy gives the same lines, and its last one in any case if it is whole.
fn compressed(text: &[u8], lines: &[String]) {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    let (unpacked, report) = read(&mut &encoder.finish().unwrap()[..]);
    assert!(unpacked.starts_with(lines) && unpacked.len() <= lines.len() + 1);
    assert!(report.end == FileEnd::Complete || text.last() != Some(&b'\n'));
}

/// What is made of the values is short, and shows nothing that acts on a terminal.
fn value(line: &LogLine<'_>) {
    assert!((0..=32_503_679_999).contains(&line.second) && line.status < 1000 && !line.request_id.is_empty());
    let shown = |text: &str, most: usize| text.chars().count() <= most && !text.chars().any(char::is_control);
    assert!(shown(&super::fields::referrer_host(line.referrer), LONGEST_HOST.max(64)));
    assert!(shown(&super::fields::country(line.country), 9));
    let utm = super::utm::utm(line.query);
    for tag in [utm.source, utm.medium, utm.campaign].into_iter().flatten() {
        assert!(shown(&tag, 64) && !tag.is_empty(), "{tag:?}");
    }
}

/// A line that is written again is read as the same.
fn written_again(line: &LogLine<'_>) {
    let fields = super::CONFIGURED_FIELDS;
    let values = [
        line.request_id,
        line.host,
        line.method,
        line.path,
        line.query,
        line.result,
        line.referrer,
        line.user_agent,
        line.country,
        line.address,
    ];
    let plain = |value: &&[u8]| value.iter().all(u8::is_ascii_graphic) && *value != b"-";
    if !values.iter().filter(|value| !value.is_empty()).all(plain) {
        return;
    }
    let mut text = Vec::new();
    write_header(&mut text, Written::W3c, &fields);
    write_line(&mut text, Written::W3c, &fields, line);
    // The address is no field of ours.
    let expected = format!("{:?}", LogLine { address: b"", ..*line });
    assert_eq!(read(&mut &text[..]).0, [expected]);
}

fn rules() -> Rules {
    let hour = Hour::parse("2026-11-26T05").unwrap();
    let clock = Arc::new(TestClock::at(hour.start()));
    let settings = Settings::new(BaseUrl::parse("https://go.example.com").unwrap());
    let service = Service::new(Arc::new(MemoryTable::new()), settings).with_clock(clock);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let directory: Arc<Directory> = runtime.block_on(service.directory()).unwrap();
    Rules { directory, salt: None, key: [7; 16], latest: hour }
}

#[test]
fn a_manifest_is_what_it_is_stored_as() {
    crate::fuzz_target!("manifest", |input: &[u8]| {
        let hour = Hour::parse("2026-11-26T05").unwrap();
        let Ok(attributes) = serde_json::from_slice(input) else { return };
        let item = Item { key: keys::ingest_hour(hour), attributes };
        if let Ok(manifest) = Manifest::decode(Some(&item)) {
            let stored = manifest.encode(hour).unwrap();
            assert_eq!(Manifest::decode(Some(&stored)).unwrap(), manifest);
        }
    });
}
