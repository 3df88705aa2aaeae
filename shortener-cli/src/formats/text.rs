//! Text that is known to be UTF-8 without NUL.

use std::io::{self, BufRead, Read};

use super::bytes::Bytes;
use super::fault::Fault;

const CHUNK: usize = 1 << 16;

/// Reads valid text, without the byte order mark; names the place of what is none.
pub(super) struct Text {
    inner: Bytes,
    buffer: Box<[u8]>,
    /// What is valid and not consumed: `buffer[next..valid]`.
    next: usize,
    valid: usize,
    /// The end of what was read; from `valid` on begins a character that is not complete.
    filled: usize,
    /// The place of `buffer[0]`, from 1.
    line: u64,
    column: u64,
    started: bool,
}

impl Text {
    /// Text from bytes.
    pub(super) fn new(inner: Bytes) -> Self {
        let buffer = vec![0; CHUNK].into_boxed_slice();
        Self { inner, buffer, next: 0, valid: 0, filled: 0, line: 1, column: 1, started: false }
    }

    fn refill(&mut self) -> io::Result<()> {
        self.pass(self.valid);
        self.buffer.copy_within(self.valid..self.filled, 0);
        self.filled -= self.valid;
        (self.next, self.valid) = (0, 0);
        let mut read = self.read_some()?;
        // A mark is only seen whole.
        while !self.started && read > 0 && self.filled < 3 {
            read = self.read_some()?;
        }
        if !self.started {
            self.started = true;
            if self.buffer[..self.filled].starts_with("\u{feff}".as_bytes()) {
                self.buffer.copy_within(3..self.filled, 0);
                self.filled -= 3;
            }
        }
        self.valid = match std::str::from_utf8(&self.buffer[..self.filled]) {
            Ok(_) => self.filled,
            // The rest of the character comes with the next bytes.
            Err(error) if error.error_len().is_none() && read > 0 => error.valid_up_to(),
            Err(error) => return Err(self.invalid_at(error.valid_up_to()).into()),
        };
        match self.buffer[..self.valid].iter().position(|byte| *byte == 0) {
            Some(at) => Err(self.nul_at(at).into()),
            // Three bytes of a character were all there was.
            None if self.valid == 0 && read > 0 => self.refill(),
            None => Ok(()),
        }
    }

    fn read_some(&mut self) -> io::Result<usize> {
        loop {
            match self.inner.read(&mut self.buffer[self.filled..]) {
                Ok(read) => {
                    self.filled += read;
                    return Ok(read);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Fault::from(error).or_on(self.line).into()),
            }
        }
    }

    /// Moves the place of the buffer's start over its first bytes.
    fn pass(&mut self, length: usize) {
        (self.line, self.column) = self.place_of(length);
    }

    /// Line and column of a byte of the buffer, before which all is valid.
    fn place_of(&self, at: usize) -> (u64, u64) {
        let before = &self.buffer[..at];
        let characters = |bytes: &[u8]| bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count() as u64;
        let lines = before.iter().filter(|byte| **byte == b'\n').count() as u64;
        match before.iter().rposition(|byte| *byte == b'\n') {
            Some(newline) => (self.line + lines, 1 + characters(&before[newline + 1..])),
            None => (self.line, self.column + characters(before)),
        }
    }

    fn invalid_at(&self, at: usize) -> Fault {
        let (line, column) = self.place_of(at);
        let byte = self.buffer[at];
        let hint = "convert it to UTF-8, such as: iconv -f WINDOWS-1252 -t UTF-8 FILE > NEW";
        Fault::content(format!("byte 0x{byte:02x} is no valid UTF-8"), hint).at(line, column)
    }

    fn nul_at(&self, at: usize) -> Fault {
        let (line, column) = self.place_of(at);
        let hint = "text has no NUL; the file may be binary, or UTF-16: iconv -f UTF-16 -t UTF-8 FILE > NEW";
        Fault::content("a NUL byte", hint).at(line, column)
    }
}

impl BufRead for Text {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.next == self.valid {
            self.refill()?;
        }
        Ok(&self.buffer[self.next..self.valid])
    }

    fn consume(&mut self, amount: usize) {
        self.next = (self.next + amount).min(self.valid);
    }
}

impl Read for Text {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let length = available.len().min(into.len());
        into[..length].copy_from_slice(&available[..length]);
        self.consume(length);
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a few bytes at a time.
    struct Drops(Vec<u8>, usize);

    impl Read for Drops {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let length = self.0.len().min(self.1).min(into.len());
            into[..length].copy_from_slice(&self.0[..length]);
            self.0.drain(..length);
            Ok(length)
        }
    }

    fn read(bytes: &[u8], drop: usize) -> Result<String, String> {
        let mut text = String::new();
        match Text::new(Box::new(Drops(bytes.to_vec(), drop))).read_to_string(&mut text) {
            Ok(_) => Ok(text),
            Err(error) => Err(Fault::from(error).of_file("f").to_string()),
        }
    }

    #[test]
    fn characters_are_whole_wherever_reads_end() {
        for drop in 1..6 {
            assert_eq!(read("\u{feff}aü€😀\n".as_bytes(), drop).unwrap(), "aü€😀\n", "{drop}");
        }
    }

    #[test]
    fn what_is_no_text_is_named_with_its_place() {
        for drop in [1, 2, 100] {
            assert_eq!(read(b"ab\n\xc3\xbc\xff", drop).unwrap_err(), "f:2:2: byte 0xff is no valid UTF-8");
            assert_eq!(read(b"ab\nc\0", drop).unwrap_err(), "f:2:2: a NUL byte");
            assert_eq!(read(b"ab\xe2\x82", drop).unwrap_err(), "f:1:3: byte 0xe2 is no valid UTF-8");
        }
    }
}
