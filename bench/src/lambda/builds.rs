//! The functions as the image has them: by the profile of the image, and with the flags that the Dockerfile gives the compiler.

use std::env::consts::ARCH;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Context;

use crate::programs::{FUNCTIONS, root};

/// Separates flags in `CARGO_ENCODED_RUSTFLAGS`.
const SEPARATOR: &str = "\u{1f}";

/// Builds the functions as they are shipped.
pub(super) fn shipped() -> anyhow::Result<PathBuf> {
    let flags = image_flags()?;
    let programs = FUNCTIONS.run_with(|cargo| for_image(cargo, &flags))?;
    Ok(programs.path("shortener-lambda")?.to_owned())
}

/// Has cargo compile with flags. A target is named, or else cargo would compile its own tools with them.
pub(super) fn for_image(cargo: &mut Command, flags: &[String]) {
    cargo
        .args(["--target", &format!("{ARCH}-unknown-linux-gnu")])
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join(SEPARATOR));
}

/// The flags in the Dockerfile, where they are written in TOML inside of a shell's double quotes.
pub(super) fn image_flags() -> anyhow::Result<Vec<String>> {
    let dockerfile = std::fs::read_to_string(root().join("Dockerfile"))?;
    let line = dockerfile.lines().find(|line| line.contains("rustflags = [")).context("the Dockerfile has no flags")?;
    Ok(line.split('\'').skip(1).step_by(2).map(|flag| flag.replace('\\', "")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flags_are_those_of_the_dockerfile() {
        let flags = image_flags().unwrap();
        assert_eq!(flags[..2], ["-C", "target-feature=+crt-static"]);
        assert_eq!(flags.last().unwrap(), "getrandom_backend=\"linux_getrandom\"");
    }
}
