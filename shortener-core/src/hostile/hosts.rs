//! Where a host ends, what it may hold, and what stands before and behind it.

use super::{Corpus, encoded};

pub(super) fn add(corpus: &mut Corpus) {
    user_information(corpus);
    delimiters(corpus);
    characters(corpus);
    labels(corpus);
    ports(corpus);
}

fn user_information(corpus: &mut Corpus) {
    corpus.kind("user information");
    let users = [
        "",
        "u",
        "google.com",
        "www.google.com%2f",
        "%40",
        "u%00",
        "é",
        "u@v",
        "127.0.0.1",
        "[::1]",
        "a,b",
        "-",
        "https",
        "\u{202e}",
    ];
    for user in users {
        for password in ["", ":", ":p", ":80", ":p@q", ":%2f", "::"] {
            for host in ["h.example/", "evil.example:8080/a", "127.0.0.1/"] {
                corpus.refused(format!("https://{user}{password}@{host}"), "target_userinfo");
            }
        }
    }
    corpus.kind("an @ behind the host");
    for (given, kept) in [
        ("https://h.example/@u", "https://h.example/@u"),
        ("https://h.example/u:p@ok.example", "https://h.example/u:p@ok.example"),
        ("https://h.example?@ok.example", "https://h.example/?@ok.example"),
        ("https://h.example#@ok.example", "https://h.example/#@ok.example"),
        ("https://h.example/?u=a@b", "https://h.example/?u=a@b"),
    ] {
        corpus.stored(given, kept);
    }
}

fn delimiters(corpus: &mut Corpus) {
    corpus.kind("where the host ends");
    for (given, kept) in [
        ("https://a.example#@b.example/", "https://a.example/#@b.example/"),
        ("https://a.example?b.example/", "https://a.example/?b.example/"),
        ("https://a.example/b.example", "https://a.example/b.example"),
        ("https://a.example//b.example", "https://a.example//b.example"),
        ("https://a.example/;@b.example", "https://a.example/;@b.example"),
        ("https://a.example/%2f..%2f", "https://a.example/%2f..%2f"),
        ("https://a.example/%2e%2e/b", "https://a.example/b"),
        ("https://a.example/%5c@b.example", "https://a.example/%5c@b.example"),
    ] {
        corpus.stored(given, kept);
    }
    for hidden in [
        "%2f",
        "%5c",
        "%3f",
        "%23",
        "%40",
        "%3a",
        "%00",
        "%0a",
        "%09",
        "%20",
        "%25",
        "%5b",
        "%5d",
        "%3c",
        "%7c",
        "%5e",
        "%ff",
        "%80",
        "%c0%ae",
        "%c0%af",
        "%e0%80%af",
        "%f0%80%80%af",
        "%ed%a0%80",
        "%fe",
        "%",
        "%4g",
        "%zz",
        "%u002f",
    ] {
        corpus.refused(format!("https://a.example{hidden}b.example/"), "target_invalid");
    }
    for hidden in ["%2f@b.example", "%00@b.example", ":80@b.example", "%40@b.example", "@@b.example", "?@b.example@"] {
        let url = format!("https://a.example{hidden}/");
        match hidden {
            "?@b.example@" => corpus.stored(url, "https://a.example/?@b.example@/"),
            _ => corpus.refused(url, "target_userinfo"),
        }
    }
    // Letters that IDNA maps to delimiters.
    for c in ['／', '？', '＃', '＠', '：', '＼', '℀', '℆', '⁈', '％', '［'] {
        corpus.refused(format!("https://a.example{c}b.example/"), "target_invalid");
    }
}

/// Characters that end a host, or that no host may hold for WHATWG.
const FORBIDDEN: &str = " <>[]^|%#/:?@\\";

fn characters(corpus: &mut Corpus) {
    corpus.kind("character of a host");
    for byte in 0x20..0x7f_u8 {
        let c = char::from(byte);
        let (given, escaped) =
            (format!("https://a{c}b.example/"), format!("https://a{}b.example/", encoded(&c.to_string())));
        if c.is_ascii_alphanumeric() || "-_.".contains(c) {
            let kept = given.to_lowercase();
            corpus.stored(given, kept.clone());
            corpus.stored(escaped, kept);
        } else if FORBIDDEN.contains(c) {
            if !"/?#@\\".contains(c) {
                corpus.refused(given, "target_invalid");
            }
            corpus.refused(escaped, "target_invalid");
        } else {
            corpus.refused(given, "target_host");
            corpus.refused(escaped, "target_host");
        }
    }
    for byte in (0..0x20_u8).chain(0x7f..=0xff) {
        corpus.refused(format!("https://a%{byte:02x}b.example/"), "target_invalid");
    }
}

fn labels(corpus: &mut Corpus) {
    corpus.kind("labels of a host");
    for host in [
        ".",
        "..",
        "...",
        ".h.example",
        "..h.example",
        "h..example",
        "h.example..",
        "h.example...",
        ".h",
        "h%2e%2eexample",
        "h。。example",
    ] {
        corpus.refused(format!("https://{host}/"), "target_host");
    }
    for dot in ["。", "．", "｡", "%2e", "%2E"] {
        corpus.stored(format!("https://h{dot}example/"), "https://h.example/");
        corpus.stored(format!("https://h.example{dot}/"), "https://h.example./");
    }
    let label = "a".repeat(63);
    let long = [label.as_str(), &label, &label, &"a".repeat(61)].join(".");
    for host in [
        format!("{label}.example"),
        long.clone(),
        format!("{long}."),
        "_dmarc.h.example".to_owned(),
        "-h-.example".to_owned(),
    ] {
        let url = format!("https://{host}/");
        corpus.stored(url.clone(), url);
    }
    for host in
        [format!("{label}a.example"), format!("{long}a"), format!("{long}a."), "a.".repeat(200), "a".repeat(300)]
    {
        corpus.refused(format!("https://{host}/"), "target_host");
    }
    corpus.kind("broken punycode");
    for host in [
        "xn--",
        "xn--a",
        "xn--.example",
        "xn--zzzzzzzz99999.example",
        "xn--google-.com",
        "xn--0.pt",
        "xn--\u{e9}.example",
        "xn--bcher-kva-.at",
    ] {
        corpus.refused(format!("https://{host}/"), "target_invalid");
    }
}

fn ports(corpus: &mut Corpus) {
    corpus.kind("port");
    for (scheme, default) in [("http", 80), ("https", 443)] {
        for port in [0, 1, 22, 80, 443, 8080, 65_534, 65_535] {
            let kept = if port == default { String::new() } else { format!(":{port}") };
            for zeros in ["", "0", "0000000"] {
                corpus.stored(format!("{scheme}://h.example:{zeros}{port}/"), format!("{scheme}://h.example{kept}/"));
            }
        }
        corpus.stored(format!("{scheme}://h.example:/"), format!("{scheme}://h.example/"));
        for port in [
            "65536",
            "65537",
            "99999",
            "4294967376",
            "18446744073709551696",
            "-1",
            "+80",
            "8 0",
            "80a",
            "0x50",
            "%38%30",
            "８０",
            "٨٠",
            "80:80",
            ":80",
        ] {
            corpus.refused(format!("{scheme}://h.example:{port}/"), "target_invalid");
        }
    }
}
