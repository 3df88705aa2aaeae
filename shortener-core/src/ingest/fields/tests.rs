use proptest::prelude::*;

use super::*;

#[test]
fn percent_encoding_is_undone_once() {
    for (raw, decoded) in [
        ("", ""),
        ("/launch", "/launch"),
        ("%25", "%"),
        ("%2520", "%20"),
        ("a%20b", "a b"),
        ("%C3%A9%c3%a9", "éé"),
        ("100%", "100%"),
        ("%zz%2", "%zz%2"),
        ("%%32", "%2"),
        ("%FF", "\u{FFFD}"),
        ("é", "é"),
        ("%00%1B%C2%9B", "\0\u{1B}\u{9B}"),
    ] {
        assert_eq!(decode(raw.as_bytes(), Controls::Keep), decoded, "{raw}");
    }
    assert_eq!(decode(b"\xFF\xFE", Controls::Keep), "\u{FFFD}\u{FFFD}");
    assert_eq!(decode(b"a%00%1Bb%C2%9B%0Ac%7F\x01", Controls::Drop), "abc");
    assert!(matches!(decode(b"/launch", Controls::Drop), Cow::Borrowed(_)));
}

#[test]
fn the_host_of_a_referrer_is_read() {
    for (raw, host) in [
        ("", DIRECT),
        ("-", DIRECT),
        ("https://news.example", "news.example"),
        ("https://news.example/a?b#c", "news.example"),
        ("http://news.example?q=https://other.example/", "news.example"),
        ("https://news.example\\@other.example/", "news.example"),
        ("https://News.Example:8443/a", "news.example"),
        ("HTTPS://NEWS.example/", "news.example"),
        ("https://news.example./", "news.example"),
        ("https://user:secret@news.example/", "news.example"),
        ("https://ne%2577s.example/", "news.example"),
        ("%20https://news.example/", "news.example"),
        ("https:///news.example/", "news.example"),
        ("https://b%C3%BCcher.example/", "xn--bcher-kva.example"),
        ("https://xn--bcher-kva.example/", "xn--bcher-kva.example"),
        ("https://0x7f.1/", "127.0.0.1"),
        ("https://127.0.0.1/", "127.0.0.1"),
        ("https://[2001:DB8::1]:80/", "[2001:db8::1]"),
        ("android-app://com.google.android.gm/", "com.google.android.gm"),
        ("android-app://Com.Example/x", "com.example"),
        ("news.example/a", UNKNOWN),
        ("about:blank", UNKNOWN),
        ("https://", UNKNOWN),
        ("https://./", UNKNOWN),
        ("https://a%0Ab%00/", UNKNOWN),
        ("https://xn--/", UNKNOWN),
        ("%FF%FE", UNKNOWN),
    ] {
        assert_eq!(referrer_host(raw.as_bytes()), host, "{raw}");
    }
    assert_eq!(referrer_host(format!("https://{}.example/", "a".repeat(300)).as_bytes()), UNKNOWN);
    assert!(matches!(referrer_host(b"https://news.example/a%20b"), Cow::Borrowed(_)));
}

#[test]
fn countries_are_two_letters() {
    assert_eq!((country(b"DE"), country(b"de")), (Cow::Borrowed("DE"), Cow::Borrowed("DE")));
    for wrong in [&b""[..], b"-", b"D", b"DEU", b"D1", b"%44", "é".as_bytes(), b"\xFF\xFE"] {
        assert_eq!(country(wrong), UNKNOWN);
    }
}

#[test]
fn results_of_the_edge_are_hits_misses_or_errors() {
    use EdgeResult::{Error, Hit, Miss};
    for (result, status, expected) in [
        ("Hit", 302, Some(Hit)),
        ("RefreshHit", 302, Some(Hit)),
        ("OriginShieldHit", 302, Some(Hit)),
        ("StaleHit", 302, Some(Hit)),
        ("Redirect", 301, None),
        ("FunctionGeneratedResponse", 302, Some(Hit)),
        ("FunctionExecutionError", 503, Some(Error)),
        ("FunctionThrottledError", 200, Some(Error)),
        ("Miss", 302, Some(Miss)),
        ("MissGeneratedResponse", 302, Some(Miss)),
        ("Miss", 404, Some(Miss)),
        ("Error", 404, Some(Error)),
        ("LimitExceeded", 429, Some(Error)),
        ("CapacityExceeded", 503, Some(Error)),
        ("Hit", 503, Some(Error)),
        ("Miss", 0, Some(Error)),
        ("", 302, None),
        ("-", 302, None),
        ("Something", 302, None),
        ("hit", 302, None),
    ] {
        assert_eq!(edge_result(result.as_bytes(), status), expected, "{result} {status}");
    }
}

#[test]
fn addresses_are_read() {
    assert_eq!(address(b"203.0.113.7"), "203.0.113.7".parse().ok());
    assert_eq!(address(b"2001:db8::1"), "2001:db8::1".parse().ok());
    assert_eq!(address(b"::ffff:203.0.113.7"), "203.0.113.7".parse().ok());
    for wrong in [&b""[..], b"-", b"203.0.113.777", b"0x7f.1", b"203.0.113.7:80", b"\xFF"] {
        assert_eq!(address(wrong), None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn the_fast_way_finds_the_host_that_a_url_parser_finds(
        url in "https?://([a-z0-9]{0,3}@)?([a-zA-Z0-9%.:_@\\[\\]-]|xn--|0x|é){0,12}[/?#\\\\]?[ -~]{0,6}",
    ) {
        let raw = url.replace('%', "%25").replace('é', "%C3%A9");
        let parsed = Url::parse(&url).ok();
        let host = parsed.as_ref().and_then(Url::host_str).map(|host| host.trim_end_matches('.').to_lowercase());
        let expected = host.filter(|host| !host.is_empty()).unwrap_or_else(|| UNKNOWN.to_owned());
        prop_assert_eq!(referrer_host(raw.as_bytes()), expected);
    }

    #[test]
    fn any_value_is_read(raw in prop::collection::vec(any::<u8>(), 0..60), status in any::<u16>()) {
        let (kept, dropped) = (decode(&raw, Controls::Keep), decode(&raw, Controls::Drop));
        prop_assert!(!dropped.chars().any(char::is_control));
        prop_assert_eq!(kept.chars().filter(|char| !char.is_control()).collect::<String>(), dropped);
        let _ = (referrer_host(&raw), country(&raw), edge_result(&raw, status), address(&raw));
    }
}
