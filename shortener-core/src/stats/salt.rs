//! The salts that keep visitors untold: one for each day, destroyed two days later.

use std::hash::Hasher;
use std::net::IpAddr;
use std::sync::Arc;

use data_encoding::HEXLOWER;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher13;

use super::Hour;
use super::progress::all_of;
use crate::table::{Condition, Consistency, Item, Table, TableError, Write, keys};

/// For how long a salt is kept after its day and its making: for lines that come late.
const KEPT: SignedDuration = SignedDuration::from_hours(48);

/// For how long it is remembered that a salt is destroyed, so that nobody makes another one: longer than hours are kept.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(40 * 24);

/// The key of one day's visitor hashes: 128 random bits.
#[derive(Clone, PartialEq, Eq)]
pub struct Salt([u8; 16]);

impl std::fmt::Debug for Salt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Salt")
    }
}

impl Salt {
    /// A salt of given bytes.
    pub fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The hash under which a visitor is counted: of the address and the user agent, which are forgotten at once.
    pub fn visitor(&self, address: IpAddr, user_agent: &[u8]) -> u64 {
        let mut hasher = SipHasher13::new_with_key(&self.0);
        match address {
            IpAddr::V4(address) => hasher.write(&address.octets()),
            IpAddr::V6(address) => hasher.write(&address.octets()),
        }
        hasher.write(user_agent);
        hasher.finish()
    }
}

/// The salts of all days, in a table: made by whoever needs one first, destroyed when people of late lines are waited for no more.
#[derive(Debug, Clone)]
pub struct Salts {
    table: Arc<dyn Table>,
}

/// What is stored of a salt. A destroyed one has no secret.
#[derive(Debug, Serialize, Deserialize)]
struct SaltBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    /// Seconds since 1970.
    created_at: i64,
    /// Seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    destroyed_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purge_at: Option<i64>,
}

impl SaltBody {
    /// Whether nobody may know it any more.
    fn is_due(&self, date: Date, now: Timestamp) -> bool {
        let day_end = Hour::all_of(date).last().map_or(Timestamp::MAX, Hour::end).as_second();
        now.as_second() > day_end.max(self.created_at).saturating_add(KEPT.as_secs())
    }
}

impl Salts {
    /// The salts of a table.
    pub fn new(table: Arc<dyn Table>) -> Self {
        Self { table }
    }

    /// The salt of a day, made now if there was none; none once it is destroyed, or as soon as it is due to be.
    ///
    /// # Errors
    /// The table failed, or what is stored is no salt.
    pub async fn of(&self, date: Date, now: Timestamp) -> Result<Option<Salt>, TableError> {
        let key = keys::salt(date);
        if let Some(item) = self.table.get(&key, Consistency::Strong).await? {
            return read(&item, date, now);
        }
        let made = SaltBody {
            secret: Some(keys::hex(&random()?)),
            created_at: now.as_second(),
            destroyed_at: None,
            purge_at: None,
        };
        let write = Write::put(Item::encode(key.clone(), &made)?).when(Condition::Absent);
        match self.table.write(&[write]).await {
            // Whoever was first: theirs counts, also if it was us and the reply was lost.
            Ok(()) | Err(TableError::ConditionFailed { .. } | TableError::OutcomeUnknown(_)) => {}
            Err(error) => return Err(error),
        }
        match self.table.get(&key, Consistency::Strong).await? {
            Some(item) => read(&item, date, now),
            // The lost one was not applied.
            None => Err(TableError::OutcomeUnknown("the salt of a day is not stored".into())),
        }
    }

    /// Destroys the salts of days that ended, and were first counted, more than two days ago; answers how many.
    ///
    /// # Errors
    /// The table failed: call again.
    pub async fn destroy_due(&self, now: Timestamp) -> Result<u64, TableError> {
        let mut destroyed = 0;
        for item in all_of(self.table.as_ref(), keys::salts()).await? {
            let Some(date) = keys::parse_salt(&item.key) else { continue };
            let body: SaltBody = item.decode()?;
            if body.secret.is_none() || !body.is_due(date, now) {
                continue;
            }
            let purge_at = now.as_second().saturating_add(REMEMBERED.as_secs());
            let gone = SaltBody { secret: None, destroyed_at: Some(now.as_second()), purge_at: Some(purge_at), ..body };
            self.table.write(&[Write::put(Item::encode(item.key, &gone)?)]).await?;
            destroyed += 1;
        }
        Ok(destroyed)
    }
}

fn read(item: &Item, date: Date, now: Timestamp) -> Result<Option<Salt>, TableError> {
    let body: SaltBody = item.decode()?;
    if body.is_due(date, now) {
        return Ok(None);
    }
    let Some(secret) = body.secret else { return Ok(None) };
    let bytes = HEXLOWER.decode(secret.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
    let bad = || TableError::BadItem(format!("{} / {}: no salt", item.key.pk, item.key.sk));
    Ok(Some(Salt::new(bytes.ok_or_else(bad)?)))
}

fn random() -> Result<[u8; 16], TableError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| TableError::Engine(Box::new(error)))?;
    Ok(bytes)
}
