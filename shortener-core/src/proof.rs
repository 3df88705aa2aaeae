//! How much is tested: the short form by itself, and as much as the environment says in the scripts of `scripts/prove`.

/// The number that a variable of the environment is set to.
///
/// # Panics
/// It is set to something else.
pub fn number(variable: &str) -> Option<u64> {
    #[expect(clippy::disallowed_methods, reason = "how much is tested is no configuration of the product")]
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is no number: {text}")))
}
