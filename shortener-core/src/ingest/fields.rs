//! What the values of a log mean.
//!
//! CloudFront percent-encodes every value once more than it came: a space in a user agent is `%20`, and an encoded space
//! in a query `%2520`. Most values need no decoding and are borrowed.

use std::borrow::Cow;
use std::net::IpAddr;

use memchr::memchr;
use percent_encoding::percent_decode;
use url::Url;

pub use super::utm::{Utm, utm};
pub use crate::stats::tally::{DIRECT, UNKNOWN};
use crate::stats::tally::{LONGEST_HOST, referrer_of, without_controls};

/// What becomes of control characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Controls {
    /// They stay.
    Keep,
    /// They are left out.
    Drop,
}

/// How an edge came by an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EdgeResult {
    /// From a copy, or by itself.
    Hit,
    /// From the origin.
    Miss,
    /// Not at all.
    Error,
}

/// Undoes percent-encoding once. What is no UTF-8 becomes U+FFFD, and a `%` that encodes nothing stays.
pub fn decode(raw: &[u8], controls: Controls) -> Cow<'_, str> {
    let decoded = if memchr(b'%', raw).is_none() {
        String::from_utf8_lossy(raw)
    } else {
        match Cow::from(percent_decode(raw)) {
            Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
            Cow::Owned(bytes) => Cow::Owned(
                String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
            ),
        }
    };
    match controls {
        Controls::Keep => decoded,
        Controls::Drop => without_controls(decoded),
    }
}

/// Host of a referrer (`cs(Referer)`): lower-case and without port; [`DIRECT`] or [`UNKNOWN`] where there is none.
pub fn referrer_host(raw: &[u8]) -> Cow<'_, str> {
    if raw.is_empty() || raw == b"-" {
        return Cow::Borrowed(DIRECT);
    }
    if let Some(host) = plain_host(raw) {
        return Cow::Borrowed(host);
    }
    let url = Url::parse(&decode(raw, Controls::Keep)).ok();
    url.as_ref().and_then(referrer_of).map_or(Cow::Borrowed(UNKNOWN), Cow::Owned)
}

/// The host of a URL that shows without parsing that it has one, and which; most have.
fn plain_host(raw: &[u8]) -> Option<&str> {
    let rest = raw.strip_prefix(b"https://").or_else(|| raw.strip_prefix(b"http://"))?;
    let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#' | b'\\')).unwrap_or(rest.len());
    let host = &rest[..end];
    let plain = host.iter().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.'));
    // A last label that begins with a digit could be an address in any of its spellings, and `xn--` could be broken.
    let last = host.rsplit(|byte| *byte == b'.').next()?;
    let name = plain && last.first().is_some_and(u8::is_ascii_lowercase) && host.len() <= LONGEST_HOST;
    let encoded = host.windows(4).any(|label| label == b"xn--");
    (name && !encoded).then(|| std::str::from_utf8(host).ok())?
}

/// Country (`c-country`): two letters, upper-case; [`UNKNOWN`] where there is none.
pub fn country(raw: &[u8]) -> Cow<'_, str> {
    match (raw, std::str::from_utf8(raw)) {
        ([b'A'..=b'Z', b'A'..=b'Z'], Ok(country)) => Cow::Borrowed(country),
        ([b'a'..=b'z' | b'A'..=b'Z', b'a'..=b'z' | b'A'..=b'Z'], Ok(country)) => {
            Cow::Owned(country.to_ascii_uppercase())
        }
        _ => Cow::Borrowed(UNKNOWN),
    }
}

/// Whether the edge sent the visitor from `http://` to `https://`, by itself: the browser asks again there, which is a
/// request of its own.
pub fn is_upgrade(result: &[u8]) -> bool {
    result == b"Redirect"
}

/// How the edge came by its answer; none where the log does not tell, and for an [upgrade](is_upgrade).
///
/// Result types: <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html>
pub fn edge_result(result: &[u8], status: u16) -> Option<EdgeResult> {
    if status == 0 || (500..600).contains(&status) {
        return Some(EdgeResult::Error);
    }
    match result {
        b"Hit" | b"RefreshHit" | b"OriginShieldHit" | b"StaleHit" => Some(EdgeResult::Hit),
        b"Miss" => Some(EdgeResult::Miss),
        _ if result.ends_with(b"Error") || result.ends_with(b"Exceeded") => Some(EdgeResult::Error),
        _ if result.ends_with(b"Hit") || result.starts_with(b"Function") => Some(EdgeResult::Hit),
        _ if result.starts_with(b"Miss") => Some(EdgeResult::Miss),
        _ => None,
    }
}

/// Address of the visitor (`c-ip`); one of IPv4 in the clothes of IPv6 is one of IPv4.
pub fn address(raw: &[u8]) -> Option<IpAddr> {
    let address: IpAddr = std::str::from_utf8(raw).ok()?.parse().ok()?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests;
