//! Any text as the environment.

use super::{Config, Part};
use crate::TrustedProxies;

#[test]
fn a_setting_is_understood_or_refused_by_name() {
    shortener_core::fuzz_target!("environment", |input: &[u8]| {
        let Ok(text) = std::str::from_utf8(input) else { return };
        let pairs: Vec<(&str, &str)> = text.lines().filter_map(|line| line.split_once('=')).collect();
        let value = |name: &str| pairs.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned());
        match Config::from_lookup(value) {
            Ok(config) => drop(config.site()),
            Err(error) => assert!(value(error.variable).is_some() && error.reason.len() < 1024 + 8 * text.len()),
        }
        let _ = Part::from_args(text.split(' ').map(str::to_owned));
        let _ = TrustedProxies::parse(text);
    });
}
