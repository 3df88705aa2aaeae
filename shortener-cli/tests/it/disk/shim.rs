//! The library that stands before the C library of a process under test: built here, told what to do by a page of
//! memory that both share.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use tempfile::TempDir;

/// Operations that can be made to fail: bits, which add up.
pub(super) mod kind {
    pub(in super::super) const READ: u32 = 1;
    pub(in super::super) const WRITE: u32 = 2;
    pub(in super::super) const SYNC: u32 = 4;
    pub(in super::super) const OPEN: u32 = 8;
    /// Truncations, deletions, renamings and new folders.
    pub(in super::super) const CHANGE: u32 = 16;
    pub(in super::super) const OPEN_TO_WRITE: u32 = 32;
}

/// Numbers of errors on Linux.
pub(super) mod errno {
    pub(in super::super) const EIO: u32 = 5;
    pub(in super::super) const EACCES: u32 = 13;
    pub(in super::super) const ENOSPC: u32 = 28;
    pub(in super::super) const EROFS: u32 = 30;
}

/// Which operations fail, and how often.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fault {
    pub(super) kinds: u32,
    pub(super) errno: u32,
    /// How many of them pass before one fails.
    pub(super) passing: u32,
    /// Whether all fail from then on, or one.
    pub(super) lasting: bool,
}

impl Fault {
    /// All operations of these kinds fail from now on.
    pub(super) fn all(kinds: u32, errno: u32) -> Self {
        Self { kinds, errno, passing: 0, lasting: true }
    }

    /// The next operation of these kinds fails.
    pub(super) fn next(kinds: u32, errno: u32) -> Self {
        Self { lasting: false, ..Self::all(kinds, errno) }
    }
}

/// A folder that is watched, and what is known of it outside.
pub(super) struct Shim {
    root: TempDir,
    outside: TempDir,
    control: File,
}

impl Shim {
    /// With an empty folder, in memory where the machine has such a place: what a disk would keep is read from the
    /// journal.
    pub(super) fn new() -> Self {
        let (root, outside) = (folder(), folder());
        let path = outside.path().join("control");
        fs::write(&path, [0; 24]).unwrap();
        let control = File::options().read(true).write(true).open(path).unwrap();
        Self { root, outside, control }
    }

    /// The folder that is watched.
    pub(super) fn root(&self) -> &Path {
        self.root.path()
    }

    /// The environment of a process under test whose operations may fail.
    pub(super) fn variables(&self) -> Vec<(&'static str, String)> {
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        vec![
            ("LD_PRELOAD", text(library())),
            ("SHIM_ROOT", text(self.root())),
            ("SHIM_CONTROL", text(&self.outside.path().join("control"))),
        ]
    }

    /// The same, of one whose operations are noted.
    pub(super) fn watching(&self) -> Vec<(&'static str, String)> {
        let journal = self.outside.path().join("journal").to_str().unwrap().to_owned();
        [self.variables(), vec![("SHIM_JOURNAL", journal)]].concat()
    }

    /// What was noted so far.
    pub(super) fn journal(&self) -> Vec<u8> {
        fs::read(self.outside.path().join("journal")).unwrap()
    }

    /// Lets operations fail from now on.
    pub(super) fn fail(&self, fault: Fault) {
        self.heal();
        let fields = [fault.errno, u32::from(fault.lasting), fault.passing, 0, 0];
        let bytes: Vec<u8> = fields.into_iter().flat_map(u32::to_ne_bytes).collect();
        self.control.write_all_at(&bytes, 4).unwrap();
        // Last, because it is what puts the others into force.
        self.control.write_all_at(&fault.kinds.to_ne_bytes(), 0).unwrap();
    }

    /// Lets everything succeed again.
    pub(super) fn heal(&self) {
        self.control.write_all_at(&[0; 4], 0).unwrap();
    }

    /// How many operations have failed since the last fault was put into force.
    pub(super) fn failed(&self) -> u32 {
        let mut bytes = [0; 4];
        self.control.read_exact_at(&mut bytes, 20).unwrap();
        u32::from_ne_bytes(bytes)
    }
}

/// A temporary folder, under its real name.
pub(super) fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let place = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    TempDir::new_in(fs::canonicalize(place).unwrap()).unwrap()
}

/// The library, built once.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let (built, library) = (folder.join(format!("shim-{}", std::process::id())), folder.join("shim.so"));
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/disk/shim.c");
        let mut compile = Command::new("cc");
        compile.args(["-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", source, "-ldl", "-o"]).arg(&built);
        let output = compile.output().expect("these tests need a C compiler called cc, as the build of SQLite does");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        // Tests of another process may be building it too.
        fs::rename(built, &library).unwrap();
        library
    })
}
