//! Files of rejects.

use std::path::Path;

use proptest::prelude::*;

use super::*;

/// What is read of the rejects of a file that were all its records, and of those of that file.
fn twice(content: &[u8], options: &ReadOptions) {
    let (kind, records, _) = read(content, options).unwrap();
    let options = ReadOptions { format: options.format.or(Some(kind)), ..options.clone() };
    let once = rejected(content, &options);
    let (again_kind, again, _) = read(&once, &options).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(again_kind, kind);
    assert_eq!(without_places(again), without_places(records), "{}", String::from_utf8_lossy(&once));
    // Rejected again, nothing is added.
    assert_eq!(rejected(&once, &options), once);
}

#[test]
fn the_rejects_of_every_format_are_read_like_the_file() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/import");
    let mut count = 0;
    for entry in fixtures.read_dir().unwrap() {
        let path = entry.unwrap().path();
        let format = path.ends_with("yourls-bulk.csv").then_some(Kind::YourlsBulk);
        twice(&std::fs::read(&path).unwrap(), &ReadOptions { format, ..ReadOptions::default() });
        count += 1;
    }
    assert!(count > 20, "{count}");
}

#[test]
fn rejects_have_the_shape_of_the_file() {
    let link = r#"{"code":"a","target":"https://example.com/"}"#;
    let cases = [
        format!("{link}\n"),
        format!("[{link}]"),
        format!("{{\"links\":[{link},{link}],\"next_cursor\":null}}"),
        format!("{{\"shortUrls\":{{\"data\":[{link}],\"pagination\":{{}}}}}}"),
        "code;target\r\na;\"https://example.com/;\"\r\n".to_owned(),
        "INSERT INTO yourls_url (url, keyword) VALUES ('https://example.com/', 'it\\'s');".to_owned(),
    ];
    let texts = cases.map(|case| {
        let options = ReadOptions::default();
        let name =
            open(&Input::File(file(case.as_bytes()).path().to_owned()), &options).unwrap().rejects_form().extension();
        format!("{name}\n{}", String::from_utf8(rejected(case.as_bytes(), &options)).unwrap())
    });
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn a_record_that_is_several_links_is_given_back_once() {
    let text = b"long_url,link,custom_bitlink\nhttps://example.com/,https://bit.ly/a,https://go.test/b\n";
    let (_, records, _) = read(text, &ReadOptions::default()).unwrap();
    assert_eq!(records.len(), 2);
    assert_eq!(rejected(text, &ReadOptions::default()).split(|byte| *byte == b'\n').count(), 3);
}

#[test]
fn every_record_is_given_back_whatever_ends_its_line() {
    for end in ["\n", "\r\n", "\r"] {
        let text = ["code,target", "a,one,more", "", "b,two,more", "c,three,more", ""].join(end);
        let (_, records, _) = read(text.as_bytes(), &ReadOptions::default()).unwrap();
        assert_eq!(records.iter().map(|record| record.line).collect::<Vec<_>>(), [2, 4, 5], "{end:?}");
        let given = String::from_utf8(rejected(text.as_bytes(), &ReadOptions::default())).unwrap();
        assert_eq!(given.lines().count(), 4, "{given}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_cells_are_given_back_as_they_were(
        rows in prop::collection::vec(prop::collection::vec("[a-z\"',;\r\n =\u{e9}-]{0,6}", 1..5), 1..5),
        delimiter in prop::sample::select(vec![b',', b';', b'\t', b'|']),
    ) {
        let mut writer = csv::WriterBuilder::new().flexible(true).delimiter(delimiter).from_writer(Vec::new());
        writer.write_record(["code", "target", "title"]).unwrap();
        for row in &rows {
            writer.write_record(row).unwrap();
        }
        twice(&writer.into_inner().unwrap(), &ReadOptions { delimiter: Some(delimiter), ..ReadOptions::default() });
    }

    #[test]
    fn any_documents_are_given_back_as_they_were(titles in prop::collection::vec(any::<String>(), 1..5), lines in any::<bool>()) {
        let links: Vec<String> = titles
            .iter()
            .map(|title| serde_json::json!({ "target": "https://example.com/", "title": title }).to_string())
            .collect();
        let text = if lines { links.join("\n") } else { format!("[{}]", links.join(" , ")) };
        twice(text.as_bytes(), &ReadOptions::default());
    }
}
