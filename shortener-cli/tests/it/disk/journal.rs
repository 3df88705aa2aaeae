//! What `shim.c` has noted.

/// One operation of a process under test, on a path below the watched folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Record<'a> {
    Created {
        path: &'a str,
    },
    Written {
        path: &'a str,
        at: usize,
        data: &'a [u8],
    },
    Truncated {
        path: &'a str,
        bytes: usize,
    },
    /// An fsync of this thread begins: it is about what was done before.
    SyncBegins {
        thread: u32,
        path: &'a str,
    },
    SyncEnds {
        thread: u32,
        path: &'a str,
        is_done: bool,
    },
    Unlinked {
        path: &'a str,
    },
    Renamed {
        from: &'a str,
        to: &'a str,
    },
    Folder {
        path: &'a str,
    },
    /// Something was sent to whoever waits for an acknowledgement.
    Said {
        data: &'a [u8],
    },
}

/// Bytes of a record before its path.
const HEADER: usize = 24;

/// Reads all records.
pub(super) fn parse(mut journal: &[u8]) -> Vec<Record<'_>> {
    let mut records = Vec::new();
    while !journal.is_empty() {
        let (header, rest) = journal.split_at(HEADER);
        let number = |at: usize| u32::from_ne_bytes(header[at..at + 4].try_into().unwrap());
        let at = u64::from_ne_bytes(header[16..].try_into().unwrap());
        let (path, rest) = rest.split_at(usize::try_from(number(8)).unwrap());
        let (data, rest) = rest.split_at(usize::try_from(number(12)).unwrap());
        journal = rest;
        records.push(record(number(0), number(4), std::str::from_utf8(path).unwrap(), at, data));
    }
    records
}

fn record<'a>(kind: u32, thread: u32, path: &'a str, at: u64, data: &'a [u8]) -> Record<'a> {
    let bytes = usize::try_from(at).unwrap();
    match kind {
        1 => Record::Created { path },
        2 => Record::Written { path, at: bytes, data },
        3 => Record::Truncated { path, bytes },
        4 => Record::SyncBegins { thread, path },
        5 => Record::SyncEnds { thread, path, is_done: at == 0 },
        6 => Record::Unlinked { path },
        7 => Record::Renamed { from: path, to: std::str::from_utf8(data).unwrap() },
        8 => Record::Folder { path },
        9 => Record::Said { data },
        other => panic!("no kind of record: {other}"),
    }
}
