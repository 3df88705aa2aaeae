//! What the command shows, writes and logs: nothing that moves a cursor, runs in a spreadsheet, or is a secret.

mod canaries;
mod log_lines;
mod spreadsheets;
#[cfg(unix)]
mod terminals;
