//! Who did something.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Who made a change: `key:<id>` through the API, or `direct:<OS user or AWS ARN>` directly on the table.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Actor(String);

impl Actor {
    /// The holder of an API key.
    pub fn key(id: &str) -> Self {
        Self(format!("key:{id}"))
    }

    /// Someone with access to the table itself; control characters are dropped.
    pub fn direct(name: &str) -> Self {
        Self(format!("direct:{}", name.chars().filter(|c| !c.is_control()).collect::<String>()))
    }

    /// The actor as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
