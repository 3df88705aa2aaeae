//! How tallies are stored.

use std::collections::BTreeMap;

use data_encoding::BASE64_NOPAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::stats::agent::UNKNOWN;
use crate::stats::tally::Counts;
use crate::stats::{Breakdown, Dimension, EdgeResults, Hour, Period, Tally, Visitors};
use crate::table::keys::attribute;
use crate::table::{Attributes, Item, TableError};

/// What is stored of a tally: bounded, and nothing that is zero.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct TallyBody {
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) clicks: Counts,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) edge: EdgeResults,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) gone: u64,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) orphans: u64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) names: BTreeMap<Dimension, Breakdown>,
    /// The sketch in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) visitors: Option<String>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl TallyBody {
    pub(crate) fn of(mut tally: Tally) -> Self {
        for breakdown in tally.breakdowns.values_mut() {
            // Tables take no empty name.
            if let Some(clicks) = breakdown.names.remove("") {
                breakdown.add(UNKNOWN, clicks);
            }
        }
        tally.bound();
        let visitors = tally.visitors.to_bytes().map(|bytes| BASE64_NOPAD.encode(&bytes));
        let Tally { clicks, edge, gone, orphans, breakdowns, .. } = tally;
        Self { clicks, edge, gone, orphans, names: breakdowns, visitors }
    }

    /// The tally of a stored item.
    ///
    /// # Errors
    /// [`TableError::BadItem`].
    pub(crate) fn tally(item: &Item) -> Result<Tally, TableError> {
        let Self { clicks, edge, gone, orphans, names, visitors } = item.decode()?;
        let sketch = |text: String| Visitors::from_bytes(&BASE64_NOPAD.decode(text.as_bytes()).ok()?);
        let visitors = visitors.map_or(Some(Visitors::default()), sketch);
        let bad = || TableError::BadItem(format!("{} / {}: no sketch of visitors", item.key.pk, item.key.sk));
        Ok(Tally { clicks, edge, gone, orphans, breakdowns: names, visitors: visitors.ok_or_else(bad)? })
    }
}

/// What a day has beside its tally.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct DayHours {
    /// Counts of each hour that has any, by its two digits.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) hours: BTreeMap<String, Counts>,
    /// Which hours of which sources are in it: a bit for each hour, the lowest for the first.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    sources: BTreeMap<String, u32>,
    /// Sum of the generations of these hours: it grows with each hour that is written, so that an older state of the
    /// hours is never taken for a newer one with the same counts.
    #[serde(default, skip_serializing_if = "is_default")]
    seen: u64,
}

impl DayHours {
    /// Adds what a source counted in an hour, under a generation.
    pub(super) fn add(&mut self, hour: Hour, source: &str, generation: u64, clicks: &Counts) {
        // Tables hold numbers of 63 bits.
        self.seen = self.seen.wrapping_add(generation) & (u64::MAX >> 1);
        if clicks.requests() > 0 {
            self.hours.entry(format!("{:02}", hour.of_day())).or_default().add(clicks);
        }
        *self.sources.entry(source.to_owned()).or_default() |= 1 << hour.of_day();
    }

    /// Clicks of one of its hours.
    pub(crate) fn of(&self, hour: Hour) -> Counts {
        self.hours.get(&format!("{:02}", hour.of_day())).copied().unwrap_or_default()
    }

    /// Whether an hour of a source that is in here is not in the other.
    pub(in crate::stats) fn has_more_than(&self, other: &Self) -> bool {
        self.sources.iter().any(|(source, hours)| hours & !other.sources.get(source).copied().unwrap_or(0) != 0)
    }
}

/// The generation of an item of which something was rolled up, and its clicks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Part(pub(crate) u64, pub(crate) Counts);

/// A month by its days, or a total by its months.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Parts(pub(crate) BTreeMap<String, Part>);

impl Parts {
    /// Reads those of a stored item; nothing of none.
    ///
    /// # Errors
    /// [`TableError::BadItem`].
    pub(crate) fn read(item: Option<&Item>, period: Period) -> Result<Self, TableError> {
        let Some((item, value)) = item.and_then(|item| Some((item, item.attributes.get(parts_of(period))?))) else {
            return Ok(Self::default());
        };
        let bad = |error| TableError::BadItem(format!("{} / {}: {error}", item.key.pk, item.key.sk));
        Ok(Self(BTreeMap::deserialize(value).map_err(bad)?))
    }

    /// Takes a part over, unless a later one is there.
    pub(super) fn take(&mut self, name: &str, part: Part) {
        match self.0.get_mut(name) {
            Some(there) if there.0 > part.0 => {}
            Some(there) => *there = part,
            None => drop(self.0.insert(name.to_owned(), part)),
        }
    }

    /// All of them together.
    pub(crate) fn sum(&self) -> Counts {
        self.sum_where(|_| true)
    }

    /// Those together whose name is meant.
    pub(crate) fn sum_where(&self, is_meant: impl Fn(&str) -> bool) -> Counts {
        let mut sum = Counts::default();
        self.0.iter().filter(|(name, _)| is_meant(name)).for_each(|(_, part)| sum.add(&part.1));
        sum
    }

    pub(super) fn encode(&self, period: Period) -> Result<Attributes, TableError> {
        let value = serde_json::to_value(&self.0).map_err(|error| TableError::Invalid(error.to_string()))?;
        Ok(Attributes::from_iter([(parts_of(period).to_owned(), value)]))
    }
}

fn parts_of(period: Period) -> &'static str {
    if period == Period::Total { "months" } else { "days" }
}

/// The fence of a stored item; 0 of none.
pub(crate) fn generation_of(item: Option<&Item>) -> u64 {
    let stored = item.and_then(|item| item.number(attribute::GENERATION));
    stored.and_then(|generation| u64::try_from(generation).ok()).unwrap_or(0)
}

/// The attributes of a structure that serialises to an object.
pub(super) fn attributes_of(body: &impl Serialize) -> Result<Attributes, TableError> {
    match serde_json::to_value(body) {
        Ok(Value::Object(attributes)) => Ok(attributes),
        Ok(other) => Err(TableError::Invalid(format!("not an object: {other}"))),
        Err(error) => Err(TableError::Invalid(error.to_string())),
    }
}
