//! What a path asks for.

use std::borrow::Cow;

use super::parse_code;
use crate::link::ShortCode;

/// What a path asks for: of a server, and in the line that an edge logs of it.
#[derive(Debug, PartialEq, Eq)]
pub enum Asked {
    /// The redirect of a link.
    Redirect(ShortCode),
    /// Its preview page, which is never counted.
    Preview(ShortCode),
    /// Nothing that could exist: no read is needed to say so.
    Nothing,
}

impl Asked {
    /// Reads the path of a request, as it was sent.
    pub fn of(path: &str) -> Self {
        let Some(segment) = path.strip_prefix('/').and_then(decode) else { return Self::Nothing };
        let (code, wrap): (&str, fn(ShortCode) -> Self) = match segment.strip_suffix('+') {
            Some(code) => (code, Self::Preview),
            None => (&segment, Self::Redirect),
        };
        parse_code(code).map_or(Self::Nothing, wrap)
    }
}

/// Undoes percent-encoding, which some clients apply to `+`; none if it is broken or hides more than ASCII.
fn decode(segment: &str) -> Option<Cow<'_, str>> {
    if !segment.contains('%') {
        return Some(Cow::Borrowed(segment));
    }
    let mut parts = segment.split('%');
    let mut decoded = parts.next()?.to_owned();
    for part in parts {
        let byte = u8::from_str_radix(part.get(..2)?, 16).ok().filter(u8::is_ascii)?;
        decoded.push(char::from(byte));
        decoded.push_str(part.get(2..)?);
    }
    Some(Cow::Owned(decoded))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_asks_for_a_redirect_a_preview_or_nothing() {
        let code = |text| ShortCode::parse(text).unwrap();
        for (path, asked) in [
            ("/launch", Asked::Redirect(code("launch"))),
            ("/%6Caunch", Asked::Redirect(code("launch"))),
            ("/launch+", Asked::Preview(code("launch"))),
            ("/launch%2B", Asked::Preview(code("launch"))),
            ("/+", Asked::Nothing),
            ("/launch++", Asked::Nothing),
            ("/launch/", Asked::Nothing),
            ("//launch", Asked::Nothing),
            ("/a%2Fb", Asked::Nothing),
            ("/a%", Asked::Nothing),
            ("/a%zz", Asked::Nothing),
            ("/%C3%A9", Asked::Nothing),
            ("/%0d%0aset-cookie:x", Asked::Nothing),
            ("*", Asked::Nothing),
        ] {
            assert_eq!(Asked::of(path), asked, "{path}");
        }
    }
}
