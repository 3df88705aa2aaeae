//! Files that are broken as a whole: each is named with its reason.

use std::fs;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::{cli, log, name, report};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::default());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

/// The log of a click without one column.
fn without(column: &str) -> Vec<u8> {
    let text = String::from_utf8(log(&[("r7", "/launch", 302)])).unwrap();
    let header = text.lines().find_map(|line| line.strip_prefix("#Fields: ")).unwrap();
    let at = header.split(' ').position(|name| name == column).unwrap();
    let cut = |line: &str, delimiter: char| {
        let mut cells: Vec<_> = line.split(delimiter).collect();
        cells.remove(at);
        cells.join(&delimiter.to_string())
    };
    let line = text.lines().last().unwrap();
    format!("#Version: 1.0\n#Fields: {}\n{}\n", cut(header, ' '), cut(line, '\t')).into_bytes()
}

#[test]
fn each_broken_file_is_named_with_its_reason() {
    let cli = cli();
    let many: Vec<_> = (0..500).map(|id| format!("x{id}")).collect();
    let many: Vec<_> = many.iter().map(|id| (id.as_str(), "/launch", 302)).collect();
    let whole = gzip(&log(&many));
    let headless = log(&[("r6", "/launch", 302)]);
    let headless = headless.split(|byte| *byte == b'\n').nth(2).unwrap();
    for (id, bytes) in [
        ("b.gz", whole[..whole.len() - 8].to_vec()),
        ("c", without("cs-uri-stem")),
        ("d", [headless, b"\n"].concat()),
        ("e.gz", gzip(&vec![0; 5 << 20])),
        ("f.gz", b"no log at all\n".to_vec()),
        ("g.gz", [0x1f, 0x8b].iter().copied().chain([7; 50]).collect()),
    ] {
        fs::write(cli.path("logs").join(name("E2EXAMPLE", id)), bytes).unwrap();
    }
    let stamp = name("", "");
    let redact = |text: &str| text.replace(&stamp, ".[hour].");
    let dry = cli.run(&["ingest", "logs", "--json", "--dry-run"]).exits(8).stdout;
    let report = report(&dry);
    assert_eq!(report.lines, 503, "what is before the break is counted: {report:?}");
    assert_eq!(report.problems.len(), 6, "{report:?}");
    let shown = cli.run(&["ingest", "logs"]).exits(8);
    assert!(shown.stdout.contains("rejected lines: "), "{}", shown.stdout);
    let problems: Vec<_> = report.problems.iter().map(|problem| format!("warning: {problem}\n")).collect();
    assert_eq!(shown.stderr, problems.concat());
    insta::assert_snapshot!(redact(&shown.stderr));
}

#[test]
fn broken_files_are_named_up_to_ten() {
    let cli = cli();
    for id in 0..13 {
        fs::write(cli.path("logs").join(name("E2EXAMPLE", &format!("b{id}"))), "no log\n").unwrap();
    }
    let report = report(&cli.run(&["ingest", "logs", "--json"]).exits(8).stdout);
    assert_eq!(report.problems.len(), 11, "{report:?}");
    assert_eq!(report.problems.last().unwrap(), "3 more files are broken");
}
