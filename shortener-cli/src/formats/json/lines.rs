//! One record a line.

use std::io::BufRead;

use super::Raw;
use crate::formats::MAX_RECORD_BYTES;
use crate::formats::fault::Fault;

/// Reads lines that are not empty.
pub(super) struct Lines<R> {
    text: R,
    line: u64,
    buffer: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(text: R) -> Self {
        Self { text, line: 0, buffer: Vec::new() }
    }

    pub(super) fn next(&mut self) -> Result<Option<Raw>, Fault> {
        while self.read_line().map_err(|fault| fault.or_on(self.line))? {
            let line = self.buffer.trim_ascii();
            if !line.is_empty() {
                return Ok(Some((self.line, String::from_utf8_lossy(line).into_owned())));
            }
        }
        Ok(None)
    }

    fn read_line(&mut self) -> Result<bool, Fault> {
        self.buffer.clear();
        self.line += 1;
        loop {
            let available = self.text.fill_buf()?;
            if available.is_empty() {
                return Ok(!self.buffer.is_empty());
            }
            let end = available.iter().position(|byte| *byte == b'\n');
            let length = end.map_or(available.len(), |at| at + 1);
            self.buffer.extend_from_slice(&available[..length]);
            self.text.consume(length);
            if self.buffer.len() > MAX_RECORD_BYTES {
                return Err(Fault::content("a line of more than 1 MiB", "write one record a line"));
            }
            if end.is_some() {
                return Ok(true);
            }
        }
    }
}
