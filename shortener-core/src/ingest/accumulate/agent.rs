//! What a line tells of who asked.

use std::borrow::Cow;
use std::sync::Arc;

use crate::ingest::fields::{Controls, decode};
use crate::stats::Class;
use crate::stats::agent::Agent;
use crate::stats::names::{Name, Names};

/// A user agent that was read.
#[derive(Debug, Clone)]
pub(super) struct UserAgent {
    pub(super) class: Class,
    /// What the agent is.
    pub(super) name: Name,
    /// As the client sent it.
    pub(super) text: Arc<str>,
}

impl UserAgent {
    /// Reads a user agent as the log has it.
    pub(super) fn read(logged: &[u8], names: &mut Names) -> Self {
        let text = as_sent(logged);
        let agent = Agent::of(&text);
        Self { class: agent.kind.class(), name: names.of_agent(&agent), text: text.into() }
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
        let mut names = Names::at_most(1);
        let sent = UserAgent::read(b"Mozilla/5.0 (X11) Any", &mut names);
        assert_eq!(&*sent.text, "Mozilla/5.0 (X11) Any");
        for logged in ["Mozilla/5.0%20(X11)%20Any", "Mozilla/5.0%2520(X11)%2520Any"] {
            let read = UserAgent::read(logged.as_bytes(), &mut names);
            assert_eq!((read.text, read.class, read.name), (sent.text.clone(), sent.class, sent.name));
        }
    }
}
