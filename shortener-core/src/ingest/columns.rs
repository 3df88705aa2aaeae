//! Which column of a log is which field, and a request of the values of a line.

use memchr::{memchr, memchr_iter};

use super::line::{LogLine, NoColumns, Rejection};
use super::moment::Moments;

/// Most columns that a header may name: as many as a delivery of logs can have.
const MOST_COLUMNS: usize = 128;

/// A field that a request is read of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Date,
    Time,
    Seconds,
    Milliseconds,
    RequestId,
    Host,
    OtherHost,
    Method,
    Path,
    Query,
    Status,
    Result,
    OtherResult,
    Referrer,
    UserAgent,
    Country,
    Address,
    /// Any other.
    Unknown,
}

/// The fields without which a line cannot be counted, beside its moment, and their names in standard logs.
const NEEDED: [(Field, &str); 4] = [
    (Field::RequestId, "x-edge-request-id"),
    (Field::Method, "cs-method"),
    (Field::Path, "cs-uri-stem"),
    (Field::Status, "sc-status"),
];

/// The names of the fields that counting needs and that are not there.
pub(super) fn missing(has: impl Fn(Field) -> bool) -> Vec<&'static str> {
    let is_timed = has(Field::Seconds) || has(Field::Milliseconds);
    let moment = [(Field::Date, "date"), (Field::Time, "time")].into_iter().filter(|_| !is_timed);
    moment.chain(NEEDED).filter(|(field, _)| !has(*field)).map(|(_, name)| name).collect()
}

/// The values of a line by field; empty where there is none.
pub(super) type Values<'a> = [&'a [u8]; Field::Unknown as usize + 1];

impl Field {
    /// The field of a name, in the spelling of standard logs or of real-time logs.
    pub(super) fn of_name(name: &[u8]) -> Self {
        match name {
            b"date" => Self::Date,
            b"time" => Self::Time,
            b"timestamp" => Self::Seconds,
            b"timestamp(ms)" => Self::Milliseconds,
            b"x-edge-request-id" => Self::RequestId,
            b"x-host-header" => Self::Host,
            b"cs-host" => Self::OtherHost,
            b"cs-method" => Self::Method,
            b"cs-uri-stem" => Self::Path,
            b"cs-uri-query" => Self::Query,
            b"sc-status" => Self::Status,
            b"x-edge-response-result-type" => Self::Result,
            b"x-edge-result-type" => Self::OtherResult,
            b"cs(Referer)" | b"cs-referer" => Self::Referrer,
            b"cs(User-Agent)" | b"cs-user-agent" => Self::UserAgent,
            b"c-country" => Self::Country,
            b"c-ip" => Self::Address,
            _ => Self::Unknown,
        }
    }
}

/// The fields of a log in the order of its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Columns(Vec<Field>);

impl Columns {
    /// Of the names in a header.
    ///
    /// # Errors
    /// Fields that counting needs are not among them, there are too many columns, or one comes twice.
    pub(super) fn of_names<'a>(names: impl Iterator<Item = &'a [u8]>) -> Result<Self, NoColumns> {
        let fields: Vec<Field> = names.take(MOST_COLUMNS + 1).map(Field::of_name).collect();
        let count = |field| fields.iter().filter(|found| **found == field).count();
        let once = fields.iter().all(|field| *field == Field::Unknown || count(*field) == 1);
        let missing = missing(|field| count(field) > 0);
        if !missing.is_empty() {
            return Err(NoColumns::Missing(missing));
        }
        if fields.len() <= MOST_COLUMNS && once { Ok(Self(fields)) } else { Err(NoColumns::Unclear) }
    }

    /// Of a header's value. Its names stand between spaces, whatever is between the values.
    ///
    /// # Errors
    /// The same.
    pub(super) fn of_header(header: &[u8]) -> Result<Self, NoColumns> {
        let names = header.split(|byte| byte.is_ascii_whitespace() || matches!(byte, b',' | b'|' | b';'));
        Self::of_names(names.filter(|name| !name.is_empty()))
    }

    /// Whether a line has as many values.
    pub(super) fn fit(&self, line: &[u8], delimiter: u8) -> bool {
        memchr_iter(delimiter, line).count() + 1 == self.0.len()
    }

    /// The values of a line; none where it has more or fewer.
    pub(super) fn split<'a>(&self, line: &'a [u8], delimiter: u8) -> Option<Values<'a>> {
        let mut values: Values<'a> = [b""; Field::Unknown as usize + 1];
        let mut fields = self.0.iter();
        let mut start = 0;
        for end in memchr_iter(delimiter, line) {
            values[*fields.next()? as usize] = &line[start..end];
            start = end + 1;
        }
        values[*fields.next()? as usize] = &line[start..];
        fields.next().is_none().then_some(values)
    }

    /// Whether a value may be cut off at its end without being taken for another one.
    pub(super) fn last_may_be_cut(&self) -> bool {
        matches!(self.0.last(), Some(Field::Unknown | Field::Country))
    }
}

/// A request of its values.
pub(super) fn request<'a>(values: &Values<'a>, moments: &mut Moments) -> Result<LogLine<'a>, Rejection> {
    let value = |field: Field| match values[field as usize] {
        b"-" => b"",
        value => value,
    };
    let second = second(values, moments).ok_or(Rejection::BadTime)?;
    let request_id = value(Field::RequestId);
    if request_id.is_empty() {
        return Err(Rejection::NoRequestId);
    }
    let method = value(Field::Method);
    let status = status(value(Field::Status)).filter(|_| is_method(method)).ok_or(Rejection::BadRequest)?;
    let (path, query) = target(value(Field::Path), value(Field::Query)).ok_or(Rejection::BadRequest)?;
    Ok(LogLine {
        second,
        request_id,
        host: first_of(value(Field::Host), value(Field::OtherHost)),
        method,
        path,
        query,
        status,
        result: first_of(value(Field::Result), value(Field::OtherResult)),
        referrer: value(Field::Referrer),
        user_agent: value(Field::UserAgent),
        country: value(Field::Country),
        address: value(Field::Address),
    })
}

fn second(values: &Values<'_>, moments: &mut Moments) -> Option<i64> {
    let date = values[Field::Date as usize];
    if !date.is_empty() {
        return moments.of_date_and_time(date, values[Field::Time as usize]);
    }
    match values[Field::Milliseconds as usize] {
        b"" => Moments::of_timestamp(values[Field::Seconds as usize]),
        milliseconds => Moments::of_timestamp(milliseconds),
    }
}

fn first_of<'a>(first: &'a [u8], second: &'a [u8]) -> &'a [u8] {
    if first.is_empty() { second } else { first }
}

/// A status of three digits; `000` is that of a visitor who hung up, and of JSON numbers `0`.
fn status(value: &[u8]) -> Option<u16> {
    match value {
        b"0" | b"000" => Some(0),
        [hundreds @ b'1'..=b'9', tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => {
            Some(u16::from(hundreds - b'0') * 100 + u16::from(tens - b'0') * 10 + u16::from(ones - b'0'))
        }
        _ => None,
    }
}

fn is_method(value: &[u8]) -> bool {
    !value.is_empty() && value.iter().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'-' | b'_'))
}

/// Path and query. Real-time logs have both in the path.
fn target<'a>(path: &'a [u8], query: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
    if path.first() != Some(&b'/') {
        return (path == b"*").then_some((path, query));
    }
    match memchr(b'?', path) {
        Some(at) if query.is_empty() => Some((&path[..at], &path[at + 1..])),
        Some(at) => Some((&path[..at], query)),
        None => Some((path, query)),
    }
}
