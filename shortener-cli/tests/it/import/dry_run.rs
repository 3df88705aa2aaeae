//! A dry run writes nothing: no item, no file.

use super::files::{EDITED, GOOD, MIXED, write};
use crate::support::BackEnd;

#[test]
fn a_dry_run_leaves_the_table_and_the_folder_as_they_are() {
    let back_end = BackEnd::table();
    let (cli, engine) = (&back_end.cli, back_end.engine.as_ref().unwrap());
    write(cli, "good.csv", GOOD);
    write(cli, "mixed.csv", MIXED);
    write(cli, "edited.csv", EDITED);
    let stored = || {
        let mut items: Vec<String> = engine.dump("links").unwrap().iter().map(|item| format!("{item:?}")).collect();
        items.sort();
        items
    };
    cli.run(&["import", "mixed.csv", "--dry-run"]).exits(8);
    cli.run(&["create", "https://example.com", "--reuse", "--dry-run"]).exits(0);
    assert_eq!(stored(), [""; 0], "not even a secret");
    cli.run(&["import", "good.csv"]).exits(0);
    let files = || std::fs::read_dir(cli.home()).unwrap().count();
    let before = (stored(), files());
    cli.run(&["import", "mixed.csv", "--dry-run"]).exits(8);
    cli.run(&["import", "edited.csv", "--dry-run", "--on-conflict", "update", "--tag", "new"]).exits(9);
    cli.run(&["import", "edited.csv", "--dry-run", "--on-conflict", "new-code"]).exits(9);
    assert_eq!((stored(), files()), before);
    cli.run(&["import", "edited.csv", "--on-conflict", "update", "--yes"]).exits(0);
    assert_ne!(stored(), before.0);
}
