//! What a run with failures must have come to, beside the run without.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use shortener_core::table::memory::MemoryTable;
use shortener_core::table::{ChangeFeed, Item, Table, keys};
use shortener_core::wire::{Problem, ProblemCode};
use tokio::time::Instant;

use super::plan::{Strike, Way};
use super::scenario::{Effect, Ending, Place, Repeat, Scenario};
use super::view;
use super::world::{Contents, World};

/// When a caller that has a deadline gives up: longer than any engine takes.
const DEADLINE: Duration = Duration::from_secs(25);

/// Longer than any request that was late is on its way.
const AFTER_ALL: Duration = Duration::from_mins(1);

/// What keeps a table alive.
pub(super) type Alive = Box<dyn Any + Send + Sync>;

/// Makes tables and copies of the full world.
pub(super) struct Worlds<T> {
    make: fn() -> (T, Alive),
    full: Contents,
    /// How long requests that are late are waited for.
    after_all: Duration,
}

impl Worlds<MemoryTable> {
    pub(super) async fn in_memory() -> Self {
        Self::of(|| (MemoryTable::new(), Box::new(())), AFTER_ALL).await
    }
}

impl<T: Table + ChangeFeed + 'static> Worlds<T> {
    pub(super) async fn of(make: fn() -> (T, Alive), after_all: Duration) -> Self {
        let (table, _alive) = make();
        let full = World::over(Arc::new(table)).fill().await;
        Self { make, full, after_all }
    }

    async fn world(&self, place: Place) -> Arc<World> {
        let contents = match place {
            Place::Full => self.full.clone(),
            Place::Empty => Contents::default(),
        };
        let (table, alive) = (self.make)();
        Arc::new(World { alive, ..World::copy(Arc::new(table), &contents).await })
    }
}

/// A run without failures.
pub(super) struct Truth {
    pub(super) ending: Ending,
    before: Vec<Item>,
    after: Vec<Item>,
    purges: usize,
    /// Calls that it makes.
    pub(super) calls: u64,
}

pub(super) async fn truth<T: Table + ChangeFeed + 'static>(worlds: &Worlds<T>, scenario: &Scenario) -> Truth {
    let world = worlds.world(scenario.place).await;
    let before = (scenario.view)(world.store.all().await);
    world.plan.arm(&[]);
    let ending = scenario.act(&world).await;
    world.plan.disarm();
    let after = (scenario.view)(world.store.all().await);
    if let Err(problem) = &ending {
        assert!(problem.status < 500, "{}: {problem:?}", scenario.name());
    }
    Truth { ending, before, after, purges: world.edge.purges().len(), calls: world.plan.calls() }
}

/// What a run came to.
#[derive(Debug)]
pub(super) struct Run {
    /// Calls that failed; empty when the operation ended before.
    pub(super) fired: Vec<(u64, shortener_core::table::fault::Primitive, Way)>,
    /// Calls made.
    pub(super) calls: u64,
    /// What is wrong with it.
    pub(super) findings: Vec<String>,
}

/// One run of a scenario in a world of its own, judged.
pub(super) async fn run<T: Table + ChangeFeed + 'static>(
    worlds: &Worlds<T>,
    scenario: &Scenario,
    truth: &Truth,
    strikes: &[Strike],
) -> Run {
    let world = worlds.world(scenario.place).await;
    world.plan.arm(strikes);
    let begun = Instant::now();
    let ending = tokio::time::timeout(DEADLINE, scenario.act(&world)).await.ok();
    let took = begun.elapsed();
    world.plan.disarm();
    let (fired, calls) = (world.plan.fired(), world.plan.calls());
    let mut judge = Judge { scenario, truth, world: &world, after_all: worlds.after_all, findings: Vec::new() };
    if !fired.is_empty() {
        let ways: Vec<Way> = fired.iter().map(|(_, _, way)| *way).collect();
        judge.time(took, ending.is_none(), &ways);
        if fired.iter().all(|(_, primitive, _)| primitive.is_change()) {
            judge.within(scenario.budget_of_writes, took);
        }
        judge.ending(ending, &ways).await;
    }
    let found = judge.findings;
    let findings: Vec<String> =
        found.iter().map(|what| format!("{} {strikes:?} {fired:?}: {what}", scenario.name())).collect();
    Run { fired, calls, findings }
}

struct Judge<'a> {
    scenario: &'a Scenario,
    truth: &'a Truth,
    world: &'a Arc<World>,
    after_all: Duration,
    findings: Vec<String>,
}

impl Judge<'_> {
    fn demand(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.findings.push(what());
        }
    }

    /// Only a call that is never answered can keep an operation, and only one that has no budget of its own.
    fn time(&mut self, took: Duration, was_given_up: bool, ways: &[Way]) {
        let hangs = ways.iter().any(|way| matches!(way, Way::Hang | Way::HangAfter));
        self.demand(hangs || !was_given_up, || format!("it does not end in {DEADLINE:?}"));
        self.within(self.scenario.budget, took);
    }

    fn within(&mut self, budget: Option<Duration>, took: Duration) {
        if let Some(budget) = budget {
            self.demand(took <= budget, || format!("it took {took:?}, more than {budget:?}"));
        }
    }

    /// Judges the end of the run, what is there then and after all, and what a repetition comes to.
    async fn ending(&mut self, ending: Option<Ending>, ways: &[Way]) {
        let at_once = (self.scenario.view)(self.world.store.all().await);
        tokio::time::sleep(self.after_all).await;
        let after = (self.scenario.view)(self.world.store.all().await);
        self.whole(&after);
        self.rows(&after);
        let is_unknown = match &ending {
            Some(Ok(answer)) => return self.done(answer, &after, ways),
            Some(Err(problem)) if is_same_refusal(&self.truth.ending, problem) => return self.same(&after),
            Some(Err(problem)) => {
                self.failed(problem, ways);
                problem.code == ProblemCode::OutcomeUnknown
            }
            None => true,
        };
        if !is_unknown && self.scenario.effect == Effect::AtOnce {
            let before = view::without_notes(self.truth.before.clone());
            for (when, items) in [("at once", &at_once), ("after all", &after)] {
                let is_absent = view::without_notes(items.clone()) == before;
                self.demand(is_absent, || format!("it failed for sure, and {when} something is there"));
            }
        }
        if self.scenario.effect == Effect::AtOnce {
            self.all_or_nothing(&after);
        }
        if !is_unknown || self.scenario.repeat == Repeat::Freely {
            self.repeated().await;
        }
    }

    fn done(&mut self, answer: &Value, after: &[Item], ways: &[Way]) {
        let may_differ = self.scenario.may_lag && ways.contains(&Way::Stale);
        // A create that meets its own link, after a reply was lost, may take it for that of an earlier request.
        let is_lost = ways.iter().any(|way| way.leaves_doubt());
        let same = |truth: &Value| truth == answer || (is_lost && again(truth.clone()) == again(answer.clone()));
        let is_same = self.truth.ending.as_ref().is_ok_and(same);
        self.demand(is_same || may_differ, || format!("it answered {answer}, not {:?}", self.truth.ending));
        self.same(after);
        let purges = self.world.edge.purges().len();
        self.demand(purges == self.truth.purges, || format!("{purges} purges, not {}", self.truth.purges));
    }

    fn same(&mut self, after: &[Item]) {
        let differences = differences(&self.truth.after, after);
        self.demand(differences.is_empty(), || format!("the table is another: {differences:?}"));
    }

    /// A failure of the store says so, that it can pass, and no more doubt than there is.
    fn failed(&mut self, problem: &Problem, ways: &[Way]) {
        let is_typed = matches!(problem.code, ProblemCode::Unavailable | ProblemCode::OutcomeUnknown);
        self.demand(is_typed && problem.retryable && problem.about_the_store, || format!("it ended with {problem:?}"));
        let may_doubt = self.scenario.budget.is_some()
            || self.scenario.effect == Effect::InSteps
            || ways.iter().any(|way| way.leaves_doubt() || matches!(way, Way::Hang | Way::HangAfter));
        let doubts = problem.code == ProblemCode::OutcomeUnknown;
        self.demand(may_doubt || !doubts, || "nothing was left in doubt, and it says so".to_owned());
    }

    fn all_or_nothing(&mut self, after: &[Item]) {
        let (before, done) =
            (view::without_notes(self.truth.before.clone()), view::without_notes(self.truth.after.clone()));
        let after = view::without_notes(after.to_vec());
        let is_whole = after == before || after == done;
        self.demand(is_whole, || format!("it is done in part: {:?}", differences(&done, &after)));
    }

    /// As a client does that was told to, when the store is well again.
    async fn repeated(&mut self) {
        if self.scenario.repeat == Repeat::Freely && self.scenario.place == Place::Full {
            self.world.codes.next();
        }
        let ending = tokio::time::timeout(DEADLINE, self.scenario.act(self.world)).await.ok();
        let (truth, ending) = (self.truth.ending.clone().map(again), ending.map(|ending| ending.map(again)));
        let is_same = match (&truth, &ending) {
            (Ok(truth), Some(Ok(answer))) => truth == answer,
            (Err(_), Some(Err(problem))) => is_same_refusal(&self.truth.ending, problem),
            _ => false,
        };
        self.demand(is_same, || format!("repeated, it ended with {ending:?}, not {truth:?}"));
        let after = (self.scenario.view)(self.world.store.all().await);
        let differences = differences(&self.truth.after, &after);
        self.demand(differences.is_empty(), || format!("repeated, the table is another: {differences:?}"));
        self.whole(&after);
    }

    /// Every link has its entries, and an event for each of its versions.
    fn whole(&mut self, items: &[Item]) {
        for finding in torn(items) {
            self.findings.push(finding);
        }
    }

    /// Of a batch, what each row was told is true.
    fn rows(&mut self, after: &[Item]) {
        let results = std::mem::take(&mut *self.world.rows.lock().unwrap());
        for result in results {
            if let Some(link) = &result.link {
                let is_there = after.iter().any(|item| item.key == keys::link(&link.domain, &link.code));
                self.demand(is_there, || format!("{} is acknowledged and not there", link.code));
            }
        }
    }
}

/// What no answer may say twice in another way: that a repetition found the work done.
fn again(mut answer: Value) -> Value {
    if let Value::Object(fields) = &mut answer {
        fields.remove("created");
    }
    answer
}

fn is_same_refusal(truth: &Ending, problem: &Problem) -> bool {
    truth.as_ref().is_err_and(|refusal| refusal.code == problem.code)
}

fn differences(expected: &[Item], found: &[Item]) -> Vec<String> {
    let missing = expected.iter().filter(|item| !found.contains(item)).map(|item| format!("- {item:?}"));
    let extra = found.iter().filter(|item| !expected.contains(item)).map(|item| format!("+ {item:?}"));
    missing.chain(extra).collect()
}

/// Links whose entries or events are missing or too many.
fn torn(items: &[Item]) -> Vec<String> {
    let mut findings = Vec::new();
    for item in items {
        let Some((domain, code)) = keys::parse_link(&item.key) else { continue };
        let created = item.text("created_at").and_then(|at| at.parse().ok()).unwrap();
        let tags = item.attributes.get("tags").and_then(Value::as_array).cloned().unwrap_or_default();
        for tag in tags.iter().filter_map(Value::as_str).map(|tag| shortener_core::link::Tag::parse(tag).unwrap()) {
            for key in [keys::tag_entry(&tag, created, &domain, &code), keys::tag_name(&tag)] {
                if !items.iter().any(|other| other.key == key) {
                    findings.push(format!("{code} has no {key:?}"));
                }
            }
        }
        let first = item.number("first_version").unwrap_or(1);
        let version = item.number("version").unwrap_or(1);
        let is_event =
            |other: &&Item| other.key.pk == item.key.pk && other.number("link_version").is_some_and(|of| of > first);
        let events = items.iter().filter(is_event).count();
        if i64::try_from(events).unwrap() != version - first {
            findings.push(format!("{code} has {events} events from version {first} to {version}"));
        }
    }
    findings
}
