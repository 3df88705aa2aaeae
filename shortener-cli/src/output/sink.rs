//! Standard output for what is written as it comes.

use std::io::{self, Write};

use super::text;
use crate::cli::Format;

/// Standard output, as it is or as a terminal may get it.
#[derive(Debug)]
pub(crate) struct Sink {
    /// The format of what goes to a terminal.
    shown_as: Option<Format>,
    /// The beginning of a line that is not whole yet.
    line: Vec<u8>,
}

impl Sink {
    /// A sink that passes everything on, or shows it on a terminal in this format.
    pub(super) fn new(shown_as: Option<Format>) -> Self {
        Self { shown_as, line: Vec::new() }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(format) = self.shown_as else { return io::stdout().write(bytes) };
        self.line.extend_from_slice(bytes);
        if let Some(end) = self.line.iter().rposition(|byte| *byte == b'\n') {
            let rest = self.line.split_off(end + 1);
            let whole = std::mem::replace(&mut self.line, rest);
            io::stdout().write_all(text::harmless(&whole, format).as_bytes())?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if let Some(format) = self.shown_as {
            let rest = std::mem::take(&mut self.line);
            io::stdout().write_all(text::harmless(&rest, format).as_bytes())?;
        }
        io::stdout().flush()
    }
}
