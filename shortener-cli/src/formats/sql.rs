//! SQL dumps: the tuples of INSERT statements, one after the other, with the escapes of MySQL.

use std::io::BufRead;

use shortener_core::wire::Violation;

use super::fault::Fault;
use super::field::{Meaning, TargetField};
use super::header::{self, Column};
use super::rejects::RejectsForm;
use super::row::{Draft, Lost, Reading};
use super::source::Records;
use super::{Kind, Losses, ReadOptions, Record};

mod tokens;

use tokens::{Token, Tokens};

/// The columns of `yourls_url`, in the order in which YOURLS creates them.
const YOURLS_COLUMNS: [&str; 6] = ["keyword", "url", "title", "timestamp", "ip", "clicks"];

/// Whether a text is SQL, by its beginning.
pub(super) fn is_sql(head: &[u8]) -> bool {
    let head = String::from_utf8_lossy(&head[..head.len().min(200)]).trim_start().to_ascii_uppercase();
    let beginnings = [
        "-- ",
        "--\n",
        "--\r",
        "/*",
        "INSERT INTO ",
        "REPLACE INTO ",
        "CREATE TABLE ",
        "DROP TABLE ",
        "SET ",
        "LOCK TABLES ",
        "START TRANSACTION",
        "BEGIN",
        "USE ",
    ];
    beginnings.iter().any(|beginning| head.starts_with(beginning))
}

/// Reads the rows of a dump of YOURLS.
pub(super) struct Sql<R> {
    tokens: Tokens<R>,
    options: ReadOptions,
    /// The columns as the table was created.
    created: Vec<String>,
    /// The statement whose tuples are read.
    insert: Option<Insert>,
    seen: bool,
    reading: Reading,
    lost: Lost,
}

/// An INSERT statement.
struct Insert {
    table: String,
    columns: Vec<Column>,
    target_name: String,
}

impl<R: BufRead> Sql<R> {
    /// Reads a dump.
    pub(super) fn new(text: R, options: &ReadOptions) -> Self {
        Self {
            tokens: Tokens::new(text),
            options: options.clone(),
            created: YOURLS_COLUMNS.map(str::to_owned).to_vec(),
            insert: None,
            seen: false,
            reading: Reading::foreign(options),
            lost: Lost::default(),
        }
    }

    /// Reads statements up to the tuples of the next one that has links; answers whether there is one.
    fn statement(&mut self) -> Result<bool, Fault> {
        loop {
            match self.tokens.next()? {
                Token::End if self.seen => return Ok(false),
                Token::End => {
                    let detail = "no INSERT into a table such as yourls_url was found";
                    return Err(Fault::content(detail, "dump that table: mysqldump DATABASE yourls_url"));
                }
                Token::Word(word) if is(&word, "INSERT") || is(&word, "REPLACE") => {
                    if self.insert()? {
                        return Ok(true);
                    }
                }
                Token::Word(word) if is(&word, "CREATE") => self.create()?,
                Token::Mark(b';') => {}
                _ => self.tokens.pass_statement()?,
            }
        }
    }

    /// The head of an INSERT; answers whether its tuples are links.
    fn insert(&mut self) -> Result<bool, Fault> {
        let line = self.tokens.line();
        while matches!(self.tokens.peek()?, Token::Word(word) if ["INTO", "IGNORE", "DELAYED"].iter().any(|skip| is(word, skip)))
        {
            self.tokens.next()?;
        }
        let table = self.tokens.name()?;
        let mut names = Vec::new();
        if self.tokens.passes(b'(')? {
            while !self.tokens.passes(b')')? {
                match self.tokens.next()? {
                    Token::Word(name) | Token::Quoted(name) => names.push(name),
                    Token::Mark(b',') => {}
                    _ => return Err(self.tokens.fault("a column name is expected")),
                }
            }
        }
        if !is_links(&table) || !matches!(self.tokens.next()?, Token::Word(word) if is(&word, "VALUES")) {
            self.tokens.pass_statement()?;
            return Ok(false);
        }
        let names = if names.is_empty() { &self.created } else { &names };
        let columns = header::columns(names, Kind::Yourls, &self.options).map_err(|fault| fault.on(line))?;
        let target = columns.iter().find(|column| matches!(column.meaning, Meaning::Is(TargetField::Target)));
        let target_name = target.map(|column| column.name.clone()).unwrap_or_default();
        self.insert = Some(Insert { table, columns, target_name });
        self.seen = true;
        Ok(true)
    }

    /// A CREATE; if it is of the table with the links, its columns are what tuples are made of.
    fn create(&mut self) -> Result<(), Fault> {
        if !matches!(self.tokens.next()?, Token::Word(word) if is(&word, "TABLE")) {
            return self.tokens.pass_statement();
        }
        while matches!(self.tokens.peek()?, Token::Word(word) if ["IF", "NOT", "EXISTS"].iter().any(|skip| is(word, skip)))
        {
            self.tokens.next()?;
        }
        let table = self.tokens.name()?;
        if is_links(&table) && self.tokens.passes(b'(')? {
            self.created = self.tokens.definitions()?;
        }
        self.tokens.pass_statement()
    }

    /// The next tuple of the statement; none after its last one.
    fn tuple(&mut self, insert: &Insert) -> Result<Option<Record>, Fault> {
        if self.tokens.passes(b',')? {}
        if !matches!(self.tokens.peek()?, Token::Mark(b'(')) {
            self.tokens.pass_statement()?;
            return Ok(None);
        }
        let line = self.tokens.line();
        let (tuple, values) = self.tokens.tuple()?;
        let names = insert.columns.iter().map(|column| format!("`{}`", column.name)).collect::<Vec<_>>().join(",");
        let raw = format!("INSERT INTO `{}` ({names}) VALUES {tuple};", insert.table);
        if values.len() != insert.columns.len() {
            let detail = format!("{} values for {} columns", values.len(), insert.columns.len());
            let violation = Violation { pointer: String::new(), code: "column_count".to_owned(), detail };
            return Ok(Some(Record { line, raw, row: Err(vec![violation]) }));
        }
        let mut draft = Draft::new(&self.reading, &mut self.lost);
        for (column, value) in insert.columns.iter().zip(&values) {
            draft.take(&column.name, column.meaning, value.given());
        }
        let row = draft.finish(&insert.target_name).into_iter().next();
        Ok(row.map(|row| Record { line, raw, row }))
    }
}

impl<R: BufRead + Send> Records for Sql<R> {
    fn next(&mut self) -> Result<Option<Record>, Fault> {
        loop {
            let Some(insert) = self.insert.take() else {
                if self.statement()? {
                    continue;
                }
                return Ok(None);
            };
            if let Some(record) = self.tuple(&insert)? {
                self.insert = Some(insert);
                return Ok(Some(record));
            }
        }
    }

    fn losses(&self) -> Losses {
        self.lost.losses()
    }

    fn rejects_form(&self) -> RejectsForm {
        RejectsForm::Sql
    }
}

fn is(word: &str, keyword: &str) -> bool {
    word.eq_ignore_ascii_case(keyword)
}

/// Whether a table has the links: `yourls_url`, or with another prefix.
fn is_links(table: &str) -> bool {
    table == "url" || table.ends_with("_url")
}
