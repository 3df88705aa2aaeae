//! The whole table at the end: everything in it agrees with everything else.

use std::collections::{BTreeMap, BTreeSet};

use shortener_core::service::LinkRecord;
use shortener_core::table::keys::{self, attribute};
use shortener_core::table::{Item, Key};

use super::super::history::Asked;
use super::super::process::RETENTION_DAYS;
use super::{Judge, Verdict, promise};

impl Judge<'_> {
    /// Walks the table.
    pub(super) fn table(&self) -> Verdict {
        let items = self.world.table.inner().items();
        let names: BTreeSet<&str> =
            items.keys().filter(|key| key.pk == keys::TAG_NAMES).map(|key| key.sk.as_str()).collect();
        let mut entries = BTreeSet::new();
        for item in items.values() {
            if keys::parse_link(&item.key).is_some() {
                let record = LinkRecord::decode(item).map_err(|error| ("links can be read", error.to_string()))?;
                link(&record, item)?;
                events(&record, &items)?;
                for tag in &record.body.tags {
                    promise!(names.contains(tag.as_str()), "tags are known by name", "{tag}");
                    let entry = keys::tag_entry(tag, record.body.created_at, &record.domain, &record.code);
                    promise!(items.contains_key(&entry), "links are listed by their tags", "{} {tag}", record.code);
                    entries.insert(entry);
                }
            }
        }
        self.stray_entries(&items, &entries)
    }

    /// Entries of tags that no link has are left by links that are over, and by rows that were not made.
    fn stray_entries(&self, items: &BTreeMap<Key, Item>, entries: &BTreeSet<Key>) -> Verdict {
        let imports = self.notes.ops.iter().any(|op| matches!(&*op.asked, Asked::Import(_)));
        if imports {
            return Ok(());
        }
        for key in items.keys().filter(|key| key.pk.starts_with("TAG#") && !entries.contains(key)) {
            let Some((_, code)) = keys::parse_created_sort(&key.sk) else { continue };
            let kept = items.values().any(|item| {
                keys::parse_link(&item.key).is_some_and(|(_, other)| other == code)
                    && item.text(attribute::CREATED_SK) == Some(&key.sk)
            });
            promise!(!kept, "links are listed by their tags", "{key:?} is of none");
        }
        Ok(())
    }
}

/// What indexes a link, and when it may be collected.
fn link(record: &LinkRecord, item: &Item) -> Verdict {
    let LinkRecord { domain, code, body } = record;
    let shard = keys::shard(domain, code);
    for (name, wanted) in [
        (attribute::CREATED_PK, keys::created_partition(shard)),
        (attribute::CREATED_SK, keys::created_sort(body.created_at, domain, code)),
        (attribute::TARGET_PK, keys::target_partition(body.target.host(), shard)),
        (attribute::TARGET_SK, keys::target_sort(&body.target, domain, code)),
    ] {
        promise!(item.text(name) == Some(&wanted), "indexes agree with their links", "{code} {name}");
    }
    let end = body.deleted_at.or(body.expires_at).map(|at| at.as_second() + 86_400 * i64::from(RETENTION_DAYS));
    let kept_until = item.number(attribute::PURGE_AT);
    promise!(
        kept_until.is_some() == end.is_some() && kept_until >= end,
        "codes stay retired as long as was said",
        "{item:?}"
    );
    Ok(())
}

/// Each version of a link once, in order.
fn events(record: &LinkRecord, items: &BTreeMap<Key, Item>) -> Verdict {
    let (partition, range) = keys::events(&record.domain, &record.code, record.here_since(), record.body.updated_at);
    let events = items.values().filter(|item| item.key.pk == partition && range.contains(&item.key.sk));
    let versions: Vec<i64> = events.filter_map(|item| item.number("link_version")).collect();
    let wanted = record.body.first_version + 1..=record.body.version;
    let wanted: Vec<i64> = wanted.map(|version| i64::try_from(version).unwrap()).collect();
    promise!(versions == wanted, "a history has no gap", "{}: {versions:?} and not {wanted:?}", record.code);
    Ok(())
}
