//! Moments as logs spell them.

use jiff::civil::Date;
use jiff::tz::TimeZone;

/// The years in which a request can be: others are a clock's fault.
const YEARS: std::ops::RangeInclusive<i16> = 1970..=2999;

/// The last second of them.
const LAST_SECOND: i64 = 32_503_679_999;

/// Reads moments; the lines of a log have mostly the same date, which is read once.
#[derive(Debug)]
pub(super) struct Moments {
    date: [u8; 10],
    midnight: i64,
}

impl Default for Moments {
    fn default() -> Self {
        Self { date: *b"1970-01-01", midnight: 0 }
    }
}

impl Moments {
    /// The second of a `yyyy-mm-dd` and a `hh:mm:ss`.
    pub(super) fn of_date_and_time(&mut self, date: &[u8], time: &[u8]) -> Option<i64> {
        if date != self.date {
            self.midnight = midnight(date)?;
            self.date = date.try_into().ok()?;
        }
        let &[h1, h0, b':', m1, m0, b':', s1, s0] = time else { return None };
        let (hour, minute, second) = (two_digits(h1, h0)?, two_digits(m1, m0)?, two_digits(s1, s0)?);
        (hour < 24 && minute < 60 && second < 60).then_some(self.midnight + hour * 3600 + minute * 60 + second)
    }

    /// The second of a timestamp since 1970, of seconds with or without a fraction, or of milliseconds.
    pub(super) fn of_timestamp(value: &[u8]) -> Option<i64> {
        let (whole, fraction) = match memchr::memchr(b'.', value) {
            Some(dot) => (&value[..dot], &value[dot + 1..]),
            None => (value, b"".as_slice()),
        };
        let digits = |text: &[u8]| text.iter().all(u8::is_ascii_digit);
        if whole.is_empty() || whole.len() > 15 || !digits(whole) || !digits(fraction) {
            return None;
        }
        let number = whole.iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0'));
        // No second of these years has twelve digits, and no millisecond since 1973 has fewer.
        let second = if whole.len() > 11 { number / 1000 } else { number };
        (second <= LAST_SECOND).then_some(second)
    }
}

fn midnight(date: &[u8]) -> Option<i64> {
    let &[y3, y2, y1, y0, b'-', m1, m0, b'-', d1, d0] = date else { return None };
    let year = two_digits(y3, y2)? * 100 + two_digits(y1, y0)?;
    let year = i16::try_from(year).ok().filter(|year| YEARS.contains(year))?;
    let (month, day) = (i8::try_from(two_digits(m1, m0)?).ok()?, i8::try_from(two_digits(d1, d0)?).ok()?);
    let date = Date::new(year, month, day).ok()?;
    Some(date.to_zoned_datetime(TimeZone::UTC).ok()?.timestamp().as_second())
}

fn two_digits(tens: u8, ones: u8) -> Option<i64> {
    (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn date_and_time_are_read_and_nothing_else() {
        let mut moments = Moments::default();
        assert_eq!(moments.of_date_and_time(&[0; 10], b"05:02:18"), None);
        assert_eq!(moments.of_date_and_time(b"1970-01-01", b"00:00:01"), Some(1));
        assert_eq!(moments.of_date_and_time(b"2026-11-26", b"05:02:18"), Some(1_795_669_338));
        assert_eq!(moments.of_date_and_time(b"2026-11-26", b"05:02:19"), Some(1_795_669_339));
        assert_eq!(moments.of_date_and_time(b"2028-02-29", b"23:59:59"), Some(1_835_481_599));
        for (date, time) in [
            ("0000-11-26", "05:02:18"),
            ("9999-12-31", "23:59:59"),
            ("1969-12-31", "23:59:59"),
            ("2026-02-29", "05:02:18"),
            ("2026-11-26", "24:00:00"),
            ("2026-11-26", "23:59:60"),
            ("2026-11-26", "5:02:18"),
            ("2026-11-26", "+5:02:18"),
            ("2026-11-26", "-"),
            ("2026-11-2", "05:02:18"),
            ("-", "-"),
            ("", ""),
        ] {
            assert_eq!(moments.of_date_and_time(date.as_bytes(), time.as_bytes()), None, "{date} {time}");
        }
        assert_eq!(moments.of_date_and_time(b"2026-11-26", b"05:02:18"), Some(1_795_669_338));
    }

    #[test]
    fn timestamps_are_read_as_seconds_or_milliseconds() {
        assert_eq!(Moments::of_timestamp(b"1684226820.937"), Some(1_684_226_820));
        assert_eq!(Moments::of_timestamp(b"1684226820937"), Some(1_684_226_820));
        assert_eq!(Moments::of_timestamp(b"1684226820"), Some(1_684_226_820));
        assert_eq!(Moments::of_timestamp(b"32503679999"), Some(LAST_SECOND));
        for wrong in ["", "-", "-1", "1e9", "32503680000", "9999999999999999", "1684226820.x", ".5", "253402300800000"]
        {
            assert_eq!(Moments::of_timestamp(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
