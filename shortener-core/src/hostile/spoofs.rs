//! Names that look like others, and other shorteners.

use super::{Corpus, at_each_position};

const BRANDS: [&str; 12] = [
    "apple",
    "paypal",
    "google",
    "amazon",
    "microsoft",
    "facebook",
    "chase",
    "icloud",
    "netflix",
    "visa",
    "coinbase",
    "yahoo",
];

/// Letters of Cyrillic, Greek and others that look like a Latin one.
const ALIKE: [(char, &str); 15] = [
    ('a', "аαɑ"),
    ('b', "ьβ"),
    ('c', "сϲ"),
    ('e', "еҽε"),
    ('g', "ɡց"),
    ('h', "һհ"),
    ('i', "іι"),
    ('k', "кκ"),
    ('l', "ӏ"),
    ('n', "ոη"),
    ('o', "оοօ"),
    ('p', "рρ"),
    ('s', "ѕ"),
    ('u', "սυ"),
    ('y', "уγ"),
];

const SHORTENERS: [&str; 14] = [
    "bit.ly",
    "tinyurl.com",
    "t.co",
    "goo.gl",
    "ow.ly",
    "is.gd",
    "buff.ly",
    "rebrand.ly",
    "cutt.ly",
    "t.ly",
    "dub.sh",
    "lnkd.in",
    "shorturl.at",
    "v.gd",
];

pub(super) fn add(corpus: &mut Corpus) {
    corpus.kind("homograph");
    for brand in BRANDS {
        for variant in 0..3 {
            let one = |c: char| ALIKE.iter().find(|(latin, _)| *latin == c)?.1.chars().nth(variant).map(String::from);
            // A final sigma and a lunate one are mapped to sigma, which looks like no c.
            for name in at_each_position(brand, one) {
                corpus.denied_by_rule(format!("https://{name}.com/"));
                corpus.denied_by_rule(format!("https://www.{name}.co.uk:8443/login"));
            }
        }
    }
    corpus.kind("whole-script spoof");
    for name in
        ["аррӏе", "раураӏ", "сосо", "ѕсоре", "еѕсо", "хасо", "оо", "ρορ", "ικο", "υοου", "օոս", "рауѕаfе", "аѕ-24"]
    {
        corpus.denied_by_rule(format!("https://{name}.com/"));
    }
    for name in ["ꓚꓳꓳꓡ", "ꭺꭱꭲ", "ᴀpple", "ɑpple"] {
        corpus.denied_by_rule(format!("https://{name}.com/"));
    }
    corpus.kind("a name as a language writes it");
    for host in [
        "bücher.at",
        "москва.рф",
        "сахар.рф",
        "яндекс.com",
        "ελλάδα.gr",
        "例え.jp",
        "東京タワーtokyo.jp",
        "한국kr.com",
        "ไทย.com",
        "उदाहरण.भारत",
        "مثال.com",
        "ñandú.es",
        "straße.de",
        "kırmızı.com.tr",
        "český.cz",
        "đồ.vn",
    ] {
        corpus.allowed_by_rule(format!("https://{host}/"));
    }
    corpus.kind("another shortener");
    for host in SHORTENERS {
        for spelled in [
            host.to_owned(),
            host.to_uppercase(),
            format!("www.{host}"),
            format!("a.b.{host}"),
            format!("{host}."),
            host.replace('.', "。"),
        ] {
            corpus.denied_by_rule(format!("https://{spelled}/abc"));
            corpus.denied_by_rule(format!("http://{spelled}:8080"));
        }
        corpus.allowed_by_rule(format!("https://{host}.example.com/"));
        corpus.allowed_by_rule(format!("https://x{host}/"));
    }
}
