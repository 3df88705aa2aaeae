//! Short codes and where new ones come from.

use std::fmt;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use super::super::error::InvalidValue;

/// Longest short code, in characters.
pub const MAX_CODE_LENGTH: usize = 64;

/// Digits and letters without the ones that are mistaken for each other (0 O I l); as Bitcoin orders them.
const BASE58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// A short code: 1 to 64 of `A-Z a-z 0-9 _ -`, case-sensitive.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ShortCode(CompactString);

impl ShortCode {
    /// Parses a code.
    ///
    /// # Errors
    /// [`InvalidValue`] says which character or length is wrong.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        if text.is_empty() {
            return Err(InvalidValue::new("code_empty", "a code has at least 1 character"));
        }
        if let Some(bad) = text.chars().find(|c| !c.is_ascii_alphanumeric() && *c != '_' && *c != '-') {
            return Err(InvalidValue::new(
                "code_character",
                format!("character '{}' is not allowed in a code; use A-Z a-z 0-9 _ -", bad.escape_debug()),
            ));
        }
        if text.len() > MAX_CODE_LENGTH {
            return Err(InvalidValue::new(
                "code_too_long",
                format!("a code has at most {MAX_CODE_LENGTH} characters, this one has {}", text.len()),
            ));
        }
        Ok(Self(CompactString::new(text)))
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Derives a code: `prefix`, then `length` base58 characters made from 32 pseudo-random bytes.
    ///
    /// # Errors
    /// [`InvalidValue`] if prefix and length make no code.
    pub fn from_entropy(prefix: &str, entropy: &[u8; 32], length: u8) -> Result<Self, InvalidValue> {
        Self::parse(&format!("{prefix}{}", base58(entropy, usize::from(length))))
    }
}

/// The last `digits` base58 digits of 32 bytes taken as a number: 43 of them are uniform, 44 hold all 256 bits.
pub(crate) fn base58(entropy: &[u8; 32], digits: usize) -> String {
    let mut number = *entropy;
    let mut text = String::with_capacity(digits);
    for _ in 0..digits.min(44) {
        let mut remainder = 0_u32;
        for byte in &mut number {
            let value = (remainder << 8) | u32::from(*byte);
            *byte = u8::try_from(value / 58).unwrap_or(u8::MAX);
            remainder = value % 58;
        }
        text.push(char::from(BASE58[remainder as usize]));
    }
    text
}

impl fmt::Display for ShortCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ShortCode {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, InvalidValue> {
        Self::parse(&text)
    }
}

impl From<ShortCode> for String {
    fn from(code: ShortCode) -> Self {
        code.0.into()
    }
}

/// Where the randomness of codes, tokens and secrets comes from.
pub trait CodeGenerator: Send + Sync + fmt::Debug {
    /// 32 unpredictable bytes.
    fn entropy(&self) -> [u8; 32];
}

/// The operating system's cryptographic random numbers.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomCodes;

impl CodeGenerator for RandomCodes {
    fn entropy(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        #[expect(clippy::expect_used, reason = "without randomness no code or secret is safe to make: stop")]
        getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_1_to_64_safe_characters() {
        for good in ["a", "launch", "A-b_9", &"x".repeat(64)] {
            assert_eq!(ShortCode::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "a b", "a/b", "a+", "é", "a.b", "a#b", &"x".repeat(65)] {
            assert!(ShortCode::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn derived_codes_use_all_of_base58_evenly() {
        let mut counts = [0_u32; 58];
        for _ in 0..20_000 {
            let code = ShortCode::from_entropy("", &RandomCodes.entropy(), 7).unwrap();
            assert_eq!(code.as_str().len(), 7);
            for byte in code.as_str().bytes() {
                counts[BASE58.iter().position(|c| *c == byte).unwrap()] += 1;
            }
        }
        let expected = 20_000.0 * 7.0 / 58.0;
        let chi_square: f64 = counts.iter().map(|n| (f64::from(*n) - expected).powi(2) / expected).sum();
        // 57 degrees of freedom: beyond 120 happens once in 500,000 runs.
        assert!(chi_square < 120.0, "chi square {chi_square}");
    }
}
