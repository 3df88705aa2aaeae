//! Texts of requests, as logs spell them.

use std::borrow::Cow;

use percent_encoding::percent_decode;

use crate::stats::Dimension;
use crate::stats::agent::UNKNOWN;

/// The name of clicks that came from no page.
const DIRECT: &str = "(direct)";

/// Longest value of a campaign's parameter that is kept, in characters.
const LONGEST_VALUE: usize = 64;

/// Undoes the percent-encoding of the log once.
pub(super) fn decoded(text: &[u8]) -> Cow<'_, str> {
    match percent_decode(text).into() {
        Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
    }
}

/// A user agent as the client sent it. Legacy logs encode the percent signs of their own encoding, too.
pub(super) fn user_agent(text: &[u8]) -> Cow<'_, str> {
    let once = decoded(text);
    if once.contains("%20") && !once.contains(' ') { Cow::Owned(decoded(once.as_bytes()).into_owned()) } else { once }
}

/// The host of a `Referer`, decoded: in lower case, without user and port.
pub(super) fn referrer_host(referrer: &str) -> Cow<'static, str> {
    if referrer.is_empty() || referrer == "-" {
        return DIRECT.into();
    }
    host_of(referrer).map_or(UNKNOWN.into(), |host| host.to_ascii_lowercase().into())
}

fn host_of(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    let is_scheme = !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    let host = authority.rsplit('@').next()?;
    let host = match host.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => host,
    };
    let host = host.trim_end_matches('.');
    let is_host = host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._[]:".contains(&b));
    (is_scheme && is_host && (1..=253).contains(&host.len())).then_some(host)
}

/// The campaign in a query: `utm_source`, `utm_medium` and `utm_campaign`, the first of each that is not empty.
pub(super) fn campaign(query: &[u8]) -> impl Iterator<Item = (Dimension, String)> {
    let mut found: [Option<String>; 3] = [None, None, None];
    if query.windows(4).any(|window| window == b"utm_") {
        for pair in query.split(|byte| *byte == b'&') {
            let Some(at) = pair.iter().position(|byte| *byte == b'=') else { continue };
            let (name, value) = (&pair[..at], &pair[at + 1..]);
            let place = match name {
                b"utm_source" => &mut found[0],
                b"utm_medium" => &mut found[1],
                b"utm_campaign" => &mut found[2],
                _ => continue,
            };
            if place.is_none() {
                *place = Some(campaign_value(value)).filter(|value| !value.is_empty());
            }
        }
    }
    let dimensions = [Dimension::UtmSource, Dimension::UtmMedium, Dimension::UtmCampaign];
    dimensions.into_iter().zip(found).filter_map(|(dimension, value)| Some((dimension, value?)))
}

/// Undoes the log's encoding and the query's.
fn campaign_value(value: &[u8]) -> String {
    let logged = decoded(value);
    let spaced = logged.replace('+', " ");
    let plain = decoded(spaced.as_bytes());
    plain.chars().filter(|c| !c.is_control()).take(LONGEST_VALUE).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_referrer_is_its_host() {
        for (referrer, host) in [
            ("", "(direct)"),
            ("https://News.Example/a?b", "news.example"),
            ("http://user:secret@news.example:8080/", "news.example"),
            ("https://news.example.", "news.example"),
            ("android-app://com.example.app/", "com.example.app"),
            ("http://[::1]:80/", "[::1]"),
            ("news.example", "(unknown)"),
            ("https://", "(unknown)"),
            ("https://a b/", "(unknown)"),
            ("https://\u{1b}[31m/", "(unknown)"),
            ("javascript:alert(1)", "(unknown)"),
        ] {
            assert_eq!(referrer_host(referrer), host, "{referrer}");
        }
        assert_eq!(referrer_host(&format!("https://{}/", "x".repeat(300))), "(unknown)");
    }

    #[test]
    fn a_campaign_is_read_from_the_query() {
        let of = |query: &str| campaign(query.as_bytes()).map(|(_, value)| value).collect::<Vec<_>>();
        assert_eq!(of("a=b&utm_source=Mail&utm_campaign=spring%20sale&utm_medium="), ["Mail", "spring sale"]);
        assert_eq!(of("utm_source=a%2520b&utm_source=c"), ["a b"]);
        assert_eq!(of("utm_medium=x+y%26z%0a"), ["x y&z"]);
        assert_eq!(of("xutm_source=1&utm_source"), Vec::<String>::new());
        assert_eq!(of(&format!("utm_source={}", "é".repeat(90)))[0].chars().count(), 64);
    }
}
