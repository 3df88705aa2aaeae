//! `short serve` as people and programs see it.

use std::time::Duration;

use crate::support::{Served, TestCli, within};

fn cli() -> TestCli {
    TestCli::new().with("SHORT_FILE", "links.db")
}

#[test]
fn links_of_another_process_are_served_at_once_and_edits_within_a_second() {
    let cli = cli();
    let served = Served::start(&cli, &[]);
    cli.run(&["create", "https://example.com/a", "--code", "launch"]).exits(0);
    assert_eq!(served.get("/launch"), (302, Some("https://example.com/a".to_owned())));
    cli.run(&["update", "launch", "--target", "https://example.com/b"]).exits(0);
    within(Duration::from_secs(1), || {
        (served.get("/launch").1.as_deref() == Some("https://example.com/b")).then_some(())
    });
    cli.run(&["disable", "launch"]).exits(0);
    within(Duration::from_secs(1), || (served.get("/launch").0 == 410).then_some(()));
    assert_eq!(served.get("/nope").0, 404);
}

#[test]
fn the_first_start_makes_a_key_and_the_second_does_not() {
    let cli = cli();
    let first = Served::start(&cli, &[]);
    let key = first.key.clone().unwrap();
    let client = TestCli::new().with("SHORT_API_KEY", &key);
    let whoami = client.run(&["--api", &first.url, "whoami", "--json"]).exits(0).stdout;
    assert_eq!(whoami, "{\"actor\":\"key:admin\",\"role\":\"admin\",\"scope\":{},\"expires_at\":null}\n");
    drop(first);
    assert_eq!(Served::start(&cli, &[]).key, None);
}

#[test]
fn a_bad_key_is_4_whatever_is_asked() {
    let cli = cli();
    let served = Served::start(&cli, &[]);
    let key = served.key.clone().unwrap();
    TestCli::new().run(&["--api", &served.url, "list"]).exits(4);
    let client = TestCli::new().with("SHORT_API_KEY", &key);
    let reader = client.run(&["--api", &served.url, "keys", "create", "r", "--role", "reader"]).exits(0).stdout;
    for key in ["short_admin_wrong", "nonsense", reader.trim()] {
        let client = TestCli::new().with("SHORT_API_KEY", key);
        let outcome = client.run(&["--api", &served.url, "create", "https://example.com"]).exits(4);
        assert!(outcome.stderr.contains("\nhint: "), "{}", outcome.stderr);
    }
}

#[test]
#[cfg(unix)]
fn both_signals_end_it_in_good_order() {
    for signal in ["-TERM", "-INT"] {
        let cli = cli();
        let mut served = Served::start(&cli, &[]);
        assert_eq!(served.stop(signal).code(), Some(0));
        served.wait_for("stopped");
    }
}

#[test]
fn logs_are_json_if_wanted() {
    let cli = cli();
    let mut served = Served::start(&cli, &["--log", "json"]);
    served.get("/api/v1/health");
    let line = served.wait_for("{");
    assert!(line.contains(r#""level":"INFO""#) && line.contains(r#""duration_ms":"#), "{line}");
}

#[test]
fn short_urls_name_the_port_unless_a_base_url_is_set() {
    let cli = cli();
    let served = Served::start(&cli, &[]);
    let client = TestCli::new().with("SHORT_API_KEY", served.key.as_deref().unwrap());
    let url = client.run(&["--api", &served.url, "create", "https://example.com", "--code", "a"]).exits(0).stdout;
    assert_eq!(url, format!("{}/a\n", served.url));
    let named = Served::start(&cli, &["--base-url", "https://s.example"]);
    let url = client.run(&["--api", &named.url, "inspect", "a", "--json"]).exits(0).stdout;
    assert!(url.contains(r#""short_url":"https://s.example/a""#), "{url}");
}

#[test]
fn an_address_in_use_is_said() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let outcome = cli().redacting(&address, "[address]").run(&["serve", "--listen", &address]).exits(1);
    assert!(outcome.stderr.starts_with("error: cannot listen on [address]: another program listens there\nhint: "));
    cli().run(&["serve", "--api", "https://s.example", "--listen", "127.0.0.1:0"]).exits(2);
}

#[test]
#[cfg(unix)]
fn a_server_without_files_left_makes_room_and_serves_on() {
    let cli = cli();
    cli.run(&["create", "https://example.com/a", "--code", "launch"]).exits(0);
    let mut served = Served::start_with_files(24, &cli, &["--no-counting"]);
    assert_eq!(served.get("/launch").0, 302);
    let host = served.url.trim_start_matches("http://").to_owned();
    // The kernel takes them all; the server has files for a few.
    let silent: Vec<_> = (0..60).map(|_| std::net::TcpStream::connect(&host).unwrap()).collect();
    served.wait_for_what_holds("no connection can be accepted");
    assert_eq!(served.get("/launch").0, 302);
    drop(silent);
}

#[test]
fn a_number_of_connections_that_is_none_is_refused() {
    for number in ["0", "-1", "many"] {
        let outcome = cli().with("SHORT_MAX_CONNECTIONS", number).run(&["serve"]).exits(2);
        assert!(outcome.stderr.starts_with("error: SHORT_MAX_CONNECTIONS is "), "{}", outcome.stderr);
        cli().run(&["serve", "--max-connections", number]).exits(2);
    }
}
