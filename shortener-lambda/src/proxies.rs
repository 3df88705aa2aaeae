//! How many proxies of the operator's own stand in front of this server, and whose address a request then comes from.
//!
//! A proxy writes the address that it was asked from behind those that are in `X-Forwarded-For` already. What the client
//! sent itself therefore stands on the left, and only as many entries from the right are true as there are proxies that can
//! be trusted: the N-th from the right is the address that the outermost of N was asked from.
//!
//! It is a count and not a list of networks, because the count depends on nothing but how many there are. Addresses of load
//! balancers and containers change; a list that lacks one takes a proxy for the visitor, and one that is too wide passes
//! over visitors in it, to an entry further left that they wrote themselves.
//!
//! Nothing but the counting of visitors uses the address.

use std::net::{IpAddr, Ipv6Addr, SocketAddrV4};

use axum::http::{HeaderMap, HeaderName, HeaderValue, Request};
use shortener_core::error::InvalidValue;

use crate::peer::Peer;

/// Most proxies in front; more are a mistake.
const MOST: u8 = 10;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// A number of proxies in front that each add to `X-Forwarded-For`, 0 to 10.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TrustedProxies(u8);

impl TrustedProxies {
    /// No proxy: the header is believed from nobody.
    pub const NONE: Self = Self(0);

    /// Parses a number from 0 to 10.
    ///
    /// # Errors
    /// [`InvalidValue`] if it is anything else, such as a list of addresses.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|number| is_number && *number <= MOST);
        number.map(Self).ok_or_else(|| {
            let detail = format!("trusted proxies are a number from 0 to {MOST}, not a list of them");
            InvalidValue::new("trusted_proxies_invalid", detail)
        })
    }

    /// The address of whoever sent a request, where that is known; of an IPv4 client in the clothes of IPv6 that of IPv4.
    ///
    /// With proxies it is not known if the entry is missing or cannot be read: neither the proxy nor what stands further
    /// left is taken for the visitor.
    pub(crate) fn address_of<B>(self, request: &Request<B>) -> Option<IpAddr> {
        let address = match self.0.checked_sub(1) {
            None => Peer::of(request),
            Some(trusted_behind) => forwarded(request.headers(), trusted_behind.into()),
        };
        address.map(|address| address.to_canonical())
    }
}

/// The address in the entry that has so many others on its right. Several lines of the header are one list, in their order
/// (RFC 9110, section 5.3). An empty entry keeps its place: what a proxy did not know is not what stands left of it.
fn forwarded(headers: &HeaderMap, on_its_right: usize) -> Option<IpAddr> {
    let lines = headers.get_all(X_FORWARDED_FOR).iter().rev();
    let mut from_the_right = lines.flat_map(|line| HeaderValue::as_bytes(line).rsplit(|byte| *byte == b','));
    address(from_the_right.nth(on_its_right)?)
}

/// Reads an entry: an address, with a port or without one, of IPv6 perhaps in brackets and with a port only in these.
fn address(entry: &[u8]) -> Option<IpAddr> {
    let entry = std::str::from_utf8(entry.trim_ascii()).ok()?;
    if let Some((address, port)) = entry.strip_prefix('[').and_then(|entry| entry.split_once(']')) {
        let is_port = |port: &str| port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
        return address.parse::<Ipv6Addr>().ok().filter(|_| port.is_empty() || is_port(port)).map(IpAddr::V6);
    }
    let with_port = || entry.parse().ok().map(|socket: SocketAddrV4| IpAddr::V4(*socket.ip()));
    entry.parse().ok().or_else(with_port)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PROXY: &str = "10.0.0.1";

    /// Whose address is found behind so many proxies in a request that the last of them sent with these lines.
    fn found<L: AsRef<[u8]>>(proxies: u8, lines: &[L]) -> Option<IpAddr> {
        let mut request = Request::new(());
        for line in lines {
            request.headers_mut().append(X_FORWARDED_FOR, HeaderValue::from_bytes(line.as_ref()).unwrap());
        }
        request.extensions_mut().insert(Peer(PROXY.parse().unwrap()));
        TrustedProxies(proxies).address_of(&request)
    }

    fn ip(address: &str) -> IpAddr {
        address.parse().unwrap()
    }

    #[test]
    fn a_number_of_proxies_is_0_to_10_and_nothing_else() {
        for (text, number) in [("0", 0), ("1", 1), ("10", 10)] {
            assert_eq!(TrustedProxies::parse(text), Ok(TrustedProxies(number)));
        }
        for text in ["", " 1", "-1", "+1", "11", "256", "99999999999", "1.0", "one", "true", "10.0.0.0/8"] {
            let error = TrustedProxies::parse(text).unwrap_err();
            let detail = "trusted proxies are a number from 0 to 10, not a list of them";
            assert_eq!((error.code, &*error.detail), ("trusted_proxies_invalid", detail), "{text}");
        }
    }

    #[test]
    fn without_a_proxy_the_header_is_believed_from_nobody() {
        assert_eq!(TrustedProxies::default(), TrustedProxies::NONE);
        assert_eq!(found(0, &["203.0.113.9"]), Some(ip(PROXY)));
        assert_eq!(TrustedProxies::NONE.address_of(&Request::new(())), None);
    }

    #[test]
    fn the_visitor_is_as_far_from_the_right_as_there_are_proxies() {
        let list = ["192.0.2.3, 192.0.2.2,192.0.2.1"];
        for (proxies, address) in
            [(1, Some(ip("192.0.2.1"))), (2, Some(ip("192.0.2.2"))), (3, Some(ip("192.0.2.3"))), (4, None)]
        {
            assert_eq!(found(proxies, &list), address, "{proxies}");
        }
    }

    #[test]
    fn several_lines_are_one_list() {
        let lines = ["192.0.2.4", "192.0.2.3 , 192.0.2.2", "192.0.2.1"];
        for (proxies, address) in [(1, "192.0.2.1"), (2, "192.0.2.2"), (3, "192.0.2.3"), (4, "192.0.2.4")] {
            assert_eq!(found(proxies, &lines), Some(ip(address)), "{proxies}");
        }
        assert_eq!(found(5, &lines), None);
    }

    #[test]
    fn an_entry_is_an_address_in_any_of_its_spellings() {
        for (entry, address) in [
            ("192.0.2.1:55012", "192.0.2.1"),
            ("\t 192.0.2.1 \t", "192.0.2.1"),
            ("2001:DB8::A", "2001:db8::a"),
            ("[2001:db8::a]", "2001:db8::a"),
            ("[2001:DB8:0:0::A]:443", "2001:db8::a"),
            ("::FFFF:192.0.2.1", "192.0.2.1"),
            ("[::ffff:192.0.2.1]:80", "192.0.2.1"),
        ] {
            assert_eq!(found(1, &[entry]), Some(ip(address)), "{entry}");
        }
    }

    #[test]
    fn an_entry_that_is_missing_or_unreadable_is_nobody_and_never_the_next_one_on_the_left() {
        assert_eq!(found::<&str>(1, &[]), None);
        for entry in [
            "",
            " ",
            "unknown",
            "_hidden",
            "localhost",
            "unix:",
            "192.0.2.1:",
            "192.0.2.1:x",
            "192.0.2.1:65536",
            "192.0.2",
            "192.0.2.01",
            "192.0.2.256",
            "192.0.2.1 192.0.2.2",
            "[192.0.2.1]",
            "[2001:db8::1",
            "2001:db8::1]",
            "[2001:db8::1]443",
            "[2001:db8::1]:",
            "[2001:db8::1] :443",
            "[fe80::1%eth0]",
            "\"192.0.2.1\"",
            "for=192.0.2.1",
        ] {
            assert_eq!(found(1, &[format!("203.0.113.9, {entry}")]), None, "{entry}");
            assert_eq!(found(1, &["203.0.113.9", entry]), None, "{entry}");
        }
        assert_eq!(found(1, &[b"203.0.113.9, \xff".as_slice()]), None);
        assert_eq!(found(2, &["203.0.113.9,, 192.0.2.1"]), None);
    }

    /// Bytes that a header may have.
    fn line() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![Just(b','), Just(b'\t'), b' '..=b'~', 0x80..=u8::MAX];
        prop_oneof![prop::collection::vec(byte, 0..60), r"(203\.0\.113\.[1-9](:80)?, ?){0,4}::1".prop_map(String::into)]
    }

    proptest! {
        #[test]
        fn any_list_is_read(lines in prop::collection::vec(line(), 0..4), proxies in 0..=MOST) {
            found(proxies, &lines);
        }

        #[test]
        fn any_entry_is_read(entry in prop::collection::vec(any::<u8>(), 0..60)) {
            address(&entry);
        }

        /// Each of the proxies adds an entry, to the last line or in one of its own.
        #[test]
        fn what_a_client_sends_changes_nothing(
            sent in prop::collection::vec(line(), 0..4),
            visitor: IpAddr,
            between in prop::collection::vec(any::<(IpAddr, bool)>(), 0..usize::from(MOST)),
            is_own_line: bool,
        ) {
            let mut lines = sent;
            for (address, is_own_line) in [(visitor, is_own_line)].into_iter().chain(between.clone()) {
                match lines.last_mut() {
                    Some(last) if !is_own_line => last.extend(format!(", {address}").into_bytes()),
                    _ => lines.push(address.to_string().into()),
                }
            }
            let proxies = u8::try_from(between.len()).unwrap() + 1;
            prop_assert_eq!(found(proxies, &lines), Some(visitor.to_canonical()));
        }
    }
}
