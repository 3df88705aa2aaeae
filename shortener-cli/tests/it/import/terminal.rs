//! An import on a terminal: it asks before it overwrites, and only then.

use super::files::{EDITED, GOOD, write};
use crate::support::{BackEnd, Terminal};

fn target_of(back_end: &BackEnd, code: &str) -> String {
    let links = back_end.links();
    let link = links.iter().find(|link| link["code"] == code).unwrap();
    link["target"].as_str().unwrap().to_owned()
}

#[test]
fn links_are_overwritten_only_after_a_yes() {
    let back_end = BackEnd::file();
    let cli = &back_end.cli;
    write(cli, "good.csv", GOOD);
    write(cli, "edited.csv", EDITED);
    let update = ["import", "edited.csv", "--on-conflict", "update"];
    let (status, shown) = Terminal::start(cli, &["import", "good.csv", "--on-conflict", "update"]).end();
    assert_eq!((status, shown.contains("overwrite")), (0, false), "{shown}");

    let mut terminal = Terminal::start(cli, &update);
    terminal.wait_for("overwrite 2 links?");
    terminal.press("n");
    assert_eq!(terminal.end().0, 130);
    assert_eq!(target_of(&back_end, "second"), "https://example.com/2");

    let mut terminal = Terminal::start(cli, &update);
    terminal.wait_for("overwrite 2 links?");
    terminal.signal("-INT");
    assert_eq!(terminal.end().0, 130);
    assert_eq!(back_end.links().len(), 3);

    let mut terminal = Terminal::start(cli, &update);
    terminal.wait_for("overwrite 2 links?");
    terminal.press("y");
    let (status, shown) = terminal.end();
    assert_eq!(status, 0, "{shown}");
    assert!(shown.contains("imported edited.csv: 1 created, 1 unchanged, 2 updated in"), "{shown}");
    assert_eq!(target_of(&back_end, "second"), "https://example.com/two");
}
