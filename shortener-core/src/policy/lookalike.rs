//! Names whose letters are made to be taken for others: `аррӏе.example`, which is Cyrillic throughout.
//!
//! A label is judged by the scripts of its letters, after the highly restrictive profile of Unicode Technical Standard 39,
//! and by letters of Cyrillic, Greek and Armenian that look like Latin ones, after what Chromium shows in punycode. A
//! Latin letter with a mark (`é`, `ı`) is no lookalike: too many names are written with them.

use icu_properties::props::Script;
use icu_properties::script::ScriptWithExtensions;

/// Scripts in everyday use (Unicode Standard Annex 31, table 5), but those that stand together below.
const EVERYDAY: [Script; 25] = [
    Script::Arabic,
    Script::Armenian,
    Script::Bengali,
    Script::Cyrillic,
    Script::Devanagari,
    Script::Ethiopic,
    Script::Georgian,
    Script::Greek,
    Script::Gujarati,
    Script::Gurmukhi,
    Script::Hebrew,
    Script::Kannada,
    Script::Khmer,
    Script::Lao,
    Script::Latin,
    Script::Malayalam,
    Script::Myanmar,
    Script::Oriya,
    Script::Sinhala,
    Script::Tamil,
    Script::Telugu,
    Script::Thaana,
    Script::Thai,
    Script::Tibetan,
    Script::Hangul,
];

/// Scripts that one language writes together.
const TOGETHER: [&[Script]; 3] = [
    &[Script::Latin, Script::Han, Script::Hiragana, Script::Katakana],
    &[Script::Latin, Script::Han, Script::Bopomofo],
    &[Script::Latin, Script::Han, Script::Hangul],
];

/// Letters of one script that look like Latin ones.
const LIKE_LATIN: [(Script, &str); 3] = [
    (Script::Cyrillic, "асԁеһіјӏорԛѕԝхуъьҽпгѵѡкмтвһ"),
    (Script::Greek, "αβγικνορτυωχηςε"),
    (Script::Armenian, "ագզլհյնոսվցւքօ"),
];

/// Whether a host, in punycode, has a label that could be taken for another.
pub(super) fn is_one(host: &str) -> bool {
    if !host.contains("xn--") {
        return false;
    }
    let (host, readable) = idna::domain_to_unicode(host);
    let top = host.rsplit('.').next().unwrap_or_default();
    // What cannot be read is shown to nobody as it is meant.
    readable.is_err()
        || host.split('.').any(|label| is_mixed(label) || is_phonetic(label) || poses_as_latin(label, top))
}

/// Whether the letters are of scripts that no language writes together, or of one that is not in everyday use.
fn is_mixed(label: &str) -> bool {
    let all_of = |scripts: &[Script]| {
        letters(label).all(|c| scripts.iter().any(|script| ScriptWithExtensions::new().has_script(c, *script)))
    };
    !EVERYDAY.iter().any(|script| all_of(&[*script])) && !TOGETHER.into_iter().any(all_of)
}

/// Whether there is a letter of phonetic alphabets: small capitals, and `ɡ` and `ɑ`, which look like `g` and `a`.
fn is_phonetic(label: &str) -> bool {
    label.chars().any(|c| matches!(c, '\u{250}'..='\u{2af}' | '\u{1d00}'..='\u{1dbf}'))
}

/// Whether all letters are of another script and look Latin, below a top-level domain of yet another script.
fn poses_as_latin(label: &str, top: &str) -> bool {
    LIKE_LATIN.iter().any(|(script, alike)| {
        let poses = letters(label).next().is_some() && letters(label).all(|c| alike.contains(c));
        poses && !letters(top).all(|c| ScriptWithExtensions::new().has_script(c, *script))
    })
}

/// The letters that have a script: no digits, no hyphens, no marks for all.
fn letters(label: &str) -> impl Iterator<Item = char> {
    label.chars().filter(|c| {
        let scripts = ScriptWithExtensions::new().get_script_extensions_val(*c);
        !scripts.contains(&Script::Common) && !scripts.contains(&Script::Inherited)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_lookalike(name: &str) -> bool {
        is_one(&idna::domain_to_ascii(name).unwrap())
    }

    #[test]
    fn what_is_made_to_deceive_is_known() {
        for name in [
            "аррӏе.com",        // Cyrillic throughout
            "раураӏ.example",   // Cyrillic throughout
            "gооgle.com",       // Latin with Cyrillic о
            "ο.example",        // Greek omicron
            "microsοft.com",    // Latin with Greek ο
            "www.раураӏ.co.uk", // any label
            "ɡoogle.com",       // a phonetic letter
            "facebооk.рф",      // mixed below a Cyrillic top-level domain
            "ꓚꓳꓳꓡ.com",         // Lisu
            "ꭺꭱꭲ.com",          // Cherokee
            "хn--a.com",        // a Cyrillic х
        ] {
            assert!(is_lookalike(name), "{name}");
        }
    }

    #[test]
    fn what_languages_write_is_none() {
        for name in [
            "bücher.example",
            "straße.de",
            "москва.рф",
            "сахар.рф",
            "яндекс.com",
            "президент.example",
            "ελλάδα.gr",
            "ไทย.com",
            "例え.jp",
            "東京タワーtokyo.jp",
            "ドーナツー.jp",
            "한국kr.com",
            "مثال.إختبار",
            "उदाहरण.भारत",
            "xn--a.com",
            "example.com",
        ] {
            let ascii = idna::domain_to_ascii(name).unwrap_or_else(|_| name.to_owned());
            assert_eq!(is_one(&ascii), name == "xn--a.com", "{name}");
        }
    }
}
