//! What a report says of files that need a person.

use std::collections::BTreeMap;

use crate::stats::Hour;

/// Broken files that are named.
pub(super) const MOST_BROKEN: u64 = 10;

/// Files are gone that were counted before. Only hashes of their names are kept, and the hours that they were named for.
pub(super) fn of_missing(
    hour: Hour,
    has_new_files: bool,
    distribution: Option<&str>,
    gone: &BTreeMap<Hour, usize>,
) -> String {
    let although = if has_new_files { "has new files, but is" } else { "is" };
    let files = match gone.values().sum::<usize>() {
        1 => "1 file that was counted before is".to_owned(),
        files => format!("{files} files that were counted before are"),
    };
    let named = |hour: &Hour| format!("{}.{}.*", distribution.unwrap_or("*"), hour.to_string().replace('T', "-"));
    let names: Vec<_> = gone.keys().map(named).collect();
    format!(
        "hour {hour} {although} left as it is: {files} not among those listed now: {} (only hashes of names are kept); \
         name the whole folder, or count without their clicks by --without-missing",
        names.join(", ")
    )
}

/// Files of a distribution that is not the one which is counted, if that is known.
pub(super) fn of_foreign(distribution: &str, files: u64, wanted: Option<&str>) -> String {
    let files = if files == 1 { "1 file".to_owned() } else { format!("{files} files") };
    let why = match wanted {
        Some(wanted) => format!("only those of {wanted} are counted"),
        None => {
            "there are several distributions, name one, by --distribution or by SHORT_DISTRIBUTION_ID of the function"
                .to_owned()
        }
    };
    format!("{files} of distribution {distribution} left alone: {why}")
}

/// Files that are broken beyond those that are named.
pub(super) fn of_more_broken(files: u64) -> String {
    if files == 1 { "1 more file is broken".to_owned() } else { format!("{files} more files are broken") }
}
