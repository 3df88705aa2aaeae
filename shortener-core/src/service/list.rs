//! Listing links: by creation, by tag, by target host; a page costs the same whatever the table holds.

use jiff::Timestamp;

use super::cursor::Cursor;
use super::merge::ShardMerge;
use super::record::LinkRecord;
use super::{Caller, Service, ServiceError};
use crate::error::InvalidValue;
use crate::link::{Domain, ShortCode, Tag, TargetUrl};
use crate::operations::LinkRef;
use crate::table::keys::{self, Index};
use crate::table::{Item, Order, SortRange, is_purgeable};
use crate::when::{self, DayEdge};
use crate::wire::{Link, LinkFilter, LinkPage, LinkState, Role, StateFilter};

const DEFAULT_LIMIT: u16 = 50;
const MAX_LIMIT: u16 = 1000;

/// How many links a page looks at for each one it may show, so that a rare filter costs a bounded amount.
const EXAMINED_PER_SHOWN: usize = 10;

/// A parsed filter.
struct Filter {
    domain: Option<Domain>,
    tag: Option<Tag>,
    owner: Option<Tag>,
    state: Option<StateFilter>,
    target_host: Option<String>,
    search: Option<String>,
    created: SortRange,
    created_after: Option<Timestamp>,
    created_before: Option<Timestamp>,
    order: Order,
    limit: usize,
    subject: String,
}

impl Service {
    /// Reads a link, strongly.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`].
    pub async fn get(&self, caller: &Caller, link: &LinkRef) -> Result<Link, ServiceError> {
        caller.require_place(Role::Reader, &link.domain, &link.code)?;
        let record = self.require_link(&link.domain, &link.code).await?;
        caller.require_for(Role::Reader, &link.domain, &link.code, &record.body.tags)?;
        let (clicks, clicks_used) = self.clicks_and_quota(&record).await?;
        let link = record.into_view(&self.directory().await?.base_url(&link.domain), self.now());
        Ok(Link { clicks: Some(clicks), clicks_used, ..link })
    }

    /// Lists links, a page at a time.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] for the filter, [`ServiceError::CursorInvalid`].
    pub async fn list(&self, caller: &Caller, filter: &LinkFilter) -> Result<LinkPage, ServiceError> {
        caller.require(Role::Reader)?;
        let (cursor, with_clicks) = (filter.cursor.as_deref(), filter.clicks);
        let filter = Filter::parse(filter, self.now())?;
        let cursor = cursor.map(|text| Cursor::parse(text, &filter.subject)).transpose()?;
        let page = self.page(caller, &filter, cursor.as_ref()).await?;
        let clicks = if with_clicks {
            self.clicks_of(&page.links).await?.into_iter().map(Some).collect()
        } else {
            vec![None; page.links.len()]
        };
        let (directory, now) = (self.directory().await?, self.now());
        let view = |record: LinkRecord| {
            let base = directory.base_url(&record.domain);
            record.into_view(&base, now)
        };
        let links = page.links.into_iter().zip(clicks).map(|(record, clicks)| Link { clicks, ..view(record) });
        Ok(LinkPage { links: links.collect(), next_cursor: page.next_cursor })
    }

    async fn page(&self, caller: &Caller, filter: &Filter, cursor: Option<&Cursor>) -> Result<Page, ServiceError> {
        let mut merge = self.merge(filter, cursor);
        let mut page = Shown { links: Vec::new(), last: None };
        let mut examined = 0;
        while examined < filter.limit * EXAMINED_PER_SHOWN {
            let chunk = read_chunk(&mut merge, filter.limit).await?;
            if chunk.is_empty() {
                return Ok(Page { links: page.links, next_cursor: None });
            }
            examined += chunk.len();
            let mut entries = self.records(filter, chunk).await?.into_iter();
            for (sort_key, record) in entries.by_ref() {
                page.last = Some(sort_key);
                page.links.extend(record.filter(|record| filter.admits(record, caller, self.now())));
                if page.links.len() == filter.limit {
                    // One more look, so that a full last page does not promise an empty one.
                    let more = entries.next().is_some() || merge.next().await?.is_some();
                    return Ok(page.until(more, filter));
                }
            }
        }
        let more = merge.next().await?.is_some();
        Ok(page.until(more, filter))
    }

    fn merge(&self, filter: &Filter, cursor: Option<&Cursor>) -> ShardMerge {
        let mut range = filter.created.clone();
        let (index, partition): (_, Box<dyn Fn(u8) -> String>) = match (&filter.owner, &filter.tag, &filter.target_host)
        {
            (Some(owner), ..) => (None, Box::new(|shard| keys::owner_partition(owner, shard))),
            (None, Some(tag), _) => (None, Box::new(|shard| keys::tag_partition(tag, shard))),
            (None, None, Some(host)) => {
                range = SortRange::all();
                (Some(Index::ByTarget), Box::new(|shard| keys::target_partition(host, shard)))
            }
            (None, None, None) => (Some(Index::ByCreated), Box::new(keys::created_partition)),
        };
        if let Some(cursor) = cursor {
            range = match filter.order {
                Order::Ascending => range.after(cursor.sort_key()),
                Order::Descending => range.before(cursor.sort_key()),
            };
        }
        ShardMerge::new(self.table().clone(), index, partition, &range, filter.order, filter.limit + 1)
    }

    /// The links that index entries stand for, in order; none for an entry whose link is gone, or is another one now.
    async fn records(
        &self,
        filter: &Filter,
        chunk: Vec<(String, Item)>,
    ) -> Result<Vec<(String, Option<LinkRecord>)>, ServiceError> {
        let (sort_keys, entries): (Vec<String>, Vec<Item>) = chunk.into_iter().unzip();
        let items: Vec<Option<Item>> = if filter.reads_whole_items() {
            entries.into_iter().map(Some).collect()
        } else {
            let nothing = || keys::secret();
            let named = entries.iter().map(|item| named_link(item).map_or_else(nothing, |(d, c)| keys::link(&d, &c)));
            self.table().get_many(&named.collect::<Vec<_>>()).await?
        };
        let now = self.now();
        let records = items.into_iter().map(|item| item.filter(|item| !is_purgeable(item, now)).and_then(readable));
        let pairs = sort_keys.into_iter().zip(records);
        Ok(pairs
            .map(|(key, record)| {
                let record = record.filter(|r| filter.is_entry_of(&key, r));
                (key, record)
            })
            .collect())
    }
}

/// What a page shows so far, and the last entry it looked at.
struct Shown {
    links: Vec<LinkRecord>,
    last: Option<String>,
}

/// A page of links as they are stored.
struct Page {
    links: Vec<LinkRecord>,
    next_cursor: Option<String>,
}

impl Shown {
    fn until(self, more: bool, filter: &Filter) -> Page {
        let next_cursor = self.last.filter(|_| more).map(|sort_key| Cursor::new(&filter.subject, &sort_key).encode());
        Page { links: self.links, next_cursor }
    }
}

/// A row that cannot be read hides no other.
#[expect(clippy::needless_pass_by_value, reason = "it stands in an and_then")]
fn readable(item: Item) -> Option<LinkRecord> {
    LinkRecord::decode(&item).map_err(|error| tracing::error!(%error, "a stored link is left out of a list")).ok()
}

async fn read_chunk(merge: &mut ShardMerge, size: usize) -> Result<Vec<(String, Item)>, ServiceError> {
    let mut chunk = Vec::with_capacity(size);
    while chunk.len() < size {
        match merge.next().await? {
            Some(entry) => chunk.push(entry),
            None => break,
        }
    }
    Ok(chunk)
}

/// The link that a tag entry or an entry of the target index stands for.
fn named_link(item: &Item) -> Option<(Domain, ShortCode)> {
    keys::parse_link(&item.key).or_else(|| keys::parse_created_sort(&item.key.sk))
}

impl Filter {
    fn parse(filter: &LinkFilter, now: Timestamp) -> Result<Self, ServiceError> {
        let parameter = |name: &'static str| move |invalid: InvalidValue| ServiceError::violation(name, &invalid);
        let moment = |text: &Option<String>, name| {
            let parsed = text.as_deref().map(|text| when::parse(text, now, DayEdge::Start)).transpose();
            parsed.map(Option::flatten).map_err(parameter(name))
        };
        let limit = filter.limit.unwrap_or(DEFAULT_LIMIT);
        if limit == 0 || limit > MAX_LIMIT {
            let invalid = InvalidValue::new("limit_invalid", format!("limit is 1 to {MAX_LIMIT}, not {limit}"));
            return Err(ServiceError::violation("/limit", &invalid));
        }
        let created_after = moment(&filter.created_after, "/created_after")?;
        let created_before = moment(&filter.created_before, "/created_before")?;
        let subject = LinkFilter { cursor: None, limit: None, clicks: false, ..filter.clone() };
        Ok(Self {
            domain: filter.domain.as_deref().map(Domain::parse).transpose().map_err(parameter("/domain"))?,
            tag: filter.tag.as_deref().map(Tag::parse).transpose().map_err(parameter("/tag"))?,
            owner: filter.owner.as_deref().map(Tag::parse).transpose().map_err(parameter("/owner"))?,
            state: filter.state,
            target_host: filter
                .target_host
                .as_deref()
                .map(parse_host)
                .transpose()
                .map_err(parameter("/target_host"))?,
            search: filter.search.as_deref().map(str::to_lowercase),
            created: SortRange {
                from: created_after.map(keys::created_bound),
                to: created_before.map(keys::created_bound),
            },
            created_after,
            created_before,
            order: filter.order.unwrap_or(Order::Descending),
            limit: usize::from(limit),
            subject: format!("links {}", serde_json::to_string(&subject).unwrap_or_default()),
        })
    }

    fn reads_whole_items(&self) -> bool {
        self.owner.is_none() && self.tag.is_none() && self.target_host.is_none()
    }

    /// Whether an entry of a tag or owner is of this issue of the code and not of one before.
    fn is_entry_of(&self, sort_key: &str, record: &LinkRecord) -> bool {
        (self.tag.is_none() && self.owner.is_none())
            || sort_key == keys::created_sort(record.body.created_at, &record.domain, &record.code)
    }

    fn admits(&self, record: &LinkRecord, caller: &Caller, now: Timestamp) -> bool {
        let body = &record.body;
        let state = record.state(now);
        let in_state = match self.state {
            None => state != LinkState::Deleted,
            Some(StateFilter::Any) => true,
            Some(StateFilter::Active) => state == LinkState::Active,
            Some(StateFilter::Scheduled) => state == LinkState::Scheduled,
            Some(StateFilter::Expired) => state == LinkState::Expired,
            Some(StateFilter::Disabled) => state == LinkState::Disabled,
            Some(StateFilter::Deleted) => state == LinkState::Deleted,
        };
        in_state
            && caller.reaches(&record.domain, &record.code, &body.tags)
            && self.domain.as_ref().is_none_or(|domain| record.domain == *domain)
            && self.tag.as_ref().is_none_or(|tag| body.tags.contains(tag))
            && self.owner.as_ref().is_none_or(|owner| body.owner.as_ref() == Some(owner))
            && self.target_host.as_ref().is_none_or(|host| body.target.host() == host)
            && self.created_after.is_none_or(|at| body.created_at >= at)
            && self.created_before.is_none_or(|at| body.created_at < at)
            && self.search.as_ref().is_none_or(|text| found_in(record, text))
    }
}

fn found_in(record: &LinkRecord, text: &str) -> bool {
    let title = record.body.title.as_deref().unwrap_or_default();
    [record.code.as_str(), record.body.target.as_str(), title].iter().any(|field| field.to_lowercase().contains(text))
}

/// A host as targets have it.
fn parse_host(text: &str) -> Result<String, InvalidValue> {
    TargetUrl::parse(&format!("http://{text}/")).map(|target| target.host().to_owned())
}
