//! What a column or a key means to a link.

use clap::ValueEnum;

/// A field of a link that a column can be mapped to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum TargetField {
    /// Where the link leads
    Target,
    /// The short code
    Code,
    /// The whole short URL: the code, and the domain unless another column has it
    ShortUrl,
    /// The domain
    Domain,
    /// The title
    Title,
    /// The tags, separated by commas, semicolons or bars
    Tags,
    /// The status of the redirect
    RedirectStatus,
    /// Whether the query of the short URL is forwarded
    ForwardQuery,
    /// Whether it is switched off
    Disabled,
    /// When it starts
    StartsAt,
    /// When it expires
    ExpiresAt,
    /// The most clicks
    MaxClicks,
    /// Clicks counted before
    ImportedClicks,
    /// When it was created
    CreatedAt,
    /// Nothing: the column is left out
    Ignore,
}

impl TargetField {
    /// Its name on the command line and the wire.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

/// What a column or a key of a format means.
#[derive(Debug, Clone, Copy)]
pub(super) enum Meaning {
    /// A field of a link.
    Is(TargetField),
    /// Nothing that a link has to know: a number of the source, a URL of its API.
    Informational,
    /// More short URLs of the same link, each of which becomes a link.
    Alias,
    /// A short URL of a service that may live in a directory: only the last part of the path is the code.
    UrlInDirectory,
    /// The opposite of disabled.
    Enabled,
    /// Disabled exactly if there is a value.
    DisabledIfAny,
    /// What our own documents say of a link's state.
    State,
    /// Cannot be kept; the sentence for [`super::Losses`].
    Lost(&'static str),
    /// A record that has a value here must not become a link: the stable code of the violation, and why.
    Refused(&'static str, &'static str),
    /// An object with fields of its own.
    Within(&'static [(&'static str, Meaning)]),
}
