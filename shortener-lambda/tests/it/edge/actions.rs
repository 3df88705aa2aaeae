//! What may happen, in any order: the steps of random stories.

use http::Method;
use proptest::prelude::*;

use super::message::{Request, Response};
use super::origin::Health;
use super::world::World;

/// One step of a story.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Action {
    /// Milliseconds pass.
    Wait(i64),
    /// It becomes so many milliseconds after the link's milestone, if that is still to come.
    Approach(i64),
    /// Somebody asks for the link.
    Visit(Visit),
    /// The redirect function's reads begin to fail, or work again.
    StoreFails,
    StoreWorks,
    /// The functions are well from now on, or not.
    Functions(Health),
    /// Another container of the redirect function, with nothing in memory, takes over.
    Anew,
}

/// How the link is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Visit {
    Plain,
    Head,
    WithQuery,
    Encoded,
}

impl Visit {
    /// All of them.
    pub(crate) const ALL: [Self; 4] = [Self::Plain, Self::Head, Self::WithQuery, Self::Encoded];

    pub(crate) fn request(self) -> Request {
        match self {
            Self::Plain => Request::get("/launch"),
            Self::Head => Request::get("/launch").method(Method::HEAD),
            Self::WithQuery => Request::get("/launch?utm_source=a"),
            Self::Encoded => Request::get("/%6Caun%63h"),
        }
    }
}

impl Action {
    /// Any step, in a world where everything may fail.
    pub(crate) fn any() -> impl Strategy<Value = Self> {
        prop_oneof![
            4 => wait(),
            6 => prop::sample::select(&Visit::ALL[..]).prop_map(Self::Visit),
            1 => Just(Self::StoreFails),
            1 => Just(Self::StoreWorks),
            2 => health().prop_map(Self::Functions),
            1 => Just(Self::Anew),
        ]
    }

    /// Any step, in a world where nothing fails.
    pub(crate) fn of_health() -> impl Strategy<Value = Self> {
        prop_oneof![
            2 => wait(),
            3 => prop::sample::select(&Visit::ALL[..]).prop_map(Self::Visit),
            1 => Just(Self::Anew),
        ]
    }
}

fn wait() -> impl Strategy<Value = Action> {
    prop_oneof![
        prop_oneof![0_i64..2_000, 0_i64..130_000, 0_i64..2_000_000].prop_map(Action::Wait),
        (-4_000_i64..4_000).prop_map(Action::Approach),
    ]
}

fn health() -> impl Strategy<Value = Health> {
    prop_oneof![Just(Health::Well), Just(Health::Failing), Just(Health::Silent), Just(Health::Throttled)]
}

impl World {
    /// Takes a step, and tells what the visitor got, if there was one.
    pub(crate) async fn act(&self, action: Action) -> Option<Response> {
        match action {
            Action::Wait(milliseconds) => self.wait_ms(milliseconds),
            Action::Approach(milliseconds) => self.approach(milliseconds),
            Action::Visit(visit) => return Some(self.edge.answer(&visit.request()).await),
            Action::StoreFails => self.origin.table.fail(),
            Action::StoreWorks => self.origin.table.heal(),
            Action::Functions(health) => self.functions_are(health),
            Action::Anew => self.origin.start_anew(&self.app),
        }
        None
    }
}
