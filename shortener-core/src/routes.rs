//! The paths of the service: used by the router, the client, and the list of codes that nobody may take.

/// The API's routes. Path parameters stand in braces.
pub mod api {
    /// Where the routes of this version are.
    pub const BASE: &str = "/api/v1/";
    /// Links: create, list.
    pub const LINKS: &str = "/api/v1/links";
    /// Up to 500 creates at once.
    pub const LINKS_BATCH: &str = "/api/v1/links/batch";
    /// One link: read, change, delete.
    pub const LINK: &str = "/api/v1/links/{code}";
    /// A link's history.
    pub const LINK_HISTORY: &str = "/api/v1/links/{code}/history";
    /// Undo a delete.
    pub const LINK_RESTORE: &str = "/api/v1/links/{code}/restore";
    /// A link's statistics.
    pub const LINK_STATS: &str = "/api/v1/links/{code}/stats";
    /// Statistics of the site.
    pub const STATS: &str = "/api/v1/stats";
    /// The most clicked links.
    pub const TOP: &str = "/api/v1/top";
    /// A purge of the edge.
    pub const PURGE: &str = "/api/v1/purges/{id}";
    /// Tags.
    pub const TAGS: &str = "/api/v1/tags";
    /// Domains: list.
    pub const DOMAINS: &str = "/api/v1/domains";
    /// One domain: set, remove.
    pub const DOMAIN: &str = "/api/v1/domains/{domain}";
    /// API keys: create, list.
    pub const KEYS: &str = "/api/v1/keys";
    /// One key: revoke.
    pub const KEY: &str = "/api/v1/keys/{id}";
    /// A new secret for a key.
    pub const KEY_ROTATE: &str = "/api/v1/keys/{id}/rotate";
    /// The caller.
    pub const WHOAMI: &str = "/api/v1/whoami";
    /// Whether the service is up; needs no key.
    pub const HEALTH: &str = "/api/v1/health";
    /// The OpenAPI document; needs no key.
    pub const OPENAPI: &str = "/api/openapi.json";
    /// The documentation page; needs no key.
    pub const DOCS: &str = "/api/docs";

    /// Every route.
    pub const ALL: [&str; 19] = [
        LINKS,
        LINKS_BATCH,
        LINK,
        LINK_HISTORY,
        LINK_RESTORE,
        LINK_STATS,
        STATS,
        TOP,
        PURGE,
        TAGS,
        DOMAINS,
        DOMAIN,
        KEYS,
        KEY,
        KEY_ROTATE,
        WHOAMI,
        HEALTH,
        OPENAPI,
        DOCS,
    ];
}

/// The public routes.
pub mod public {
    /// The landing page.
    pub const ROOT: &str = "/";
    /// A redirect, or with a trailing `+` its preview.
    pub const CODE: &str = "/{code}";
    /// What crawlers may fetch.
    pub const ROBOTS: &str = "/robots.txt";
    /// Whom to tell about vulnerabilities (RFC 9116).
    pub const SECURITY: &str = "/.well-known/security.txt";
    /// The icon.
    pub const FAVICON: &str = "/favicon.ico";

    /// Every route.
    pub const ALL: [&str; 5] = [ROOT, CODE, ROBOTS, SECURITY, FAVICON];
}

/// Codes that routers of other products and platforms expect to own at the root of a host.
const WELL_KNOWN: [&str; 10] =
    ["admin", "assets", "health", "healthz", "login", "logout", "metrics", "static", "status", "www"];

/// Whether a code is a path segment of some route, in any case, so that no link may have it.
pub fn is_reserved(code: &str) -> bool {
    let same = |segment: &str| segment.eq_ignore_ascii_case(code);
    WELL_KNOWN.into_iter().any(same)
        || api::ALL
            .iter()
            .chain(&public::ALL)
            .flat_map(|path| path.split('/'))
            .any(|segment| !segment.is_empty() && same(segment))
}

/// Fills the braces of a path, in order, percent-encoding what needs it.
pub fn fill(path: &str, values: &[&str]) -> String {
    let mut values = values.iter();
    let segments = path.split('/').map(|segment| {
        if segment.starts_with('{') {
            url::form_urlencoded::byte_serialize(values.next().unwrap_or(&"").as_bytes()).collect()
        } else {
            segment.to_owned()
        }
    });
    segments.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_segment_of_every_route_is_reserved_in_any_case() {
        for path in api::ALL.iter().chain(&public::ALL) {
            for segment in path.split('/').filter(|segment| !segment.is_empty() && !segment.starts_with('{')) {
                assert!(is_reserved(segment) && is_reserved(&segment.to_uppercase()), "{segment}");
            }
        }
        assert!(!is_reserved("launch"));
    }

    #[test]
    fn paths_are_filled_in_order() {
        assert_eq!(fill(api::LINK_HISTORY, &["a-b_C"]), "/api/v1/links/a-b_C/history");
        assert_eq!(fill(api::DOMAIN, &["a/b"]), "/api/v1/domains/a%2Fb");
    }
}
