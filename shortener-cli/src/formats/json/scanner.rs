//! The tokens around records. What a value says is left to serde; here it only matters where it ends.

use std::io::BufRead;

use crate::formats::MAX_RECORD_BYTES;
use crate::formats::fault::Fault;

/// Walks through text and knows where it is.
pub(super) struct Scanner<R> {
    text: R,
    line: u64,
    column: u64,
}

/// How far a value has been read.
#[derive(Default)]
struct Progress {
    depth: usize,
    in_text: bool,
    escaped: bool,
    over: bool,
}

impl Progress {
    /// Takes the next bytes of a value that is an object, an array or text; answers how many belong to it.
    fn take(&mut self, bytes: &[u8]) -> usize {
        for (at, byte) in bytes.iter().enumerate() {
            if self.escaped {
                self.escaped = false;
                continue;
            }
            match (self.in_text, byte) {
                (true, b'\\') => self.escaped = true,
                (true, b'"') => self.in_text = false,
                (false, b'"') => self.in_text = true,
                (false, b'{' | b'[') => self.depth += 1,
                (false, b'}' | b']') => self.depth = self.depth.saturating_sub(1),
                _ => continue,
            }
            if self.depth == 0 && !self.in_text && !self.escaped {
                self.over = true;
                return at + 1;
            }
        }
        bytes.len()
    }
}

impl<R: BufRead> Scanner<R> {
    pub(super) fn new(text: R) -> Self {
        Self { text, line: 1, column: 1 }
    }

    /// The line of the next byte, from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// What is wrong here.
    pub(super) fn fault(&self, detail: impl Into<String>) -> Fault {
        Fault::content(detail, "check that the file is whole, and its JSON valid").at(self.line, self.column)
    }

    /// The next byte that is no white space; none at the end.
    pub(super) fn peek(&mut self) -> Result<Option<u8>, Fault> {
        loop {
            let available = self.text.fill_buf()?;
            if available.is_empty() {
                return Ok(None);
            }
            let blank = available.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            let next = available.get(blank).copied();
            self.consume(blank)?;
            if next.is_some() {
                return Ok(next);
            }
        }
    }

    /// Passes the byte, if it is the next one.
    pub(super) fn passes(&mut self, byte: u8) -> Result<bool, Fault> {
        let is = self.peek()? == Some(byte);
        if is {
            self.consume(1)?;
        }
        Ok(is)
    }

    /// Passes the byte.
    pub(super) fn expect(&mut self, byte: u8) -> Result<(), Fault> {
        if self.passes(byte)? {
            return Ok(());
        }
        let found = self.peek()?;
        Err(match found {
            None => self.fault(format!("the document ends where '{}' is expected", char::from(byte))),
            Some(found) => self.fault(format!("'{}' where '{}' is expected", shown(found), char::from(byte))),
        })
    }

    /// Appends the next value as it is written.
    pub(super) fn value(&mut self, into: &mut Vec<u8>) -> Result<(), Fault> {
        let begin = self.line;
        match self.peek()? {
            Some(b'{' | b'[' | b'"') => {}
            Some(byte) if byte.is_ascii_alphanumeric() || byte == b'-' => return self.scalar(into),
            Some(byte) => return Err(self.fault(format!("'{}' where a value is expected", shown(byte)))),
            None => return Err(self.fault("the document ends where a value is expected")),
        }
        let mut progress = Progress::default();
        while !progress.over {
            let available = self.text.fill_buf()?;
            if available.is_empty() {
                return Err(self.fault(format!("the document ends within the value that begins on line {begin}")));
            }
            let length = progress.take(available);
            into.extend_from_slice(&available[..length]);
            self.consume(length)?;
            if into.len() > MAX_RECORD_BYTES {
                return Err(Fault::content("a record of more than 1 MiB", "check that its JSON is valid").on(begin));
            }
        }
        Ok(())
    }

    /// Passes the next value.
    pub(super) fn skip(&mut self) -> Result<(), Fault> {
        self.value(&mut Vec::new())
    }

    /// A key and the colon after it, as they are written; answers the key.
    pub(super) fn key(&mut self, into: &mut Vec<u8>) -> Result<String, Fault> {
        if self.peek()? != Some(b'"') {
            self.expect(b'"')?;
        }
        let start = into.len();
        self.value(into)?;
        let key = serde_json::from_slice(&into[start..]).map_err(|_| self.fault("a key that is no valid text"))?;
        self.expect(b':')?;
        into.push(b':');
        Ok(key)
    }

    fn scalar(&mut self, into: &mut Vec<u8>) -> Result<(), Fault> {
        loop {
            let available = self.text.fill_buf()?;
            let length = available.iter().take_while(|byte| !b",:]}{[\" \t\r\n".contains(byte)).count();
            let over = length < available.len() || available.is_empty();
            into.extend_from_slice(&available[..length]);
            self.consume(length)?;
            if over {
                return Ok(());
            }
            if into.len() > MAX_RECORD_BYTES {
                return Err(self.fault("a value of more than 1 MiB"));
            }
        }
    }

    /// Passes bytes that are in the buffer.
    fn consume(&mut self, length: usize) -> Result<(), Fault> {
        let passed = &self.text.fill_buf()?[..length];
        let characters = |bytes: &[u8]| bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count() as u64;
        match passed.iter().rposition(|byte| *byte == b'\n') {
            Some(last) => {
                self.line += passed.iter().filter(|byte| **byte == b'\n').count() as u64;
                self.column = 1 + characters(&passed[last + 1..]);
            }
            None => self.column += characters(passed),
        }
        self.text.consume(length);
        Ok(())
    }
}

fn shown(byte: u8) -> String {
    if byte.is_ascii() { char::from(byte).escape_default().to_string() } else { "another character".to_owned() }
}
