//! What creates cost on DynamoDB, estimated before they are made.
//!
//! Units are those of on-demand tables: a write of up to 1 KB is one unit, a strong read of up to 4 KB is one
//! (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html>).

use std::iter::Sum;
use std::ops::{Add, AddAssign};

use jiff::Timestamp;

use super::RETENTION_DAYS;
use super::record::{LinkBody, LinkRecord};
use crate::link::{Actor, Domain, RedirectStatus, ShortCode, Tag, TargetUrl};
use crate::table::keys::Index;
use crate::table::{Item, Key};
use crate::when::{self, DayEdge};
use crate::wire::CreateLink;

/// US dollars for a write unit: list price of us-east-1 since November 2024, without a free tier
/// (<https://aws.amazon.com/dynamodb/pricing/on-demand/>).
const DOLLARS_A_WRITE: f64 = 0.625 / 1_000_000.0;

/// US dollars for a read unit, likewise.
const DOLLARS_A_READ: f64 = 0.125 / 1_000_000.0;

const BYTES_A_WRITE: usize = 1024;
const BYTES_A_READ: usize = 4096;

/// Capacity units of DynamoDB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cost {
    /// Units of writes.
    pub write_units: u64,
    /// Units of strong reads.
    pub read_units: u64,
}

impl Cost {
    /// The cost of a create in a batch, named by its content, that makes a new link; nothing for a request that is refused.
    ///
    /// The name of its creator is taken to be as long as that of an AWS role. The names of tags that are new to the table
    /// are left out: they cost a unit each, once.
    pub fn of_create(request: &CreateLink) -> Self {
        let Some(record) = record(request) else { return Self::default() };
        let Some(item) = item(&record) else { return Self::default() };
        let entries = record.entries().map(|key| Item { key, attributes: serde_json::Map::new() });
        let entries: Vec<u64> = entries.map(|entry| units(entry.size_bytes(), BYTES_A_WRITE)).collect();
        let size = units(item.size_bytes(), BYTES_A_WRITE);
        let by_target = units(keys_only(&item, Index::ByTarget).size_bytes(), BYTES_A_WRITE);
        // A link with entries is looked for first; that there is none costs one unit.
        let read_units = u64::from(!entries.is_empty());
        // The table, the index that holds whole items, the index that holds keys, and the entries.
        Self { write_units: 2 * size + by_target + entries.iter().sum::<u64>(), read_units }
    }

    /// The cost of the same create where the link is there already.
    pub fn of_existing(request: &CreateLink) -> Self {
        let Some(record) = record(request) else { return Self::default() };
        let Some(item) = item(&record) else { return Self::default() };
        let read_units = units(item.size_bytes(), BYTES_A_READ);
        // Without entries it is found by the refusal of an insert, which costs what the insert would cost the table.
        let found_by_insert = record.entries().next().is_none();
        let write_units = if found_by_insert { units(item.size_bytes(), BYTES_A_WRITE) } else { 0 };
        Self { write_units, read_units }
    }

    /// US dollars, by the list prices of us-east-1; other regions differ by up to a half.
    #[expect(clippy::cast_precision_loss, reason = "an estimate, exact beyond 10^15 units")]
    pub fn dollars(&self) -> f64 {
        self.write_units as f64 * DOLLARS_A_WRITE + self.read_units as f64 * DOLLARS_A_READ
    }
}

impl Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { write_units: self.write_units + other.write_units, read_units: self.read_units + other.read_units }
    }
}

impl AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Cost {
    fn sum<I: Iterator<Item = Self>>(costs: I) -> Self {
        costs.fold(Self::default(), Self::add)
    }
}

fn units(bytes: usize, bytes_a_unit: usize) -> u64 {
    bytes.div_ceil(bytes_a_unit).max(1) as u64
}

fn item(record: &LinkRecord) -> Option<Item> {
    record.encode(RETENTION_DAYS).ok()
}

/// What an index that holds keys has of an item.
fn keys_only(item: &Item, index: Index) -> Item {
    let kept = [index.partition_attribute(), index.sort_attribute()];
    let attributes = item.attributes.iter().filter(|(name, _)| kept.contains(&name.as_str()));
    Item {
        key: Key::new(item.key.pk.as_str(), item.key.sk.as_str()),
        attributes: attributes.map(|(name, value)| (name.clone(), value.clone())).collect(),
    }
}

/// A link as large as the one that a request makes; none if a field of it cannot be read.
fn record(request: &CreateLink) -> Option<LinkRecord> {
    // Of thirteen digits in milliseconds, as moments are for the next centuries.
    let now = Timestamp::from_millisecond(1_700_000_000_123).ok()?;
    let at = |text: &Option<String>, edge| match text {
        Some(text) => when::parse(text, now, edge).ok(),
        None => Some(None),
    };
    let tags = Tag::parse_set(&request.tags).ok()?;
    let created_at = at(&request.created_at, DayEdge::Start)?;
    let body = LinkBody {
        target: TargetUrl::parse(&request.target).ok()?,
        title: request.title.as_deref().map(str::trim).filter(|title| !title.is_empty()).map(str::to_owned),
        tags,
        redirect_status: request.redirect_status.map_or(Ok(RedirectStatus::Found), RedirectStatus::try_from).ok()?,
        forward_query: request.forward_query,
        disabled: request.disabled,
        deleted_at: None,
        version: 1,
        first_version: 1,
        created_at: created_at.unwrap_or(now),
        created_by: Actor::direct("arn:aws:sts::123456789012:assumed-role/importer/session"),
        updated_at: now,
        starts_at: at(&request.starts_at, DayEdge::Start)?,
        expires_at: at(&request.expires_at, DayEdge::End)?,
        max_clicks: request.max_clicks,
        create_token: "0".repeat(32),
        request_digest: None,
        change_id: None,
        imported_at: created_at.map(|_| now),
        known_since: None,
        imported_clicks: request.imported_clicks,
        owner: request.owner.as_deref().map(Tag::parse).transpose().ok()?,
        reusable: request.reuse,
    };
    let drawn = "1".repeat(usize::from(request.code_length.unwrap_or(7)));
    let code = ShortCode::parse(request.code.as_deref().unwrap_or(&drawn)).ok()?;
    let domain = request.domain.as_deref().map_or(Ok(Domain::default_domain()), Domain::parse).ok()?;
    Some(LinkRecord { domain, code, body })
}
