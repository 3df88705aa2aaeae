//! User agents, each read once.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;

use crate::ingest::fields::{Controls, decode};
use crate::stats::agent::Agent;

/// Different user agents that are remembered. When there are more it begins anew.
const MOST: usize = 20_000;

/// What agents are: the few ways in which they differ, by their place.
#[derive(Debug, Default, Clone)]
pub(super) struct Kinds(Vec<Agent>);

impl Kinds {
    /// The agent at a place.
    pub(super) fn get(&self, id: u32) -> Option<&Agent> {
        self.0.get(id as usize)
    }

    fn id(&mut self, agent: Agent) -> u32 {
        let at = self.0.iter().position(|other| *other == agent).unwrap_or_else(|| {
            self.0.push(agent);
            self.0.len() - 1
        });
        u32::try_from(at).unwrap_or_default()
    }
}

/// User agents, each read once.
#[derive(Debug, Default)]
pub(super) struct Agents {
    kinds: Kinds,
    known: HashMap<Box<[u8]>, Known, RandomState>,
}

/// What a user agent came to.
#[derive(Debug, Clone)]
struct Known {
    agent: Agent,
    id: u32,
    /// As the client sent it.
    text: Arc<str>,
}

/// One user agent.
#[derive(Debug)]
pub(super) struct Found<'a> {
    /// What it is.
    pub(super) agent: Agent,
    /// The same as a place among all.
    pub(super) id: u32,
    /// As the client sent it.
    pub(super) text: &'a str,
}

impl Agents {
    /// Reads a user agent as the log has it.
    pub(super) fn of(&mut self, logged: &[u8]) -> Found<'_> {
        if self.known.len() >= MOST && !self.known.contains_key(logged) {
            self.known.clear();
        }
        if !self.known.contains_key(logged) {
            let text = as_sent(logged);
            let agent = Agent::of(&text);
            let known = Known { agent, id: self.kinds.id(agent), text: text.as_ref().into() };
            self.known.insert(logged.into(), known);
        }
        self.known.get(logged).map_or(Found { agent: Agent::of(""), id: u32::MAX, text: "" }, |known| Found {
            agent: known.agent,
            id: known.id,
            text: &known.text,
        })
    }

    /// What agents are.
    pub(super) fn into_kinds(self) -> Kinds {
        self.kinds
    }
}

/// A user agent as the client sent it. Old logs encode the percent signs of their own encoding, too.
fn as_sent(logged: &[u8]) -> Cow<'_, str> {
    let once = decode(logged, Controls::Keep);
    if once.contains("%20") && !once.contains(' ') {
        return Cow::Owned(decode(once.as_bytes(), Controls::Keep).into_owned());
    }
    once
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_agent_is_read_as_it_was_sent_however_often_it_was_encoded() {
        let mut agents = Agents::default();
        for logged in ["Mozilla/5.0%20(X11)%20Any", "Mozilla/5.0%2520(X11)%2520Any", "Mozilla/5.0 (X11) Any"] {
            assert_eq!(agents.of(logged.as_bytes()).text, "Mozilla/5.0 (X11) Any");
        }
        assert_eq!(agents.kinds.0.len(), 1);
    }
}
