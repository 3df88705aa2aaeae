//! What a link is made of: parsed, never checked twice.

mod actor;
mod code;
mod domain;
#[cfg(test)]
mod fuzz;
mod status;
mod tag;
mod target;

pub use actor::Actor;
pub(crate) use code::base58;
pub use code::{CodeGenerator, MAX_CODE_LENGTH, RandomCodes, ShortCode};
pub use domain::{BaseUrl, Domain};
pub use status::RedirectStatus;
pub use tag::{MAX_TAGS, Tag};
pub use target::TargetUrl;
