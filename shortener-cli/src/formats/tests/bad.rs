//! Files that cannot be read.

use std::fmt::Write as _;
use std::io::Read;
use std::path::Path;

use flate2::read::GzEncoder;

use super::*;

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    GzEncoder::new(content, flate2::Compression::fast()).read_to_end(&mut packed).unwrap();
    packed
}

fn zstd(content: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// A table of so many rows that no buffer holds it.
fn table(rows: usize) -> Vec<u8> {
    let mut text = String::from("code,target\n");
    (0..rows).for_each(|row| writeln!(text, "c{row},https://example.com/{}", row * 7919 % 104_729).unwrap());
    text.into_bytes()
}

fn cut(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.truncate(bytes.len() * 9 / 10);
    bytes
}

/// Damaged at `at`; gzip in its first code table, because what is made of data that is damaged later may be garbage first.
fn damaged(mut bytes: Vec<u8>, at: usize) -> Vec<u8> {
    bytes[at..at + 40].fill(0xff);
    bytes
}

/// A name for each bad content.
fn contents() -> Vec<(&'static str, Vec<u8>)> {
    let mut late = table(20_000);
    late.extend(b"x,https://example.com/\xe9\n");
    let mut nul = table(20_000);
    nul.extend(b"x,https://exam\0ple.com/\n");
    let utf16: Vec<u8> = "\u{feff}code,target\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let zstd = zstd(&table(20_000));
    let many = (0..1_001).map(|at| format!("c{at}")).collect::<Vec<_>>().join(",");
    let array = |inner: &str| format!("[{{\"code\":\"a\",\"target\":\"https://example.com/\"}}{inner}").into_bytes();
    let text = |text: &str| text.as_bytes().to_vec();
    vec![
        ("empty", Vec::new()),
        ("white space", text(" \n\n")),
        ("truncated gzip", cut(gzip(&table(20_000)))),
        ("damaged gzip", damaged(gzip(&table(20_000)), 20)),
        ("truncated zstd", cut(zstd.clone())),
        ("damaged zstd", damaged(zstd.clone(), zstd.len() / 2)),
        ("invalid UTF-8", late),
        ("UTF-16", utf16.clone()),
        ("UTF-16 without mark", utf16[2..].to_vec()),
        ("NUL", nul),
        ("ZIP", text("PK\x03\x04abcdefghijkl")),
        ("xz", b"\xfd7zXZ\0aaaaaaaaaa".to_vec()),
        ("10 million columns", text(&"a,".repeat(10_000_000))),
        ("1,001 columns", text(&format!("{many}\n"))),
        ("long line", [b"code,target\na,https://example.com/".to_vec(), vec![b'x'; 3 << 20]].concat()),
        ("long JSON record", [b"[{\"code\":\"".to_vec(), vec![b'x'; 3 << 20]].concat()),
        (
            "long NDJSON line",
            [b"{\"target\":\"https://a.example/\"}\n{\"target\":\"".to_vec(), vec![b'x'; 3 << 20]].concat(),
        ),
        ("long SQL value", [b"INSERT INTO yourls_url VALUES ('".to_vec(), vec![b'x'; 3 << 20]].concat()),
        ("header twice", text("code,target\na,https://example.com/\ncode,target\nb,https://example.com/\n")),
        ("column twice", text("code,target,code\na,https://example.com/,b\n")),
        ("field twice", text("url,target\nhttps://example.com/,https://example.com/\n")),
        ("no header", text("https://example.com/,promo\nhttps://example.com/b,b\n")),
        ("no target", text("id,name\n1,Ann\n")),
        ("no known key", text("{\"id\":1,\"name\":\"Ann\"}\n")),
        ("prose", text("Dear all,\nthis is no list of links.\n")),
        ("open quotation", text("code,target\na,\"https://example.com/\nb,https://example.com/\n")),
        ("JSON cut in a record", array(",{\"code\":")),
        ("JSON cut between records", array(",\n")),
        ("JSON with a wrong mark", array(";\n{}]")),
        ("JSON with rest", array("]\nx")),
        (
            "SQL cut",
            text(
                "INSERT INTO `yourls_url` VALUES ('a','https://example.com/','t','2024-01-01 00:00:00','',1),('b','ht",
            ),
        ),
        ("SQL of others", text("CREATE TABLE `posts` (id int);\nINSERT INTO `posts` VALUES (1);\n")),
        ("damaged SQLite", [b"SQLite format 3\0".to_vec(), vec![b'x'; 4096]].concat()),
    ]
}

#[test]
fn every_bad_file_is_named_with_its_place_and_a_way_out() {
    let mut text = String::new();
    for (name, content) in contents() {
        let Err(error) = read(&content, &ReadOptions::default()) else { panic!("{name} was read") };
        writeln!(text, "{name}\n{error}\n").unwrap();
    }
    insta::assert_snapshot!(text);
}

#[test]
fn a_wrong_option_is_told_apart_from_a_wrong_file() {
    let format = |format| ReadOptions { format: Some(format), ..ReadOptions::default() };
    let cases: [(&str, ReadOptions); 7] = [
        ("id,name\n1,Ann\n", format(Kind::Chhoto)),
        ("{\"target\":\"https://example.com/\"}", format(Kind::YourlsBulk)),
        ("SQLite format 3\0", format(Kind::Kutt)),
        ("code;target\na;https://example.com/\n", ReadOptions { delimiter: Some(b','), ..ReadOptions::default() }),
        (
            "code,target\n",
            ReadOptions { mapping: vec![("Kode".to_owned(), TargetField::Code)], ..ReadOptions::default() },
        ),
        ("code\ttarget\na\thttps://example.com/\n", ReadOptions { delimiter: Some(b','), ..ReadOptions::default() }),
        ("-- dump\nINSERT INTO x VALUES (1);\n", format(Kind::Bitly)),
    ];
    let mut text = String::new();
    for (content, options) in cases {
        writeln!(text, "{}\n", read(content.as_bytes(), &options).unwrap_err()).unwrap();
    }
    insta::assert_snapshot!(text);
}

#[test]
fn a_database_of_others_names_its_tables() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.sqlite");
    let database = rusqlite::Connection::open(&path).unwrap();
    database.execute_batch("CREATE TABLE posts (id INTEGER); CREATE TABLE users (id INTEGER);").unwrap();
    drop(database);
    insta::assert_snapshot!(read(&std::fs::read(path).unwrap(), &ReadOptions::default()).unwrap_err());
}

#[test]
fn paths_that_are_no_files_are_usage_errors() {
    let directory = tempfile::tempdir().unwrap();
    let error = |path: &Path| {
        let error = open(&Input::File(path.to_owned()), &ReadOptions::default()).unwrap_err();
        assert_eq!(error.problem().code.as_str(), "malformed");
        (error.detail, error.status as u8)
    };
    assert_eq!(error(directory.path()), ("is a directory".to_owned(), 2));
    assert_eq!(error(&directory.path().join("absent.csv")), ("does not exist".to_owned(), 2));
    #[cfg(unix)]
    assert_eq!(error(Path::new("/dev/null")), ("is no regular file".to_owned(), 2));
}

#[test]
fn standard_input_is_called_that() {
    let file = file(b"id,name\n");
    let error = open(&Input::Stdin(file.path().to_owned()), &ReadOptions::default()).unwrap_err();
    assert!(error.to_string().starts_with("standard input:1: "), "{error}");
}
