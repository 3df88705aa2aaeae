//! Names that many tools and people use.

use crate::formats::field::Meaning;
use crate::formats::field::TargetField::{
    Code, CreatedAt, Disabled, Domain, ExpiresAt, ForwardQuery, ImportedClicks, MaxClicks, RedirectStatus, ShortUrl,
    StartsAt, Tags, Target, Title,
};

use super::Meanings;

/// Names as they are compared, without what separates their words.
pub(super) const COLUMNS: Meanings = &[
    ("longurl", Meaning::Is(Target)),
    ("url", Meaning::Is(Target)),
    ("destination", Meaning::Is(Target)),
    ("destinationurl", Meaning::Is(Target)),
    ("target", Meaning::Is(Target)),
    ("targeturl", Meaning::Is(Target)),
    ("originalurl", Meaning::Is(Target)),
    ("longlink", Meaning::Is(Target)),
    ("shortcode", Meaning::Is(Code)),
    ("slug", Meaning::Is(Code)),
    ("keyword", Meaning::Is(Code)),
    ("key", Meaning::Is(Code)),
    ("code", Meaning::Is(Code)),
    ("address", Meaning::Is(Code)),
    ("alias", Meaning::Is(Code)),
    ("path", Meaning::Is(Code)),
    ("backhalf", Meaning::Is(Code)),
    ("source", Meaning::Is(Code)),
    ("shorturl", Meaning::Is(ShortUrl)),
    ("shortlink", Meaning::Is(ShortUrl)),
    ("link", Meaning::Is(ShortUrl)),
    ("custombitlink", Meaning::Alias),
    ("customlink", Meaning::Alias),
    ("domain", Meaning::Is(Domain)),
    ("title", Meaning::Is(Title)),
    ("tags", Meaning::Is(Tags)),
    ("redirectstatus", Meaning::Is(RedirectStatus)),
    ("forwardquery", Meaning::Is(ForwardQuery)),
    ("disabled", Meaning::Is(Disabled)),
    ("startsat", Meaning::Is(StartsAt)),
    ("validsince", Meaning::Is(StartsAt)),
    ("expiresat", Meaning::Is(ExpiresAt)),
    ("validuntil", Meaning::Is(ExpiresAt)),
    ("expiration", Meaning::Is(ExpiresAt)),
    ("expirytime", Meaning::Is(ExpiresAt)),
    ("maxclicks", Meaning::Is(MaxClicks)),
    ("importedclicks", Meaning::Is(ImportedClicks)),
    ("clicks", Meaning::Is(ImportedClicks)),
    ("visits", Meaning::Is(ImportedClicks)),
    ("hits", Meaning::Is(ImportedClicks)),
    ("visitcount", Meaning::Is(ImportedClicks)),
    ("totalclicks", Meaning::Is(ImportedClicks)),
    ("createdat", Meaning::Is(CreatedAt)),
    ("created", Meaning::Is(CreatedAt)),
    ("timestamp", Meaning::Is(CreatedAt)),
    ("creationdate", Meaning::Is(CreatedAt)),
    ("password", super::PASSWORD),
];

/// Whether a name, as it is compared, is one of the target.
pub(super) fn is_target(name: &str) -> bool {
    matches!(super::find(COLUMNS, name), Some(Meaning::Is(Target)))
}
