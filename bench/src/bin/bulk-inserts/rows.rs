//! Links as the service stores them, one for each number.

use serde_json::{Value, json};
use shortener_core::link::{Domain, ShortCode, TargetUrl};
use shortener_core::table::keys::{self, attribute};
use shortener_core::table::{Attributes, Item};

/// When the first link was created, in seconds since 1970.
const FIRST: i64 = 1_790_000_000;

/// The link of a number, with a random-looking code of 7 characters.
pub(crate) fn item(number: u32) -> Item {
    try_item(number).unwrap_or_else(|problem| panic!("link {number}: {problem}"))
}

fn try_item(number: u32) -> Result<Item, Box<dyn std::error::Error>> {
    let domain = Domain::default();
    let code = ShortCode::from_entropy("", &entropy(number), 7)?;
    let text =
        format!("https://www.example{}.com/articles/2026/{number:08}/a-title-of-some-words?id={code}", number % 50);
    let target = TargetUrl::parse(&text)?;
    let created_at = jiff::Timestamp::from_second(FIRST + i64::from(number / 1_000))?;
    let shard = keys::shard(&domain, &code);
    let Value::Object(attributes) = json!({
        "target": text,
        "title": format!("Article number {number} of the archive"),
        "redirect_status": 302,
        "version": 1,
        "created_at": created_at,
        "created_by": "direct:importer",
        "updated_at": created_at,
        "create_token": format!("{:032x}", u128::from(mix(u64::from(number))) << 64 | u128::from(mix(!u64::from(number)))),
        attribute::CREATED_PK: keys::created_partition(shard),
        attribute::CREATED_SK: keys::created_sort(created_at, &domain, &code),
        attribute::TARGET_PK: keys::target_partition(target.host(), shard),
        attribute::TARGET_SK: keys::target_sort(&target, &domain, &code),
    }) else {
        return Ok(Item { key: keys::link(&domain, &code), attributes: Attributes::new() });
    };
    Ok(Item { key: keys::link(&domain, &code), attributes })
}

fn entropy(number: u32) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (at, chunk) in (0..).zip(bytes.chunks_mut(8)) {
        chunk.copy_from_slice(&mix(u64::from(number) ^ at << 60).to_be_bytes());
    }
    bytes
}

/// The generator `SplitMix64`: different numbers give different, random-looking ones (<https://prng.di.unimi.it/splitmix64.c>).
fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
