//! Whose address counts behind proxies, which are played by the client.

use serde_json::Value;

use super::{BROWSER, Client, cli};
use crate::support::{Served, TestCli};

/// How many clicks of people there were of a link, and how many people; none where nobody's address was known.
fn people(cli: &TestCli, code: &str) -> (u64, Option<u64>) {
    let stats: Value = serde_json::from_str(&cli.run(&["stats", code, "--json"]).exits(0).stdout).unwrap();
    (stats["clicks"]["human"].as_u64().unwrap(), stats["visitors"]["estimate"].as_u64())
}

/// The lines of `X-Forwarded-For` in requests that the last proxy sends.
type Forwarded = &'static [&'static [&'static str]];

/// Starts a server that is told of its proxies by these arguments, clicks through them, and says how many people came.
fn expect_people(cli: &TestCli, args: &[&str], cases: &[(&str, Forwarded, Option<u64>)]) {
    let mut served = Served::start(cli, args);
    let mut client = Client::of(&served);
    for (code, requests, _) in cases {
        cli.run(&["create", "https://example.com/", "--code", code]).exits(0);
        for lines in *requests {
            let lines: String = lines.iter().flat_map(|line| ["X-Forwarded-For: ", line, "\r\n"]).collect();
            let headers = format!("user-agent: {BROWSER}\r\n{lines}");
            assert_eq!(client.ask("GET", &format!("/{code}"), &headers), Some(302));
        }
    }
    assert_eq!(served.stop("-TERM").code(), Some(0));
    for (code, requests, expected) in cases {
        assert_eq!(people(cli, code), (requests.len() as u64, *expected), "{code}");
    }
}

#[test]
fn without_trusted_proxies_nobody_can_make_visitors_up() {
    let forged: Forwarded = &[&[], &["203.0.113.1"], &["203.0.113.2"], &["203.0.113.3, 203.0.113.4"]];
    expect_people(&cli(), &[], &[("forged", forged, Some(1))]);
}

#[test]
fn behind_a_proxy_visitors_are_who_it_says_they_are() {
    // What the flag says goes before what the environment says.
    let cli = cli().with("SHORT_TRUSTED_PROXIES", "2");
    let honest: Forwarded = &[&["203.0.113.1"], &["203.0.113.2"], &["2001:db8::3"], &["203.0.113.1"]];
    let forged: Forwarded = &[
        &["198.51.100.1, 203.0.113.1"],
        &["198.51.100.2", "203.0.113.1"],
        &[",,x,203.0.113.1"],
        &["a, b", "203.0.113.1"],
    ];
    let spelled: Forwarded = &[&["2001:db8::a"], &["2001:DB8::A"], &["[2001:db8::a]:443"], &[" [2001:DB8:0::a] "]];
    let unknown: Forwarded = &[&[], &[""], &["198.51.100.1, unknown"], &["198.51.100.2", "x"], &["198.51.100.3,"]];
    let cases = [
        ("honest", honest, Some(3)),
        ("forged", forged, Some(1)),
        ("spelled", spelled, Some(1)),
        ("unknown", unknown, None),
    ];
    expect_people(&cli, &["--trusted-proxies", "1"], &cases);
}

#[test]
fn behind_two_proxies_visitors_are_who_the_first_of_them_says_they_are() {
    let cli = cli().with("SHORT_TRUSTED_PROXIES", "2");
    let honest: Forwarded =
        &[&["203.0.113.1, 10.0.0.1"], &["203.0.113.2", "10.0.0.1"], &["203.0.113.2:50001, 10.0.0.2"]];
    let forged: Forwarded = &[&["1.1.1.1, 203.0.113.1, 10.0.0.1"], &["2.2.2.2, 3.3.3.3", "203.0.113.1", "10.0.0.2"]];
    let unknown: Forwarded = &[&["203.0.113.1"], &["203.0.113.2"]];
    expect_people(&cli, &[], &[("honest", honest, Some(2)), ("forged", forged, Some(1)), ("unknown", unknown, None)]);
}

#[test]
fn a_wrong_setting_is_refused_before_a_key_is_made() {
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let by_variable = |name, value| (cli().with(name, value), serve.to_vec());
    let refused = [
        by_variable("SHORT_TRUSTED_PROXIES", "10.0.0.0/8"),
        by_variable("SHORT_COUNTING", "maybe"),
        by_variable("SHORT_SECURITY_CONTACT", "nobody"),
        (cli(), [&serve[..], &["--trusted-proxies", "11"]].concat()),
    ];
    let transcripts: String = refused.iter().map(|(cli, args)| cli.transcript(&[args])).collect();
    insta::assert_snapshot!(transcripts);
    for (cli, _) in refused {
        assert!(!cli.path("links.db").exists());
    }
}
