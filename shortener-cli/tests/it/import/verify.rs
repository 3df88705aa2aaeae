//! `--verify` finds what is not what the file says.

use super::files::{many, write};
use crate::support::BackEnd;

#[test]
fn a_link_that_was_tampered_with_is_found() {
    for back_end in BackEnd::all() {
        let cli = &back_end.cli;
        write(cli, "many.csv", &many(1_200));
        cli.run(&["import", "many.csv", "--verify=all"]).exits(0);
        cli.run(&["update", "row-600", "--target", "https://evil.example/"]).exits(0);
        let found = cli.run(&["import", "many.csv", "--verify=all", "--json"]).exits(8).stdout;
        let found: serde_json::Value = serde_json::from_str(&found).unwrap();
        assert_eq!(found["unchanged"], 1_200, "{}", back_end.name);
        assert_eq!(found["verified"]["rows"], 1_200);
        assert_eq!(found["verified"]["differing"], 1);
        assert_eq!(found["verified"]["first"][0]["differences"][0]["from"], "https://evil.example/");
        assert_eq!(found["verified"]["first"][0]["line"], 602);
    }
}

#[test]
fn a_sample_is_spread_over_the_whole_file() {
    let back_end = BackEnd::file();
    write(&back_end.cli, "many.csv", &many(1_200));
    let found = back_end.cli.run(&["import", "many.csv", "--verify=100", "--json"]).exits(0).stdout;
    let found: serde_json::Value = serde_json::from_str(&found).unwrap();
    assert_eq!(found["verified"]["rows"], 100);
}
