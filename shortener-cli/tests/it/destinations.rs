//! Hostile targets through files and lines, and what visitors get of those that are accepted.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};
use shortener_core::hostile::{self, Case, Verdict};

use crate::support::{BackEnd, TestCli};

/// The domains of the corpus.
fn set_up(cli: &TestCli) {
    let deny = ["--deny", "@private", "--deny", "@shorteners", "--deny", "@lookalikes"];
    cli.run(&[["domains", "set", hostile::STRICT].as_slice(), &deny].concat()).exits(0);
    for (domain, base) in hostile::OTHERS {
        cli.run(&["domains", "set", domain, "--base-url", base]).exits(0);
    }
}

fn domain(case: &Case) -> Option<&str> {
    Some(case.domain).filter(|domain| *domain != hostile::PLAIN)
}

/// The targets in the table, by code.
fn stored(back_end: &BackEnd) -> BTreeMap<String, String> {
    let text = |link: &Value, name: &str| link[name].as_str().unwrap().to_owned();
    back_end.links().iter().map(|link| (text(link, "code"), text(link, "target"))).collect()
}

/// Demands that the links which are there are those that may be, as what they may be.
fn demand(back_end: &BackEnd, corpus: &[Case]) {
    let stored = stored(back_end);
    for (at, case) in corpus.iter().enumerate() {
        let found = stored.get(&format!("c{at}")).map(String::as_str);
        let right = match &case.verdict {
            Verdict::Refused(_) => found.is_none(),
            Verdict::Stored(target) => found == Some(target),
            Verdict::Accepted => found.is_some(),
        };
        assert!(right, "{}: {case:?}: {found:?}", back_end.name);
    }
}

fn refused(corpus: &[Case]) -> usize {
    corpus.iter().filter(|case| case.is_refused()).count()
}

fn quoted(cell: &str) -> String {
    format!("\"{}\"", cell.replace('"', "\"\""))
}

#[test]
fn an_import_refuses_what_the_service_refuses_and_tells_why() {
    // A file of text with a NUL is refused as a whole.
    let corpus: Vec<Case> = hostile::corpus().into_iter().filter(|case| !case.given.contains('\0')).collect();
    let csv = corpus.iter().enumerate().fold("code,domain,target\n".to_owned(), |mut text, (at, case)| {
        writeln!(text, "c{at},{},{}", domain(case).unwrap_or_default(), quoted(&case.given)).unwrap();
        text
    });
    let ndjson = corpus.iter().enumerate().fold(String::new(), |mut text, (at, case)| {
        let row = json!({"code": format!("c{at}"), "domain": domain(case), "target": case.given});
        writeln!(text, "{row}").unwrap();
        text
    });
    for (back_end, name, file) in [(BackEnd::file(), "rows.csv", csv), (BackEnd::api(), "rows.ndjson", ndjson)] {
        let cli = &back_end.cli;
        set_up(cli);
        fs::write(cli.path(name), file).unwrap();
        let outcome = cli.run_for(&["import", name, "--json"], 120).exits(8);
        let summary: Value = serde_json::from_str(&outcome.stdout).unwrap();
        assert_eq!(summary["rows"], corpus.len(), "{}", outcome.stdout);
        assert_eq!((summary["invalid"].as_u64(), summary["failed"].as_u64()), (Some(refused(&corpus) as u64), Some(0)));
        for failure in summary["failures"].as_array().unwrap() {
            let case = &corpus[failure["code"].as_str().unwrap()[1..].parse::<usize>().unwrap()];
            let Verdict::Refused(code) = case.verdict else { panic!("{case:?}: {failure}") };
            assert_eq!(failure["problem"], code, "{case:?}");
        }
        demand(&back_end, &corpus);
    }
}

#[test]
fn declarations_are_refused_and_accepted_alike() {
    // Without a target nothing is declared.
    let corpus: Vec<Case> = hostile::corpus().into_iter().filter(|case| !case.given.is_empty()).collect();
    let back_end = BackEnd::file();
    set_up(&back_end.cli);
    let declare = |is_meant: &dyn Fn(&Case) -> bool| {
        let cases = corpus.iter().enumerate().filter(|(_, case)| is_meant(case));
        cases.fold("owner = \"site\"\n".to_owned(), |mut text, (at, case)| {
            let target = toml_string(&case.given);
            writeln!(text, "[links.c{at}]\ntarget = {target}\ndomain = \"{}\"", case.domain).unwrap();
            text
        })
    };
    let cli = &back_end.cli;
    fs::write(cli.path("bad.toml"), declare(&Case::is_refused)).unwrap();
    let outcome = cli.run_for(&["apply", "-f", "bad.toml", "--yes", "--json"], 60);
    let problem: Value = serde_json::from_str(outcome.stderr.lines().last().unwrap()).unwrap();
    assert_eq!(problem["errors"].as_array().map(Vec::len), Some(refused(&corpus)), "{}", problem["detail"]);
    assert!(stored(&back_end).is_empty(), "nothing of a file with faults is applied");
    fs::write(cli.path("good.toml"), declare(&|case| !case.is_refused())).unwrap();
    cli.run_for(&["apply", "-f", "good.toml", "--yes"], 60).exits(0);
    demand(&back_end, &corpus);
}

/// A basic string of TOML, which escapes control characters.
fn toml_string(text: &str) -> String {
    let escape = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{:04X}", u32::from(c)),
        c => c.to_string(),
    };
    format!("\"{}\"", text.chars().map(escape).collect::<String>())
}

#[test]
fn lines_on_standard_input_are_refused_and_accepted_alike() {
    let is_line =
        |case: &&Case| !case.given.contains('\n') && !case.given.ends_with('\r') && !case.given.trim().is_empty();
    let corpus: Vec<Case> = hostile::corpus();
    let corpus: Vec<&Case> = corpus.iter().filter(|case| case.domain == hostile::PLAIN).filter(is_line).collect();
    let back_end = BackEnd::file();
    set_up(&back_end.cli);
    let lines = corpus.iter().map(|case| case.given.clone() + "\n").collect::<String>();
    back_end.cli.run_with_input(&["create", "-"], &lines).exits(8);
    let mut found: Vec<String> = stored(&back_end).into_values().collect();
    let accepted = corpus.iter().filter(|case| !case.is_refused());
    assert_eq!(found.len(), accepted.clone().count());
    for case in accepted {
        if let Verdict::Stored(target) = &case.verdict {
            let at = found.iter().position(|found| found == target).unwrap_or_else(|| panic!("{case:?}"));
            found.swap_remove(at);
        }
    }
}

#[test]
fn a_visitor_gets_one_location_that_is_what_is_stored() {
    let back_end = BackEnd::api();
    set_up(&back_end.cli);
    let corpus: Vec<Case> =
        hostile::corpus().into_iter().filter(|case| case.domain == hostile::PLAIN && !case.is_refused()).collect();
    let rows = corpus
        .iter()
        .enumerate()
        .map(|(at, case)| json!({"code": format!("c{at}"), "target": case.given}).to_string() + "\n");
    fs::write(back_end.cli.path("rows.ndjson"), rows.collect::<String>()).unwrap();
    back_end.cli.run_for(&["import", "rows.ndjson", "-q"], 60).exits(0);
    let stored = stored(&back_end);
    assert_eq!(stored.len(), corpus.len());
    let address = back_end.served().unwrap().url.trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(&address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut answers = BufReader::new(stream.try_clone().unwrap());
    for (code, target) in &stored {
        // In one piece: the rest of it would wait until the first is acknowledged.
        stream.write_all(format!("GET /{code} HTTP/1.1\r\nhost: s.example\r\n\r\n").as_bytes()).unwrap();
        let head = head_of_next(&mut answers);
        let begins = |line: &&str, name| line.to_lowercase().starts_with(name);
        let locations: Vec<&str> = head.lines().filter(|line| begins(line, "location:")).collect();
        assert_eq!(locations, [format!("location: {target}")], "{head}");
        let cookies = head.lines().filter(|line| begins(line, "set-cookie:")).count();
        assert!(head.starts_with("HTTP/1.1 302 ") && cookies == 0, "{head}");
    }
}

/// The status line and headers of the next answer, whose body is read and dropped.
fn head_of_next(answers: &mut impl BufRead) -> String {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(answers.read_line(&mut head).unwrap() > 0, "the connection ended: {head}");
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
    let mut body = vec![0; length];
    answers.read_exact(&mut body).unwrap();
    head
}
