//! What is compared of a table: all of it but what is drawn at random or says only when something was done.

use shortener_core::table::Item;
use shortener_core::table::keys::{self, attribute};

/// Everything, events by the version that they led to.
pub(super) fn everything(items: Vec<Item>) -> Vec<Item> {
    sorted(items.into_iter().map(|mut item| {
        if let (Some(version), true) = (item.number("link_version"), item.attributes.contains_key("change_id")) {
            item.key.sk = format!("event {version}");
        }
        item
    }))
}

/// Everything but when a key was used last.
pub(super) fn without_last_use(items: Vec<Item>) -> Vec<Item> {
    let mut items = everything(items);
    for item in items.iter_mut().filter(|item| item.key.pk == keys::API_KEYS) {
        item.attributes.remove("last_used_at");
    }
    items
}

/// Everything but what helps: tag names, the table's secret. A request that failed may leave it.
pub(super) fn without_notes(items: Vec<Item>) -> Vec<Item> {
    let secret = keys::secret();
    items.into_iter().filter(|item| item.key.pk != keys::TAG_NAMES && item.key != secret).collect()
}

/// What was counted, whoever counted it and however often. Visitors are told apart by a salt that is drawn anew.
pub(super) fn counts(items: Vec<Item>) -> Vec<Item> {
    sorted(items.into_iter().filter(|item| keys::is_count(&item.key)).map(|mut item| {
        if let Some((hour, source)) = keys::parse_hour_stats(&item.key)
            && source != "edge"
        {
            item.key.sk = format!("{hour} by a server");
        }
        for changing in [attribute::GENERATION, attribute::VERSION, "visitors", "sources", "seen"] {
            item.attributes.remove(changing);
        }
        item
    }))
    .into_iter()
    .filter(|item| item.key.pk != keys::INGEST)
    .collect()
}

fn sorted(items: impl Iterator<Item = Item>) -> Vec<Item> {
    let mut items: Vec<Item> = items.collect();
    items.sort_by(|a, b| a.key.cmp(&b.key));
    items
}
