//! A second opinion: what a parser that follows RFC 3986 to the letter takes for the host.

use fluent_uri::{Iri, Uri};
use shortener_core::link::TargetUrl;

/// Where the second parser sees another host than we do: in what is stored, or in what was given. None if it agrees.
pub(crate) fn disagreement(given: &str, target: &TargetUrl) -> Option<String> {
    let host = |uri: &str| {
        let parsed = Uri::parse(uri).map_err(|error| format!("no URI: {uri}: {error}"))?;
        let authority = parsed.authority().ok_or_else(|| format!("no host: {uri}"))?;
        if authority.has_userinfo() {
            return Err(format!("user information: {uri}"));
        }
        Ok(authority.host().to_owned())
    };
    // WHATWG leaves some characters of a path, a query and a fragment as they are that RFC 3986 has encoded.
    let head = |url: &str| {
        let start = url.find("://").map_or(0, |at| at + 3);
        let end = url[start..].find(['/', '?', '#']).map_or(url.len(), |at| start + at);
        url[..end].to_owned()
    };
    let stored = match host(&head(target.as_str())) {
        Ok(stored) => stored,
        Err(error) => return Some(error),
    };
    let whole = target.as_str().replace(['[', ']'], "_").replace(['|', '^', '`', '{', '}', '\'', '"'], "_");
    if stored.starts_with('[') == target.host().starts_with('[') && stored.trim_end_matches('.') != target.host() {
        return Some(format!("stored for {stored}"));
    }
    if !target.host().starts_with('[')
        && let Ok(parsed) = Uri::parse(whole.as_str())
        && parsed.authority().is_none_or(|authority| authority.host() != stored)
    {
        return Some(format!("{parsed:?} has another host than its head"));
    }
    // What was given may spell the host otherwise, but must have it in the same place.
    let given = head(given.trim_matches(' '));
    let parsed = match Iri::parse(given.as_str()) {
        Ok(parsed) => parsed,
        Err(error) => return Some(format!("given as no IRI: {given}: {error}")),
    };
    let spelled = parsed.authority().map(|authority| authority.host().to_owned()).unwrap_or_default();
    match TargetUrl::parse(&format!("http://{spelled}/")) {
        Ok(same) if same.host() == target.host() => None,
        other => Some(format!("given for {spelled}: {other:?}")),
    }
}
