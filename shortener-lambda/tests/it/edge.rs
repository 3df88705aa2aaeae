//! An edge in front of the service: a cache as CloudFront is said to be one, with its two functions, and what it shows.
//!
//! The model obeys RFC 9111 and RFC 5861 in virtual time. Where CloudFront's habits are not documented, or known to
//! differ from the standards, each of them is a [`habits::Habits`], and the promises are shown for all of them.
//!
//! The origin is the router in this process; for a part of the promises it is the binary, in real time.

mod actions;
#[cfg(unix)]
mod binary;
mod cache;
mod habits;
mod lifetimes;
mod message;
mod origin;
mod viewer;
mod world;

mod expiry;
mod forwarding;
mod limits;
#[cfg(unix)]
mod live;
mod outages;
mod poisoning;
mod staleness;
mod visibility;

/// The model's settings are those of the distribution in `infra/`.
#[test]
fn the_model_is_of_the_distribution_that_is_deployed() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/modules/shortener/edge.tf");
    let text = std::fs::read_to_string(path).unwrap();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for (setting, why) in [
        ("min_ttl = 0", "a longer one would override no-store"),
        ("default_ttl = 0", "an answer that says nothing is not kept"),
        (r#"items = ["x-forwarded-host"]"#, "the host is in the key, and no other header"),
        (r#"items = ["purpose", "sec-purpose", "user-agent"]"#, "the origin learns who asks"),
        (r#"query_string_behavior = "none""#, "queries are no part of the key"),
        (r#"cookie_behavior = "none""#, "cookies are no part of the key"),
        (r#"allowed_methods = ["GET", "HEAD"]"#, "redirects take no other method"),
        ("error_caching_min_ttl = 0", "an error is kept as long as it says"),
        ("cache_policy_id = local.caching_disabled", "the API is not kept"),
        (r#"event_type = "viewer-response""#, "the functions are run"),
    ] {
        assert!(text.contains(setting), "{setting}: {why}");
    }
}
