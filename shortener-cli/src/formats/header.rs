//! The first line of a table: which column is which field.

use super::fault::Fault;
use super::field::{Meaning, TargetField};
use super::{IMPORT_ERROR, Kind, ReadOptions, own, products};

/// Most columns of a table.
const MAX_COLUMNS: usize = 1_000;

/// A column.
#[derive(Debug, Clone)]
pub(super) struct Column {
    /// Its name in the file.
    pub(super) name: String,
    /// What it means.
    pub(super) meaning: Meaning,
}

/// A name as it is compared: letters and digits in lower case. Products and people vary the rest.
pub(super) fn normal(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The columns of a table by their names.
///
/// # Errors
/// There are too many, a name is there twice, a mapped one is not there, two are the same field, or none is the target.
pub(super) fn columns(names: &[String], kind: Kind, options: &ReadOptions) -> Result<Vec<Column>, Fault> {
    if names.len() > MAX_COLUMNS {
        let detail = format!("{} columns; at most {MAX_COLUMNS} are read", names.len());
        return Err(Fault::content(detail, "check the delimiter").on(1));
    }
    unique(names)?;
    let own = kind.is_generic() && own::is_own(names);
    let mut columns: Vec<Column> =
        names.iter().map(|name| Column { name: name.clone(), meaning: meaning(name, kind, own) }).collect();
    let claimed = |column: &Column| options.mapping.iter().any(|(_, field)| is(column) == Some(*field));
    for column in columns.iter_mut().filter(|column| claimed(column)) {
        column.meaning = Meaning::Lost("");
    }
    for (name, field) in &options.mapping {
        mapped(&mut columns, name)?.meaning = Meaning::Is(*field);
    }
    one_column_a_field(&columns)?;
    demand_target(&columns)?;
    Ok(columns)
}

fn meaning(name: &str, kind: Kind, own: bool) -> Meaning {
    if name == IMPORT_ERROR {
        return Meaning::Informational;
    }
    let known = if own { own::column(name) } else { products::column(kind, &normal(name)) };
    known.unwrap_or(Meaning::Lost(""))
}

fn unique(names: &[String]) -> Result<(), Fault> {
    for (at, name) in names.iter().enumerate() {
        if let Some(first) = names[..at].iter().position(|earlier| earlier == name) {
            let detail = format!("column '{name}' is there twice, as number {} and {}", first + 1, at + 1);
            return Err(Fault::content(detail, "remove or rename one of them").on(1));
        }
    }
    Ok(())
}

fn mapped<'a>(columns: &'a mut [Column], name: &str) -> Result<&'a mut Column, Fault> {
    let exact = columns.iter().position(|column| column.name == name);
    let at = exact.or_else(|| columns.iter().position(|column| normal(&column.name) == normal(name)));
    let names = list(columns);
    match at {
        Some(at) => Ok(&mut columns[at]),
        None => Err(Fault::usage(format!("there is no column '{name}' to map"), format!("the columns are: {names}"))),
    }
}

/// The field that a column is.
fn is(column: &Column) -> Option<TargetField> {
    match column.meaning {
        Meaning::Is(TargetField::Ignore) => None,
        Meaning::Is(field) => Some(field),
        _ => None,
    }
}

fn one_column_a_field(columns: &[Column]) -> Result<(), Fault> {
    for (at, column) in columns.iter().enumerate() {
        let Some(field) = is(column) else { continue };
        if let Some(first) = columns[..at].iter().find(|earlier| is(earlier) == Some(field)) {
            let (first, second, field) = (&first.name, &column.name, field.name());
            let detail = format!("columns '{first}' and '{second}' are both {field}");
            return Err(Fault::usage(detail, format!("say which one it is: --map '{first}={field}'")).on(1));
        }
    }
    Ok(())
}

fn demand_target(columns: &[Column]) -> Result<(), Fault> {
    if columns.iter().any(|column| matches!(column.meaning, Meaning::Is(TargetField::Target))) {
        return Ok(());
    }
    let names = list(columns);
    if columns.iter().any(|column| column.name.contains("://")) {
        let hint = "begin the file with the names of its columns, such as code,target; YOURLS bulk files have none: \
                    --format yourls-bulk";
        return Err(Fault::content("the first line is no header, it holds a URL", hint).on(1));
    }
    if let [column] = columns
        && let Some(delimiter) = column.name.chars().find(|c| ";\t|,".contains(*c))
    {
        let detail = format!("the header has one column, '{names}'");
        let hint = format!("the delimiter seems to be {delimiter:?}: --delimiter");
        return Err(Fault::usage(detail, hint).on(1));
    }
    let detail = format!("no column is known as the target; the columns are: {names}");
    let hint = format!("say which one it is (--map COLUMN=target), or the format: {}", Kind::names());
    Err(Fault::usage(detail, hint).on(1))
}

fn list(columns: &[Column]) -> String {
    let mut names: Vec<&str> = columns.iter().take(20).map(|column| &*column.name).collect();
    if columns.len() > 20 {
        names.push("…");
    }
    names.join(", ")
}
