//! `short import`: every row exactly once, whatever happens.

mod files;
mod journal;
#[cfg(unix)]
mod killed;
mod script;
#[cfg(unix)]
mod signals;
mod verify;
