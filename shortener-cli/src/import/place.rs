//! Where links go, in one line: what a journal belongs to.

use crate::config::Location;

/// Most batches under way at once: a file has one writer, so that one batch is prepared while another is written; a table
/// and a service have many.
pub(super) fn most_under_way(location: &Location) -> usize {
    match location {
        Location::File(_) => 2,
        Location::Table(_) => 8,
        Location::Api(_) => 16,
    }
}

/// Where links go.
pub(super) fn name(location: &Location) -> String {
    match location {
        Location::File(file) => {
            // A file that is not there yet has no other name than the one it was given.
            let path = file.path.canonicalize().unwrap_or_else(|_| file.path.clone());
            format!("file {}", path.display())
        }
        Location::Table(table) => {
            let at = table.endpoint_url.as_deref().or(table.region.as_deref()).unwrap_or_default();
            format!("table {} {at}", table.name)
        }
        Location::Api(api) => format!("service {}", api.url),
    }
}
