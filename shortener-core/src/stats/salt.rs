//! The salts that keep visitors untold: one for each day, destroyed two days later.

use std::net::IpAddr;

use siphasher::sip::SipHasher13;
use std::hash::Hasher;

/// The key of one day's visitor hashes: 128 random bits.
#[derive(Clone, PartialEq, Eq)]
pub struct Salt([u8; 16]);

impl std::fmt::Debug for Salt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Salt")
    }
}

impl Salt {
    /// A salt of given bytes.
    pub fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The hash under which a visitor is counted: of the address and the user agent, which are forgotten at once.
    pub fn visitor(&self, address: IpAddr, user_agent: &[u8]) -> u64 {
        let mut hasher = SipHasher13::new_with_key(&self.0);
        match address {
            IpAddr::V4(address) => hasher.write(&address.octets()),
            IpAddr::V6(address) => hasher.write(&address.octets()),
        }
        hasher.write(user_agent);
        hasher.finish()
    }
}
