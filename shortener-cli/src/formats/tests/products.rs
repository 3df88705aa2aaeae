//! What is made of the files of each product.

use std::fmt::Write as _;
use std::path::Path;

use jiff::tz::TimeZone;
use rusqlite::Connection;

use super::*;

fn fixture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/import").join(name);
    std::fs::read(path).unwrap()
}

/// Everything that a file gives, in words.
fn shown(content: &[u8], options: &ReadOptions) -> String {
    let (kind, records, losses) = match read(content, options) {
        Ok(read) => read,
        Err(error) => return error,
    };
    let mut text = format!("format: {}\n", kind.name());
    for record in records {
        let said = match record.row {
            Ok(row) => serde_json::to_string(&row.request).unwrap(),
            Err(violations) => violations
                .iter()
                .map(|broken| format!("{} {}: {}", broken.pointer, broken.code, broken.detail))
                .collect::<Vec<_>>()
                .join("\n        "),
        };
        writeln!(text, "{:>5}: {said}", record.line).unwrap();
    }
    for (what, count) in losses {
        writeln!(text, "not kept: {what}: {count}").unwrap();
    }
    text
}

/// Compares what fixtures give with their snapshots.
fn check(names: &[&str]) {
    for name in names {
        insta::assert_snapshot!(*name, shown(&fixture(name), &ReadOptions::default()));
    }
}

#[test]
fn generic_csv_is_read_by_the_usual_names() {
    check(&["generic.csv"]);
}

#[test]
fn bitly_links_have_every_back_half() {
    check(&["bitly-v4.json", "bitly-elido.csv", "bitly-urlr.csv", "bitly-short.csv"]);
}

#[test]
fn yourls_dumps_stats_and_plugin_files_are_read() {
    check(&["yourls.sql", "yourls-stats.json", "yourls-export.csv"]);
    let bulk = ReadOptions { format: Some(Kind::YourlsBulk), ..ReadOptions::default() };
    insta::assert_snapshot!("yourls-bulk.csv", shown(&fixture("yourls-bulk.csv"), &bulk));
}

#[test]
fn local_times_are_of_the_zone_that_is_named() {
    let zone = TimeZone::get("America/Toronto").unwrap();
    let options = ReadOptions { time_zone: zone, ..ReadOptions::default() };
    let text = shown(&fixture("yourls.sql"), &options);
    assert!(text.contains("\"created_at\":\"2024-05-01T14:00:00Z\""), "{text}");
}

#[test]
fn shlink_pages_and_tables_are_read() {
    check(&["shlink-v3.json", "shlink-web.csv", "shlink-importer.csv"]);
}

#[test]
fn links_that_ask_for_a_password_never_become_public() {
    check(&["kutt.json", "dub.json", "sink.json"]);
}

#[test]
fn dub_tables_are_read() {
    check(&["dub.csv"]);
}

#[test]
fn chhoto_databases_are_read_without_touching_them() {
    check(&["chhoto.json"]);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("urls ?#%.sqlite");
    let database = Connection::open(&path).unwrap();
    database
        .execute_batch(
            "CREATE TABLE urls (id INTEGER PRIMARY KEY, long_url TEXT NOT NULL, short_url TEXT NOT NULL, hits INTEGER,
                expiry_time INTEGER NULL, notes TEXT NULL);
             INSERT INTO urls VALUES (3, 'https://shop.example/promo', 'promo', 42, NULL, 'Winter sale'),
                (9, 'https://example.com/', 'ends', 0, 1893456000, NULL), (10, '', 'empty', 0, 0, NULL);",
        )
        .unwrap();
    drop(database);
    insta::assert_snapshot!("chhoto.sqlite", shown(&std::fs::read(&path).unwrap(), &ReadOptions::default()));
    let records = open(&Input::File(path), &ReadOptions::default()).unwrap().map(Result::unwrap).count();
    assert_eq!((records, directory.path().read_dir().unwrap().count()), (3, 1));
}

#[test]
fn golink_templates_are_not_imported_blindly() {
    check(&["golink.jsonl"]);
}

#[test]
fn items_that_are_credentials_are_counted_and_never_shown() {
    check(&["cds-scan.json", "cds-export.jsonl", "cds-dy.jsonl", "aws-sample.json"]);
    for name in ["cds-scan.json", "cds-export.jsonl", "cds-dy.jsonl"] {
        let (_, records, _) = read(&fixture(name), &ReadOptions::default()).unwrap();
        assert!(records.iter().all(|record| !record.raw.contains("SESSION") && !record.raw.contains("EMAIL_LINK")));
    }
}

#[test]
fn domains_are_kept_if_asked_for() {
    let keep = ReadOptions { keep_domains: true, ..ReadOptions::default() };
    insta::assert_snapshot!("bitly-v4-domains", shown(&fixture("bitly-v4.json"), &keep));
}

#[test]
fn columns_and_keys_can_be_mapped() {
    let mapping = vec![("from".to_owned(), TargetField::Code), ("goes to".to_owned(), TargetField::Target)];
    let options = ReadOptions { mapping, ..ReadOptions::default() };
    for text in
        ["from,Goes To,why\na,https://example.com/,x\n", "{\"from\":\"a\",\"goes to\":\"https://example.com/\"}"]
    {
        let (_, records, _) = read(text.as_bytes(), &options).unwrap();
        let request = &records[0].row.as_ref().unwrap().request;
        assert_eq!((request.code.as_deref(), &*request.target), (Some("a"), "https://example.com/"));
    }
}

#[test]
fn documents_in_one_line_and_lines_without_end_are_read() {
    let line = r#"{"code":"a","target":"https://example.com/"}"#;
    for text in [
        line.to_owned(),
        format!("[{line},{line}]"),
        format!("\n\n{line}\n\n{line}"),
        format!("{{\"links\":[{line}]}}{{\"links\":[]}}"),
    ] {
        assert!(!rows(text.as_bytes()).is_empty(), "{text}");
    }
    for text in ["[]", "{\"links\":[],\"next_cursor\":null}"] {
        assert_eq!(rows(text.as_bytes()), [], "{text}");
    }
}

#[test]
fn a_broken_record_does_not_stop_the_others() {
    let text = "{\"code\":\"a\",\"target\":\n{\"code\":\"b\",\"target\":\"https://example.com/\"}\nnot json\n[1]\n";
    insta::assert_snapshot!(shown(
        &[b"{\"target\":\"https://example.com/\"}\n", text.as_bytes()].concat(),
        &ReadOptions::default()
    ));
}

#[test]
fn quoted_newlines_crlf_and_a_mark_are_read_and_lines_counted() {
    let text =
        "\u{feff}code,target,title\r\n\r\na,https://example.com/,\"two\r\nlines\"\r\n\r\nb,https://example.com/,x\r\n";
    let (_, records, _) = read(text.as_bytes(), &ReadOptions::default()).unwrap();
    let seen: Vec<(u64, &str)> = records.iter().map(|record| (record.line, &*record.raw)).collect();
    assert_eq!(seen, [(3, "a,https://example.com/,\"two\r\nlines\""), (6, "b,https://example.com/,x")]);
}
