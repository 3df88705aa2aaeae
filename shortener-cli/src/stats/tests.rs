//! Pages as terminals of several widths show them.

use jiff::Timestamp;
use serde_json::{Value, json};
use shortener_core::wire::{Bots, Stats, Top};
use unicode_width::UnicodeWidthStr;

use super::{Bars, Glyphs, Look, Names, Page, Subject, View, ranking};
use crate::cli::Format;
use crate::report::Report;

const TARGET: &str = "https://example.com/blog/2026/launch";

fn clicks(human: u64, bot: u64) -> Value {
    json!({ "human": human, "bot": bot, "preview": 0, "tool": 0, "head": 0, "total": human + bot })
}

fn named(names: &[(&str, u64)]) -> Value {
    names.iter().map(|(name, clicks)| json!({ "name": name, "clicks": clicks })).collect()
}

fn series(first: &str, seconds: i64, counts: &[u64]) -> Value {
    let first: Timestamp = first.parse().unwrap();
    let point = |(index, human): (i64, &u64)| {
        let mut point = clicks(*human, 0);
        point["at"] = json!(Timestamp::from_second(first.as_second() + index * seconds).unwrap());
        point
    };
    (0..).zip(counts).map(point).collect()
}

/// Nothing in a week.
fn empty() -> Value {
    json!({
        "code": "launch", "domain": "-", "from": "2026-11-22T00:00:00Z", "to": "2026-11-29T00:00:00Z", "tz": "UTC",
        "as_of": null, "complete_until": null, "clicks": clicks(0, 0), "previous": null,
        "all_time": { "human": 0, "total": 0 }, "visitors": null, "edge": null, "gone": 0, "orphans": null, "by": "day",
        "series": series("2026-11-22T00:00:00Z", 86_400, &[0; 7]), "countries": [], "referrers": [], "devices": [],
        "browsers": [], "os": [], "utm_sources": [], "utm_mediums": [], "utm_campaigns": [],
    })
}

fn with(mut stats: Value, fields: &Value) -> Stats {
    for (name, value) in fields.as_object().unwrap() {
        stats[name] = value.clone();
    }
    serde_json::from_value(stats).unwrap()
}

/// A week like any other.
fn week() -> Stats {
    let fields = json!({
        "as_of": "2026-11-28T23:10:00Z", "complete_until": "2026-11-27T06:00:00Z",
        "coverage": { "lines": 99_980, "requests": 100_000, "ratio": 0.9998 },
        "clicks": clicks(1284, 175), "previous": clicks(1146, 90), "all_time": { "human": 12_840, "total": 14_002 },
        "visitors": { "estimate": 1102, "error": 0.016 }, "edge": { "hit": 1390, "miss": 60, "error": 2 }, "gone": 9,
        "series": series("2026-11-22T00:00:00Z", 86_400, &[98, 142, 221, 311, 240, 156, 116]),
        "countries": named(&[("DE", 540), ("US", 401), ("(other)", 343)]),
        "referrers": named(&[("(direct)", 610), ("news.example", 377), ("a-rather-long-name-of-a-host.example.com", 297)]),
        "devices": named(&[("mobile", 800), ("desktop", 440), ("tablet", 44)]),
        "browsers": named(&[("Chrome", 700), ("Safari", 500), ("Firefox", 84)]),
        "os": named(&[("Android", 500), ("iOS", 400), ("Windows", 384)]),
        "utm_sources": named(&[("newsletter", 77)]),
    });
    with(empty(), &fields)
}

fn draw(stats: &Stats, view: View, bots: Bots, look: Look) -> String {
    draw_within(usize::MAX, stats, view, bots, look)
}

fn draw_within(lines: usize, stats: &Stats, view: View, bots: Bots, look: Look) -> String {
    let now = "2026-11-28T23:13:00Z".parse().unwrap();
    let page = Page { stats, target: Some(TARGET), bots, view, now }.draw_within(lines, look);
    assert!(page.lines().count() <= lines, "{page}");
    let widest = page.lines().map(UnicodeWidthStr::width).max().unwrap_or(0);
    assert!(widest <= look.width, "{widest} columns:\n{page}");
    if look.glyphs == Glyphs::Ascii {
        assert!(page.is_ascii(), "{page}");
    }
    page
}

fn whole(stats: &Stats, width: usize, glyphs: Glyphs) -> String {
    draw(stats, View::Whole, Bots::Exclude, Look { width, glyphs, bars: Bars::Drawn })
}

#[test]
fn a_week_fits_terminals_of_every_width() {
    let pages: Vec<String> = [40, 80, 200]
        .into_iter()
        .flat_map(|width| [Glyphs::Unicode, Glyphs::Ascii].map(|glyphs| (width, glyphs)))
        .map(|(width, glyphs)| format!("== {width} columns, {glyphs:?}\n{}", whole(&week(), width, glyphs)))
        .collect();
    insta::assert_snapshot!(pages.join("\n"));
}

#[test]
fn nothing_and_one_click_and_very_many_read_well() {
    let one = with(
        empty(),
        &json!({
            "as_of": "2026-11-28T23:10:00Z", "complete_until": "2026-11-29T00:00:00Z", "clicks": clicks(1, 0),
            "previous": clicks(0, 0), "all_time": { "human": 1, "total": 1 },
            "visitors": { "estimate": 1, "error": 0.0 },
            "series": series("2026-11-22T00:00:00Z", 86_400, &[0, 0, 0, 1, 0, 0, 0]), "countries": named(&[("DE", 1)]),
        }),
    );
    let most = 1_000_000_000_000_000_000;
    let many = with(
        empty(),
        &json!({
            "as_of": "2026-11-28T23:10:00Z", "clicks": clicks(most, most), "previous": clicks(1, 0),
            "all_time": { "human": most, "total": 2 * most }, "visitors": { "estimate": most, "error": 0.016 },
            "series": series("2026-11-22T00:00:00Z", 86_400, &[most, 1, 0, most / 2, 7, most / 3, 9]),
            "countries": named(&[("DE", most), ("(other)", 1)]),
        }),
    );
    let nothing = serde_json::from_value(empty()).unwrap();
    let pages =
        [nothing, one, many].map(|stats| [40, 80].map(|width| whole(&stats, width, Glyphs::Unicode)).join("\n"));
    insta::assert_snapshot!(pages.join("\n=====\n"));
}

/// Names that try to move the cursor, to reorder the line, to break columns, and to run in a spreadsheet.
const HOSTILE: [(&str, u64); 6] = [
    ("\u{1b}[2J\u{1b}[31mred", 5),
    ("evil\u{202e}moc.elpmaxe", 4),
    ("日本語のとても長いサイトの名前です.example", 3),
    ("e\u{301}\u{200b}\u{7}\r\nnext", 2),
    ("=HYPERLINK(\"http://x\")", 1),
    ("\u{9b}31m\u{2066}", 1),
];

#[test]
fn hostile_names_stay_in_their_cells() {
    let stats =
        with(empty(), &json!({ "clicks": clicks(16, 0), "referrers": named(&HOSTILE), "countries": named(&HOSTILE) }));
    let names = View::Names(Subject::Referrer);
    let looks = [Glyphs::Unicode, Glyphs::Ascii].map(|glyphs| Look { width: 80, glyphs, bars: Bars::Drawn });
    let pages = looks.map(|look| {
        let pages = [View::Whole, names].map(|view| draw(&stats, view, Bots::Exclude, look));
        pages.join("\n")
    });
    let pages = pages.join("\n=====\n");
    let bad =
        |character: char| character.is_control() && character != '\n' || "\u{202e}\u{2066}\u{200b}".contains(character);
    assert!(!pages.contains(bad), "{pages:?}");
    insta::assert_snapshot!(pages);
}

#[test]
fn one_table_is_of_what_was_asked_for() {
    let look = Look { width: 80, glyphs: Glyphs::Unicode, bars: Bars::Drawn };
    let views = [
        (View::Series, Bots::Include),
        (View::Names(Subject::Referrer), Bots::Exclude),
        (View::Names(Subject::Class), Bots::Only),
        (View::Names(Subject::UtmMedium), Bots::Exclude),
        (View::Names(Subject::UtmSource), Bots::Exclude),
    ];
    let pages = views.map(|(view, bots)| draw(&week(), view, bots, look));
    let bare = Look { bars: Bars::Omitted, ..look };
    let pages = [&pages[..], &[draw(&week(), View::Whole, Bots::Exclude, bare)]].concat();
    insta::assert_snapshot!(pages.join("\n=====\n"));
}

#[test]
fn long_ranges_become_days_or_months() {
    let berlin = json!({
        "code": null, "domain": null, "tz": "Europe/Berlin", "from": "2025-10-31T23:00:00Z", "to": "2026-11-30T23:00:00Z",
        "as_of": "2026-11-28T23:10:00Z", "complete_until": "2026-11-28T22:00:00Z", "orphans": 1,
        "clicks": clicks(395, 0), "previous": clicks(790, 0),
        "series": series("2025-10-31T23:00:00Z", 86_400, &[1; 395]),
    });
    let hours = json!({
        "by": "hour", "from": "2026-11-25T06:00:00Z", "to": "2026-11-28T07:00:00Z", "clicks": clicks(73, 0),
        "previous": clicks(70, 0), "series": series("2026-11-25T06:00:00Z", 3600, &[1; 73]),
    });
    let pages = [berlin, hours].map(|fields| whole(&with(empty(), &fields), 80, Glyphs::Unicode));
    insta::assert_snapshot!(pages.join("\n=====\n"));
}

/// Thirty days to the 28th of November, with clicks on the last of them.
fn month(last: &[u64]) -> Stats {
    let counts = [vec![0; 30 - last.len()], last.to_vec()].concat();
    let human = last.iter().sum();
    let fields = json!({
        "from": "2026-10-30T00:00:00Z", "series": series("2026-10-30T00:00:00Z", 86_400, &counts),
        "clicks": clicks(human, 3), "countries": named(&[("DE", human)]), "devices": named(&[("mobile", human)]),
        "utm_sources": named(&[("newsletter", human)]),
    });
    with(serde_json::to_value(week()).unwrap(), &fields)
}

#[test]
fn steps_before_the_first_click_are_one_line() {
    let look = Look { width: 80, glyphs: Glyphs::Unicode, bars: Bars::Drawn };
    let page = |last: &[u64]| draw(&month(last), View::Series, Bots::Exclude, look);
    let alone = page(&[7]);
    assert!(alone.contains("\n no clicks before 2026-11-28\n 2026-11-28 7 █"), "{alone}");
    // A pause after it is none before it.
    assert!(page(&[1, 0, 0, 0, 0, 7]).contains(" no clicks before 2026-11-23\n 2026-11-23 1 █"));
    for (quiet, folded) in [(3, false), (4, true)] {
        let page = page(&vec![1; 30 - quiet]);
        assert_eq!(page.contains("no clicks before"), folded, "{page}");
        assert_eq!(page.contains(" 2026-10-30 "), !folded, "{page}");
    }
    let never = page(&[]);
    assert!(never.contains("nothing to show in this range") && !never.contains("2026-11-01"), "{never}");
    // For programs they are steps like any other.
    assert_eq!(month(&[7]).lines().len(), 30);
}

#[test]
fn a_watch_shows_the_newest_steps_that_have_room_and_as_of_when_it_is() {
    let busy = month(&[5; 30]);
    for (width, lines) in [(40, 23), (80, 10), (80, 23), (80, 35), (200, 23), (200, 49)] {
        let look = Look { width, glyphs: Glyphs::Unicode, bars: Bars::Drawn };
        for view in [View::Whole, View::Series] {
            let page = draw_within(lines, &busy, view, Bots::Exclude, look);
            assert!(page.contains("as of 2026-11-28 23:10 UTC"), "{width}×{lines}:\n{page}");
            if lines > 20 {
                let today = ["\n 2026-11-26 ", "\n 2026-11-27 ", "\n 2026-11-28 "];
                assert!(today.iter().all(|day| page.contains(day)), "{width}×{lines}:\n{page}");
            }
            let days = page.matches("\n 2026-1").count();
            assert_eq!(
                page.contains(&format!("\n {} earlier days left out\n", 30 - days)),
                days < 30 && lines > 20,
                "{page}"
            );
        }
    }
    let sizes = [(40, 23), (80, 23), (200, 23)];
    let pages = sizes.map(|(width, lines)| {
        let look = Look { width, glyphs: Glyphs::Unicode, bars: Bars::Drawn };
        format!("== {width} columns, {lines} lines\n{}", draw_within(lines, &busy, View::Whole, Bots::Exclude, look))
    });
    insta::assert_snapshot!(pages.join("\n"));
}

#[test]
fn as_many_steps_are_shown_as_there_is_room_for() {
    let look = Look { width: 80, glyphs: Glyphs::Unicode, bars: Bars::Drawn };
    let whole = draw(&month(&[5; 30]), View::Series, Bots::Exclude, look).lines().count();
    for (missing, days) in [(0, 30), (1, 28), (2, 27), (26, 3), (27, 3)] {
        let page = draw_within(whole - missing, &month(&[5; 30]), View::Series, Bots::Exclude, look);
        assert_eq!(page.matches("\n 2026-1").count(), days, "{page}");
        // Of a higher terminal nothing is said until the series has no more to give.
        assert_eq!(page.contains("higher terminal"), missing == 27, "{page}");
    }
    // Days without clicks are one line already.
    let late = draw_within(16, &month(&[5, 0, 6]), View::Series, Bots::Exclude, look);
    assert!(late.contains("no clicks before 2026-11-26") && !late.contains("left out"), "{late}");
}

#[test]
fn classes_are_those_of_the_clicks_that_are_shown() {
    let five = json!({ "human": 60, "bot": 20, "preview": 15, "tool": 5, "head": 7, "total": 107 });
    let stats = with(empty(), &json!({ "clicks": five }));
    for (bots, expected) in [
        (Bots::Exclude, vec![("human", 60)]),
        (Bots::Include, vec![("human", 60), ("bot", 20), ("preview", 15), ("tool", 5)]),
        (Bots::Only, vec![("bot", 20), ("preview", 15), ("tool", 5)]),
    ] {
        let names = Names::of(stats.clone(), Subject::Class, bots, Format::Csv);
        let lines: Vec<_> = names.lines().iter().map(|named| (named.name.as_str(), named.clicks)).collect();
        assert_eq!(lines, expected);
        assert_eq!(lines.iter().map(|line| line.1).sum::<u64>(), stats.clicks.of(bots));
    }
    let look = Look { width: 80, glyphs: Glyphs::Unicode, bars: Bars::Drawn };
    let page = draw(&stats, View::Names(Subject::Class), Bots::Only, look);
    assert!(page.contains("40 clicks by bots") && page.contains(" bot          20   50.0"), "{page}");
}

#[test]
fn a_spreadsheet_runs_no_name() {
    let name = |format| {
        let stats = with(empty(), &json!({ "referrers": named(&HOSTILE[4..5]) }));
        Names::of(stats, Subject::Referrer, Bots::Exclude, format).lines()[0].name.clone()
    };
    assert_eq!(name(Format::Tsv), "'=HYPERLINK(\"http://x\")");
    assert_eq!(name(Format::Ndjson), "=HYPERLINK(\"http://x\")");
}

#[test]
fn json_is_the_document_and_csv_has_its_fields() {
    let stats = week();
    let names = Names::of(week(), Subject::Country, Bots::Exclude, Format::Json);
    assert_eq!(serde_json::to_value(&names).unwrap(), serde_json::to_value(&stats).unwrap());
    let point = serde_json::to_value(stats.lines()[0]).unwrap();
    let mut fields = Stats::FIELDS.to_vec();
    fields.sort_unstable();
    assert_eq!(point.as_object().unwrap().keys().collect::<Vec<_>>(), fields);
}

#[test]
fn a_ranking_fits_terminals_of_every_width() {
    let link = |code: &str, domain: &str, clicks: u64| json!({ "code": code, "domain": domain, "short_url": "http://x/a", "target": format!("{TARGET}?a=日本"), "clicks": clicks });
    let links = [link("launch", "-", 1284), link("x7Kp2Qa", "go.example.com", 377), link("beta", "-", 1)];
    let top: Top = serde_json::from_value(json!({ "period": "all", "as_of": null, "links": links })).unwrap();
    let looks = [(40, Glyphs::Unicode), (80, Glyphs::Unicode), (80, Glyphs::Ascii), (200, Glyphs::Unicode)];
    let pages = looks.map(|(width, glyphs)| {
        let page = ranking(&top, Look { width, glyphs, bars: Bars::Drawn });
        assert!(page.lines().all(|line| line.width() <= width), "{page}");
        page
    });
    insta::assert_snapshot!(pages.join("\n"));
}
