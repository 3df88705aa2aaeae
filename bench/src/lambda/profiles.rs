//! How the functions could be built instead: other profiles, and for a bare `GetItem` another allocator and another TLS provider.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use super::builds::{for_image, image_flags, shipped};
use super::contender::Contender;
use crate::document::Section;
use crate::programs::{Build, FUNCTIONS};
use crate::report::{Spread, table};
use crate::{Bench, say};

/// `opt-level` and `lto` of the profile `release` for all packages alike; the profile of the image is made of these.
const ALIKE: [(&str, &str); 4] = [("z", "fat"), ("s", "fat"), ("s", "thin"), ("3", "fat")];

/// The functions by the profile that [`FUNCTIONS`] inherits from.
const ALIKE_FUNCTIONS: Build = Build { profile: "release", ..FUNCTIONS };

/// The bare `GetItem` by its TLS provider and, if it is not the system's, its allocator.
const GET_ITEMS: [(&str, &[&str]); 3] = [
    ("bare `GetItem`: aws-lc, glibc", &[]),
    ("bare `GetItem`: aws-lc, mimalloc", &["--features", "mimalloc"]),
    ("bare `GetItem`: ring, glibc", &["--no-default-features", "--features", "ring"]),
];

const GET_ITEM: Build = Build { package: "bench", profile: "release", arguments: &["--bin", "get-item-lambda"] };

pub(crate) fn measure(bench: &Bench) -> anyhow::Result<Section> {
    let folder = bench.folder("lambda-profiles")?;
    let mut contenders = Vec::new();
    for (name, program) in functions(&folder)? {
        contenders.push(Contender::new(name, &program, &["redirect"], 302));
    }
    for (name, program) in get_items(&folder)? {
        contenders.push(Contender::new(name, &program, &[], 302));
    }
    super::compare(bench, &mut contenders)?;
    Ok(Section {
        name: "lambda-profiles",
        title: "Functions on Lambda, built in other ways",
        targets: Vec::new(),
        body: write_up(&contenders)?,
    })
}

/// The functions as they are shipped, and by other profiles in the folder, all with the flags of the image.
fn functions(folder: &Path) -> anyhow::Result<Vec<(String, PathBuf)>> {
    let flags = image_flags()?;
    let mut programs = vec![("`redirect`: as shipped".to_owned(), shipped()?)];
    for (opt_level, lto) in ALIKE {
        let program = build(folder, &ALIKE_FUNCTIONS, "shortener-lambda", |cargo| {
            for_image(cargo, &flags);
            cargo.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", opt_level).env("CARGO_PROFILE_RELEASE_LTO", lto);
        });
        programs.push((format!("`redirect`: opt-level {opt_level}, {lto} LTO"), program?));
    }
    Ok(programs)
}

fn get_items(folder: &Path) -> anyhow::Result<Vec<(String, PathBuf)>> {
    let built = GET_ITEMS.iter().map(|(name, features)| {
        let program = build(folder, &GET_ITEM, "get-item-lambda", |cargo| {
            cargo.args(*features);
        });
        Ok(((*name).to_owned(), program?))
    });
    built.collect()
}

/// Builds apart from what is shipped and keeps the program, whose place the next build takes.
fn build(folder: &Path, build: &Build, name: &str, change: impl FnOnce(&mut Command)) -> anyhow::Result<PathBuf> {
    let target = target()?;
    say(&format!("building {name}"));
    let programs = build.run_with(|cargo| {
        cargo.arg("--target-dir").arg(&target);
        change(cargo);
    })?;
    let kept = folder.join(format!("{name}-{}", std::fs::read_dir(folder)?.count()));
    std::fs::copy(programs.path(name)?, &kept)?;
    Ok(kept)
}

/// `bench-profiles` beside the folder of the profile of this program.
fn target() -> anyhow::Result<PathBuf> {
    let program = std::env::current_exe()?;
    let target = program.ancestors().nth(2).context("this program is in no target directory")?;
    Ok(target.join("bench-profiles"))
}

fn write_up(contenders: &[Contender]) -> anyhow::Result<String> {
    let rows = contenders.iter().map(|contender| {
        Ok([
            contender.name().to_owned(),
            format!("{:.2}", contender.megabytes()?),
            format!("{:.2}", Spread::of(contender.starts(|start| start.answer))),
            format!("{:.0}", Spread::of(contender.events(|events| events.processor_us))),
            format!("{:.1}", Spread::of(contender.starts(|start| start.resident)).median),
        ])
    });
    let head = ["function", "binary MB", "ms to the first answer", "warm CPU µs", "resident MB"];
    Ok(table(&head, rows.collect::<anyhow::Result<Vec<_>>>()?))
}
