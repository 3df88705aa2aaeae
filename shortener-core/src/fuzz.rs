//! Fuzz targets: functions from any bytes to a verdict, with a small corpus kept for each in `tests/corpus/<target>`.
//!
//! [`fuzz_target!`](crate::fuzz_target) makes a test of one. Under `cargo test` it replays the corpus and a number of
//! inputs made from it; under coverage guidance (`scripts/prove/fuzz`) an engine makes the inputs.

use std::path::Path;
use std::time::{Duration, Instant};

mod mutate;

use mutate::Mutator;

use crate::proof;

/// Inputs made from the corpus of a target, unless `PROOF_FUZZ_INPUTS` says another number.
const INPUTS: u64 = 250;

/// What the inputs are made from, unless `PROOF_FUZZ_SEED` says another number.
const SEED: u64 = 6;

/// How long a target may take for one input. The long form demands less, of a build that is optimised.
const PATIENCE: Duration = Duration::from_secs(5);

/// Tests a function of bytes, which panics where a promise is broken: by the corpus in `tests/corpus/<target>` of the
/// crate and inputs made from it, or coverage-guided.
#[macro_export]
macro_rules! fuzz_target {
    ($target:literal, $check:expr) => {{
        #[cfg(fuzzing)]
        {
            // After a panic nothing is used any more.
            let check = std::panic::AssertUnwindSafe($check);
            bolero::check!().for_each(move |input: &[u8]| {
                let check = &check;
                (check.0)(input)
            });
        }
        #[cfg(not(fuzzing))]
        $crate::fuzz::replay(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/", $target), $check);
    }};
}

/// Checks every file of a corpus, and inputs made from them.
///
/// # Panics
/// `check` did, or took too long: the message shows the input and how to see it again. There is no corpus.
pub fn replay(corpus: &str, check: impl Fn(&[u8])) {
    let inputs = read(Path::new(corpus)).unwrap_or_else(|error| panic!("no corpus in {corpus}: {error}"));
    for (name, input) in &inputs {
        judge(&check, input, name);
    }
    let seed = proof::number("PROOF_FUZZ_SEED").unwrap_or(SEED);
    let seeds: Vec<&[u8]> = inputs.iter().map(|(_, input)| input.as_slice()).collect();
    for round in 0..proof::number("PROOF_FUZZ_INPUTS").unwrap_or(INPUTS) {
        let mut mutator = Mutator::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(round), &seeds);
        judge(&check, &mutator.input(), &format!("input {round} of PROOF_FUZZ_SEED={seed}"));
    }
}

fn judge(check: &impl Fn(&[u8]), input: &[u8], name: &str) {
    let began = Instant::now();
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(input)));
    let shown = input.escape_ascii();
    assert!(outcome.is_ok(), "{name} breaks a promise (its cause is above): {shown}");
    assert!(began.elapsed() < PATIENCE, "{name} took {:?}: {shown}", began.elapsed());
}

/// The files of a folder by their names, in order.
fn read(folder: &Path) -> std::io::Result<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    for entry in folder.read_dir()? {
        let path = entry?.path();
        files.push((path.display().to_string(), std::fs::read(&path)?));
    }
    files.sort();
    Ok(files)
}
