use std::collections::BTreeMap;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::*;
use crate::ingest::CONFIGURED_FIELDS;
use crate::ingest::line::FileEnd;
use crate::ingest::testing::{LEGACY_FIELDS, Written, write_header, write_line};

const LINE: LogLine<'_> = LogLine {
    second: 1_795_669_338,
    request_id: b"SOX4xwn4XV6Q4rgb7XiVGOHms_BGlTAC4KyHmureZmBNrjGdRLiNIQ==",
    host: b"go.example.com",
    method: b"GET",
    path: b"/launch",
    query: b"utm_source=mail",
    status: 302,
    result: b"Hit",
    referrer: b"https://news.example/a%20b",
    user_agent: b"Mozilla/5.0%20(Macintosh)",
    country: b"DE",
    address: b"",
};

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// A log of our fields with these lines.
fn log(lines: &[LogLine<'_>]) -> Vec<u8> {
    let mut text = Vec::new();
    write_header(&mut text, Written::W3c, &CONFIGURED_FIELDS);
    for line in lines {
        write_line(&mut text, Written::W3c, &CONFIGURED_FIELDS, line);
    }
    text
}

/// Reads bytes; the lines are given back as they are debugged.
fn read(mut bytes: &[u8]) -> (Vec<String>, FileReport) {
    let mut lines = Vec::new();
    let report = read_log(&mut bytes, &mut |line| lines.push(format!("{line:?}"))).unwrap();
    assert_eq!(lines.len() as u64, report.lines);
    (lines, report)
}

/// Lines, rejections and end of a file.
fn outcome(bytes: &[u8]) -> (u64, Vec<(&'static str, u64)>, FileEnd) {
    let report = read(bytes).1;
    let rejected = report.rejected.iter().map(|(reason, count)| (reason.as_str(), *count)).collect();
    (report.lines, rejected, report.end)
}

fn complete(lines: u64, rejected: &[(&'static str, u64)]) -> (u64, Vec<(&'static str, u64)>, FileEnd) {
    (lines, rejected.to_vec(), FileEnd::Complete)
}

fn broken(lines: u64, rejected: &[(&'static str, u64)], end: Rejection) -> (u64, Vec<(&'static str, u64)>, FileEnd) {
    (lines, rejected.to_vec(), FileEnd::Broken(end))
}

#[test]
fn every_format_reads_the_same_compressed_or_not() {
    let expected = vec![format!("{LINE:?}")];
    for fields in [&CONFIGURED_FIELDS[..], &LEGACY_FIELDS[..]] {
        for written in [Written::W3c, Written::Json, Written::Plain] {
            let line = LogLine { country: if fields.len() == 33 { b"" } else { b"DE" }, ..LINE };
            let mut text = Vec::new();
            write_header(&mut text, written, fields);
            write_line(&mut text, written, fields, &line);
            let format = LogFormat { fields: fields.iter().map(ToString::to_string).collect(), delimiter: None };
            for bytes in [text.clone(), gzip(&text), String::from_utf8(text).unwrap().replace('\n', "\r\n").into()] {
                let mut lines = Vec::new();
                let report = read_log_as(&format, &mut &bytes[..], &mut |line| {
                    lines.push(format!("{:?}", LogLine { country: b"DE", ..*line }));
                });
                assert_eq!(report.unwrap(), FileReport { lines: 1, ..FileReport::new() }, "{written:?}");
                assert_eq!(lines, expected, "{written:?}");
            }
        }
    }
}

#[test]
fn several_members_are_one_file_and_a_later_header_changes_the_order() {
    let mut reversed = CONFIGURED_FIELDS.to_vec();
    reversed.reverse();
    let mut second = Vec::new();
    write_header(&mut second, Written::W3c, &reversed);
    write_line(&mut second, Written::W3c, &reversed, &LINE);
    let bytes = [gzip(&log(&[LINE])), gzip(&second), gzip(b"")].concat();
    assert_eq!(read(&bytes).0, [format!("{LINE:?}"), format!("{LINE:?}")]);
}

#[test]
fn files_without_lines_are_complete() {
    assert_eq!(outcome(b""), complete(0, &[]));
    assert_eq!(outcome(&gzip(b"")), complete(0, &[]));
    assert_eq!(outcome(&log(&[])), complete(0, &[]));
    assert_eq!(outcome(b"\n\r\n\n"), complete(0, &[]));
}

#[test]
fn a_broken_file_gives_the_lines_before_and_says_so() {
    let lines: Vec<_> = (0..2000).map(|second| LogLine { second: LINE.second + second, ..LINE }).collect();
    let compressed = gzip(&log(&lines));
    let (read, rejected, end) = outcome(&compressed[..compressed.len() / 2]);
    assert!((500..1500).contains(&read), "{read}");
    assert_eq!((rejected, end), (vec![("truncated", 1)], FileEnd::Broken(Rejection::Truncated)));
    for cut in 1..=8 {
        let cut = &compressed[..compressed.len() - cut];
        assert_eq!(outcome(cut), broken(2000, &[("truncated", 1)], Rejection::Truncated), "{}", cut.len());
    }
    let mut flipped = compressed.clone();
    let last = flipped.len() - 6;
    flipped[last] ^= 1;
    assert_eq!(outcome(&flipped), broken(2000, &[("corrupt", 1)], Rejection::Corrupt));
    let garbage = [&compressed[..], b"and something that is no gzip"].concat();
    assert_eq!(outcome(&garbage), broken(2000, &[("corrupt", 1)], Rejection::Corrupt));
    assert_eq!(outcome(b"\x1f\x8b"), broken(0, &[("truncated", 1)], Rejection::Truncated));
    assert_eq!(outcome(b"PAR1 whatever\nfollows\n"), broken(0, &[("corrupt", 1)], Rejection::Corrupt));
}

#[test]
fn half_a_line_at_the_end_is_no_line_but_a_whole_one_is() {
    let text = log(&[LINE, LINE]);
    let without_line_feed = &text[..text.len() - 1];
    assert_eq!(outcome(without_line_feed), complete(2, &[]));
    let half = &text[..text.len() - 20];
    assert_eq!(outcome(half), broken(1, &[("truncated", 1)], Rejection::Truncated));
    assert_eq!(outcome(&gzip(half)), broken(1, &[("truncated", 1)], Rejection::Truncated));
    // An id that may be cut off would be counted as another request.
    let mut fields = CONFIGURED_FIELDS.to_vec();
    fields.swap(2, 17);
    let mut text = Vec::new();
    write_header(&mut text, Written::W3c, &fields);
    write_line(&mut text, Written::W3c, &fields, &LINE);
    text.pop();
    assert_eq!(outcome(&text), broken(0, &[("truncated", 1)], Rejection::Truncated));
    assert_eq!(outcome(&gzip(&text)), complete(1, &[]));
}

#[test]
fn lines_that_are_none_are_counted_by_reason_and_hide_no_other() {
    let good = String::from_utf8(log(&[LINE])).unwrap();
    let (header, line) = good.split_at(good.rfind("2026-").unwrap());
    let with = |bad: &str| outcome(format!("{header}{line}{bad}\n{line}").as_bytes());
    let line = line.trim_end();
    for (bad, reason) in [
        (line.replace("/launch", "/lau\tnch"), "malformed"),
        (line.replace("\tDE", ""), "malformed"),
        ("nonsense".to_owned(), "malformed"),
        ("{\"date\":".to_owned(), "malformed"),
        ("{\"date\":\"2026-11-26\",\"date\":\"2026-11-27\"}".to_owned(), "malformed"),
        ("{\"date\":\"2026-11-26\"}".to_owned(), "no_fields"),
        ("[".repeat(60_000), "malformed"),
        (format!("{{\"a\":{}", "[".repeat(60_000)), "malformed"),
        (line.replace("2026-11-26", "0000-11-26"), "bad_time"),
        (line.replace("2026-11-26", "9999-11-26"), "bad_time"),
        (line.replace("2026-11-26", "-"), "bad_time"),
        (line.replace("05:02:18", "25:02:18"), "bad_time"),
        (line.replace("SOX4xwn4XV6Q4rgb7XiVGOHms_BGlTAC4KyHmureZmBNrjGdRLiNIQ==", "-"), "no_request_id"),
        (line.replace("\t302\t", "\t-\t"), "bad_request"),
        (line.replace("\t302\t", "\t1302\t"), "bad_request"),
        (line.replace("\t302\t", "\t+02\t"), "bad_request"),
        (line.replace("GET", "-"), "bad_request"),
        (line.replace("/launch", "launch"), "bad_request"),
        (line.replace("/launch", "/lau\0nch"), "corrupt"),
        (line.replace("/launch", &format!("/{}", "a".repeat(70_000))), "too_long"),
        (line.replace("/launch", &format!("/{}", "a\0".repeat(700_000))), "too_long"),
    ] {
        assert_eq!(with(&bad), complete(2, &[(reason, 1)]), "{bad:.200}");
    }
    let hung_up = line.replace("\t302\t", "\t000\t");
    assert_eq!(with(&hung_up), complete(3, &[]));
    assert!(read(format!("{header}{hung_up}\n").as_bytes()).0[0].contains("status: 0,"));
}

#[test]
fn lines_without_a_header_that_has_what_counting_needs_are_not_guessed() {
    let good = String::from_utf8(log(&[LINE])).unwrap();
    let line = &good[good.rfind("2026-").unwrap()..];
    let with = |header: &str| outcome(format!("{header}\n{line}").as_bytes());
    assert_eq!(with(""), complete(1, &[]));
    assert_eq!(with("#Version: 1.0"), complete(0, &[("no_fields", 1)]));
    assert_eq!(with("#Fields: date time cs-method cs-uri-stem sc-status"), complete(0, &[("no_fields", 1)]));
    let twice = CONFIGURED_FIELDS.join(" ").replace("sc-bytes", "date");
    assert_eq!(with(&format!("#Fields: {twice}")), complete(0, &[("no_fields", 1)]));
    assert_eq!(with(&format!("#Fields: {}", "x ".repeat(200))), complete(0, &[("no_fields", 1)]));
    assert_eq!(outcome(line.replace("\tDE", "").as_bytes()), complete(0, &[("no_fields", 1)]));
}

#[test]
fn delimiters_are_found_out_by_the_lines() {
    for delimiter in [' ', ',', '|', ';'] {
        let line = LogLine { user_agent: b"curl/8", ..LINE };
        let text = String::from_utf8(log(&[line, line])).unwrap().replace('\t', &delimiter.to_string());
        assert_eq!(read(text.as_bytes()).0, [format!("{line:?}"), format!("{line:?}")], "{delimiter}");
    }
}

#[test]
fn real_time_fields_are_read_too() {
    let text = "#Fields: timestamp x-edge-request-id cs-host cs-method cs-uri-stem sc-status x-edge-result-type\n\
                1684226820.937\tuou6==\tgo.example\tGET\t/a?utm_source=x\t302\tMiss\n";
    let expected = LogLine {
        second: 1_684_226_820,
        request_id: b"uou6==",
        host: b"go.example",
        method: b"GET",
        path: b"/a",
        query: b"utm_source=x",
        status: 302,
        result: b"Miss",
        ..LogLine::default()
    };
    assert_eq!(read(text.as_bytes()).0, [format!("{expected:?}")]);
    let json = r#"{"timestamp(ms)":1684226820937,"x-edge-request-id":"uou6\u003d=","cs-host":"go.example","extra":[{}],
        "cs-method":"GET","cs-uri-stem":"/a","cs-uri-query":"utm_source=x","sc-status":302,"x-edge-result-type":"Miss"}"#;
    assert_eq!(read(json.replace('\n', "").as_bytes()).0, [format!("{expected:?}")]);
}

/// Fails after a while, as a connection does.
struct Failing<'a>(&'a [u8]);

impl Read for Failing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            read => Ok(read),
        }
    }
}

#[test]
fn a_reader_that_fails_is_told_from_a_file_that_ends() {
    for bytes in [log(&[LINE]), gzip(&log(&[LINE])), Vec::new()] {
        assert!(read_log(&mut Failing(&bytes), &mut |_| {}).is_err());
    }
}

/// Gives a few bytes at a time, and is interrupted between.
struct Slow<'a>(&'a [u8], usize, bool);

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.2 = !self.2;
        if self.2 {
            return Err(ErrorKind::Interrupted.into());
        }
        let most = self.1.min(buffer.len());
        self.0.read(&mut buffer[..most])
    }
}

#[test]
fn a_bomb_is_read_in_little_memory() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    for _ in 0..64 {
        encoder.write_all(&vec![b'a'; 1 << 20]).unwrap();
    }
    assert_eq!(outcome(&encoder.finish().unwrap()), complete(0, &[("too_long", 1)]));
}

/// Lines of a text that are neither empty nor directives: so many must be accounted for.
fn count_lines(text: &[u8]) -> u64 {
    let lines = text.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    lines.filter(|line| !line.is_empty() && (line[0] != b'#' || line.contains(&0))).count() as u64
}

/// Pieces that make something like a log.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(log(&[])),
        Just(log(&[LINE])),
        Just(b"\n".to_vec()),
        Just(b"\t".to_vec()),
        Just(b"-".to_vec()),
        Just(b"{\"date\":\"".to_vec()),
        Just(b"#Fields: date time x-edge-request-id cs-method cs-uri-stem sc-status\n".to_vec()),
        Just(b"2026-11-26\t05:02:18\tid\tGET\t/a\t302\n".to_vec()),
        Just(vec![b'x'; 40_000]),
        prop::collection::vec(any::<u8>(), 0..80),
    ]
}

fn values() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec("[!-~&&[^\"#<>\\\\\\[\\]^`{|}~,;-]]{1,40}", 9)
}

fn line_of(values: &[String], second: i64, status: u16) -> LogLine<'_> {
    LogLine {
        second,
        request_id: values[0].as_bytes(),
        host: values[1].as_bytes(),
        method: b"HEAD",
        path: b"/x%2520y",
        query: values[2].as_bytes(),
        status,
        result: values[3].as_bytes(),
        referrer: values[4].as_bytes(),
        user_agent: values[5].as_bytes(),
        country: values[6].as_bytes(),
        address: values[7].as_bytes(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_bytes_are_accounted_for(pieces in prop::collection::vec(piece(), 0..12), slice in 1..300usize) {
        let text = [b"#\n".to_vec(), pieces.concat()].concat();
        let (lines, report) = read(&text);
        prop_assert_eq!(report.lines + report.rejected.values().sum::<u64>(), count_lines(&text));
        let mut again = Vec::new();
        let slow = read_log(&mut Slow(&text, slice, false), &mut |line| again.push(format!("{line:?}"))).unwrap();
        prop_assert_eq!((lines, report), (again, slow));
        read(&pieces.concat());
        read(&[GZIP, &pieces.concat()].concat());
        read(&[&gzip(&text)[..], &pieces.concat()].concat());
    }

    #[test]
    fn any_order_of_fields_gives_what_was_written(
        fields in Just([&CONFIGURED_FIELDS[..], &["c-ip", "asn"]].concat()).prop_shuffle(),
        values in values(),
        second in 0..32_503_680_000_i64,
        status in prop_oneof![Just(0_u16), 100..1000_u16],
    ) {
        let line = line_of(&values, second, status);
        let format = LogFormat { fields: fields.iter().map(ToString::to_string).collect(), delimiter: None };
        for written in [Written::W3c, Written::Json, Written::Plain] {
            let mut text = Vec::new();
            write_header(&mut text, written, &fields);
            write_line(&mut text, written, &fields, &line);
            let mut read = Vec::new();
            let report = read_log_as(&format, &mut &text[..], &mut |line| read.push(format!("{line:?}"))).unwrap();
            prop_assert_eq!((read, report.rejected), (vec![format!("{line:?}")], BTreeMap::new()));
        }
    }
}
