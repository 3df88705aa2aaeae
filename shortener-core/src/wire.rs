//! The shapes that cross the API: used by the server, the client, the CLI's `--json` and the tests.

mod admin;
mod history;
mod link;
mod object;
mod patch;
mod problem;
mod purge;
mod stats;

pub use admin::{
    CreateKey, CreatedKey, DomainList, DomainSettings, EdgeLifetimes, Health, KeyList, KeyView, PolicyRules, Role,
    RotateKey, Scope, SetDomain, Whoami,
};
pub use history::{Action, FieldChange, History, HistoryEvent};
pub use link::{
    BatchRequest, BatchResponse, BatchResult, CreateLink, Created, IfExists, Link, LinkFilter, LinkPage, LinkState,
    StateFilter, TagList, UpdateLink,
};
pub use patch::Patch;
pub use problem::{Problem, ProblemCode, Violation};
pub use purge::{Purge, PurgeStatus};
pub use stats::{
    Bots, Clicks, Coverage, EdgeAnswers, LinkClicks, NamedClicks, SeriesPoint, Stats, StatsQuery, Step, Top, TopLink,
    TopQuery, Visitors,
};
