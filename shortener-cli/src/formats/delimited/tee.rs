//! A reader that remembers what was read, until it is asked for.

use std::io::{self, Read};

use crate::formats::MAX_RECORD_BYTES;
use crate::formats::fault::Fault;

/// How much more than a record can be read before it is asked for: the buffers of who reads.
const AHEAD: usize = 1 << 17;

/// Remembers the bytes of the record that is being read.
pub(super) struct Tee<R> {
    inner: R,
    window: Vec<u8>,
    /// Where the window begins, in bytes from the start.
    base: u64,
    /// How much of the window's front was asked for.
    taken: usize,
}

impl<R: Read> Tee<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, window: Vec::new(), base: 0, taken: 0 }
    }

    /// The bytes from one place to another, which are then forgotten.
    pub(super) fn take(&mut self, start: u64, end: u64) -> &[u8] {
        let within =
            |at: u64| usize::try_from(at.saturating_sub(self.base)).unwrap_or(usize::MAX).min(self.window.len());
        let (start, end) = (within(start), within(end));
        self.taken = end;
        &self.window[start.min(end)..end]
    }
}

impl<R: Read> Read for Tee<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.window.drain(..self.taken);
        self.base += self.taken as u64;
        self.taken = 0;
        if self.window.len() > MAX_RECORD_BYTES + AHEAD {
            let hint = "check the delimiter, and that every quotation mark is closed";
            return Err(Fault::content("a record of more than 1 MiB", hint).into());
        }
        let length = self.inner.read(buffer)?;
        self.window.extend_from_slice(&buffer[..length]);
        Ok(length)
    }
}
