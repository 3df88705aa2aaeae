//! The `short` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    shortener_cli::run(std::env::args_os())
}
