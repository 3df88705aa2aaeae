//! Files to import.

use std::fmt::Write;

use crate::support::TestCli;

/// Good and bad rows: two that are one link, two that are two links, two that want one code.
pub(super) const MIXED: &str = "\
code,domain,target,title,tags,expires_at
launch,,https://example.com/launch,Launch,\"q2,spring\",2040-01-31
,,https://example.com/same,,,
,,https://example.com/same,,,
launch,,https://example.com/launch,Launch,\"spring,q2\",2040-01-31T23:59:59Z
launch,,https://example.com/other,,,
api,,https://example.com/reserved,,,
wrong,,ftp://example.com,,,
long-over,,https://example.com/over,,,2019-01-01
,no.such.example,https://example.com/lost,,,
";

/// Rows with codes, all of which are links.
pub(super) const GOOD: &str = "\
code,target,title,created_at,imported_clicks
first,https://example.com/1,One,2020-02-03T04:05:06Z,7
second,https://example.com/2,,2021-01-01,
third,https://example.com/3,'=1+1,,
";

/// The same with another target, without a title, and with a row more.
pub(super) const EDITED: &str = "\
code,target,title,created_at,imported_clicks
first,https://example.com/1,One,2020-02-03T04:05:06Z,7
second,https://example.com/two,,2021-01-01,
third,https://example.com/3,,,
fourth,https://example.com/4,,,
";

/// Puts a file into the home.
pub(super) fn write(cli: &TestCli, name: &str, text: &str) {
    std::fs::write(cli.path(name), text).unwrap();
}

/// A file of so many rows: every third names its code, the others say what another row says too now and then.
pub(crate) fn many(rows: usize) -> String {
    let mut text = "code,target,title,created_at\n".to_owned();
    for row in 0..rows {
        let code = if row % 3 == 0 { format!("row-{row}") } else { String::new() };
        let page = if row % 3 == 1 && row % 30 == 1 { 1 } else { row };
        let (day, title) = (1 + row % 28, if row % 7 == 0 { "Seven" } else { "" });
        writeln!(text, "{code},https://example.com/page/{page},{title},2022-03-{day:02}").unwrap();
    }
    text
}
