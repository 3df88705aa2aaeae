//! What must come out: one rule for each operation, said without the router and the service.

use http::Method;
use serde_json::{Value, json};
use shortener_core::routes::{api, public};

use super::callers::{Caller, OTHER, Rank, Reach};
use super::places::Place;
use super::world::World;

/// What an operation demands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// No key.
    Open,
    /// A key of this rank, whatever it reaches; what is shown is narrowed.
    Anyone(Rank),
    /// A key of this rank that reaches the link.
    Link(Rank),
    /// A key of this rank that reaches the link as it is to be.
    Create(Rank),
    /// As the one before, and the answer says so row by row.
    Batch(Rank),
    /// A key of this rank that reaches whole domains, and this one.
    Domain(Rank),
    /// A key of this rank with no scope.
    Everything(Rank),
}

/// An operation of the document.
#[derive(Debug, Clone)]
pub(super) struct Operation {
    pub(super) method: Method,
    pub(super) route: &'static str,
    pub(super) rule: Rule,
    /// The status of success, but for links whose state says otherwise.
    pub(super) success: u16,
    /// What is sent.
    pub(super) body: Option<Value>,
}

/// Every operation. One that is in the document and not here, or here and not there, fails a test.
pub(super) fn operations() -> Vec<Operation> {
    use Rank::{Admin, Creator, Editor, Reader};
    let no = |method, route, rule, success| Operation { method, route, rule, success, body: None };
    let with = |method, route, rule, success, body| Operation { method, route, rule, success, body: Some(body) };
    vec![
        no(Method::GET, api::LINKS, Rule::Anyone(Reader), 200),
        with(Method::POST, api::LINKS, Rule::Create(Creator), 201, json!({"target": "https://a.example/"})),
        with(
            Method::POST,
            api::LINKS_BATCH,
            Rule::Batch(Creator),
            200,
            json!({"links": [{"target": "https://a.example/"}]}),
        ),
        no(Method::GET, api::LINK, Rule::Link(Reader), 200),
        with(Method::PATCH, api::LINK, Rule::Link(Editor), 200, json!({"title": "changed"})),
        no(Method::DELETE, api::LINK, Rule::Link(Editor), 200),
        no(Method::GET, api::LINK_HISTORY, Rule::Link(Reader), 200),
        no(Method::POST, api::LINK_RESTORE, Rule::Link(Editor), 200),
        no(Method::GET, api::LINK_STATS, Rule::Link(Reader), 200),
        no(Method::GET, api::STATS, Rule::Domain(Reader), 200),
        no(Method::GET, api::TOP, Rule::Domain(Reader), 200),
        // No edge, so that there is no purge to find.
        no(Method::GET, api::PURGE, Rule::Anyone(Editor), 404),
        no(Method::GET, api::TAGS, Rule::Anyone(Reader), 200),
        no(Method::GET, api::DOMAINS, Rule::Anyone(Reader), 200),
        with(Method::PUT, api::DOMAIN, Rule::Everything(Admin), 200, json!({"code_length": 9})),
        no(Method::DELETE, api::DOMAIN, Rule::Everything(Admin), 204),
        no(Method::GET, api::KEYS, Rule::Everything(Admin), 200),
        with(Method::POST, api::KEYS, Rule::Everything(Admin), 201, json!({"name": "x", "role": "admin"})),
        no(Method::DELETE, api::KEY, Rule::Everything(Admin), 200),
        no(Method::POST, api::KEY_ROTATE, Rule::Everything(Admin), 200),
        no(Method::GET, api::WHOAMI, Rule::Anyone(Reader), 200),
        no(Method::GET, api::HEALTH, Rule::Open, 200),
        no(Method::GET, api::OPENAPI, Rule::Open, 200),
        no(Method::GET, api::DOCS, Rule::Open, 200),
    ]
}

impl Rule {
    pub(super) fn rank(self) -> Rank {
        match self {
            Self::Open => Rank::None,
            Self::Anyone(rank)
            | Self::Link(rank)
            | Self::Create(rank)
            | Self::Batch(rank)
            | Self::Domain(rank)
            | Self::Everything(rank) => rank,
        }
    }
}

impl Operation {
    /// Whether it changes something when it succeeds.
    pub(super) fn is_write(&self) -> bool {
        self.method != Method::GET
    }

    /// Its path with what it is about where its parameter stands.
    pub(super) fn path(&self, world: &World, place: &Place) -> String {
        let filled = match self.route {
            api::PURGE => "I2J0I21PCUYOIK",
            api::DOMAIN => OTHER,
            api::KEY | api::KEY_ROTATE => &world.spare_key,
            _ => &place.code,
        };
        shortener_core::routes::fill(self.route, &[filled])
    }

    /// What comes out when a caller asks for the link at a place, or where the route has none, for what there is.
    pub(super) fn verdict(&self, caller: &Caller, place: &Place) -> u16 {
        if self.rule == Rule::Open {
            return self.success;
        }
        if caller.rank == Rank::None {
            return 401;
        }
        match self.rule {
            // Each row has its own status.
            Rule::Batch(_) => 200,
            _ if caller.rank < self.rule.rank() => 403,
            Rule::Everything(_) if !caller.reach.is_everything() => 403,
            Rule::Domain(_) if !caller.reach.has_whole_domains() => 403,
            Rule::Link(_) => self.of_link(&caller.reach, place),
            Rule::Create(_) => of_create(&caller.reach, place, None),
            _ => self.success,
        }
    }

    fn of_link(&self, reach: &Reach, place: &Place) -> u16 {
        if !reach.has_place(place.domain, &place.code) {
            return 403;
        }
        match place.tag {
            None => 404,
            Some(tag) if !reach.has_tag(tag) => 403,
            // A deleted link has to be restored before it is changed.
            Some(_) if place.is_deleted && self.method == Method::PATCH => 409,
            Some(_) => self.success,
        }
    }
}

/// What comes out of a create at a place with a tag, or without one.
pub(super) fn of_create(reach: &Reach, place: &Place, tag: Option<&str>) -> u16 {
    let reaches = |tag: Option<&str>| match tag {
        Some(tag) => reach.has_tag(tag),
        None => reach.tags.is_empty(),
    };
    match place.tag {
        _ if !reach.has_place(place.domain, &place.code) || !reaches(tag) => 403,
        None => 201,
        // Whose link has the code is told only to those who may see it.
        Some(there) if !reach.has_tag(there) => 403,
        Some(_) => 409,
    }
}

/// Where a raw path leads, by the letters of the route table: its route and the segment that fills it, undecoded.
pub(super) fn route_of(path: &str) -> Option<(&'static str, String)> {
    let segments: Vec<&str> = path.split('/').collect();
    let filled = |route: &str| {
        let wanted: Vec<&str> = route.split('/').collect();
        let mut value = String::new();
        let fits = wanted.len() == segments.len()
            && wanted.iter().zip(&segments).all(|(wanted, there)| {
                if wanted.starts_with('{') {
                    (*there).clone_into(&mut value);
                }
                if wanted.starts_with('{') { !there.is_empty() } else { wanted == there }
            });
        fits.then_some(value)
    };
    // A literal segment goes before a parameter: `/links/batch` is no link.
    let mut found: Vec<_> =
        api::ALL.into_iter().filter_map(|route| filled(route).map(|value| (route, value))).collect();
    found.sort_by_key(|(route, _)| route.contains('{'));
    found.into_iter().next()
}

/// What comes out when no route of the API is at a path: a problem below `/api`, the page of an unknown link elsewhere.
pub(super) fn of_nothing(method: &Method, path: &str) -> u16 {
    if path == "/api" || path.starts_with("/api/") {
        return 404;
    }
    let is_page = [public::ROOT, public::ROBOTS, public::SECURITY, public::FAVICON].contains(&path);
    match *method {
        Method::GET | Method::HEAD if is_page => 200,
        Method::GET | Method::HEAD => 404,
        _ => 405,
    }
}
