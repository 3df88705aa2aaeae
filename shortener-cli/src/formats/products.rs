//! What the files of each product look like: which columns and keys they have, and what these mean.

use serde_json::{Map, Value};

use super::fault::Fault;
use super::field::Meaning;
use super::header::normal;
use super::json::Sniffed;
use super::row::Draft;
use super::{IMPORT_ERROR, Kind, ReadOptions, own};

mod bitly;
mod chhoto;
mod dub;
mod dynamodb;
mod generic;
mod golink;
mod kutt;
mod shlink;
mod sink;
mod yourls;

/// Names and what they mean. Those of columns are [`normal`].
type Meanings = &'static [(&'static str, Meaning)];

/// A record that was looked at.
pub(super) enum Prepared {
    /// It is a link.
    Link(Map<String, Value>),
    /// It is none; the sentence for [`super::Losses`].
    Skipped(&'static str),
}

/// What a column means, by its [`normal`] name.
pub(super) fn column(kind: Kind, name: &str) -> Option<Meaning> {
    let special = match kind {
        Kind::Bitly => bitly::COLUMNS,
        Kind::Yourls | Kind::YourlsBulk => yourls::COLUMNS,
        Kind::Shlink => shlink::COLUMNS,
        Kind::Dub => dub::COLUMNS,
        _ => &[],
    };
    find(special, name).or_else(|| find(generic::COLUMNS, name))
}

/// What a key means.
pub(super) fn key(kind: Kind, name: &str) -> Option<Meaning> {
    let keys = match kind {
        Kind::Bitly => bitly::KEYS,
        Kind::Yourls => yourls::KEYS,
        Kind::Shlink => shlink::KEYS,
        Kind::Kutt => kutt::KEYS,
        Kind::Dub => dub::KEYS,
        Kind::Sink => sink::KEYS,
        Kind::Chhoto => chhoto::KEYS,
        Kind::Golink => golink::KEYS,
        Kind::Cds => dynamodb::CDS_KEYS,
        Kind::AwsSample => dynamodb::AWS_SAMPLE_KEYS,
        Kind::Csv | Kind::Ndjson | Kind::YourlsBulk => &[],
    };
    find(keys, name)
}

fn find(meanings: Meanings, name: &str) -> Option<Meaning> {
    meanings.iter().find(|(known, _)| *known == name).map(|(_, meaning)| *meaning)
}

/// The columns of a format without a header.
pub(super) fn headerless(kind: Kind) -> Option<&'static [&'static str]> {
    (kind == Kind::YourlsBulk).then_some(yourls::BULK)
}

/// Whose table has these columns; none if no column is known as the target.
pub(super) fn of_columns(names: &[String]) -> Option<Kind> {
    if own::is_own(names) {
        return Some(Kind::Csv);
    }
    let names: Vec<String> = names.iter().filter(|name| *name != IMPORT_ERROR).map(|name| normal(name)).collect();
    let has = |name: &str| names.iter().any(|known| known == name);
    let only = |known: &[&str]| names.iter().all(|name| known.contains(&&**name));
    if has("source") && has("target") && only(&["source", "target", "hits"]) {
        return Some(Kind::Yourls);
    }
    if has("longurl") && has("shortcode") && only(shlink::ALL_COLUMNS) {
        return Some(Kind::Shlink);
    }
    if has("shortlink") && has("destinationurl") {
        return Some(Kind::Dub);
    }
    if (has("longurl") && (has("custombitlink") || has("bitlink"))) || (has("customlink") && has("destinationurl")) {
        return Some(Kind::Bitly);
    }
    names.iter().any(|name| generic::is_target(name)).then_some(Kind::Csv)
}

/// Whose JSON this is.
///
/// # Errors
/// Nobody's that is known.
pub(super) fn of_json(sniffed: &Sniffed, options: &ReadOptions) -> Result<Kind, Fault> {
    let first = dynamodb::plain(sniffed.first.clone());
    let has = |name: &str| first.contains_key(name);
    let keys: Vec<&String> = first.keys().filter(|key| *key != IMPORT_ERROR).collect();
    let known = [
        (has("key_id"), Kind::Cds),
        (has("shorturl") && has("url"), Kind::Yourls),
        (has("shortCode") && has("longUrl"), Kind::Shlink),
        (has("long_url") && (has("link") || has("custom_bitlinks")), Kind::Bitly),
        (has("address") && has("target"), Kind::Kutt),
        (has("key") && has("url"), Kind::Dub),
        (has("slug") && has("url"), Kind::Sink),
        (has("longlink") || (has("short_url") && has("long_url") && has("hits")), Kind::Chhoto),
        (has("Short") && has("Long"), Kind::Golink),
        (has("id") && has("url") && has("timestamp"), Kind::AwsSample),
    ];
    if keys.is_empty() || own::is_own(&keys) {
        return Ok(Kind::Ndjson);
    }
    if let Some((_, kind)) = known.iter().find(|(is, _)| *is) {
        return Ok(*kind);
    }
    if keys.iter().any(|key| generic::is_target(&normal(key)) || options.mapping.iter().any(|(name, _)| name == *key)) {
        return Ok(Kind::Ndjson);
    }
    let keys: Vec<&str> = keys.iter().take(20).map(|key| key.as_str()).collect();
    let detail = format!("no format is known whose records have the keys {}", keys.join(", "));
    Err(Fault::usage(detail, format!("say where the target is (--map KEY=target), or the format: {}", Kind::names())))
}

/// The kind, if it can be JSON.
///
/// # Errors
/// It never is.
pub(super) fn demand_json(kind: Kind) -> Result<Kind, Fault> {
    match kind {
        Kind::Csv | Kind::YourlsBulk => Err(unlike(kind, "JSON")),
        other => Ok(other),
    }
}

/// The kind, if it can be text with delimiters.
///
/// # Errors
/// It never is.
pub(super) fn demand_columns(kind: Kind) -> Result<Kind, Fault> {
    match kind {
        Kind::Csv | Kind::Bitly | Kind::Yourls | Kind::YourlsBulk | Kind::Shlink | Kind::Dub => Ok(kind),
        other => Err(unlike(other, "neither JSON nor a database, but text")),
    }
}

/// # Errors
/// The kind, if one is named, is never SQL.
pub(super) fn demand_sql(kind: Option<Kind>) -> Result<(), Fault> {
    match kind {
        None | Some(Kind::Yourls) => Ok(()),
        Some(other) => Err(unlike(other, "SQL")),
    }
}

fn unlike(kind: Kind, found: &str) -> Fault {
    let detail = format!("the content is {found}, which the format {} never is", kind.name());
    Fault::usage(detail, "leave --format out to find out what it is")
}

/// Looks at a record before it is read.
pub(super) fn prepare(kind: Kind, object: Map<String, Value>) -> Prepared {
    match kind {
        Kind::Cds => dynamodb::cds(object),
        Kind::AwsSample => Prepared::Link(dynamodb::plain(object)),
        _ => Prepared::Link(object),
    }
}

/// Adds what a product does with all its links, and refuses what must not become a link though it can be read.
pub(super) fn judge(kind: Kind, draft: &mut Draft<'_>) {
    match kind {
        Kind::Golink => golink::judge(draft),
        Kind::Dub => dub::judge(draft),
        Kind::Shlink => draft.limit_to_the_rest(),
        _ => {}
    }
}

/// Without the password it would be a public link.
const PASSWORD: Meaning = Meaning::Refused(
    "password_protected",
    "the link asks for a password, which links here cannot do; without it the target would be public",
);
const RULES: Meaning = Meaning::Lost("targets by device or country (all visitors go to the main target)");
const CLOAKING: Meaning = Meaning::Lost("cloaking (visitors are redirected)");
const DEEP_LINKS: Meaning = Meaning::Lost("deep links into apps (all visitors go to the main target)");
