//! Text as terminals and pipes get it.

use std::fmt::Write as _;

use comfy_table::{ContentArrangement, Table};
use jiff::Timestamp;
use serde_json::Value;

use crate::cli::Format;
use crate::report::{readable, relative};

/// A field of JSON as plain text: nothing for null, lists joined by `;`, objects as JSON.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(values) if !values.iter().any(|value| value.is_array() || value.is_object()) => {
            values.iter().map(plain).collect::<Vec<_>>().join(";")
        }
        other => other.to_string(),
    }
}

/// One tab-separated line; tab, newline, carriage return and backslash within a cell are escaped.
pub(super) fn tsv(cells: &[String]) -> String {
    let escape =
        |cell: &String| cell.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r");
    cells.iter().map(escape).collect::<Vec<_>>().join("\t") + "\n"
}

/// Text that a terminal shows as it is: what could move the cursor, colour or reorder text is escaped.
pub(crate) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_deceptive(character) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Data in a format for programs as a terminal may get it: what could deceive a reader is escaped, in JSON by its own
/// escapes, so that it means the same.
pub(super) fn harmless(data: &[u8], format: Format) -> String {
    let mut shown = String::with_capacity(data.len());
    for character in String::from_utf8_lossy(data).chars() {
        if matches!(character, '\n' | '\t') || !is_deceptive(character) {
            shown.push(character);
        } else if format.is_json() {
            // All of them are below U+10000; writing to a String cannot fail.
            let _ = write!(shown, "\\u{:04x}", u32::from(character));
        } else {
            shown.extend(character.escape_unicode());
        }
    }
    shown
}

fn is_deceptive(character: char) -> bool {
    let bidirectional =
        matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let invisible = matches!(character, '\u{200b}'..='\u{200d}' | '\u{2028}' | '\u{2029}' | '\u{2060}' | '\u{feff}');
    character.is_control() || bidirectional || invisible
}

/// Columns that give way when a table is wider than the terminal, in this order, and what they keep at least.
const YIELDING: [(&str, usize); 5] = [("TARGET", 20), ("CHANGES", 24), ("NOT FOUND", 20), ("TAGS", 6), ("NAME", 12)];

/// Space between two columns.
const GAP: usize = 2;

/// A table for a terminal, as wide as that is: what gives way is cut.
pub(super) fn aligned(names: &[&str], rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut table = Table::new();
    let width = table.width().map(usize::from);
    let rows = fitted(names, rows, width);
    table.set_header(names);
    table.add_rows(rows);
    trimmed(table)
}

/// One thing with a line for each field that has a value, which is never cut.
pub(super) fn record(names: &[&str], values: &[Value], beyond: &[(&str, String)], now: Timestamp) -> String {
    let mut table = Table::new();
    for (name, value) in names.iter().zip(values) {
        let cell = match readable(value) {
            empty if empty.is_empty() => continue,
            cell => match cell.parse::<Timestamp>() {
                Ok(at) if name.ends_with("_at") => format!("{cell} ({})", relative(at, now)),
                _ => printable(&cell),
            },
        };
        table.add_row([name.replace('_', " "), cell]);
    }
    for (name, cell) in beyond {
        table.add_row([(*name).to_owned(), printable(cell)]);
    }
    trimmed(table)
}

fn trimmed(mut table: Table) -> String {
    table.load_style(comfy_table::presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    for column in table.column_iter_mut() {
        column.set_padding((0, u16::try_from(GAP).unwrap_or(1)));
    }
    table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// The rows as printable text, cut so that lines fit into `width` columns. A cell may have several lines.
fn fitted(names: &[&str], rows: &[Vec<String>], width: Option<usize>) -> Vec<Vec<String>> {
    let clean = |cell: &String| cell.lines().map(printable).collect::<Vec<_>>().join("\n");
    let mut rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(clean).collect()).collect();
    let Some(width) = width else { return rows };
    let widest = |column: usize| {
        let lines = rows.iter().flat_map(|row| row[column].lines()).map(|line| line.chars().count());
        lines.chain([names[column].len()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..names.len()).map(widest).collect();
    let mut excess = (widths.iter().sum::<usize>() + GAP * names.len().saturating_sub(1)).saturating_sub(width);
    for (name, least) in YIELDING {
        let Some(column) = names.iter().position(|found| *found == name) else { continue };
        let room = widths[column].saturating_sub(excess).max(least);
        excess = excess.saturating_sub(widths[column].saturating_sub(room));
        for row in &mut rows {
            row[column] = row[column].lines().map(|line| cut(line, room)).collect::<Vec<_>>().join("\n");
        }
    }
    rows
}

/// The beginning of a line that is longer than the room for it.
fn cut(line: &str, room: usize) -> String {
    if line.chars().count() <= room {
        return line.to_owned();
    }
    line.chars().take(room.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use shortener_core::wire::{Link, LinkPage};

    use super::*;
    use crate::report::{Moments, Report};

    #[test]
    fn what_could_deceive_a_reader_is_escaped() {
        assert_eq!(printable("a\u{1b}[31mb"), "a\\u{1b}[31mb");
        assert_eq!(printable("evil\u{202e}moc.elpmaxe"), "evil\\u{202e}moc.elpmaxe");
        assert_eq!(printable("bücher – ok"), "bücher – ok");
    }

    #[test]
    fn json_on_a_terminal_means_the_same_and_hides_nothing() {
        let value = Value::from("a\u{1b}[31m\u{9b}\u{202e}\nb\u{feff}é");
        let shown = harmless(serde_json::to_string_pretty(&value).unwrap().as_bytes(), Format::Json);
        assert!(!shown.contains(is_deceptive), "{shown:?}");
        assert_eq!(serde_json::from_str::<Value>(&shown).unwrap(), value);
        assert_eq!(harmless("a\tb\u{9b}\n".as_bytes(), Format::Tsv), "a\tb\\u{9b}\n");
    }

    #[test]
    fn a_cell_never_breaks_its_line() {
        assert_eq!(tsv(&["a\tb".to_owned(), "c\nd\\".to_owned()]), "a\\tb\tc\\nd\\\\\n");
    }

    #[test]
    fn targets_give_way_to_the_width_and_then_tags() {
        let names = ["CODE", "TARGET", "STATE", "TAGS"];
        let row =
            ["launch", &"https://example.com/".repeat(9), "active", &"tag,".repeat(9)].map(str::to_owned).to_vec();
        let widths = |width| {
            fitted(&names, std::slice::from_ref(&row), width)[0].iter().map(|c| c.chars().count()).collect::<Vec<_>>()
        };
        assert_eq!(widths(None), [6, 180, 6, 36]);
        assert_eq!(widths(Some(90)), [6, 36, 6, 36]);
        assert_eq!(widths(Some(60)), [6, 20, 6, 22]);
        assert_eq!(widths(Some(10)), [6, 20, 6, 6]);
        assert!(fitted(&names, &[row], Some(60))[0][1].ends_with('…'));
    }

    #[test]
    fn links_of_any_age_and_state_fit_80_columns() {
        let now: Timestamp = "2026-01-31T12:00:00Z".parse().unwrap();
        let columns = <LinkPage as Report>::columns();
        let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
        let seconds = [0, 1, 59, 60, 3_599, 3_600, 86_399, 86_400, 7_775_999, 7_776_000, 63_071_999, 63_072_000];
        for state in ["active", "scheduled", "disabled", "expired", "deleted"] {
            for (created, expires) in seconds.iter().flat_map(|ago| seconds.iter().map(move |left| (ago, left))) {
                let link: Link = serde_json::from_value(serde_json::json!({
                    "code": "V4s3xGa", "domain": "-", "short_url": "http://x/a", "target": "https://example.com/long/path",
                    "title": null, "tags": ["a-rather-long-tag"], "redirect_status": 302, "forward_query": false,
                    "state": state, "version": 1, "created_by": "key:x", "updated_at": now, "starts_at": null,
                    "created_at": now - SignedDuration::from_secs(*created),
                    "expires_at": now + SignedDuration::from_secs(*expires), "max_clicks": null,
                    "clicks": {"human": 999_999, "total": 999_999},
                }))
                .unwrap();
                let row = columns.iter().map(|column| (column.cell)(&link, Moments::RelativeTo(now))).collect();
                let row = &fitted(&names, &[row], Some(80))[0];
                let wide = names.iter().zip(row).map(|(name, cell)| name.len().max(cell.chars().count()));
                assert!(wide.sum::<usize>() + GAP * (names.len() - 1) <= 80, "{row:?}");
            }
        }
    }
}
