//! Inputs made from those of a corpus, as an engine without guidance makes them.

use fastrand::Rng;

/// Longest input, in bytes: enough for what grows with the square of it to show.
const LONGEST: usize = 32 * 1024;

/// Bytes that formats treat in their own way.
const SPECIAL: &[u8] = b"\0\t\n\r \"#%&'()*+,-./0:;<=>?@[\\]^_`{|}~\x7f\x80\xc3\xe2\xef\xff";

/// Makes one input.
#[derive(Debug)]
pub(super) struct Mutator<'a> {
    random: Rng,
    seeds: &'a [&'a [u8]],
}

impl<'a> Mutator<'a> {
    pub(super) fn new(seed: u64, seeds: &'a [&'a [u8]]) -> Self {
        Self { random: Rng::with_seed(seed), seeds }
    }

    /// One of the seeds with one to eight changes.
    pub(super) fn input(&mut self) -> Vec<u8> {
        let mut input = self.seed().to_vec();
        for _ in 0..self.random.usize(1..=8) {
            self.change(&mut input);
        }
        input.truncate(LONGEST);
        input
    }

    fn seed(&mut self) -> &'a [u8] {
        let seeds = self.seeds;
        self.random.choice(seeds).copied().unwrap_or_default()
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let at = self.random.usize(0..=input.len());
        let part = at..self.random.usize(at..=input.len().min(at + 64));
        match self.random.u8(0..10) {
            0 if at < input.len() => input[at] ^= 1 << self.random.u8(0..8),
            1 if at < input.len() => input[at] = self.special(),
            2 => input.insert(at, self.special()),
            3 => input.insert(at, self.random.u8(..)),
            4 => drop(input.drain(part)),
            5 => {
                let copy = input[part].to_vec();
                input.splice(at..at, copy);
            }
            // Once in a while a great many times, so that what is slow shows.
            6 => {
                let times = if self.random.u8(0..16) == 0 { 2000 } else { self.random.usize(2..20) };
                let copy = input[part].repeat(times);
                input.splice(at..at, copy.into_iter().take(LONGEST));
            }
            7 => {
                let other = self.seed();
                let from = self.random.usize(0..=other.len());
                let to = self.random.usize(from..=other.len());
                input.splice(part, other[from..to].iter().copied());
            }
            8 => input.truncate(at),
            _ => {
                let number = [0_i64, -1, 1 << 31, 1 << 53, i64::MAX, i64::MIN][self.random.usize(0..6)];
                input.splice(part, number.to_string().into_bytes());
            }
        }
    }

    fn special(&mut self) -> u8 {
        SPECIAL[self.random.usize(0..SPECIAL.len())]
    }
}
