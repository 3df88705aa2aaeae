//! The products whose files are read.

use clap::ValueEnum;

/// Whose file it is. Which of the product's shapes it has (CSV, JSON, SQL, SQLite) is found out by looking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ValueEnum)]
pub(crate) enum Kind {
    /// CSV with a header: our own, or any with columns that are understood or mapped
    Csv,
    /// JSON, one object a line or in an array: our own, or any with keys that are understood or mapped
    #[value(alias = "json")]
    Ndjson,
    /// Bitly: CSV export, pages of API v4
    Bitly,
    /// YOURLS: SQL dump, stats JSON, CSV of the import and export plugin
    Yourls,
    /// YOURLS bulk plugin: CSV without a header (URL, keyword, title)
    YourlsBulk,
    /// Shlink: pages of the API, CSV of the web client or for the importer
    Shlink,
    /// Kutt: pages of the API
    Kutt,
    /// Dub: pages of the API, CSV export
    Dub,
    /// Sink: exported pages, backups
    Sink,
    /// chhoto-url: SQLite file, answer of the API
    Chhoto,
    /// golink: JSON lines
    Golink,
    /// CDS url-shortener: DynamoDB scan or export
    Cds,
    /// AWS sample url-shortener: DynamoDB scan or export
    AwsSample,
}

impl Kind {
    /// Its name on the command line.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// The names of all.
    pub(crate) fn names() -> String {
        Self::value_variants().iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ")
    }

    /// Whether it stands for our own files, and those that no product is known for.
    pub(super) fn is_generic(self) -> bool {
        matches!(self, Self::Csv | Self::Ndjson)
    }
}
