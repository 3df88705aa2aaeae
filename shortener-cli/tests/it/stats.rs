//! Statistics as scripts and people read them.

use std::sync::Arc;

use serde_json::{Value, json};
use shortener_core::clock::{Clock, SystemClock};
use shortener_core::link::{Domain, ShortCode};
use shortener_core::stats::{Class, Dimension, Hour, Ledger, Reached, Source, Sources, Split, Subject, Tally};
use shortener_core::table::Table;
use shortener_core::table::sqlite::{SqliteOptions, SqliteTable};

use crate::support::{FakeApi, TestCli, answer, link};

/// What the service answers: one hostile name among two.
fn document() -> Value {
    let clicks =
        |human: u64| json!({ "human": human, "bot": 3, "preview": 2, "tool": 1, "head": 0, "total": human + 6 });
    let point = |at: &str, human| {
        let mut point = clicks(human);
        point["at"] = json!(at);
        point
    };
    json!({
        "code": "launch", "domain": "-", "from": "2026-11-25T00:00:00Z", "to": "2026-11-27T00:00:00Z", "tz": "UTC",
        "as_of": "2026-11-26T23:10:00Z", "complete_until": "2026-11-26T06:00:00Z",
        "clicks": clicks(40), "previous": null, "all_time": { "human": 40, "total": 46 },
        "visitors": { "estimate": 31, "error": 0.016 }, "edge": null, "gone": 0, "orphans": null, "by": "day",
        "series": [point("2026-11-25T00:00:00Z", 10), point("2026-11-26T00:00:00Z", 30)],
        "countries": [], "referrers": [
            { "name": "=\u{1b}[2J\u{202e}", "clicks": 30 }, { "name": "(direct)", "clicks": 10 },
        ],
        "devices": [], "browsers": [], "os": [], "utm_sources": [], "utm_mediums": [], "utm_campaigns": [],
    })
}

fn api() -> FakeApi {
    let stats = answer(200, "application/json", &document().to_string());
    let mut site = document();
    (site["code"], site["domain"]) = (Value::Null, Value::Null);
    let top = json!({ "period": "2026-11", "as_of": "2026-11-26T23:10:00Z", "links": [
        { "code": "launch", "domain": "-", "short_url": "http://s/launch", "target": "https://example.com/", "clicks": 40 },
        { "code": "a", "domain": "go.example.com", "short_url": "http://go/a", "target": "https://example.com/", "clicks": 2 },
    ] });
    FakeApi::answering(vec![
        ("GET /api/v1/links/launch/stats", stats),
        ("GET /api/v1/links/launch", link(200, "launch", "t")),
        ("GET /api/v1/stats", answer(200, "application/json", &site.to_string())),
        ("GET /api/v1/top", answer(200, "application/json", &top.to_string())),
    ])
}

fn cli(api: &FakeApi) -> TestCli {
    TestCli::new()
        .with("SHORT_API_URL", &api.url)
        .with("SHORT_API_KEY", "short_x")
        .redacting("\u{1b}", "[esc]")
        .redacting("\u{202e}", "[rlo]")
}

#[test]
fn scripts_get_lines_in_every_format() {
    let api = api();
    let shown = cli(&api).transcript(&[
        &["stats", "launch"],
        &["stats", "launch", "-o", "csv"],
        &["stats", "launch", "-o", "tsv"],
        &["stats", "launch", "-o", "ndjson"],
        &["stats", "launch", "--by", "referrer"],
        &["stats", "launch", "--by", "referrer", "-o", "csv"],
        &["stats", "launch", "--by", "referrer", "-o", "ndjson"],
        &["stats", "launch", "--by", "class", "-o", "csv"],
        &["stats", "launch", "--by", "class", "--bots", "exclude", "-o", "csv"],
        &["stats", "launch", "--by", "class", "--bots", "only", "-o", "tsv"],
        &["stats", "launch", "-o", "csv", "--quiet"],
        &["stats", "-o", "csv"],
        &["stats", "other"],
        &["top"],
        &["top", "-o", "csv"],
        &["top", "-o", "csv", "--quiet"],
        &["top", "-o", "json"],
    ]);
    insta::assert_snapshot!(without_ages(&shown));
}

/// A text without how long ago it was as of which numbers are, and without how lines were folded for that.
fn without_ages(text: &str) -> String {
    let mut parts = text.split(" UTC (");
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (_, after) = part.split_once(')').unwrap();
        let (sentence, rest) =
            if after.starts_with("; hours") { after.split_once("rise").unwrap() } else { ("", after) };
        shown.push_str(" UTC (age)");
        shown.push_str(&sentence.split_whitespace().collect::<Vec<_>>().join(" "));
        shown.push_str(if sentence.is_empty() { "" } else { " rise" });
        shown.push_str(rest);
    }
    shown
}

#[test]
fn every_answer_says_as_of_when_it_is() {
    let api = api();
    let cli = cli(&api);
    for command in [&["stats", "launch"][..], &["stats", "launch", "--by", "referrer"], &["top"]] {
        for format in ["table", "csv", "tsv", "ndjson", "json"] {
            let ran = cli.run(&[command, &["-o", format]].concat()).exits(0);
            let said = if format == "json" { &ran.stdout } else { &ran.stderr };
            let (spelled, stderr) =
                if format == "json" { ("\"as_of\":", "") } else { ("as of 2026-11-26 23:10 UTC (", said.as_str()) };
            assert!(said.contains(spelled) && ran.stderr == stderr, "{command:?} {format}: {ran:?}");
            assert_eq!(cli.run(&[command, &["-o", format, "--quiet"]].concat()).exits(0).stderr, "");
        }
    }
}

#[test]
fn json_is_what_the_service_said() {
    let api = api();
    let cli = cli(&api);
    for args in [&["stats", "launch", "--json"][..], &["stats", "launch", "--by", "referrer", "--json"]] {
        let shown = cli.run(args).exits(0).stdout;
        // Moments are redacted; all else is there.
        let expected = cli.redact(&document().to_string());
        assert_eq!(serde_json::from_str::<Value>(&shown).unwrap(), serde_json::from_str::<Value>(&expected).unwrap());
    }
}

#[test]
fn flags_are_sent_as_parameters() {
    let api = api();
    let cli = cli(&api);
    cli.run(&["stats", "launch", "--since", "7d", "--until", "now", "--tz", "Europe/Berlin", "--by", "hour"]).exits(0);
    cli.run(&["stats", "--domain", "go.example.com", "--bots", "only", "--limit", "5", "--by", "os"]).exits(0);
    cli.run(&["top", "--month", "2026-11", "--limit", "3", "--domain", "go.example.com"]).exits(0);
    cli.run(&["top", "--day", "2026-11-26"]).exits(0);
    let asked: Vec<String> =
        api.requests().iter().map(|request| request.split(' ').nth(1).unwrap_or_default().to_owned()).collect();
    insta::assert_snapshot!(asked.join("\n"));
}

#[test]
fn what_means_nothing_is_refused() {
    let api = api();
    let shown = cli(&api).transcript(&[
        &["stats", "launch", "--watch"],
        &["stats", "launch", "--watch=0"],
        &["stats", "launch", "--by", "moon"],
        &["top", "--day", "tomorrowish"],
        &["top", "--month", "2026-13"],
        &["top", "--month", "2026-11", "--day", "today"],
    ]);
    insta::assert_snapshot!(shown);
    assert!(api.requests().is_empty());
}

#[cfg(unix)]
mod on_a_terminal {
    use super::{api, cli, without_ages};
    use crate::support::{Terminal, within};

    #[test]
    fn blocks_are_for_those_who_know_them_and_names_move_nothing() {
        let api = api();
        let pages = [("LANG", "C.UTF-8"), ("LANG", "C")].map(|(name, value)| {
            let (status, shown) = Terminal::start(&cli(&api).with(name, value), &["stats", "launch"]).end();
            assert_eq!(status, 0, "{shown}");
            assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown:?}");
            shown
        });
        assert!(pages[0].contains('█') && pages[1].is_ascii(), "{pages:?}");
        let (_, ascii) = Terminal::start(&cli(&api).with("LANG", "C.UTF-8"), &["stats", "--ascii"]).end();
        let (_, top) = Terminal::start(&cli(&api).with("LC_ALL", "de_DE.utf8"), &["top"]).end();
        let pages = [pages.join("\n"), ascii, top].join("\n");
        insta::assert_snapshot!(without_ages(&pages));
    }

    #[test]
    fn no_format_lets_a_name_move_the_cursor() {
        let api = api();
        for format in ["json", "ndjson", "csv", "tsv", "table"] {
            let args = ["stats", "launch", "--by", "referrer", "-o", format];
            let (status, shown) = Terminal::start(&cli(&api).with("LANG", "C.UTF-8"), &args).end();
            assert_eq!(status, 0, "{shown}");
            assert!(shown.contains("202e") && !shown.contains(['\u{1b}', '\u{202e}']), "{format}: {shown:?}");
        }
    }

    #[test]
    fn a_watch_draws_again_until_it_is_interrupted() {
        let api = api();
        let mut watch = Terminal::start(&cli(&api), &["stats", "launch", "--watch=1"]);
        watch.wait_for("40 clicks");
        // The first answer, and two more.
        let asked = || api.requests().iter().filter(|request| request.contains("/stats")).count();
        within(std::time::Duration::from_secs(10), || (asked() >= 3).then_some(()));
        watch.signal("-INT");
        let (status, shown) = watch.end();
        assert_eq!(status, 0, "{shown}");
        assert!(shown.matches("\u{1b}[H").count() >= 2, "{shown:?}");
        // The last picture stays, whole, and the prompt comes below it.
        let last = shown.rsplit("\u{1b}[H").next().unwrap();
        assert!(last.contains("2026-11-26 30 ") && last.contains("as of 2026-11-26 23:10 UTC"), "{last:?}");
        assert!(last.ends_with("\n\u{1b}[J\r\u{1b}[K") && !shown.contains("interrupted"), "{last:?}");
    }

    #[test]
    fn a_number_behind_watch_that_was_read_as_a_code_is_explained() {
        let api = api();
        let (status, shown) = Terminal::start(&cli(&api).with("NO_COLOR", "1"), &["stats", "--watch", "5"]).end();
        assert_eq!(status, 3, "{shown}");
        assert!(shown.ends_with("hint: to show it every 5 seconds, write --watch=5\n"), "{shown:?}");
        let (_, other) = Terminal::start(&cli(&api).with("NO_COLOR", "1"), &["stats", "--watch", "x5"]).end();
        assert!(other.contains("error: ") && !other.contains("--watch="), "{other:?}");
    }
}

/// Counts this many people and bots of the link `launch` in the hour that it is, and some who only look ahead.
fn count(cli: &TestCli, human: u64, bot: u64) {
    let table: Arc<dyn Table> = Arc::new(SqliteTable::open(&cli.path("links.db"), SqliteOptions::default()).unwrap());
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let mut tally = Tally::default();
    for (class, clicks) in [(Class::Human, human), (Class::Bot, bot)] {
        *tally.clicks.of_mut(class) = clicks;
        tally.breakdown_mut(Dimension::Country).add("DE", Split::of(class, clicks));
    }
    *tally.clicks.of_mut(Class::Head) = 9;
    let (domain, code) = (Domain::default(), ShortCode::parse("launch").unwrap());
    let tallies = [(Subject::Link(domain.clone(), code), tally.clone()), (Subject::Site(domain), tally)];
    let now = clock.now();
    let stored = async {
        let reached = Reached { as_of: now, complete_until: Some(now), stopped_at: None };
        Sources::new(table.clone()).report(&Source::edge(), &reached).await.unwrap();
        Ledger::new(table, clock).record(&Source::edge(), Hour::of(now), 1, &tallies).await.unwrap()
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    assert!(runtime.block_on(stored).written > 0);
}

#[test]
fn what_was_counted_is_shown_by_every_command() {
    let cli = TestCli::new().with("SHORT_FILE", "links.db");
    cli.run(&["create", "https://example.com/", "--code", "launch"]).exits(0);
    count(&cli, 1284, 175);
    for args in [&["stats", "launch", "--json"][..], &["stats", "--json"]] {
        let stats: Value = serde_json::from_str(&cli.run(args).exits(0).stdout).unwrap();
        assert_eq!((&stats["clicks"]["human"], &stats["clicks"]["bot"]), (&json!(1284), &json!(175)));
    }
    assert_eq!(cli.run(&["stats", "launch", "--by", "country", "-o", "csv"]).stdout, "name,clicks\nDE,1284\n");
    let all = cli.run(&["stats", "launch", "--by", "country", "--bots", "include", "-o", "csv"]).stdout;
    assert_eq!(all, "name,clicks\nDE,1459\n");
    assert_eq!(cli.run(&["top", "--day", "today"]).stdout, "launch\t1284\thttps://example.com/\n");
    assert!(cli.run(&["list"]).stdout.ends_with("\t1284\n"));
    list_has_clicks_where_they_are_asked_for(&cli);
    assert_eq!(cli.run(&["stats", "nope"]).exits(3).stdout, "");
    cli.run(&["stats", "launch", "--since", "30m"]).exits(0);
    cli.run(&["stats", "launch", "--since", "yesteryear"]).exits(6);
    let nothing = cli.run(&["stats", "launch", "--since", "0d"]).exits(6).stderr;
    assert_eq!(nothing, "error: a span is longer than nothing\n");
    let too_long = cli.run(&["stats", "launch", "--since", "40d", "--by", "hour"]).exits(6).stderr;
    assert!(too_long.contains("\nhint: ask by day"), "{too_long}");
    cli.run(&["stats", "launch", "--tz", "Mars/Olympus"]).exits(6);
    #[cfg(unix)]
    for (args, expected) in [
        (&["inspect", "launch"][..], "1,284 (plus 175 by bots)\n"),
        (&["list"], "1,284\n"),
        (&["stats", "launch"], "1,284 clicks"),
        (&["stats", "launch"], "not counted as clicks: 9 HEAD requests and prefetches"),
        (&["stats", "launch"], "1,459 in all"),
        (&["top"], "https://example.com/\n"),
    ] {
        let (_, shown) = crate::support::Terminal::start(&cli, args).end();
        assert!(shown.contains(expected), "{shown}");
    }
}

fn list_has_clicks_where_they_are_asked_for(cli: &TestCli) {
    let json = |args: &[&str]| serde_json::from_str::<Value>(&cli.run(args).exits(0).stdout).unwrap();
    let clicks = json!({ "human": 1284, "total": 1459 });
    assert_eq!(json(&["list", "--clicks", "--json"])["links"][0]["clicks"], clicks);
    assert_eq!(json(&["list", "--clicks", "-o", "ndjson"])["clicks"], clicks);
    assert_eq!(json(&["list", "--json"])["links"][0].get("clicks"), None);
    for (format, separator) in [("csv", ','), ("tsv", '\t')] {
        let plain = cli.run(&["list", "-o", format]).exits(0).stdout;
        let with =
            ["clicks", "1284"].iter().zip(plain.lines()).map(|(last, line)| format!("{line}{separator}{last}\n"));
        assert_eq!(cli.run(&["list", "--clicks", "-o", format]).exits(0).stdout, with.collect::<String>());
    }
}
