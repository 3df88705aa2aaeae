//! What is exported is imported the same.

use proptest::prelude::*;
use shortener_core::link::{Domain, RedirectStatus, ShortCode, Tag, TargetUrl};
use shortener_core::wire::{CreateLink, Link};

use super::*;
use crate::comparison::{Comparison, Field, Fields};

/// Text of every kind, with what CSV, JSON and spreadsheets treat in their own way.
fn text() -> impl Strategy<Value = String> {
    let special = prop::sample::select(vec!["'", "\"", "=", "+", "-", "@", "＝", ",", ";", "|", "\\", " ", "\u{feff}"]);
    prop::collection::vec(prop_oneof![special.prop_map(str::to_owned), any::<char>().prop_map(String::from)], 0..12)
        .prop_map(|parts| parts.concat().chars().filter(|c| !c.is_control()).collect::<String>().trim().to_owned())
}

prop_compose! {
    fn link()(
        code in "[A-Za-z0-9_-]{1,12}",
        domain in prop_oneof![Just("-".to_owned()), "[a-z]{1,8}\\.example"],
        path in text(),
        title in text(),
        tags in prop::collection::btree_set("[\\p{Ll}0-9_.:/-]{1,8}", 0..4),
        status in prop::sample::select(vec![301_u16, 302, 303, 307, 308]),
        (forward_query, disabled) in any::<(bool, bool)>(),
        milliseconds in 0_i64..4_000_000_000_000,
        (starts_at, expires_at) in any::<(Option<u32>, Option<u32>)>(),
        imported_clicks in any::<Option<u32>>(),
    ) -> Link {
        let at = |seconds: u32| jiff::Timestamp::from_second(i64::from(seconds)).unwrap();
        let target = TargetUrl::parse(&format!("https://example.com/{}", path.replace('\\', "/"))).unwrap();
        Link {
            code: ShortCode::parse(&code).unwrap(),
            domain: Domain::parse(&domain).unwrap(),
            short_url: String::new(),
            target,
            title: Some(title).filter(|title| !title.is_empty()),
            tags: tags.iter().filter_map(|tag| Tag::parse(tag).ok()).collect(),
            redirect_status: RedirectStatus::try_from(status).unwrap(),
            forward_query,
            state: shortener_core::wire::LinkState::Active,
            version: 1,
            created_at: jiff::Timestamp::from_millisecond(milliseconds).unwrap(),
            created_by: serde_json::from_str("\"key:a\"").unwrap(),
            updated_at: jiff::Timestamp::UNIX_EPOCH,
            starts_at: starts_at.map(at),
            expires_at: expires_at.map(at),
            max_clicks: None,
            disabled,
            imported_clicks: imported_clicks.map(u64::from),
            clicks: None,
            clicks_used: None,
            owner: None,
            purge: None,
        }
    }
}

fn exported(links: &[Link], form: OwnForm, compression: Compression) -> Vec<u8> {
    let mut writer = OwnWriter::new(Vec::new(), form, compression).unwrap();
    for link in links {
        writer.write(link).unwrap();
    }
    writer.finish().unwrap()
}

/// What a request must say for the link to be made again.
fn request(link: &Link) -> CreateLink {
    CreateLink {
        code: Some(link.code.to_string()),
        domain: Some(link.domain.to_string()).filter(|domain| domain != "-"),
        target: link.target.to_string(),
        title: link.title.clone(),
        tags: link.tags.iter().map(ToString::to_string).collect(),
        redirect_status: Some(link.redirect_status.into()),
        forward_query: link.forward_query,
        disabled: link.disabled,
        starts_at: link.starts_at.map(|at| at.to_string()),
        expires_at: link.expires_at.map(|at| at.to_string()),
        imported_clicks: link.imported_clicks,
        created_at: Some(link.created_at.to_string()),
        ..CreateLink::default()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn an_export_is_imported_as_it_was(links in prop::collection::vec(link(), 1..6)) {
        let expected: Vec<CreateLink> = links.iter().map(request).collect();
        for form in [OwnForm::Csv, OwnForm::Ndjson] {
            for compression in [Compression::None, Compression::Gzip, Compression::Zstd] {
                let (_, records, losses) = read(&exported(&links, form, compression), &ReadOptions::default()).unwrap();
                let rows: Vec<Row> = records.into_iter().map(|record| record.row.unwrap()).collect();
                prop_assert_eq!(losses, Losses::new());
                for (row, link) in rows.iter().zip(&links) {
                    prop_assert_eq!(Comparison::of(&row.request, Fields::ALL, link).differences, vec![]);
                }
                prop_assert_eq!(rows.into_iter().map(|row| row.request).collect::<Vec<_>>(), &expected[..]);
            }
        }
    }

    #[test]
    fn no_cell_of_an_export_is_a_formula(links in prop::collection::vec(link(), 1..6)) {
        let bytes = exported(&links, OwnForm::Csv, Compression::None);
        for record in csv::Reader::from_reader(&*bytes).records() {
            for cell in &record.unwrap() {
                prop_assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']), "{cell}");
            }
        }
    }
}

#[test]
fn a_missing_column_is_not_spoken_of_and_an_empty_cell_means_none() {
    let [row] = &rows(b"code,target,title\na,https://example.com/,\n")[..] else { panic!("one row") };
    assert!(row.given.contains(Field::Title) && row.given.contains(Field::Target));
    assert!(!row.given.contains(Field::Tags) && !row.given.contains(Field::Disabled));
    assert_eq!(row.request.title, None);
}

#[test]
fn of_what_list_prints_only_csv_has_apostrophes_to_take_away() {
    let csv = "code,domain,short_url,target,title,tags,redirect_status,forward_query,state,version,created_at,created_by,\
               updated_at,starts_at,expires_at,max_clicks\n\
               a,-,https://s.example/a,https://example.com/,'=1,x;y,302,false,disabled,3,2026-01-01T00:00:00Z,key:a,\
               2026-01-01T00:00:00Z,,,\n";
    let json = r#"{"links":[{"code":"a","domain":"-","short_url":"https://s.example/a","target":"https://example.com/",
        "title":"'=1","tags":["x","y"],"redirect_status":302,"forward_query":false,"state":"disabled","version":3,
        "created_at":"2026-01-01T00:00:00Z","created_by":"key:a","updated_at":"2026-01-01T00:00:00Z","starts_at":null,
        "expires_at":null,"max_clicks":null,"disabled":true}],"next_cursor":null}"#;
    let tsv = csv.replace(',', "\t");
    for (text, title) in [(csv, "=1"), (&*tsv, "'=1"), (json, "'=1")] {
        let [row] = &rows(text.as_bytes())[..] else { panic!("one row") };
        assert_eq!(row.request.title.as_deref(), Some(title));
        assert_eq!((&*row.request.tags, row.request.disabled), (&["x".to_owned(), "y".to_owned()][..], true));
        assert_eq!(row.request.domain, None);
    }
}

#[test]
fn a_deleted_link_of_a_list_is_not_made_again() {
    let (_, records, _) =
        read(br#"{"code":"a","target":"https://example.com/","state":"deleted"}"#, &ReadOptions::default()).unwrap();
    assert_eq!(records[0].row.as_ref().unwrap_err()[0].code, "link_deleted");
}

#[test]
fn an_export_to_which_a_column_was_added_is_still_ours() {
    let text = "code,domain,target,title,redirect_status,forward_query,notes\n\
                a,go.example.com,https://example.com/,'=1,302,false,call Bob\n";
    let (_, records, losses) = read(text.as_bytes(), &ReadOptions::default()).unwrap();
    let request = &records[0].row.as_ref().unwrap().request;
    assert_eq!((request.domain.as_deref(), request.title.as_deref()), (Some("go.example.com"), Some("=1")));
    assert_eq!(losses, Losses::from([("column 'notes'".to_owned(), 1)]));
}
