//! Changes of links.

use shortener_core::operations::{Mode, Operations, WriteOptions};
use shortener_core::wire::{Patch, UpdateLink};

use super::super::scenario::{Scenario, shown};
use crate::fixture::{keyed, link};

pub(super) fn all() -> Vec<Scenario> {
    let key = || keyed("once");
    let plain = WriteOptions::default;
    let retarget = UpdateLink { target: Some("https://example.com/new".to_owned()), ..UpdateLink::default() };
    let expire = UpdateLink { expires_at: Patch::Set("now".to_owned()), ..UpdateLink::default() };
    let retag = UpdateLink {
        add_tags: vec!["new".to_owned()],
        remove_tags: vec!["a".to_owned()],
        title: Patch::Set("title".to_owned()),
        ..UpdateLink::default()
    };
    let switch = |disabled| UpdateLink { disabled: Some(disabled), ..UpdateLink::default() };
    let limit = UpdateLink { max_clicks: Patch::Set(7), ..UpdateLink::default() };
    let at_version = |version| WriteOptions { if_match: Some(version), ..keyed("once") };
    vec![
        update("a target", "launch", retarget.clone(), key()).in_pairs(),
        update("a target, without a key", "launch", retarget.clone(), plain()).only_if_not_applied(),
        update("a target, at a version", "edited", retarget.clone(), at_version(3)).in_pairs(),
        update("a target, at an old version", "edited", retarget.clone(), at_version(2)),
        update("tags and title", "launch", retag, key()).in_pairs(),
        update("an end", "launch", expire, key()),
        update("a switch off", "launch", switch(true), key()),
        update("a switch on", "off", switch(false), key()),
        update("a limit", "launch", limit, key()),
        update("nothing", "off", switch(true), key()),
        update("a deleted link", "gone", retarget.clone(), key()),
        update("no link", "nothing", retarget.clone(), key()),
        update("a dry run", "launch", retarget, WriteOptions { mode: Mode::DryRun, ..plain() }),
        delete("a link", "launch", key()).in_pairs(),
        delete("a link, without a key", "launch", plain()).only_if_not_applied(),
        delete("a deleted link", "gone", key()),
        delete("no link", "nothing", key()),
        restore("a deleted link", "gone").in_pairs(),
        restore("a link that is there", "launch"),
    ]
}

fn update(case: &'static str, code: &'static str, change: UpdateLink, options: WriteOptions) -> Scenario {
    Scenario::new("update", case, move |world| {
        let (change, options) = (change.clone(), options.clone());
        async move { Ok(shown(world.session.update(&link(code), &change, &options).await?)) }
    })
}

fn delete(case: &'static str, code: &'static str, options: WriteOptions) -> Scenario {
    Scenario::new("delete", case, move |world| {
        let options = options.clone();
        async move { Ok(shown(world.session.delete(&link(code), &options).await?)) }
    })
}

fn restore(case: &'static str, code: &'static str) -> Scenario {
    Scenario::new("restore", case, move |world| async move {
        Ok(shown(world.session.restore(&link(code), &keyed("once")).await?))
    })
}
