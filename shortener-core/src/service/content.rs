//! What a create says, in one spelling: the identity of a row of an import.

use sha2::{Digest, Sha256};

use crate::link::{Domain, RedirectStatus, ShortCode, Tag, TargetUrl};
use crate::table::keys::hex;
use crate::when::{self, DayEdge};
use crate::wire::CreateLink;

/// What a request to create a link says, however it is spelled: two requests with the same content ask for the same link.
///
/// `occurrence`, `if_exists`, `code_length`, `reuse`, `reissue` and `imported_clicks` are no part of it: they say how the
/// link is to be made, or change between two exports of the same link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// Where the link would live, if the request names its code.
    pub place: Option<(Domain, ShortCode)>,
    text: String,
}

/// The fields of a request that are read, and not taken as they are written.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    pub(super) domain: &'a Domain,
    pub(super) code: Option<&'a ShortCode>,
    pub(super) target: &'a TargetUrl,
    /// Sorted and unique.
    pub(super) tags: &'a [Tag],
    pub(super) status: RedirectStatus,
    pub(super) owner: Option<&'a Tag>,
}

impl Content {
    /// The content of a request; none if a field of it cannot be read.
    pub fn of(request: &CreateLink) -> Option<Self> {
        let domain = request.domain.as_deref().map_or(Ok(Domain::default_domain()), Domain::parse).ok()?;
        let code = request.code.as_deref().map(ShortCode::parse).transpose().ok()?;
        let target = TargetUrl::parse(&request.target).ok()?;
        let tags = Tag::parse_set(&request.tags).ok()?;
        let status = request.redirect_status.map_or(Ok(RedirectStatus::Found), RedirectStatus::try_from).ok()?;
        let owner = request.owner.as_deref().map(Tag::parse).transpose().ok()?;
        let (code, owner) = (code.as_ref(), owner.as_ref());
        Self::of_fields(request, &Fields { domain: &domain, code, target: &target, tags: &tags, status, owner })
    }

    /// The content of a request whose fields were read already; none if a time of it cannot be read.
    pub(super) fn of_fields(request: &CreateLink, fields: &Fields<'_>) -> Option<Self> {
        let Fields { domain, code, target, tags, status, owner } = fields;
        let when = |text: &Option<String>, edge| match text {
            Some(text) => when::canonical(text, edge),
            None => Some(String::new()),
        };
        let fields = (
            (domain, code, target, request.title.as_deref().map(str::trim).unwrap_or_default(), tags, status),
            (request.forward_query, request.disabled, owner, request.max_clicks),
            when(&request.starts_at, DayEdge::Start)?,
            when(&request.expires_at, DayEdge::End)?,
            when(&request.created_at, DayEdge::Start)?,
        );
        let text = serde_json::to_string(&fields).ok()?;
        let place = code.map(|code| ((*domain).clone(), code.clone()));
        Some(Self { place, text })
    }

    /// 128 bits that stand for the content.
    pub fn digest(&self) -> [u8; 16] {
        let digest = Sha256::digest(&self.text);
        std::array::from_fn(|at| digest[at])
    }

    /// Names the n-th row with this content.
    pub(super) fn name(&self, occurrence: u32) -> String {
        format!("{}#{occurrence}", hex(&self.digest()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(target: &str) -> CreateLink {
        CreateLink { target: target.to_owned(), ..CreateLink::default() }
    }

    #[test]
    fn spelling_is_no_part_of_the_content() {
        let plain = CreateLink {
            tags: vec!["a".to_owned(), "b".to_owned()],
            expires_at: Some("2027-01-31T23:59:59Z".to_owned()),
            redirect_status: Some(302),
            owner: Some("team".to_owned()),
            ..row("https://example.com/")
        };
        let spelled = CreateLink {
            domain: Some("-".to_owned()),
            tags: vec!["B".to_owned(), "a".to_owned(), "b".to_owned()],
            expires_at: Some("2027-01-31".to_owned()),
            title: Some(" ".to_owned()),
            owner: Some("Team".to_owned()),
            occurrence: Some(3),
            imported_clicks: Some(7),
            ..row("HTTPS://EXAMPLE.com")
        };
        assert_eq!(Content::of(&plain).unwrap(), Content::of(&spelled).unwrap());
    }

    #[test]
    fn every_field_of_the_link_is_a_part_of_the_content() {
        let text = |text: &str| Some(text.to_owned());
        let rows = [
            row("https://example.com/"),
            row("https://example.com/a"),
            CreateLink { code: text("a"), ..row("https://example.com/") },
            CreateLink { domain: text("go.example.com"), ..row("https://example.com/") },
            CreateLink { title: text("a"), ..row("https://example.com/") },
            CreateLink { tags: vec!["a".to_owned()], ..row("https://example.com/") },
            CreateLink { redirect_status: Some(301), ..row("https://example.com/") },
            CreateLink { forward_query: true, ..row("https://example.com/") },
            CreateLink { disabled: true, ..row("https://example.com/") },
            CreateLink { owner: text("a"), ..row("https://example.com/") },
            CreateLink { max_clicks: Some(1), ..row("https://example.com/") },
            CreateLink { starts_at: text("2026-01-01"), ..row("https://example.com/") },
            CreateLink { expires_at: text("2026-01-01"), ..row("https://example.com/") },
            CreateLink { created_at: text("2026-01-01"), ..row("https://example.com/") },
            CreateLink { expires_at: text("30d"), ..row("https://example.com/") },
        ];
        let contents: Vec<_> = rows.iter().map(|row| Content::of(row).unwrap()).collect();
        for (at, content) in contents.iter().enumerate() {
            assert!(!contents[..at].contains(content), "{:?}", rows[at]);
        }
    }

    #[test]
    fn what_cannot_be_read_has_no_content() {
        for target in ["", "example.com", "ftp://example.com/"] {
            assert_eq!(Content::of(&row(target)), None, "{target}");
        }
    }
}
