//! Characters that do not show, move a cursor, reorder text, or end a header.

use super::{Corpus, encoded};

/// Spaces and other characters of no width, which are no control characters.
const SPACES: [char; 22] = [
    '\u{a0}', '\u{1680}', '\u{2000}', '\u{2001}', '\u{2002}', '\u{2003}', '\u{2004}', '\u{2005}', '\u{2006}',
    '\u{2007}', '\u{2008}', '\u{2009}', '\u{200a}', '\u{202f}', '\u{205f}', '\u{3000}', '\u{2028}', '\u{2029}',
    '\u{200b}', '\u{2060}', '\u{feff}', '\u{ad}',
];

/// Characters that IDNA leaves out of a name.
const IGNORED_IN_HOSTS: [char; 4] = ['\u{200b}', '\u{2060}', '\u{feff}', '\u{ad}'];

const BIDI: [char; 12] = [
    '\u{61c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2066}',
    '\u{2067}', '\u{2068}', '\u{2069}',
];

pub(super) fn add(corpus: &mut Corpus) {
    controls(corpus);
    unseen(corpus);
    headers(corpus);
    lengths(corpus);
    normal_forms(corpus);
}

fn controls(corpus: &mut Corpus) {
    corpus.kind("control character or backslash");
    let controls = ('\0'..='\u{1f}').chain('\u{7f}'..='\u{9f}').chain(['\\']);
    for c in controls {
        for text in [
            format!("{c}https://h.example/"),
            format!("ht{c}tps://h.example/"),
            format!("https:{c}//h.example/"),
            format!("https://{c}h.example/"),
            format!("https://h{c}.example/"),
            format!("https://h.example{c}@ok.example/"),
            format!("https://h.example/{c}"),
            format!("https://h.example/?a{c}b"),
            format!("https://h.example/#{c}a"),
            format!("https://h.example/a{c} "),
        ] {
            corpus.refused(text, "target_character");
        }
    }
    for text in [
        r"http:\\h.example",
        r"http:/\h.example",
        r"http:\/h.example",
        r"https://a.example\@b.example/",
        r"https://a.example\.b.example",
        r"https://h.example\..\a",
        r"\\h.example\share",
        r"https://\h.example",
    ] {
        corpus.refused(text, "target_character");
    }
}

fn unseen(corpus: &mut Corpus) {
    for c in SPACES.into_iter().chain(BIDI) {
        corpus.kind("unseen character in path, query or fragment");
        for text in ["https://h.example/a", "https://h.example/?a", "https://h.example/#a", "https://h.example/a/"] {
            corpus.stored(format!("{text}{c}b"), format!("{text}{}b", encoded(&c.to_string())));
            corpus.stored(format!("{text}{c}"), format!("{text}{}", encoded(&c.to_string())));
        }
        corpus.kind("unseen character in a host");
        for text in
            [format!("https://h{c}.example/"), format!("https://{c}h.example/"), format!("https://h.{c}example/")]
        {
            if IGNORED_IN_HOSTS.contains(&c) {
                corpus.stored(text, "https://h.example/");
            } else {
                corpus.refused(text, "target_invalid");
            }
        }
    }
}

fn headers(corpus: &mut Corpus) {
    corpus.kind("header injection");
    for end in ["\r\n", "\n", "\r", "\n\r", "\r\n\r\n"] {
        for rest in ["Set-Cookie: a=b", "Location: https://evil.example/", "<script>x</script>", ""] {
            corpus.refused(format!("https://h.example/{end}{rest}"), "target_character");
        }
    }
    // Encoded ends of lines stay encoded. The last two become CR and LF where someone keeps only the low bytes.
    for end in ["%0d%0a", "%0D%0A", "%0a", "%00", "%E2%80%A8", "%u000a"] {
        let url = format!("https://h.example/{end}Set-Cookie:a=b");
        corpus.stored(url.clone(), url);
    }
    for end in ["\u{10d}\u{10a}", "\u{560d}\u{560a}", "\u{ffff}", "\u{fffd}", "\u{10ffff}"] {
        corpus.stored(format!("https://h.example/{end}x"), format!("https://h.example/{}x", encoded(end)));
        corpus.stored(format!("https://h.example/?{end}x"), format!("https://h.example/?{}x", encoded(end)));
    }
    corpus.kind("markup");
    for c in ['"', '<', '>', ' '] {
        let kept = encoded(&c.to_string());
        for place in ["", "?", "#"] {
            corpus.stored(format!("https://h.example/{place}a{c}b"), format!("https://h.example/{place}a{kept}b"));
        }
    }
}

fn lengths(corpus: &mut Corpus) {
    corpus.kind("length");
    let base = "https://h.example/";
    for length in [2_046, 2_047, 2_048] {
        let url = format!("{base}{}", "a".repeat(length - base.len()));
        corpus.stored(url.clone(), url.clone());
        corpus.stored(format!("   {url}  "), url);
    }
    for length in [2_049, 2_050, 4_096, 65_536] {
        corpus.refused(format!("{base}{}", "a".repeat(length - base.len())), "target_too_long");
        corpus.refused(format!("{base}?{}", "a".repeat(length - base.len() - 1)), "target_too_long");
    }
    // It is the stored form that counts: each letter takes 6 bytes, and the slash of an empty path one.
    let fits = (2_048 - base.len()) / 6;
    corpus.stored(format!("{base}{}", "é".repeat(fits)), format!("{base}{}", "%C3%A9".repeat(fits)));
    corpus.refused(format!("{base}{}", "é".repeat(fits + 1)), "target_too_long");
    let query = "a".repeat(2_048 - "https://h.example/?".len());
    corpus.stored(format!("https://h.example?{query}"), format!("https://h.example/?{query}"));
    corpus.refused(format!("https://h.example?{query}a"), "target_too_long");
}

fn normal_forms(corpus: &mut Corpus) {
    corpus.kind("normal forms");
    for (host, kept) in
        [("bücher.at", "xn--bcher-kva.at"), ("bu\u{308}cher.at", "xn--bcher-kva.at"), ("BÜCHER.at", "xn--bcher-kva.at")]
    {
        corpus.stored(format!("https://{host}/"), format!("https://{kept}/"));
    }
    corpus.stored("https://h.example/e\u{301}", "https://h.example/e%CC%81");
    for path in ["é", "ﬁ", "Å", "\u{212b}", "\u{1e9e}"] {
        corpus.stored(format!("https://h.example/{path}"), format!("https://h.example/{}", encoded(path)));
    }
}
