//! The table's secret, and what is derived with it.

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::{Service, ServiceError};
use crate::operations::Mode;
use crate::table::keys::{self, hex};
use crate::table::{Condition, Consistency, Item, TableError, Write};

/// 256 bits made once per table, ready for use as a key. Never shown.
#[derive(Clone)]
pub(super) struct TableSecret(Hmac<Sha256>);

#[derive(Serialize, Deserialize)]
struct SecretRecord {
    secret: String,
}

impl std::fmt::Debug for TableSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TableSecret(…)")
    }
}

impl TableSecret {
    /// HMAC-SHA-256 over the parts, each preceded by its length so that no two lists of parts are alike.
    pub(super) fn derive(&self, parts: &[&str]) -> [u8; 32] {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac.finalize().into_bytes().into()
    }

    /// The first 128 bits of [`Self::derive`], in hexadecimal.
    pub(super) fn token(&self, parts: &[&str]) -> String {
        hex(&self.derive(parts)[..16])
    }
}

impl Service {
    /// The table's secret, made now if the table is new; one for this service alone if it is for dry runs.
    pub(super) async fn secret(&self) -> Result<&TableSecret, ServiceError> {
        self.secret.get_or_try_init(|| self.load_secret()).await
    }

    async fn load_secret(&self) -> Result<TableSecret, ServiceError> {
        if let Some(item) = self.table.get(&keys::secret(), Consistency::Strong).await? {
            return parse(&item);
        }
        let record = SecretRecord { secret: hex(&self.codes.entropy()) };
        let item = Item::encode(keys::secret(), &record)?;
        if self.mode == Mode::DryRun {
            return parse(&item);
        }
        match self.write_resolved(&[Write::put(item).when(Condition::Absent)]).await {
            // Whoever was first: their secret counts, also if it was us and the reply was lost.
            Ok(()) | Err(TableError::ConditionFailed { .. }) => {}
            Err(other) => return Err(other.into()),
        }
        let stored = self.table.get(&keys::secret(), Consistency::Strong).await?;
        parse(&stored.ok_or_else(|| TableError::BadItem("the table's secret vanished".to_owned()))?)
    }
}

fn parse(item: &Item) -> Result<TableSecret, ServiceError> {
    let record: SecretRecord = item.decode()?;
    let bytes = data_encoding::HEXLOWER.decode(record.secret.as_bytes()).ok().filter(|bytes| bytes.len() == 32);
    let mac = bytes.and_then(|bytes| Hmac::new_from_slice(&bytes).ok());
    Ok(TableSecret(mac.ok_or_else(|| TableError::BadItem("the table's secret is not 256 bits".to_owned()))?))
}
