//! `short import`: every row exactly once, whatever happens.

mod dry_run;
mod files;
mod journal;
#[cfg(unix)]
mod killed;
mod script;
#[cfg(unix)]
mod signals;
#[cfg(unix)]
mod terminal;
mod verify;

#[cfg(target_os = "linux")]
pub(crate) use files::many;
