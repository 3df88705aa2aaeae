//! Clients: what they ask for, and how they ask again.

use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use jiff::SignedDuration;
use shortener_core::link::ShortCode;
use shortener_core::wire::{CreateLink, IfExists, Patch, ProblemCode, UpdateLink};

use super::history::{Answer, Asked, Change, OpId};
use super::swarm::{Kind, one_of};
use super::world::{Draft, World};

/// How often a request is sent, as by the client of the API.
const ATTEMPTS: u32 = 3;

/// How often a request is sent once nothing goes wrong any more.
const ATTEMPTS_IN_QUIET: u32 = 1;

impl World {
    /// Sends its requests one after the other.
    pub(super) async fn client(self: Arc<Self>, client: usize, mut rng: Rng) {
        let mut last_key = None;
        for _ in 0..self.swarm.operations {
            self.think(&mut rng).await;
            let asked = Arc::new(self.draw(&mut rng));
            let is_change = matches!(&*asked, Asked::Create(_) | Asked::Change { .. });
            let dry = is_change && rng.u32(..40) == 0;
            let mut key =
                (is_change && rng.u32(..1000) < self.swarm.keyed).then(|| format!("key-{client}-{}", self.marker()));
            // Now and then a client uses a key for something else.
            if key.is_some() && last_key.is_some() && rng.u32(..12) == 0 {
                key.clone_from(&last_key);
            }
            last_key.clone_from(&key);
            let draft = Draft { asked, first: None, key, dry, client };
            self.ask(&mut rng, draft, ATTEMPTS).await;
        }
    }

    /// Sends a request until it is answered, as often as is safe.
    async fn ask(&self, rng: &mut Rng, mut draft: Draft, attempts: u32) {
        for attempt in 1..=attempts {
            let (id, answer) = self.attempt(rng, draft.clone()).await;
            self.learn(&answer);
            if attempt == attempts || !may_repeat(&draft, &answer) {
                return;
            }
            if draft.key.is_some() || matches!(&*draft.asked, Asked::Import(_)) {
                draft.first = Some(draft.first.unwrap_or(id));
            }
            self.think(rng).await;
        }
    }

    async fn think(&self, rng: &mut Rng) {
        let most = u64::try_from(self.swarm.thinks.as_millis()).unwrap();
        tokio::time::sleep(Duration::from_millis(rng.u64(..=most))).await;
    }

    fn learn(&self, answer: &Answer) {
        let mut known = self.known.lock().unwrap();
        let mut learn = |code: &ShortCode| {
            if !known.contains(code) {
                known.push(code.clone());
            }
        };
        match answer {
            Answer::Created(link, _) => learn(&link.code),
            Answer::Rows(rows) => rows.iter().filter_map(|row| row.link.as_ref()).for_each(|link| learn(&link.code)),
            _ => {}
        }
    }

    /// When nothing goes wrong any more: whoever does not know what became of a request asks again, imports are run again
    /// as a whole, and all links are looked at.
    pub(super) async fn settle(self: Arc<Self>) {
        let mut rng = self.fork();
        for draft in self.in_doubt() {
            self.ask(&mut rng, draft, ATTEMPTS_IN_QUIET).await;
        }
        let imports = self.imports.lock().unwrap().clone();
        for rows in imports {
            self.look(&mut rng, Asked::Import(rows)).await;
        }
        let known = self.known.lock().unwrap().clone();
        for code in known {
            self.look(&mut rng, Asked::Get(code.clone())).await;
            self.look(&mut rng, Asked::History(code.clone())).await;
            self.look(&mut rng, Asked::Click { code, ahead: true }).await;
        }
        // One list of the three: each is 16 queries.
        let tag = one_of(&mut rng, &[None, Some("red"), Some("blue")]);
        self.look(&mut rng, Asked::List(tag.map(str::to_owned))).await;
    }

    async fn look(&self, rng: &mut Rng, asked: Asked) {
        let draft = Draft { asked: Arc::new(asked), first: None, key: None, dry: false, client: 99 };
        self.ask(rng, draft, ATTEMPTS_IN_QUIET).await;
    }

    /// Requests with an idempotency key whose last answer does not tell what became of them.
    fn in_doubt(&self) -> Vec<Draft> {
        let notes = self.log.notes();
        let is_last = |id: OpId| !notes.ops[id + 1..].iter().any(|later| later.first == notes.ops[id].first);
        let in_doubt = notes.ops.iter().enumerate().filter(|(id, op)| {
            let unknown = match &op.answer {
                Answer::Lost => true,
                Answer::Refused(problem) => problem.retryable,
                _ => false,
            };
            op.key.is_some() && unknown && is_last(*id)
        });
        in_doubt
            .map(|(_, op)| Draft {
                asked: op.asked.clone(),
                first: Some(op.first),
                key: op.key.clone(),
                dry: op.dry,
                client: op.client,
            })
            .collect()
    }

    fn draw(&self, rng: &mut Rng) -> Asked {
        let kind = self.swarm.kind(rng);
        let known = self.known.lock().unwrap().clone();
        let code = known[rng.usize(..known.len())].clone();
        let update = |update| Change::Update(Box::new(update));
        let none = UpdateLink::default();
        let change = match kind {
            Kind::CreateNamed => {
                let code = known[rng.usize(..self.swarm.codes)].to_string();
                let if_exists = one_of(rng, &[IfExists::Fail, IfExists::Fail, IfExists::Return, IfExists::NewCode]);
                let reissue = rng.u32(..4) == 0;
                return Asked::Create(Box::new(CreateLink {
                    code: Some(code),
                    if_exists,
                    reissue,
                    ..self.new_link(rng)
                }));
            }
            Kind::CreateDrawn => return Asked::Create(Box::new(self.new_link(rng))),
            Kind::CreateReuse => {
                let target = format!("https://reuse.example/{}", rng.u32(..2));
                return Asked::Create(Box::new(CreateLink { target, reuse: true, ..CreateLink::default() }));
            }
            Kind::Import => return Asked::Import(self.file(rng)),
            Kind::Get => return Asked::Get(code),
            Kind::History => return Asked::History(code),
            Kind::List => return Asked::List(tags(rng).pop()),
            Kind::Click => return Asked::Click { code, ahead: rng.u32(..6) == 0 },
            Kind::Title => update(UpdateLink { title: Patch::Set(format!("t{}", self.marker())), ..none }),
            Kind::Target => update(UpdateLink { target: Some(self.target()), ..none }),
            Kind::Tags => update(UpdateLink { tags: Some(tags(rng)), ..none }),
            Kind::Switch => update(UpdateLink { disabled: Some(rng.bool()), ..none }),
            Kind::Expire => {
                let expires_at = if rng.u32(..4) == 0 { Patch::Clear } else { Patch::Set(self.soon(rng)) };
                update(UpdateLink { expires_at, ..none })
            }
            Kind::Limit => {
                let max_clicks = if rng.u32(..4) == 0 { Patch::Clear } else { Patch::Set(rng.u64(1..5)) };
                update(UpdateLink { max_clicks, ..none })
            }
            Kind::Delete => Change::Delete,
            Kind::Restore => Change::Restore,
        };
        let if_match = (rng.u32(..1000) < self.swarm.matched).then(|| self.version_seen(&code));
        Asked::Change { code, change, if_match }
    }

    /// The version that somebody was last told.
    fn version_seen(&self, code: &ShortCode) -> u64 {
        let notes = self.log.notes();
        let seen = notes.ops.iter().rev().find_map(|op| match &op.answer {
            Answer::Created(link, _) | Answer::Link(link) if link.code == *code => Some(link.version),
            _ => None,
        });
        seen.unwrap_or(1)
    }

    fn target(&self) -> String {
        format!("https://example.com/{}", self.marker())
    }

    fn new_link(&self, rng: &mut Rng) -> CreateLink {
        CreateLink {
            target: self.target(),
            tags: tags(rng),
            disabled: rng.u32(..20) == 0,
            starts_at: (rng.u32(..12) == 0).then(|| self.soon(rng)),
            expires_at: (rng.u32(..4) == 0).then(|| self.soon(rng)),
            max_clicks: (rng.u32(..4) == 0).then(|| rng.u64(1..4)),
            ..CreateLink::default()
        }
    }

    /// A moment near enough to be met in this history, to the second.
    fn soon(&self, rng: &mut Rng) -> String {
        let most = 2 + 4 * i64::try_from(self.swarm.thinks.as_secs()).unwrap();
        let at = self.now().as_second() + rng.i64(0..=most) + rng.i64(0..=2);
        (jiff::Timestamp::UNIX_EPOCH + SignedDuration::from_secs(at)).to_string()
    }

    /// The rows of a file, or of one that was imported before.
    fn file(&self, rng: &mut Rng) -> Vec<CreateLink> {
        let mut imports = self.imports.lock().unwrap();
        if !imports.is_empty() && rng.bool() {
            return imports[rng.usize(..imports.len())].clone();
        }
        let rows: Vec<CreateLink> = (0..rng.usize(1..=4))
            .map(|_| CreateLink {
                code: (rng.u32(..3) == 0).then(|| format!("c{}", rng.usize(..self.swarm.codes))),
                target: format!("https://rows.example/{}", self.marker()),
                tags: tags(rng),
                occurrence: Some(1),
                ..CreateLink::default()
            })
            .collect();
        imports.push(rows.clone());
        rows
    }
}

/// Whether a request may be sent again: what has no key of its own only where it had no effect.
fn may_repeat(draft: &Draft, answer: &Answer) -> bool {
    let is_change = matches!(&*draft.asked, Asked::Create(_) | Asked::Change { .. });
    let is_safe = !is_change || draft.key.is_some();
    match answer {
        Answer::Lost => is_safe,
        Answer::Refused(problem) => problem.retryable && (is_safe || problem.code != ProblemCode::OutcomeUnknown),
        Answer::Rows(rows) => rows.iter().any(|row| row.problem.as_ref().is_some_and(|problem| problem.retryable)),
        _ => false,
    }
}

fn tags(rng: &mut Rng) -> Vec<String> {
    ["red", "blue"].into_iter().filter(|_| rng.u32(..3) == 0).map(str::to_owned).collect()
}
