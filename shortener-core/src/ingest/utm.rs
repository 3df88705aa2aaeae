//! Tags of campaigns in the query of a short URL.

use std::borrow::Cow;

use memchr::memmem;
use url::form_urlencoded;

use super::fields::{Controls, decode};
use crate::stats::tally::campaign_tag;

/// The tags of a query. None are empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Utm<'a> {
    /// `utm_source`.
    pub source: Option<Cow<'a, str>>,
    /// `utm_medium`.
    pub medium: Option<Cow<'a, str>>,
    /// `utm_campaign`.
    pub campaign: Option<Cow<'a, str>>,
}

/// Reads `cs-uri-query`. Of a tag that comes several times, the first that is not empty counts.
pub fn utm(raw: &[u8]) -> Utm<'_> {
    // Nobody encodes the letters of a tag's name; some clients encode its underscore.
    if memmem::find(raw, b"utm").is_none() {
        return Utm::default();
    }
    match decode(raw, Controls::Keep) {
        Cow::Borrowed(query) => of_query(query.as_bytes()),
        Cow::Owned(query) => of_query(query.as_bytes()).into_owned(),
    }
}

fn of_query(query: &[u8]) -> Utm<'_> {
    let mut utm = Utm::default();
    for (name, value) in form_urlencoded::parse(query) {
        let place = match &*name {
            "utm_source" => &mut utm.source,
            "utm_medium" => &mut utm.medium,
            "utm_campaign" => &mut utm.campaign,
            _ => continue,
        };
        if place.is_none() {
            *place = campaign_tag(value);
        }
    }
    utm
}

impl Utm<'_> {
    fn into_owned(self) -> Utm<'static> {
        let owned = |value: Option<Cow<'_, str>>| value.map(|value| Cow::Owned(value.into_owned()));
        Utm { source: owned(self.source), medium: owned(self.medium), campaign: owned(self.campaign) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(query: &str) -> [Option<String>; 3] {
        let utm = utm(query.as_bytes());
        [utm.source, utm.medium, utm.campaign].map(|value| value.map(Cow::into_owned))
    }

    #[test]
    fn tags_are_read_as_the_visitor_meant_them() {
        let of = |source: &str, medium: &str, campaign: &str| {
            [source, medium, campaign].map(|value| (!value.is_empty()).then(|| value.to_owned()))
        };
        for (query, expected) in [
            ("", of("", "", "")),
            ("-", of("", "", "")),
            ("a=b", of("", "", "")),
            ("utm_source=mail&utm_medium=Post&utm_campaign=x", of("mail", "Post", "x")),
            ("a=b&utm_source=a%2520b+c&utm_medium", of("a b c", "", "")),
            ("utm_source=&utm_source=two&utm_source=three", of("two", "", "")),
            ("utm_source=a%2526b&utm_medium=%25C3%25A9", of("a&b", "é", "")),
            ("utm%255Fsource=a", of("a", "", "")),
            ("utm_source=%251B%255B31mred%2500", of("[31mred", "", "")),
            ("utm_source=%2507", of("", "", "")),
            ("utm_source=%25FF%25", of("\u{FFFD}%", "", "")),
            ("UTM_SOURCE=a&xutm_source=b", of("", "", "")),
            ("utm_medium=%25", of("", "%", "")),
            (
                "utm_source=(other)&utm_medium=%2528direct%2529&utm_campaign=%28unknown%29",
                of("(unknown)", "(unknown)", "(unknown)"),
            ),
            ("utm_source=+%2528OTHER)%2500&utm_source=two&utm_medium=(others)", of("(unknown)", "(others)", "")),
        ] {
            assert_eq!(read(query), expected, "{query}");
        }
        let long = format!("utm_source={}", "%25C3%25A9".repeat(70));
        assert_eq!(read(&long)[0].as_deref(), Some(&*"é".repeat(64)));
    }

    proptest! {
        #[test]
        fn tags_are_those_of_a_url_parser(pairs in prop::collection::vec(
            (prop_oneof![Just("utm_source"), Just("utm_medium"), Just("utm_campaign"), Just("other")], ".{0,90}"), 0..6,
        )) {
            let sent = form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
            let logged = sent.replace('%', "%25");
            let url = url::Url::parse(&format!("https://go.example/x?{sent}")).unwrap();
            let expected = ["utm_source", "utm_medium", "utm_campaign"].map(|name| {
                let values = url.query_pairs().filter(|pair| pair.0 == name).map(|pair| pair.1.into_owned());
                let values = values.map(|value| value.chars().filter(|char| !char.is_control()).take(64).collect());
                values.into_iter().find(|value: &String| !value.is_empty())
            });
            prop_assert_eq!(read(&logged), expected);
        }

        #[test]
        fn any_query_is_read(query in prop::collection::vec(any::<u8>(), 0..80)) {
            utm(&[b"utm_source=".to_vec(), query].concat());
        }
    }
}
