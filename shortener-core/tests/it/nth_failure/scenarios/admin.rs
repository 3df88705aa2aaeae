//! Domains, keys, and what a process does when it starts.

use std::time::Duration;

use serde_json::json;
use shortener_core::link::Domain;
use shortener_core::operations::{Operations, WriteOptions};
use shortener_core::wire::{CreateKey, Patch, Role, RotateKey, Scope, SetDomain};

use super::super::scenario::{Scenario, shown};
use super::super::view;

pub(super) fn all() -> Vec<Scenario> {
    let length = SetDomain { code_length: Patch::Set(9), ..SetDomain::default() };
    let base = SetDomain { base_url: Patch::Set("https://new.example".to_owned()), ..SetDomain::default() };
    vec![
        // Sent again, the same settings are another version.
        set_domain("a change", "go.example", length.clone(), None).only_if_not_applied(),
        set_domain("a change at a version", "go.example", length.clone(), Some(1)).only_if_not_applied(),
        set_domain("a change at another version", "go.example", length, Some(7)),
        set_domain("a new one", "new.example", base, None).only_if_not_applied(),
        remove_domain("one that is there", "go.example").only_if_not_applied(),
        remove_domain("one that is not there", "no.example"),
        Scenario::new("create_key", "a new one", |world| async move {
            Ok(shown(world.session.create_key(&a_key("second"), &WriteOptions::default()).await?))
        })
        .only_if_not_applied(),
        rotate("without grace", 0),
        rotate("with grace", 3600),
        Scenario::new("revoke_key", "one that is valid", |world| async move {
            Ok(shown(world.session.revoke_key(&world.contents.key_id, &WriteOptions::default()).await?))
        }),
        Scenario::new("revoke_key", "none", |world| async move {
            Ok(shown(world.session.revoke_key("nothing", &WriteOptions::default()).await?))
        }),
        Scenario::new("authenticate", "a valid key", |world| async move {
            let caller = world.service.authenticate(&world.contents.key).await?;
            Ok(json!(caller.actor().as_str()))
        })
        .seen_as(view::without_last_use)
        .writing_within(Duration::from_millis(200)),
        Scenario::new("authenticate", "a key that was used a moment ago", |world| async move {
            world.plan.pausing(world.service.authenticate(&world.contents.key)).await?;
            let caller = world.service.authenticate(&world.contents.key).await?;
            Ok(json!(caller.actor().as_str()))
        })
        .seen_as(view::without_last_use)
        .within(Duration::from_millis(200)),
        Scenario::new("authenticate", "no key", |world| async move {
            let caller = world.service.authenticate("short_nothing_x").await?;
            Ok(json!(caller.actor().as_str()))
        }),
        Scenario::new("ensure_admin_key", "on a new table", |world| async move {
            Ok(shown(world.service.ensure_admin_key().await?))
        })
        .on_a_new_table()
        .only_if_not_applied(),
        Scenario::new("ensure_admin_key", "where there are keys", |world| async move {
            Ok(shown(world.service.ensure_admin_key().await?))
        }),
        Scenario::new("prepare_changes", "on a new table", |world| async move {
            world.service.prepare_changes().await?;
            Ok(json!(null))
        })
        .on_a_new_table(),
        Scenario::new("prepare_redirects", "on a table in use", |world| async move {
            world.service.prepare_redirects().await?;
            Ok(json!(null))
        }),
    ]
}

fn a_key(name: &str) -> CreateKey {
    CreateKey { name: name.to_owned(), role: Role::Reader, scope: Scope::default(), expires_at: None }
}

fn set_domain(case: &'static str, domain: &'static str, change: SetDomain, if_match: Option<u64>) -> Scenario {
    Scenario::new("set_domain", case, move |world| {
        let change = change.clone();
        async move {
            let options = WriteOptions { if_match, ..WriteOptions::default() };
            Ok(shown(world.session.set_domain(&Domain::parse(domain).unwrap(), &change, &options).await?))
        }
    })
}

fn remove_domain(case: &'static str, domain: &'static str) -> Scenario {
    Scenario::new("remove_domain", case, move |world| async move {
        world.session.remove_domain(&Domain::parse(domain).unwrap(), &WriteOptions::default()).await?;
        Ok(json!(null))
    })
}

/// A secret is shown once and stored nowhere: whoever does not know whether there is a new one asks for another.
fn rotate(case: &'static str, grace_seconds: u32) -> Scenario {
    Scenario::new("rotate_key", case, move |world| async move {
        let options = WriteOptions::default();
        let request = RotateKey { grace_seconds };
        Ok(shown(world.session.rotate_key(&world.contents.key_id, &request, &options).await?))
    })
    .only_if_not_applied()
}
