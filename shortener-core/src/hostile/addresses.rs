//! Addresses in every spelling that some parser takes, and which of them are private.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{Corpus, encoded};

const PRIVATE_V4: [[u8; 4]; 22] = [
    [0, 0, 0, 0],
    [0, 1, 2, 3],
    [10, 0, 0, 1],
    [10, 255, 255, 255],
    [100, 64, 0, 1],
    [100, 100, 100, 200],
    [127, 0, 0, 1],
    [127, 1, 2, 3],
    [127, 255, 255, 254],
    [168, 63, 129, 16],
    [169, 254, 0, 1],
    [169, 254, 169, 254],
    [169, 254, 170, 2],
    [172, 16, 0, 1],
    [172, 31, 255, 255],
    [192, 0, 0, 192],
    [192, 168, 0, 1],
    [192, 168, 255, 255],
    [198, 18, 0, 1],
    [224, 0, 0, 1],
    [240, 0, 0, 1],
    [255, 255, 255, 255],
];

const PUBLIC_V4: [[u8; 4]; 8] = [
    [1, 1, 1, 1],
    [8, 8, 8, 8],
    [9, 9, 9, 9],
    [11, 0, 0, 1],
    [100, 128, 0, 1],
    [172, 32, 0, 1],
    [192, 169, 0, 1],
    [223, 255, 255, 255],
];

const PRIVATE_V6: [&str; 14] = [
    "::",
    "::1",
    "fe80::1",
    "febf::1",
    "fec0::1",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "2001:db8::1",
    "2001::1",
    "64:ff9b:1::1",
    "100::1",
    "5f00::1",
    "::7f00:1",
];

const PUBLIC_V6: [&str; 4] = ["2606:4700:4700::1111", "2001:4860:4860::8888", "2a00:1450::1", "2620:fe::fe"];

const PRIVATE_NAMES: [&str; 22] = [
    "localhost",
    "a.localhost",
    "LOCALHOST",
    "localhost.",
    "ip6-localhost",
    "metadata",
    "metadata.google.internal",
    "instance-data.ec2.internal",
    "nas.local",
    "router.lan",
    "printer.home.arpa",
    "wiki.corp",
    "a.intranet",
    "x.localdomain",
    "a.test",
    "a.invalid",
    "abc.onion",
    "127.0.0.1.nip.io",
    "10-0-0-1.sslip.io",
    "localtest.me",
    "a.lvh.me",
    "ｌocalhost",
];

pub(super) fn add(corpus: &mut Corpus) {
    for (addresses, private) in [(PRIVATE_V4.as_slice(), true), (PUBLIC_V4.as_slice(), false)] {
        for address in addresses {
            v4(corpus, Ipv4Addr::from(*address), private);
        }
    }
    no_v4(corpus);
    v6(corpus);
    no_v6(corpus);
    corpus.kind("private name");
    for name in PRIVATE_NAMES {
        corpus.denied_by_rule(format!("http://{name}/latest/meta-data/"));
        corpus.denied_by_rule(format!("https://{name}:8443/"));
    }
    for name in ["local.example.com", "notlocalhost.com", "internal.example.com", "nip.io.example.com", "mylan.com"] {
        corpus.allowed_by_rule(format!("https://{name}/"));
    }
}

/// Every spelling of an address for WHATWG: each part in three bases, and the last ones joined.
fn spellings(address: Ipv4Addr) -> Vec<String> {
    let [a, b, c, d] = address.octets();
    let number = address.to_bits();
    let dotted = address.to_string();
    let wide: String = dotted.chars().map(|c| if c == '.' { '．' } else { wide_digit(c) }).collect();
    vec![
        format!("{dotted}."),
        format!("{number}"),
        format!("{number}."),
        format!("0x{number:x}"),
        format!("0X{number:08X}"),
        format!("0{number:o}"),
        format!("000{number:o}"),
        format!("0x{a:x}.0x{b:x}.0x{c:x}.0x{d:x}"),
        format!("0{a:o}.0{b:o}.0{c:o}.0{d:o}"),
        format!("0000{a:o}.0{b:o}.{c}.0x{d:x}"),
        format!("{a}.{b}.{}", u16::from_be_bytes([c, d])),
        format!("{a}.{}", number & 0xff_ffff),
        format!("0x{a:x}.{}", number & 0xff_ffff),
        dotted.replace('.', "。"),
        dotted.replace('.', "%2e"),
        encoded(&dotted),
        wide,
        dotted,
    ]
}

fn wide_digit(c: char) -> char {
    c.to_digit(10).and_then(|digit| char::from_u32(0xff10 + digit)).unwrap_or(c)
}

fn v4(corpus: &mut Corpus, address: Ipv4Addr, private: bool) {
    corpus.kind("IPv4 in every spelling");
    for spelled in spellings(address) {
        let given = format!("http://{spelled}/a");
        corpus.stored(given.clone(), format!("http://{address}/a"));
        if private { corpus.denied_by_rule(given) } else { corpus.allowed_by_rule(given) }
    }
    corpus.kind("IPv4 within IPv6");
    let number = address.to_bits();
    let (high, low) = (number >> 16, number & 0xffff);
    for inner in [
        format!("::ffff:{address}"),
        format!("::FFFF:{high:x}:{low:x}"),
        format!("0:0:0:0:0:ffff:{address}"),
        format!("64:ff9b::{address}"),
        format!("2002:{high:x}:{low:x}::1"),
    ] {
        let given = format!("http://[{inner}]/a");
        if private { corpus.denied_by_rule(given) } else { corpus.allowed_by_rule(given) }
    }
}

fn no_v4(corpus: &mut Corpus) {
    corpus.kind("no IPv4 after all");
    for host in [
        "256.1.1.1",
        "1.256.1.1",
        "1.2.3.256",
        "1.2.3.4.5",
        "1.2.65536",
        "1.16777216",
        "4294967296",
        "0x100000000",
        "040000000000",
        "1.2.3.08",
        "1.2.3.0x",
        "09.1.1.1",
        "0xg",
        "1..2.3",
        "1.2.3.",
        "a.1",
        "a.0x1",
        "h.example.1",
        "1e3.1",
        "1.2.3.-4",
        "1.2.3.4x.5",
        "99999999999999999999",
        "0xffffffffffffffffff",
        "1.2.3.4..",
        ".1.2.3.4",
    ] {
        match host {
            "0xg" | "1.2.3.-4" => corpus.accepted(format!("http://{host}/")),
            // One dot behind is left out, as of a name, and three numbers are an address.
            "1.2.3." => corpus.stored(format!("http://{host}/"), "http://1.2.0.3/"),
            "1.2.3.0x" => corpus.stored(format!("http://{host}/"), "http://1.2.3.0/"),
            // No number behind the last dot but one: a name, with a label of no length.
            "1.2.3.4.." => corpus.refused(format!("http://{host}/"), "target_host"),
            _ => corpus.refused(format!("http://{host}/"), "target_invalid"),
        }
    }
}

fn v6(corpus: &mut Corpus) {
    corpus.kind("IPv6 in every spelling");
    for (addresses, private) in [(PRIVATE_V6.as_slice(), true), (PUBLIC_V6.as_slice(), false)] {
        for address in addresses.iter().filter_map(|text| text.parse::<Ipv6Addr>().ok()) {
            let full = address.segments().map(|s| format!("{s:04x}")).join(":");
            let short = address.segments().map(|s| format!("{s:x}")).join(":");
            for spelled in [full.to_uppercase(), full, short.to_uppercase(), short] {
                let given = format!("https://[{spelled}]:8443/");
                if private { corpus.denied_by_rule(given) } else { corpus.allowed_by_rule(given) }
            }
        }
    }
    corpus.stored("http://[0:0:0:0:0:0:0:1]/", "http://[::1]/");
    corpus.stored("http://[2001:DB8:0:0:1:0:0:1]/", "http://[2001:db8::1:0:0:1]/");
    corpus.stored("http://[::ffff:1.2.3.4]/", "http://[::ffff:102:304]/");
}

fn no_v6(corpus: &mut Corpus) {
    corpus.kind("no IPv6 after all");
    for host in [
        "[fe80::1%25eth0]",
        "[fe80::1%eth0]",
        "[fe80::1%]",
        "[::1",
        "::1]",
        "::1",
        "[]",
        "[:]",
        "[:::]",
        "[1::2::3]",
        "[1:2:3:4:5:6:7]",
        "[1:2:3:4:5:6:7:8:9]",
        "[::1.2.3]",
        "[::1.2.3.256]",
        "[::01.2.3.4]",
        "[::0x7f.1]",
        "[::g]",
        "[12345::]",
        "[v1.fe80::1]",
        "[ ::1]",
        "[::1 ]",
        "[::1].example",
        "a[::1]",
        "[[::1]]",
        "[::1]a",
        "[1.2.3.4]",
        "[h.example]",
        "[：：1]",
        "%5b::1%5d",
    ] {
        corpus.refused(format!("http://{host}/"), "target_invalid");
    }
}
