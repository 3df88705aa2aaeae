//! Which addresses and names are reached from within a network or a machine only.
//!
//! Addresses are those that the special-purpose registries of IANA (RFC 6890 and its updates) call not globally
//! reachable, multicast, and what a cloud answers its own machines at.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::is_below;

/// Blocks of IPv4: first address, bits of the prefix.
const BLOCKS_V4: [(Ipv4Addr, u32); 16] = [
    (Ipv4Addr::UNSPECIFIED, 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    // Azure's platform speaks to its machines from this address, which looks public.
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    // The metadata service of most clouds is 169.254.169.254.
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// The only block of IPv6 from which global addresses are given out.
const GLOBAL_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// Blocks within it: protocol assignments, of which Teredo, and two for documentation.
const BLOCKS_V6: [(Ipv6Addr, u32); 3] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// Top-level names that no public name server knows: RFC 6761, RFC 6762, RFC 8375, ICANN's `internal`, and what networks
/// use by habit (RFC 6762, appendix G).
const SUFFIXES: [&str; 13] = [
    "corp",
    "home",
    "home.arpa",
    "internal",
    "intranet",
    "invalid",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "onion",
    "private",
    "test",
];

/// Services whose names resolve to a private address, or to the one that is written in them.
const RESOLVERS: [&str; 11] = [
    "backname.io",
    "lacolhost.com",
    "local.gd",
    "localho.st",
    "localtest.me",
    "lvh.me",
    "nip.io",
    "sslip.io",
    "traefik.me",
    "vcap.me",
    "xip.io",
];

/// Whether an address is private.
pub(super) fn is_address(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_v4(address),
        IpAddr::V6(address) => within(address).map_or_else(|| is_v6(address), is_v4),
    }
}

fn is_v6(address: Ipv6Addr) -> bool {
    let bits = address.to_bits();
    let is_in = |(first, prefix): (Ipv6Addr, u32)| (bits ^ first.to_bits()) >> (128 - prefix) == 0;
    !is_in(GLOBAL_V6) || BLOCKS_V6.into_iter().any(is_in)
}

fn is_v4(address: Ipv4Addr) -> bool {
    let bits = address.to_bits();
    BLOCKS_V4.iter().any(|(first, prefix)| (bits ^ first.to_bits()) >> (32 - prefix) == 0)
}

/// The address of IPv4 that one of IPv6 stands for: mapped (RFC 4291), behind NAT64 (RFC 6052), or 6to4 (RFC 3056).
fn within(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let join = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            Some(join(high, low))
        }
        _ => None,
    }
}

/// Whether a name is private: one without a dot, or below one of the suffixes.
pub(super) fn is_name(host: &str) -> bool {
    !host.contains('.') || SUFFIXES.iter().chain(&RESOLVERS).any(|suffix| host == *suffix || is_below(host, suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_private_to_its_last_address_and_no_further() {
        for (private, public) in [
            ("10.255.255.255", "11.0.0.0"),
            ("100.127.255.255", "100.128.0.0"),
            ("172.31.255.255", "172.32.0.0"),
            ("192.168.255.255", "192.169.0.0"),
            ("169.254.169.254", "169.255.0.0"),
            ("198.19.255.255", "198.20.0.0"),
            ("239.255.255.255", "223.255.255.255"),
            ("168.63.129.16", "168.63.129.17"),
            ("::ffff:10.0.0.1", "::ffff:9.9.9.9"),
            ("64:ff9b::a9fe:a9fe", "64:ff9b::909:909"),
            ("2002:7f00:1::", "2002:909:909::"),
            ("2001:1ff:ffff::", "2001:200::1"),
            ("2001:db8:ffff::1", "2001:db9::1"),
            ("fd00:ec2::254", "2606:4700::1"),
            ("::1", "2a00::1"),
            ("fe80::1", "3ffe::1"),
        ] {
            assert!(is_address(private.parse().unwrap()), "{private}");
            assert!(!is_address(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn names_are_private_by_their_end() {
        for name in ["localhost", "a.localhost", "metadata", "metadata.google.internal", "10.0.0.1.nip.io", "nas.local"]
        {
            assert!(is_name(name), "{name}");
        }
        for name in ["example.com", "notlocalhost.com", "internal.example.com", "mynip.io", "local.example"] {
            assert!(!is_name(name), "{name}");
        }
    }
}
