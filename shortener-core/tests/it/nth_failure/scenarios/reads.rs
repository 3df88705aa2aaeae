//! Reads of links, lists and statistics.

use serde_json::{Value, json};
use shortener_core::edge::PurgeId;
use shortener_core::operations::Operations;
use shortener_core::wire::{LinkFilter, StatsQuery, TopQuery, UpdateLink};

use super::super::scenario::{Ending, Scenario, shown};
use super::super::world::World;
use crate::fixture::{keyed, link};

pub(super) fn all() -> Vec<Scenario> {
    let by = |text: &str| Some(text.to_owned());
    vec![
        Scenario::new("get", "a link", |world| async move { Ok(shown(world.session.get(&link("launch")).await?)) }),
        Scenario::new(
            "get",
            "a limited link",
            |world| async move { Ok(shown(world.session.get(&link("limited")).await?)) },
        ),
        Scenario::new("get", "no link", |world| async move { Ok(shown(world.session.get(&link("nothing")).await?)) }),
        list("all, page by page", LinkFilter { limit: Some(3), ..LinkFilter::default() }),
        list("all with their clicks", LinkFilter { clicks: true, ..LinkFilter::default() }),
        list("a tag", LinkFilter { tag: by("a"), ..LinkFilter::default() }),
        list("an owner", LinkFilter { owner: by("team"), ..LinkFilter::default() }),
        list("a host", LinkFilter { target_host: by("example.com"), ..LinkFilter::default() }),
        Scenario::new("history", "page by page", |world| async move {
            let (mut events, mut cursor) = (Vec::new(), None);
            loop {
                let page = world.session.history(&link("edited"), 2, cursor.as_deref()).await?;
                events.extend(page.events);
                cursor = page.next_cursor;
                if cursor.is_none() {
                    return Ok(shown(events));
                }
            }
        }),
        Scenario::new("link_stats", "a week", |world| async move {
            Ok(shown(world.session.link_stats(&link("launch"), &week()).await?))
        }),
        Scenario::new(
            "site_stats",
            "a week",
            |world| async move { Ok(shown(world.session.site_stats(&week()).await?)) },
        ),
        Scenario::new("top", "of all time", |world| async move {
            Ok(shown(world.session.top(&TopQuery::default()).await?))
        })
        .lagging(),
        Scenario::new("top", "of a day", |world| async move {
            let query = TopQuery { period: Some("2026-11-24".to_owned()), ..TopQuery::default() };
            Ok(shown(world.session.top(&query).await?))
        })
        .lagging(),
        Scenario::new("tags", "all", |world| async move { Ok(shown(world.session.tags().await?)) }),
        Scenario::new("domains", "all", |world| async move { Ok(shown(world.session.domains().await?)) }),
        Scenario::new("keys", "all", |world| async move { Ok(shown(world.session.keys().await?)) }),
        Scenario::new("whoami", "directly", |world| async move { Ok(shown(world.session.whoami().await?)) }),
        Scenario::new("purge_status", "of a change", |world| async move {
            let change = UpdateLink { forward_query: Some(true), ..UpdateLink::default() };
            let link = world.session.update(&link("launch"), &change, &keyed("once")).await?;
            let id = link.purge.and_then(|purge| purge.id).unwrap_or_else(|| PurgeId::parse("I1").unwrap());
            let status = world.session.purge_status(&id).await?;
            Ok(json!({ "purge": status, "purges": world.edge.purges().len() }))
        }),
    ]
}

fn week() -> StatsQuery {
    StatsQuery { since: Some("7d".to_owned()), ..StatsQuery::default() }
}

/// A list to its end: a page that ends early shows in no answer.
fn list(case: &'static str, filter: LinkFilter) -> Scenario {
    Scenario::new("list", case, move |world| {
        let filter = filter.clone();
        async move { pages(&world, filter).await }
    })
    .lagging()
}

async fn pages(world: &World, mut filter: LinkFilter) -> Ending {
    let mut links: Vec<Value> = Vec::new();
    loop {
        let page = world.session.list(&filter).await?;
        links.extend(page.links.into_iter().map(shown));
        filter.cursor = page.next_cursor;
        if filter.cursor.is_none() {
            return Ok(Value::Array(links));
        }
    }
}
