//! The functions stay within what the runtime `cloudfront-js-2.0` offers: ES 5.1 with a few later things.
//!
//! Source: “JavaScript runtime 2.0 features for CloudFront Functions” and “Quotas on CloudFront Functions” in the
//! CloudFront developer guide.

use super::engine::source;

const FILES: [&str; 2] = ["viewer-request.js", "viewer-response.js"];

/// The largest function that CloudFront takes.
const MAX_BYTES: usize = 10 * 1024;

/// Features later than ES 5.1, which the runtime lacks or has in part. The functions need none of them but `const` and
/// `let`.
const LATER: [&str; 31] = [
    "=>",
    "...",
    "?.",
    "??",
    "?<=",
    "?<!",
    "**",
    "`",
    "const {",
    "const [",
    " of ",
    "class ",
    "extends ",
    "function*",
    "yield",
    "async ",
    "await ",
    "import ",
    "import(",
    "export ",
    "require(",
    "eval(",
    "Function(",
    "setTimeout",
    "Promise",
    "Symbol",
    "Proxy",
    "Reflect",
    "new Map",
    "new Set",
    "console.",
];

/// The code without its comments; no string of ours holds two slashes but in an address.
fn code(file: &str) -> String {
    let source = source(file);
    source.lines().map(|line| line.find("// ").map_or(line, |at| &line[..at])).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_functions_are_small_enough() {
    for file in FILES {
        let bytes = source(file).len();
        assert!(bytes < MAX_BYTES, "{file} has {bytes} bytes");
    }
}

#[test]
fn the_functions_keep_to_es_5_1_with_const_and_let() {
    for file in FILES {
        let code = code(file);
        for feature in LATER {
            assert!(!code.contains(feature), "{file} uses {feature:?}");
        }
    }
}

#[test]
fn a_pattern_that_tests_a_whole_text_does_not_end_before_a_line_break() {
    // The runtime's regular expressions are PCRE, where `$` also matches before a final line break: it may guard
    // against nothing that comes from a visitor. What is left of `$` here strips a port and a dot, or reads one
    // character or the origin's own number.
    for (file, allowed) in [("viewer-request.js", 3), ("viewer-response.js", 1)] {
        assert_eq!(code(file).matches("$/").count(), allowed, "{file}");
    }
}

#[test]
fn the_functions_define_a_handler_of_one_event() {
    for file in FILES {
        assert!(source(file).contains("\nfunction handler(event) {\n"), "{file}");
    }
}
