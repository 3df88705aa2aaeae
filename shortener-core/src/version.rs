//! Which version of the product this is.

/// The version: that of the packages.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The revision of the source: 12 digits of a Git commit, what `SHORT_REVISION` said at build time, or `unknown`.
pub const REVISION: &str = env!("SHORT_BUILT_REVISION");

/// Both, as `--version` prints them after the name of the program.
pub const LONG: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("SHORT_BUILT_REVISION"), ")");
