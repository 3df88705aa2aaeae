//! Piles of records of a fixed size: in memory while they are small, then in a file without a name.

use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, Write};
use std::marker::PhantomData;

use tempfile::SpooledTempFile;

use super::{Annotation, Identity, Kind, Sighting};

/// Bytes that a pile keeps in memory.
const IN_MEMORY: usize = 64 * 1024;

/// Bytes that are read or written at a time.
const BUFFER: usize = 8 * 1024;

/// Most bytes of a record.
const LARGEST: usize = 49;

/// Something that is kept in as many bytes whatever it is.
pub(crate) trait Record: Sized {
    /// How many.
    const SIZE: usize;
    /// Writes itself.
    fn encode(&self, to: &mut impl Write) -> io::Result<()>;
    /// Reads one.
    fn decode(from: &mut impl Read) -> io::Result<Self>;
}

/// Records in the order in which they came.
#[derive(Debug)]
pub(crate) struct Pile<R> {
    file: BufWriter<SpooledTempFile>,
    records: PhantomData<R>,
}

impl<R: Record> Pile<R> {
    /// An empty pile.
    pub(crate) fn new() -> Self {
        let file = BufWriter::with_capacity(BUFFER, tempfile::spooled_tempfile(IN_MEMORY));
        Self { file, records: PhantomData }
    }

    /// Puts a record on it.
    ///
    /// # Errors
    /// The disk is full.
    pub(crate) fn push(&mut self, record: &R) -> io::Result<()> {
        let mut bytes = [0; LARGEST];
        record.encode(&mut bytes.as_mut_slice())?;
        self.file.write_all(&bytes[..R::SIZE])
    }

    /// Goes through it from the beginning.
    ///
    /// # Errors
    /// The disk fails.
    pub(crate) fn read(&mut self) -> io::Result<Reader<'_, R>> {
        self.file.flush()?;
        let file = self.file.get_mut();
        file.rewind()?;
        Ok(Reader { file: BufReader::with_capacity(BUFFER, file), records: PhantomData })
    }
}

/// Goes through a pile.
#[derive(Debug)]
pub(crate) struct Reader<'a, R> {
    file: BufReader<&'a mut SpooledTempFile>,
    records: PhantomData<R>,
}

impl<R: Record> Iterator for Reader<'_, R> {
    type Item = io::Result<R>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.file.fill_buf() {
            Ok([]) => None,
            Ok(_) => Some(R::decode(&mut self.file)),
            Err(error) => Some(Err(error)),
        }
    }
}

impl Record for Sighting {
    const SIZE: usize = 49;

    fn encode(&self, to: &mut impl Write) -> io::Result<()> {
        let named = u8::from(matches!(self.identity, Identity::Place(_)));
        to.write_all(&[named])?;
        to.write_all(&self.identity.hash().to_le_bytes())?;
        to.write_all(&self.content.to_le_bytes())?;
        to.write_all(&self.row.to_le_bytes())?;
        to.write_all(&self.line.to_le_bytes())
    }

    fn decode(from: &mut impl Read) -> io::Result<Self> {
        let named = bytes::<1>(from)? == [1];
        let hash = u128::from_le_bytes(bytes(from)?);
        let identity = if named { Identity::Place(hash) } else { Identity::Content(hash) };
        let content = u128::from_le_bytes(bytes(from)?);
        Ok(Self { identity, content, row: u64::from_le_bytes(bytes(from)?), line: u64::from_le_bytes(bytes(from)?) })
    }
}

impl Record for Annotation {
    const SIZE: usize = 17;

    fn encode(&self, to: &mut impl Write) -> io::Result<()> {
        let (kind, value) = match self.kind {
            Kind::Occurrence(n) => (0, u64::from(n)),
            Kind::SameAs(line) => (1, line),
            Kind::CodeOf(line) => (2, line),
        };
        to.write_all(&self.row.to_le_bytes())?;
        to.write_all(&[kind])?;
        to.write_all(&value.to_le_bytes())
    }

    fn decode(from: &mut impl Read) -> io::Result<Self> {
        let (row, [kind]) = (u64::from_le_bytes(bytes(from)?), bytes(from)?);
        let value = u64::from_le_bytes(bytes(from)?);
        let kind = match kind {
            0 => Kind::Occurrence(u32::try_from(value).map_err(io::Error::other)?),
            1 => Kind::SameAs(value),
            _ => Kind::CodeOf(value),
        };
        Ok(Self { row, kind })
    }
}

fn bytes<const N: usize>(from: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}
