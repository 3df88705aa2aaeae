//! One way to use one operation, and what may be expected of it when a call of it fails.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::Serialize;
use serde_json::Value;
use shortener_core::table::Item;
use shortener_core::wire::Problem;

use super::world::World;

pub(super) type Ending = Result<Value, Problem>;

type Act = Box<dyn Fn(Arc<World>) -> BoxFuture<'static, Ending> + Send + Sync>;

/// What a caller may do after an outcome that it does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// Send it again: it has one effect, and the same answer.
    Freely,
    /// Look what became of it: sent again, it could have a second effect, as its documentation says.
    OnlyIfNotApplied,
}

/// How the effect comes about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// In one write: all of it or nothing.
    AtOnce,
    /// In several, each of which is whole; repeated, the rest is done.
    InSteps,
}

/// Which world it happens in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Full,
    /// A new table.
    Empty,
}

pub(super) struct Scenario {
    /// The function that it goes through.
    pub(super) operation: &'static str,
    pub(super) case: &'static str,
    act: Act,
    pub(super) place: Place,
    pub(super) repeat: Repeat,
    pub(super) effect: Effect,
    /// How long it takes at most whatever the table does; none where its caller has a deadline.
    pub(super) budget: Option<Duration>,
    /// The same, where only its writes can be waited for.
    pub(super) budget_of_writes: Option<Duration>,
    /// Whether a stale read may show in its answer.
    pub(super) may_lag: bool,
    /// Whether two failures are tried, too.
    pub(super) in_pairs: bool,
    /// What of the table is compared.
    pub(super) view: fn(Vec<Item>) -> Vec<Item>,
}

impl Scenario {
    pub(super) fn new<F>(
        operation: &'static str,
        case: &'static str,
        act: impl Fn(Arc<World>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Ending> + Send + 'static,
    {
        Self {
            operation,
            case,
            act: Box::new(move |world| Box::pin(act(world))),
            place: Place::Full,
            repeat: Repeat::Freely,
            effect: Effect::AtOnce,
            budget: None,
            budget_of_writes: None,
            may_lag: false,
            in_pairs: false,
            view: super::view::everything,
        }
    }

    pub(super) fn on_a_new_table(self) -> Self {
        Self { place: Place::Empty, ..self }
    }

    pub(super) fn only_if_not_applied(self) -> Self {
        Self { repeat: Repeat::OnlyIfNotApplied, ..self }
    }

    pub(super) fn in_steps(self) -> Self {
        Self { effect: Effect::InSteps, ..self }
    }

    pub(super) fn within(self, budget: Duration) -> Self {
        Self { budget: Some(budget), ..self }
    }

    pub(super) fn writing_within(self, budget: Duration) -> Self {
        Self { budget_of_writes: Some(budget), ..self }
    }

    pub(super) fn lagging(self) -> Self {
        Self { may_lag: true, ..self }
    }

    pub(super) fn in_pairs(self) -> Self {
        Self { in_pairs: true, ..self }
    }

    pub(super) fn seen_as(self, view: fn(Vec<Item>) -> Vec<Item>) -> Self {
        Self { view, ..self }
    }

    pub(super) fn act(&self, world: &Arc<World>) -> BoxFuture<'static, Ending> {
        (self.act)(world.clone())
    }

    pub(super) fn name(&self) -> String {
        format!("{}: {}", self.operation, self.case)
    }
}

/// An answer, as the wire has it.
pub(super) fn shown<T: Serialize>(answer: T) -> Value {
    serde_json::to_value(answer).unwrap()
}
