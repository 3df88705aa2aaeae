//! Writes logs as CloudFront does, for tests: what is written here is known.

use std::io::Write;

use jiff::Timestamp;

use super::line::LogLine;

/// The fields of a legacy standard log, in its order.
pub const LEGACY_FIELDS: [&str; 33] = [
    "date",
    "time",
    "x-edge-location",
    "sc-bytes",
    "c-ip",
    "cs-method",
    "cs(Host)",
    "cs-uri-stem",
    "sc-status",
    "cs(Referer)",
    "cs(User-Agent)",
    "cs-uri-query",
    "cs(Cookie)",
    "x-edge-result-type",
    "x-edge-request-id",
    "x-host-header",
    "cs-protocol",
    "cs-bytes",
    "time-taken",
    "x-forwarded-for",
    "ssl-protocol",
    "ssl-cipher",
    "x-edge-response-result-type",
    "cs-protocol-version",
    "fle-status",
    "fle-encrypted-fields",
    "c-port",
    "time-to-first-byte",
    "x-edge-detailed-result-type",
    "sc-content-type",
    "sc-content-len",
    "sc-range-start",
    "sc-range-end",
];

/// How a log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// A header, and values between tabs.
    W3c,
    /// One object a line.
    Json,
    /// Values between tabs.
    Plain,
}

/// Writes what is before the first line.
pub fn write_header(out: &mut Vec<u8>, written: Written, fields: &[&str]) {
    if written == Written::W3c {
        out.extend_from_slice(b"#Version: 1.0\n#Fields: ");
        out.extend_from_slice(fields.join(" ").as_bytes());
        out.push(b'\n');
    }
}

/// Writes a line with its line feed. The values are those of the log, with their percent-encoding; empty ones become
/// `-`, and fields that a [`LogLine`] does not have some usual value.
pub fn write_line(out: &mut Vec<u8>, written: Written, fields: &[&str], line: &LogLine<'_>) {
    let stamp = Timestamp::from_second(line.second).unwrap_or_default().to_string();
    if written == Written::Json {
        out.push(b'{');
    }
    for (position, field) in fields.iter().enumerate() {
        match written {
            Written::Json => write_name(out, position, field),
            Written::W3c | Written::Plain if position > 0 => out.push(b'\t'),
            Written::W3c | Written::Plain => {}
        }
        write_value(out, field, line, &stamp);
        if written == Written::Json {
            out.push(b'"');
        }
    }
    out.extend_from_slice(if written == Written::Json { b"}\n" } else { b"\n" });
}

fn write_name(out: &mut Vec<u8>, position: usize, field: &str) {
    if position > 0 {
        out.push(b',');
    }
    out.push(b'"');
    out.extend_from_slice(field.as_bytes());
    out.extend_from_slice(b"\":\"");
}

fn write_value(out: &mut Vec<u8>, field: &str, line: &LogLine<'_>, stamp: &str) {
    let value = match field {
        "date" => stamp.get(..10).unwrap_or_default().as_bytes(),
        "time" => stamp.get(11..19).unwrap_or_default().as_bytes(),
        "timestamp" => return push(out, format_args!("{}.937", line.second)),
        "timestamp(ms)" => return push(out, format_args!("{}937", line.second)),
        "sc-status" => return push(out, format_args!("{:03}", line.status)),
        "x-edge-request-id" => line.request_id,
        "x-host-header" | "cs-host" => line.host,
        "cs-method" => line.method,
        "cs-uri-stem" => line.path,
        "cs-uri-query" => line.query,
        "x-edge-response-result-type" | "x-edge-result-type" | "x-edge-detailed-result-type" => line.result,
        "cs(Referer)" | "cs-referer" => line.referrer,
        "cs(User-Agent)" | "cs-user-agent" => line.user_agent,
        "c-country" => line.country,
        "c-ip" => line.address,
        _ => usual(field),
    };
    out.extend_from_slice(if value.is_empty() { b"-" } else { value });
}

fn push(out: &mut Vec<u8>, value: std::fmt::Arguments<'_>) {
    // Writing to memory does not fail.
    let _ = out.write_fmt(value);
}

fn usual(field: &str) -> &'static [u8] {
    match field {
        "x-edge-location" => b"FRA60-P4",
        "sc-bytes" => b"487",
        "cs-bytes" => b"312",
        "cs(Host)" => b"d111111abcdef8.cloudfront.net",
        "cs-protocol" => b"https",
        "cs-protocol-version" => b"HTTP/2.0",
        "ssl-protocol" => b"TLSv1.3",
        "ssl-cipher" => b"TLS_AES_128_GCM_SHA256",
        "time-taken" | "time-to-first-byte" => b"0.001",
        "c-port" => b"51234",
        _ => b"",
    }
}
