//! The SQLite file of chhoto-url.

use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Map, Value};

use super::fault::Fault;
use super::json::{Container, Place};
use super::rejects::RejectsForm;
use super::row::{Draft, Lost, Reading};
use super::source::Records;
use super::{Kind, Losses, ReadOptions, Record, products};

/// How many rows are read at once.
const PAGE: u32 = 1_000;

/// Reads the rows of a table. They are given back as the API of chhoto-url has them, in JSON.
pub(super) struct Sqlite {
    connection: Connection,
    /// The row that was read last.
    after: i64,
    number: u64,
    page: std::vec::IntoIter<Map<String, Value>>,
    reading: Reading,
    lost: Lost,
}

impl Sqlite {
    /// Opens a file, which is not written to: neither it nor anything beside it.
    ///
    /// # Errors
    /// It is damaged, or of another program.
    pub(super) fn new(path: &Path, options: &ReadOptions) -> Result<Self, Fault> {
        if let Some(kind) = options.format
            && kind != Kind::Chhoto
        {
            let detail = format!("the content is a SQLite database, which the format {} never is", kind.name());
            return Err(Fault::usage(detail, "leave --format out to find out what it is"));
        }
        let connection = open(path).map_err(|error| damaged(&error))?;
        let mut this = Self {
            connection,
            after: i64::MIN,
            number: 0,
            page: Vec::new().into_iter(),
            reading: Reading::foreign(options),
            lost: Lost::default(),
        };
        this.demand_table()?;
        Ok(this)
    }

    fn demand_table(&mut self) -> Result<(), Fault> {
        let sql =
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name LIMIT 20";
        let mut statement = self.connection.prepare(sql).map_err(|error| damaged(&error))?;
        let tables = statement.query_map([], |row| row.get(0)).and_then(Iterator::collect::<Result<Vec<String>, _>>);
        let tables = tables.map_err(|error| damaged(&error))?;
        if tables.iter().any(|table| table == "urls") {
            return Ok(());
        }
        let found = if tables.is_empty() { "no table".to_owned() } else { tables.join(", ") };
        let detail = format!("a SQLite database without the table urls; it has {found}");
        Err(Fault::content(detail, "only the database of chhoto-url is read; export others as CSV or JSON"))
    }

    fn read(&mut self) -> rusqlite::Result<Vec<Map<String, Value>>> {
        let sql = "SELECT rowid AS \"\", * FROM urls WHERE rowid > ?1 ORDER BY rowid LIMIT ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let names: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
        let mut rows = statement.query((self.after, PAGE))?;
        let mut page = Vec::new();
        while let Some(row) = rows.next()? {
            self.after = row.get(0)?;
            let cell = |at| row.get_ref(at).map(json);
            let object = names.iter().enumerate().skip(1).map(|(at, name)| Ok((name.clone(), cell(at)?)));
            page.push(object.collect::<rusqlite::Result<_>>()?);
        }
        Ok(page)
    }
}

impl Records for Sqlite {
    fn next(&mut self) -> Result<Option<Record>, Fault> {
        if self.page.len() == 0 {
            self.page = self.read().map_err(|error| damaged(&error))?.into_iter();
        }
        let Some(object) = self.page.next() else { return Ok(None) };
        self.number += 1;
        let raw = serde_json::to_string(&object).unwrap_or_default();
        let mut draft = Draft::new(&self.reading, &mut self.lost);
        draft.take_object(&object, &|key| products::key(Kind::Chhoto, key));
        let row = draft.finish("long_url").into_iter().next();
        Ok(row.map(|row| Record { line: self.number, raw, row }))
    }

    fn losses(&self) -> Losses {
        self.lost.losses()
    }

    fn rejects_form(&self) -> RejectsForm {
        RejectsForm::Document { place: Place { path: Vec::new(), container: Container::Array }, unique: false }
    }
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    // What is in the log is no part of an immutable file, and would be missed.
    let has_log = Path::new(&log).metadata().is_ok_and(|log| log.len() > 0);
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' => uri.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => uri.push(char::from(*byte)),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri.push_str(if has_log { "?mode=ro" } else { "?mode=ro&immutable=1" });
    Connection::open_with_flags(uri, flags)
}

fn json(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => number.into(),
        ValueRef::Text(text) | ValueRef::Blob(text) => String::from_utf8_lossy(text).into(),
    }
}

fn damaged(error: &rusqlite::Error) -> Fault {
    Fault::content(format!("a SQLite database that cannot be read: {error}"), "copy it again, from its backup")
}
