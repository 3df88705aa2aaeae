//! Text as terminals and pipes get it.

use comfy_table::{ContentArrangement, Table};
use jiff::Timestamp;
use serde_json::Value;

use crate::report::relative;

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
pub(super) fn printable(text: &str) -> String {
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

fn is_deceptive(character: char) -> bool {
    let bidirectional =
        matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let invisible = matches!(character, '\u{200b}'..='\u{200d}' | '\u{2028}' | '\u{2029}' | '\u{2060}' | '\u{feff}');
    character.is_control() || bidirectional || invisible
}

/// A table for a terminal, as wide as it is: the column TARGET gives way.
pub(super) fn aligned(names: &[&str], rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut table = Table::new();
    let width = table.width().map(usize::from);
    let rows = fitted(names, rows, width);
    table.load_style(comfy_table::presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(names);
    table.add_rows(rows);
    trimmed(&table)
}

/// One thing with a line for each field that has a value.
pub(super) fn record(names: &[&str], cells: &[String], now: Timestamp) -> String {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    for (name, cell) in names.iter().zip(cells).filter(|(_, cell)| !cell.is_empty()) {
        let cell = match cell.parse::<Timestamp>() {
            Ok(at) if name.ends_with("_at") => format!("{cell} ({})", relative(at, now)),
            _ => printable(cell),
        };
        table.add_row([name.replace('_', " "), cell]);
    }
    trimmed(&table)
}

fn trimmed(table: &Table) -> String {
    table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// The rows as printable text, with targets cut so that lines fit into `width` columns.
fn fitted(names: &[&str], rows: &[Vec<String>], width: Option<usize>) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| printable(cell)).collect()).collect();
    let Some((target, width)) = names.iter().position(|name| *name == "TARGET").zip(width) else { return rows };
    let widest = |column: usize| {
        rows.iter().map(|row| row[column].chars().count()).chain([names[column].len()]).max().unwrap_or(0)
    };
    // Each column has a space on either side.
    let others: usize = (0..names.len()).map(|column| 2 + if column == target { 0 } else { widest(column) }).sum();
    let room = width.saturating_sub(others).max(12);
    for row in &mut rows {
        if row[target].chars().count() > room {
            row[target] = row[target].chars().take(room - 1).chain(['…']).collect();
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_deceive_a_reader_is_escaped() {
        assert_eq!(printable("a\u{1b}[31mb"), "a\\u{1b}[31mb");
        assert_eq!(printable("evil\u{202e}moc.elpmaxe"), "evil\\u{202e}moc.elpmaxe");
        assert_eq!(printable("bücher – ok"), "bücher – ok");
    }

    #[test]
    fn a_cell_never_breaks_its_line() {
        assert_eq!(tsv(&["a\tb".to_owned(), "c\nd\\".to_owned()]), "a\\tb\tc\\nd\\\\\n");
    }

    #[test]
    fn targets_give_way_to_the_width_and_nothing_else_does() {
        let row = vec!["launch".to_owned(), "https://example.com/".repeat(9), "active".to_owned()];
        let fitted = fitted(&["CODE", "TARGET", "STATE"], &[row], Some(60));
        assert_eq!(fitted[0][0], "launch");
        assert_eq!(fitted[0][1].chars().count(), 60 - 6 - 6 - 6);
        assert!(fitted[0][1].ends_with('…'));
    }
}
