//! The names that a request gives, as clients send them: not encoded once more, as logs are.

use std::borrow::Cow;

use url::{Url, form_urlencoded};

use crate::stats::tally::{DIRECT, UNKNOWN, campaign_tag, referrer_of};

/// Host of a `Referer` header: lower-case and without port.
pub(super) fn referrer_host(referrer: &[u8]) -> Cow<'static, str> {
    if referrer.is_empty() || referrer == b"-" {
        return Cow::Borrowed(DIRECT);
    }
    let url = std::str::from_utf8(referrer).ok().and_then(|text| Url::parse(text).ok());
    url.as_ref().and_then(referrer_of).map_or(Cow::Borrowed(UNKNOWN), Cow::Owned)
}

/// Whether a query can have campaign tags.
pub(super) fn may_have_tags(query: &str) -> bool {
    // Nobody encodes the letters of a tag's name; some clients encode its underscore.
    query.contains("utm")
}

/// `utm_source`, `utm_medium` and `utm_campaign` of a query: of each the first of which something is left.
pub(super) fn campaign_tags(query: &str) -> [Option<String>; 3] {
    let mut tags = [None, None, None];
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let place = match &*name {
            "utm_source" => &mut tags[0],
            "utm_medium" => &mut tags[1],
            "utm_campaign" => &mut tags[2],
            _ => continue,
        };
        if place.is_none() {
            *place = campaign_tag(value).map(Cow::into_owned);
        }
    }
    tags
}

#[cfg(all(test, feature = "logs"))]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ingest::fields;

    /// As the edge logs it.
    fn logged(sent: &str) -> String {
        sent.replace('%', "%25")
    }

    fn tags(query: &str) -> [Option<String>; 3] {
        if may_have_tags(query) { campaign_tags(query) } else { [None, None, None] }
    }

    #[test]
    fn a_name_that_stands_for_something_else_is_not_known() {
        let unknown = || Some(UNKNOWN.to_owned());
        assert_eq!(
            tags("utm_source=(other)&utm_medium=%28direct%29&utm_campaign=(UNKNOWN)+"),
            [(); 3].map(|()| unknown())
        );
        assert_eq!(
            tags("utm_source=%07(other)&utm_source=two&utm_medium=(others)"),
            [unknown(), Some("(others)".to_owned()), None]
        );
        assert_eq!(referrer_host(b"https://(Direct)/"), fields::referrer_host(b"https://(Direct)/"));
        assert_eq!(referrer_host(b"https://(Direct)/"), UNKNOWN);
    }

    proptest! {
        #[test]
        fn what_is_sent_is_read_as_what_is_logged(
            host in "[a-zA-Z0-9.:%é-]{0,20}", value in prop_oneof![3 => "[ -~é\u{7}]{0,80}", 1 => "[ \u{7}]?\\((other|Direct)\\)"],
            name in prop::sample::select(vec!["utm_source", "utm_medium", "utm_campaign", "utm%5Fsource", "x"]),
        ) {
            for referrer in [format!("https://{host}/{value}"), host.clone(), String::new(), "-".to_owned()] {
                let logged = logged(&referrer);
                prop_assert_eq!(referrer_host(referrer.as_bytes()), fields::referrer_host(logged.as_bytes()));
            }
            let encoded: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
            let query = format!("a=b&{name}={encoded}&utm_medium={encoded}&utm_source=&utm_source=last");
            let logged = logged(&query);
            let utm = fields::utm(logged.as_bytes());
            let owned = |tag: Option<Cow<'_, str>>| tag.map(Cow::into_owned);
            prop_assert_eq!(tags(&query), [owned(utm.source), owned(utm.medium), owned(utm.campaign)]);
        }
    }
}
