//! The clicks of a limited link, taken one by one: the only write on the path of a redirect.

use jiff::Timestamp;

use crate::operations::LinkRef;
use crate::service::LinkRecord;
use crate::stats::Kind;
use crate::table::{Added, Consistency, Table, TableError, keys};

/// The attribute that counts the clicks taken.
const USED: &str = "used";

/// How many clicks a link redirects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limit {
    clicks: i64,
    /// Names its quota: a link that gets the code later has another one.
    here_since: Timestamp,
}

impl Limit {
    /// The limit of a link, if it has one.
    pub(super) fn of(record: &LinkRecord) -> Option<Self> {
        let clicks = i64::try_from(record.body.max_clicks?).unwrap_or(i64::MAX);
        Some(Self { clicks, here_since: record.here_since() })
    }

    /// Whether a click is redirected. People and programs take one of the clicks for it; others only need one to be left.
    ///
    /// # Errors
    /// The table failed: the click may have been taken, and must not be redirected.
    pub(super) async fn admits(self, kind: Kind, link: &LinkRef, table: &dyn Table) -> Result<bool, TableError> {
        let key = keys::quota(&link.domain, &link.code, self.here_since);
        if kind.uses_quota() {
            return Ok(table.add(&key, USED, 1, self.clicks).await? != Added::AtCeiling);
        }
        let item = table.get(&key, Consistency::Strong).await?;
        Ok(item.and_then(|item| item.number(USED)).unwrap_or(0) < self.clicks)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_else_on_the_path_of_a_redirect_writes() {
        let sources = [
            ("redirect.rs", include_str!("../redirect.rs")),
            ("asked.rs", include_str!("asked.rs")),
            ("click.rs", include_str!("click.rs")),
            ("resolver.rs", include_str!("resolver.rs")),
        ];
        for (name, source) in sources {
            for write in [".add(", ".write(", ".insert_many(", "Write::", "write_resolved"] {
                assert!(!source.contains(write), "{name}: {write}");
            }
        }
        let source = include_str!("quota.rs").split("#[cfg(test)]").next().unwrap();
        assert_eq!(source.matches("table.add(").count(), 1);
    }
}
