//! What SQL is made of.

use std::borrow::Cow;
use std::io::BufRead;

use crate::formats::MAX_RECORD_BYTES;
use crate::formats::fault::Fault;
use crate::formats::value::Given;

/// A part of a statement.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A keyword, a name or a number.
    Word(String),
    /// A name in backticks or quotation marks.
    Quoted(String),
    /// Text.
    Text(String),
    /// Anything else.
    Mark(u8),
    /// The end of the file.
    End,
}

/// A value of a tuple.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Datum {
    /// NULL.
    Null,
    /// A text or a number.
    Text(String),
}

impl Datum {
    pub(super) fn given(&self) -> Given<'_> {
        match self {
            Self::Null => Given::Nothing,
            Self::Text(text) if text.is_empty() => Given::Nothing,
            Self::Text(text) => Given::Text(Cow::Borrowed(text)),
        }
    }
}

/// Reads tokens, without comments.
pub(super) struct Tokens<R> {
    text: R,
    line: u64,
    peeked: Option<Token>,
    /// What was read since a tuple began.
    raw: Option<Vec<u8>>,
    /// How long the token is that is read.
    length: usize,
}

impl<R: BufRead> Tokens<R> {
    pub(super) fn new(text: R) -> Self {
        Self { text, line: 1, peeked: None, raw: None, length: 0 }
    }

    /// The line that has been read up to.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    pub(super) fn fault(&self, detail: impl Into<String>) -> Fault {
        Fault::content(detail, "check that the dump is whole").on(self.line)
    }

    pub(super) fn peek(&mut self) -> Result<&Token, Fault> {
        let next = match self.peeked.take() {
            Some(token) => token,
            None => self.read()?,
        };
        Ok(self.peeked.insert(next))
    }

    pub(super) fn next(&mut self) -> Result<Token, Fault> {
        match self.peeked.take() {
            Some(token) => Ok(token),
            None => self.read(),
        }
    }

    /// Passes the mark, if it is the next token.
    pub(super) fn passes(&mut self, mark: u8) -> Result<bool, Fault> {
        let is = *self.peek()? == Token::Mark(mark);
        if is {
            self.peeked = None;
        }
        Ok(is)
    }

    /// Passes everything up to the end of the statement.
    pub(super) fn pass_statement(&mut self) -> Result<(), Fault> {
        while !matches!(self.peek()?, Token::Mark(b';') | Token::End) {
            self.peeked = None;
        }
        Ok(())
    }

    /// The name of a table, without its database.
    pub(super) fn name(&mut self) -> Result<String, Fault> {
        loop {
            let name = match self.next()? {
                Token::Word(name) | Token::Quoted(name) => name,
                _ => return Err(self.fault("the name of a table is expected")),
            };
            if !self.passes(b'.')? {
                return Ok(name.rsplit('.').next().unwrap_or_default().to_owned());
            }
        }
    }

    /// The names of the columns that the rest of a CREATE TABLE defines.
    pub(super) fn definitions(&mut self) -> Result<Vec<String>, Fault> {
        let (mut names, mut depth, mut begins) = (Vec::new(), 1, true);
        while depth > 0 {
            match self.next()? {
                Token::Quoted(name) if begins => names.push(name),
                Token::Word(name) if begins && !is_constraint(&name) => names.push(name),
                Token::Mark(b'(') => depth += 1,
                Token::Mark(b')') => depth -= 1,
                Token::Mark(b',') if depth == 1 => {
                    begins = true;
                    continue;
                }
                Token::End => return Err(self.fault("the file ends within CREATE TABLE")),
                _ => {}
            }
            begins = false;
        }
        Ok(names)
    }

    /// A tuple as it is written, and its values.
    pub(super) fn tuple(&mut self) -> Result<(String, Vec<Datum>), Fault> {
        let begin = self.line;
        self.peeked = None;
        self.raw = Some(vec![b'(']);
        let mut values = Vec::new();
        loop {
            match self.next()? {
                Token::Text(text) => values.push(Datum::Text(text)),
                Token::Word(word) if word.eq_ignore_ascii_case("NULL") => values.push(Datum::Null),
                // The character set of the text that follows.
                Token::Word(word) if word.starts_with('_') => {}
                Token::Word(word) => values.push(Datum::Text(word)),
                Token::Mark(b',') => {}
                Token::Mark(b')') => break,
                Token::End => {
                    return Err(self.fault(format!("the file ends within the tuple that begins on line {begin}")));
                }
                Token::Quoted(_) | Token::Mark(_) => return Err(self.fault("a value is expected")),
            }
        }
        let raw = self.raw.take().unwrap_or_default();
        Ok((String::from_utf8(raw).unwrap_or_default(), values))
    }

    fn read(&mut self) -> Result<Token, Fault> {
        loop {
            self.length = 0;
            let Some(byte) = self.bump()? else { return Ok(Token::End) };
            match byte {
                byte if byte.is_ascii_whitespace() => {}
                b'#' => self.pass_line()?,
                b'-' if self.byte()? == Some(b'-') => self.pass_line()?,
                b'/' if self.byte()? == Some(b'*') => self.pass_comment()?,
                b'\'' => return self.quoted(byte).map(Token::Text),
                b'`' | b'"' => return self.quoted(byte).map(Token::Quoted),
                byte if is_wordy(byte) => return self.word(byte).map(Token::Word),
                other => return Ok(Token::Mark(other)),
            }
        }
    }

    fn word(&mut self, first: u8) -> Result<String, Fault> {
        let mut word = vec![first];
        while let Some(byte) = self.byte()?.filter(|byte| is_wordy(*byte)) {
            word.push(byte);
            self.bump()?;
        }
        Ok(String::from_utf8(word).unwrap_or_default())
    }

    fn quoted(&mut self, mark: u8) -> Result<String, Fault> {
        let begin = self.line;
        let cut = |line| format!("the file ends within the quotation that begins on line {line}");
        let mut text = Vec::new();
        loop {
            let Some(byte) = self.bump()? else { return Err(self.fault(cut(begin))) };
            if byte == mark {
                if self.byte()? != Some(mark) {
                    return Ok(String::from_utf8(text).unwrap_or_default());
                }
                self.bump()?;
            } else if byte == b'\\' && mark == b'\'' {
                let Some(escaped) = self.bump()? else { return Err(self.fault(cut(begin))) };
                text.extend(unescaped(escaped));
                continue;
            }
            text.push(byte);
        }
    }

    fn pass_line(&mut self) -> Result<(), Fault> {
        while !matches!(self.bump()?, None | Some(b'\n')) {
            self.length = 0;
        }
        Ok(())
    }

    fn pass_comment(&mut self) -> Result<(), Fault> {
        let mut last = 0;
        while let Some(byte) = self.bump()? {
            self.length = 0;
            if (last, byte) == (b'*', b'/') {
                return Ok(());
            }
            last = byte;
        }
        Err(self.fault("the file ends within a comment"))
    }

    fn byte(&mut self) -> Result<Option<u8>, Fault> {
        Ok(self.text.fill_buf()?.first().copied())
    }

    fn bump(&mut self) -> Result<Option<u8>, Fault> {
        let Some(byte) = self.byte()? else { return Ok(None) };
        self.text.consume(1);
        self.length += 1;
        self.line += u64::from(byte == b'\n');
        if let Some(raw) = &mut self.raw {
            raw.push(byte);
        }
        if self.length.max(self.raw.as_ref().map_or(0, Vec::len)) > MAX_RECORD_BYTES {
            return Err(self.fault("a value of more than 1 MiB"));
        }
        Ok(Some(byte))
    }
}

fn is_wordy(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'-' | b'+' | b'@') || !byte.is_ascii()
}

fn is_constraint(word: &str) -> bool {
    ["PRIMARY", "KEY", "UNIQUE", "CONSTRAINT", "INDEX", "FULLTEXT", "SPATIAL", "FOREIGN", "CHECK"]
        .iter()
        .any(|keyword| word.eq_ignore_ascii_case(keyword))
}

/// What MySQL means by an escape; `%` and `_` keep their backslash.
fn unescaped(byte: u8) -> Vec<u8> {
    match byte {
        b'0' => vec![0],
        b'b' => vec![8],
        b'n' => vec![b'\n'],
        b'r' => vec![b'\r'],
        b't' => vec![b'\t'],
        b'Z' => vec![0x1a],
        b'%' | b'_' => vec![b'\\', byte],
        other => vec![other],
    }
}
