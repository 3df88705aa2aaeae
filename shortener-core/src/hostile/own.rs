//! Our own hosts in every spelling, and their neighbours.

use super::{Corpus, at_each_position, encoded};

/// Letters that IDNA maps to the ASCII letter: full-width, in a circle, bold, and the long s.
fn mapped(c: char) -> Vec<char> {
    let from = |first: u32| char::from_u32(first + u32::from(c) - u32::from('a'));
    let letters = c.is_ascii_lowercase().then(|| [from(0xff41), from(0x24d0), from(0x1d41a)]);
    let mut all: Vec<char> = letters.into_iter().flatten().flatten().collect();
    if c == 's' {
        all.push('ſ');
    }
    all
}

pub(super) fn add(corpus: &mut Corpus) {
    corpus.kind("own host");
    for host in ["s.example", "strict.example", "bücher.example", "xn--bcher-kva.example"] {
        for spelled in spellings(host) {
            for url in
                [format!("https://{spelled}/x"), format!("http://{spelled}"), format!("https://{spelled}:8443/?a#b")]
            {
                corpus.refused(url, "target_own_host");
            }
        }
    }
    corpus.kind("own host on its port");
    for host in ["links.example", "LINKS.example.", "ｌinks.example"] {
        corpus.refused(format!("https://{host}:8443/"), "target_own_host");
        corpus.accepted(format!("https://{host}/"));
        corpus.accepted(format!("https://{host}:8444/"));
    }
    for host in [
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "0177.1",
        "127.1",
        "127.255.1.2",
        "localhost",
        "LocalHost.",
        "a.localhost",
        "[::1]",
        "[::]",
        "0.0.0.0",
        "0",
        "[::ffff:127.0.0.1]",
        "[0:0:0:0:0:FFFF:7f00:1]",
        "１２７.0.0.1",
    ] {
        corpus.refused(format!("http://{host}:8080/x"), "target_own_host");
        corpus.refused(format!("https://{host}:08080/x"), "target_own_host");
        corpus.accepted(format!("http://{host}:9000/x"));
    }
    corpus.kind("neighbour of an own host");
    for host in [
        "www.s.example",
        "xs.example",
        "s.example.com",
        "s.exampl",
        "as.example",
        "s-example",
        "bucher.example",
        "go.example.org",
        "s.examplе",
    ] {
        corpus.accepted(format!("https://{host}/x"));
    }
}

fn spellings(host: &str) -> Vec<String> {
    let mut all = vec![
        host.to_owned(),
        host.to_uppercase(),
        format!("{host}."),
        host.replace('.', "。"),
        host.replace('.', "%2E"),
        encoded(host),
    ];
    all.extend(at_each_position(host, |c| c.is_ascii().then(|| encoded(&c.to_string()))));
    all.extend(at_each_position(host, |c| Some(format!("{c}\u{ad}"))));
    all.extend(at_each_position(host, |c| Some(format!("\u{200b}{c}"))));
    // Mapped letters make a punycode label a Unicode one, in which no punycode may stand.
    if !host.starts_with("xn--") {
        for variant in 0..4 {
            all.extend(at_each_position(host, |c| mapped(c).get(variant).map(char::to_string)));
        }
    }
    all
}
