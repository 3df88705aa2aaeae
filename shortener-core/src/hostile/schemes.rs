//! Schemes, slashes, and what stands before a scheme.

use super::Corpus;

const FOREIGN: [&str; 31] = [
    "javascript",
    "data",
    "vbscript",
    "blob",
    "view-source",
    "file",
    "ftp",
    "ftps",
    "ws",
    "wss",
    "about",
    "mailto",
    "tel",
    "sms",
    "intent",
    "chrome",
    "moz-extension",
    "jar",
    "feed",
    "gopher",
    "ldap",
    "smb",
    "ssh",
    "telnet",
    "filesystem",
    "httpx",
    "https-x",
    "h",
    "livescript",
    "mhtml",
    "ms-settings",
];

/// What no text may begin with, and nobody sees.
const UNSEEN: [char; 8] = ['\u{feff}', '\u{a0}', '\u{3000}', '\u{200b}', '\u{2028}', '\u{202e}', '\u{2060}', '\u{ad}'];

pub(super) fn add(corpus: &mut Corpus) {
    foreign(corpus);
    slashes(corpus);
    relative(corpus);
}

fn foreign(corpus: &mut Corpus) {
    for scheme in FOREIGN {
        corpus.kind("foreign scheme");
        let mixed: String =
            scheme.chars().enumerate().map(|(i, c)| if i % 2 == 0 { c.to_ascii_uppercase() } else { c }).collect();
        for spelled in [scheme.to_owned(), scheme.to_uppercase(), mixed, format!("  {scheme}")] {
            corpus.refused(format!("{spelled}://h.example/"), "target_scheme");
            corpus.refused(format!("{spelled}://h.example/%0Aalert(1)//https://ok.example"), "target_scheme");
        }
        corpus.kind("control character in a scheme");
        let middle = scheme.len() / 2;
        for control in ['\t', '\n', '\r', '\0', '\u{1}', '\u{7f}', '\u{85}'] {
            corpus.refused(format!("{}{control}{}:h", &scheme[..middle], &scheme[middle..]), "target_character");
            corpus.refused(format!("{control}{scheme}:h"), "target_character");
        }
        corpus.kind("unseen character before a scheme");
        for unseen in UNSEEN {
            corpus.refused(format!("{unseen}{scheme}:h"), "target_invalid");
        }
        corpus.kind("broken scheme");
        for broken in
            [format!("{scheme} :h"), format!("{scheme}&colon;h"), format!("{scheme}%3Ah"), format!("&{scheme}:h")]
        {
            corpus.refused(broken, "target_invalid");
        }
    }
    corpus.kind("script in the scheme's place");
    for text in [
        "javascript:alert(1)",
        "JavaScript://%0aalert(1)",
        "javascript:https://ok.example/",
        "data:text/html,<script>x</script>",
        "data:text/html;base64,PHNjcmlwdD4=",
        "vbscript:msgbox(1)",
        "blob:https://ok.example/0",
        "view-source:https://ok.example/",
        "view-source:javascript:x",
        "javascript:javascript:x",
        "file:///etc/passwd",
        "file://h.example/c$",
        "about:blank",
    ] {
        corpus.refused(text, "target_scheme");
    }
    corpus.kind("unseen character before https");
    for unseen in UNSEEN {
        corpus.refused(format!("{unseen}https://h.example/"), "target_invalid");
        corpus.refused(format!("https{unseen}://h.example/"), "target_invalid");
    }
}

fn slashes(corpus: &mut Corpus) {
    corpus.kind("slashes after the scheme");
    for scheme in ["http", "https", "HTTP", "hTTps"] {
        for count in (0..10).filter(|count| *count != 2) {
            for host in ["h.example", "h.example/a", "127.0.0.1:80", "@h.example", "google.com/..//evil.example"] {
                corpus.refused(format!("{scheme}:{}{host}", "/".repeat(count)), "target_invalid");
            }
        }
        let lower = scheme.to_lowercase();
        corpus.stored(format!("{scheme}://h.example"), format!("{lower}://h.example/"));
        corpus.stored(format!("{scheme}://h.example//a"), format!("{lower}://h.example//a"));
        corpus.stored(format!("{scheme}://h.example/a/../..//b/./c"), format!("{lower}://h.example//b/c"));
    }
}

fn relative(corpus: &mut Corpus) {
    corpus.kind("no absolute URL");
    for text in [
        "",
        " ",
        "/",
        "//h.example",
        "//h.example/a",
        "///h.example",
        "h.example",
        "h.example/a",
        "?q",
        "#f",
        "https",
        "https//h.example",
        "://h.example",
        ":h",
        "https;//h.example",
        "https：//h.example",
        "ｈttps://h.example",
        "https\u{2215}//h",
        "1http://h.example",
        "+http://h",
        "-http://h",
        "[::1]",
        "../a",
        ".",
        "http ://h.example",
        "<https://h.example>",
        "\"https://h.example\"",
        "(https://h.example)",
        "%68ttps://h.example",
        "http%3A//h.example",
        "javascript\u{ff1a}alert(1)",
        "ｊavascript:alert(1)",
        "ſcheme:x",
    ] {
        corpus.refused(text, "target_invalid");
    }
    corpus.kind("no host");
    for text in [
        "https://",
        "http://",
        "https:// ",
        "https://#",
        "https://?",
        "https://?q",
        "https://#h.example",
        "https://:80",
        "https://:80/",
        "https://:",
    ] {
        corpus.refused(text, "target_invalid");
    }
}
