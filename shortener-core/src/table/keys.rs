//! The key schema: the one file that spells partition keys, sort keys, index keys and the attributes engines know.
//!
//! One table holds everything. A link, its history and its statistics share the partition `LINK#<domain>#<code>`.

use std::fmt;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Item, Key, Position, SortRange};
use crate::link::{Domain, ShortCode, Tag, TargetUrl};
use crate::stats::{Hour, Period};

/// How many partitions each index spreads over. Fixed for the life of a table: one hot index partition would cap
/// all creates near 1,000 a second.
pub const SHARDS: u8 = 16;

/// Bytes of a target's path that its index key keeps; a sort key holds 1,024 bytes at most.
const TARGET_PATH_BYTES: usize = 512;

/// Attribute names that engines know.
pub mod attribute {
    /// Partition key of the table.
    pub const PK: &str = "pk";
    /// Sort key of the table.
    pub const SK: &str = "sk";
    /// Optimistic-concurrency version, a number from 1.
    pub const VERSION: &str = "version";
    /// Fence of recomputed items, a number.
    pub const GENERATION: &str = "generation";
    /// When the item may be collected, in seconds since 1970; the time-to-live attribute.
    pub const PURGE_AT: &str = "purge_at";
    /// Partition key of `by_created`.
    pub const CREATED_PK: &str = "created_pk";
    /// Sort key of `by_created`.
    pub const CREATED_SK: &str = "created_sk";
    /// Partition key of `by_target`.
    pub const TARGET_PK: &str = "target_pk";
    /// Sort key of `by_target`.
    pub const TARGET_SK: &str = "target_sk";
    /// Partition key of `top`.
    pub const TOP_PK: &str = "top_pk";
    /// Sort key of `top`: clicks, a number.
    pub const TOP_CLICKS: &str = "top_clicks";
}

/// A sparse global secondary index: an item is in it if it has both its attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Index {
    /// Links in the order of their creation; holds whole items.
    ByCreated,
    /// Links by the host and path they point at; holds keys only.
    ByTarget,
    /// Statistics items ranked by clicks; holds keys only.
    Top,
}

/// How an index sorts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortType {
    /// By text, in byte order.
    Text,
    /// By number.
    Number,
}

/// What an index holds of each item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Projection {
    /// The whole item.
    All,
    /// The keys of table and index.
    KeysOnly,
}

impl Index {
    /// Every index.
    pub const ALL: [Self; 3] = [Self::ByCreated, Self::ByTarget, Self::Top];

    /// Its name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::ByCreated => "by_created",
            Self::ByTarget => "by_target",
            Self::Top => "top",
        }
    }

    /// The attribute that is its partition key.
    pub fn partition_attribute(self) -> &'static str {
        match self {
            Self::ByCreated => attribute::CREATED_PK,
            Self::ByTarget => attribute::TARGET_PK,
            Self::Top => attribute::TOP_PK,
        }
    }

    /// The attribute that is its sort key.
    pub fn sort_attribute(self) -> &'static str {
        match self {
            Self::ByCreated => attribute::CREATED_SK,
            Self::ByTarget => attribute::TARGET_SK,
            Self::Top => attribute::TOP_CLICKS,
        }
    }

    /// How it sorts.
    pub fn sort_type(self) -> SortType {
        match self {
            Self::ByCreated | Self::ByTarget => SortType::Text,
            Self::Top => SortType::Number,
        }
    }

    /// What it holds.
    pub fn projection(self) -> Projection {
        match self {
            Self::ByCreated => Projection::All,
            Self::ByTarget | Self::Top => Projection::KeysOnly,
        }
    }

    /// The position of `item` in this index: where a page that ends with it continues.
    pub fn position(self, item: &Item) -> Position {
        let sort = item.attributes.get(self.sort_attribute()).cloned().unwrap_or_default();
        Position { key: item.key.clone(), sort }
    }
}

impl fmt::Display for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Sort key of every link item.
const LINK_SK: &str = "LINK";
const EVENT_PREFIX: &str = "EVENT#";

/// Partition of a link, its history and its statistics.
fn link_partition(domain: &Domain, code: &ShortCode) -> String {
    format!("LINK#{domain}#{code}")
}

/// The link itself.
pub fn link(domain: &Domain, code: &ShortCode) -> Key {
    Key::new(link_partition(domain, code), LINK_SK)
}

/// Domain and code of a link's key; none for any other key.
pub fn parse_link(key: &Key) -> Option<(Domain, ShortCode)> {
    if key.sk != LINK_SK {
        return None;
    }
    let (domain, code) = key.pk.strip_prefix("LINK#")?.split_once('#')?;
    Some((Domain::parse(domain).ok()?, ShortCode::parse(code).ok()?))
}

/// One change of a link.
pub fn event(domain: &Domain, code: &ShortCode, id: Uuid) -> Key {
    Key::new(link_partition(domain, code), format!("{EVENT_PREFIX}{id}"))
}

/// The partition and range of a link's changes from one millisecond to another, both inclusive.
pub fn events(domain: &Domain, code: &ShortCode, since: Timestamp, until: Timestamp) -> (String, SortRange) {
    let bound = |at| format!("{EVENT_PREFIX}{}", first_uuid_at(at));
    let all = SortRange::prefix(EVENT_PREFIX);
    // After the last moment there is, nothing ends the range but the end of all events.
    let to = until.checked_add(SignedDuration::from_millis(1)).ok().map(bound).or(all.to);
    (link_partition(domain, code), SortRange { from: Some(bound(since)), to })
}

/// The smallest version 7 UUID of a millisecond.
fn first_uuid_at(at: Timestamp) -> Uuid {
    let millis = u64::try_from(at.as_millisecond()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid()
}

/// The sort key shared by the listing index and the tag entries: creation time, then the link.
pub fn created_sort(created_at: Timestamp, domain: &Domain, code: &ShortCode) -> String {
    format!("{}#{domain}#{code}", sortable_time(created_at))
}

/// The sort key at which links created at `at` begin.
pub fn created_bound(at: Timestamp) -> String {
    sortable_time(at)
}

/// The link named by a [`created_sort`] key.
pub fn parse_created_sort(sort_key: &str) -> Option<(Domain, ShortCode)> {
    let mut parts = sort_key.splitn(3, '#').skip(1);
    Some((Domain::parse(parts.next()?).ok()?, ShortCode::parse(parts.next()?).ok()?))
}

/// RFC 3339 in UTC with exactly three decimals, so that text order is time order.
fn sortable_time(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// The shard of a link: the same in every index.
pub fn shard(domain: &Domain, code: &ShortCode) -> u8 {
    let digest = Sha256::digest(format!("{domain}#{code}"));
    digest[0] % SHARDS
}

/// Partition of the listing index for one shard.
pub fn created_partition(shard: u8) -> String {
    format!("LINKS#{shard:02}")
}

/// Partition of one shard of a tag's entries.
pub fn tag_partition(tag: &Tag, shard: u8) -> String {
    format!("TAG#{tag}#{shard:02}")
}

/// The entry of a link under a tag.
pub fn tag_entry(tag: &Tag, created_at: Timestamp, domain: &Domain, code: &ShortCode) -> Key {
    Key::new(tag_partition(tag, shard(domain, code)), created_sort(created_at, domain, code))
}

/// Partition of one shard of the links that an owner declared.
pub fn owner_partition(owner: &Tag, shard: u8) -> String {
    format!("OWNER#{owner}#{shard:02}")
}

/// The entry of a link under its owner.
pub fn owner_entry(owner: &Tag, created_at: Timestamp, domain: &Domain, code: &ShortCode) -> Key {
    Key::new(owner_partition(owner, shard(domain, code)), created_sort(created_at, domain, code))
}

/// Partition of the target index for one shard of a host.
pub fn target_partition(host: &str, shard: u8) -> String {
    format!("TARGET#{host}#{shard:02}")
}

/// Sort key of the target index: the path's first 512 bytes, then the link.
pub fn target_sort(target: &TargetUrl, domain: &Domain, code: &ShortCode) -> String {
    let path = target.path();
    let mut end = path.len().min(TARGET_PATH_BYTES);
    while !path.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}#{domain}#{code}", &path[..end])
}

/// Partition of the tag names in use.
pub const TAG_NAMES: &str = "TAGS";

/// The record that a tag name is or was in use.
pub fn tag_name(tag: &Tag) -> Key {
    Key::new(TAG_NAMES, tag.as_str())
}

/// Partition of the API keys.
pub const API_KEYS: &str = "KEYS";
const API_KEY_PREFIX: &str = "KEY#";

/// An API key.
pub fn api_key(id: &str) -> Key {
    Key::new(API_KEYS, format!("{API_KEY_PREFIX}{id}"))
}

/// Partition of the domains.
pub const DOMAINS: &str = "DOMAINS";

/// The settings of a domain.
pub fn domain(domain: &Domain) -> Key {
    Key::new(DOMAINS, domain.as_str())
}

/// The secret made once per table.
pub fn secret() -> Key {
    Key::new("CONFIG", "SECRET")
}

/// The used clicks of a limited link that came into the table at a moment. A code that is given to another link starts
/// with a quota of its own.
pub fn quota(domain: &Domain, code: &ShortCode, here_since: Timestamp) -> Key {
    Key::new(format!("QUOTA#{domain}#{code}"), format!("QUOTA#{}", sortable_time(here_since)))
}

const HOUR_STATS: &str = "STATS#H#";
const DAY_STATS: &str = "STATS#D#";
const MONTH_STATS: &str = "STATS#M#";
const TOTAL_STATS: &str = "STATS#TOTAL";

/// What clicks are counted of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// One link.
    Link(Domain, ShortCode),
    /// All links of a domain together, and requests for codes that none has.
    Site(Domain),
}

impl Subject {
    /// Partition of its statistics.
    fn partition(&self) -> String {
        match self {
            Self::Link(domain, code) => link_partition(domain, code),
            Self::Site(domain) => format!("SITE#{domain}"),
        }
    }

    /// Its domain.
    pub fn domain(&self) -> &Domain {
        match self {
            Self::Link(domain, _) | Self::Site(domain) => domain,
        }
    }
}

/// What one source counted in one hour.
pub fn hour_stats(subject: &Subject, hour: Hour, source: &str) -> Key {
    Key::new(subject.partition(), format!("{HOUR_STATS}{hour}#{source}"))
}

/// Hour and source of a key of [`hour_stats`].
pub fn parse_hour_stats(key: &Key) -> Option<(Hour, &str)> {
    let (hour, source) = key.sk.strip_prefix(HOUR_STATS)?.split_once('#')?;
    Some((Hour::parse(hour)?, source))
}

/// The partition and range of what all sources counted from one hour to another, both inclusive.
pub fn hours_stats(subject: &Subject, from: Hour, to: Hour) -> (String, SortRange) {
    let bound = |hour: Hour| Some(format!("{HOUR_STATS}{hour}#"));
    (subject.partition(), SortRange { from: bound(from), to: bound(to.plus(1)) })
}

/// What was counted in a period longer than an hour.
pub fn period_stats(subject: &Subject, period: Period) -> Key {
    let sk = match period {
        Period::Day(date) => format!("{DAY_STATS}{date}"),
        Period::Month(month) => format!("{MONTH_STATS}{month}"),
        Period::Total => TOTAL_STATS.to_owned(),
    };
    Key::new(subject.partition(), sk)
}

/// The day of a key of [`period_stats`].
pub fn parse_day_stats(key: &Key) -> Option<Date> {
    key.sk.strip_prefix(DAY_STATS)?.parse().ok()
}

/// The partition and range of the days from one to another, both inclusive.
pub fn days_stats(subject: &Subject, from: Date, to: Date) -> (String, SortRange) {
    let range = SortRange { from: Some(format!("{DAY_STATS}{from}")), to: Some(format!("{DAY_STATS}{to}\0")) };
    (subject.partition(), range)
}

/// Partition of the ranking of one shard of a domain's links over a period.
pub fn top_partition(domain: &Domain, period: Period, shard: u8) -> String {
    let period = match period {
        Period::Day(date) => date.to_string(),
        Period::Month(month) => month.to_string(),
        Period::Total => "ALL".to_owned(),
    };
    format!("TOP#{domain}#{period}#{shard:02}")
}

/// The link whose statistics a key is of; none for any other key.
pub fn parse_stats_link(key: &Key) -> Option<(Domain, ShortCode)> {
    key.sk.strip_prefix("STATS#")?;
    let (domain, code) = key.pk.strip_prefix("LINK#")?.split_once('#')?;
    Some((Domain::parse(domain).ok()?, ShortCode::parse(code).ok()?))
}

/// Whether a key is of what is counted all the time: statistics, their state, and used clicks. No one keeps copies of
/// these that would have to be dropped when they change.
pub fn is_count(key: &Key) -> bool {
    key.sk.starts_with("STATS#") || key.sk.starts_with("QUOTA#") || key.pk == INGEST
}

/// Partition of the state of counting: what is known of each hour's logs, the salts, how far each source is, and what it
/// has not rolled up.
pub const INGEST: &str = "INGEST";

/// What is known of the logs of one hour: the fence of what is counted of it, and the files seen.
pub fn ingest_hour(hour: Hour) -> Key {
    Key::new(INGEST, format!("HOUR#{hour}"))
}

/// The hour of a key of [`ingest_hour`].
pub fn parse_ingest_hour(key: &Key) -> Option<Hour> {
    Hour::parse(key.sk.strip_prefix("HOUR#")?)
}

/// The range of [`ingest_hour`] from one hour to another, both inclusive.
pub fn ingest_hours(from: Hour, to: Hour) -> SortRange {
    SortRange { from: Some(format!("HOUR#{from}")), to: Some(format!("HOUR#{to}\0")) }
}

/// How many requests of an hour were counted, and how many there should be: apart from [`ingest_hour`], which is large.
pub fn ingest_figures(hour: Hour) -> Key {
    Key::new(INGEST, format!("FIGURES#{hour}"))
}

/// The hour of a key of [`ingest_figures`].
pub fn parse_ingest_figures(key: &Key) -> Option<Hour> {
    Hour::parse(key.sk.strip_prefix("FIGURES#")?)
}

/// The range of [`ingest_figures`] from one hour to another, both inclusive.
pub fn ingest_figures_between(from: Hour, to: Hour) -> SortRange {
    SortRange { from: Some(format!("FIGURES#{from}")), to: Some(format!("FIGURES#{to}\0")) }
}

/// Who is counting logs at the moment, and until when.
pub fn ingest_lease() -> Key {
    Key::new(INGEST, "LEASE")
}

/// The hours that take longer to count than a run may.
pub fn ingest_slow() -> Key {
    Key::new(INGEST, "SLOW")
}

/// The salt of a day's visitors.
pub fn salt(date: Date) -> Key {
    Key::new(INGEST, format!("SALT#{date}"))
}

/// The day of a key of [`salt`].
pub fn parse_salt(key: &Key) -> Option<Date> {
    key.sk.strip_prefix("SALT#")?.parse().ok()
}

/// The range of all salts.
pub fn salts() -> SortRange {
    SortRange::prefix("SALT#")
}

/// How far one source of counts is.
pub fn count_source(source: &str) -> Key {
    Key::new(INGEST, format!("SOURCE#{source}"))
}

/// The name of the source in a key of [`count_source`].
pub fn parse_count_source(key: &Key) -> Option<&str> {
    key.sk.strip_prefix("SOURCE#")
}

/// The range of all sources of counts.
pub fn count_sources() -> SortRange {
    SortRange::prefix("SOURCE#")
}

/// Some of the days that a source has stored hours of and has not rolled up.
pub fn pending_days(source: &str, number: u64) -> Key {
    Key::new(INGEST, format!("PENDING#{source}#{number:016x}"))
}

/// The range of [`pending_days`] of a source.
pub fn pending_days_of(source: &str) -> SortRange {
    SortRange::prefix(&format!("PENDING#{source}#"))
}

/// Lower-case hexadecimal of bytes.
pub(crate) fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_events_of_a_link_that_changed_at_the_last_moment_are_all_there_and_nothing_else_is() {
        let (domain, code) = (Domain::default_domain(), ShortCode::parse("a").unwrap());
        let (_, range) = events(&domain, &code, Timestamp::UNIX_EPOCH, Timestamp::MAX);
        assert!(range.contains(&event(&domain, &code, first_uuid_at(Timestamp::MAX)).sk));
        assert!(!range.contains(&link(&domain, &code).sk));
    }
}
