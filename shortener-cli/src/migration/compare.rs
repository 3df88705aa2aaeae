//! What counts as the same answer.

use serde::Serialize;
use shortener_core::client::Answered;
use shortener_core::link::TargetUrl;
use url::Url;

/// In what two answers differ, or what they have against the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reason {
    /// One sends its visitor somewhere and the other does not, or they fail in other ways.
    Status,
    /// They send their visitors to different places.
    Location,
    /// The old host does not lead where the file says.
    OldTarget,
    /// The new host does not lead where the file says.
    NewTarget,
}

impl Reason {
    /// It in words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Status => "the status differs",
            Self::Location => "the target differs",
            Self::OldTarget => "the old host leads elsewhere than the file says",
            Self::NewTarget => "the new host leads elsewhere than the file says",
        }
    }
}

/// How closely the statuses of two answers must agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compare {
    /// 301 and 302 are alike, and so are 404 and 410.
    StatusClass,
    /// They are the same number.
    Status,
}

impl Compare {
    /// Everything that differs.
    pub(crate) fn reasons(self, target: &TargetUrl, old: &Answered, new: &Answered) -> Vec<Reason> {
        let same_status = match self {
            Self::StatusClass => old.status / 100 == new.status / 100,
            Self::Status => old.status == new.status,
        };
        let (from_old, from_new) = (destination(old), destination(new));
        let leads_elsewhere = |to: &Option<String>| to.as_deref().is_some_and(|to| to != target.as_str());
        let both_redirect = from_old.is_some() && from_new.is_some();
        let found = [
            (!same_status, Reason::Status),
            (both_redirect && from_old != from_new, Reason::Location),
            (leads_elsewhere(&from_old), Reason::OldTarget),
            (leads_elsewhere(&from_new), Reason::NewTarget),
        ];
        found.into_iter().filter_map(|(holds, reason)| holds.then_some(reason)).collect()
    }
}

/// Where a redirect leads, in the one spelling of a URL; nothing if the answer is none.
fn destination(answered: &Answered) -> Option<String> {
    let is_redirect = matches!(answered.status, 301 | 302 | 303 | 307 | 308);
    let location = answered.location.as_deref().filter(|_| is_redirect);
    // A redirect without a place leads nowhere that the file could name.
    is_redirect.then(|| location.map_or_else(String::new, |to| Url::parse(to).map_or(to.to_owned(), String::from)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, location: &str) -> Answered {
        Answered { status, location: Some(location.to_owned()).filter(|location| !location.is_empty()) }
    }

    fn reasons(old: (u16, &str), new: (u16, &str)) -> Vec<Reason> {
        let target = TargetUrl::parse("https://example.com/a").unwrap();
        Compare::StatusClass.reasons(&target, &answered(old.0, old.1), &answered(new.0, new.1))
    }

    #[test]
    fn what_leads_to_the_same_place_is_alike() {
        assert_eq!(reasons((301, "https://example.com/a"), (302, "HTTPS://EXAMPLE.COM:443/a")), []);
        assert_eq!(reasons((404, ""), (410, "")), []);
        let target = TargetUrl::parse("https://example.com/a").unwrap();
        let [old, new] = [301, 302].map(|status| answered(status, "https://example.com/a"));
        assert_eq!(Compare::Status.reasons(&target, &old, &new), [Reason::Status]);
    }

    #[test]
    fn everything_that_differs_is_named() {
        use Reason::{Location, NewTarget, OldTarget, Status};
        let (right, wrong) = ("https://example.com/a", "https://example.com/b");
        assert_eq!(reasons((302, right), (302, wrong)), [Location, NewTarget]);
        assert_eq!(reasons((302, wrong), (302, right)), [Location, OldTarget]);
        assert_eq!(reasons((302, wrong), (302, wrong)), [OldTarget, NewTarget]);
        assert_eq!(reasons((302, right), (404, "")), [Status]);
        assert_eq!(reasons((500, ""), (302, right)), [Status]);
        assert_eq!(reasons((200, right), (302, right)), [Status], "a page is no redirect");
        assert_eq!(reasons((302, ""), (302, right)), [Location, OldTarget]);
    }
}
