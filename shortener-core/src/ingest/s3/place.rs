//! Where in S3 logs are.

use std::fmt;

/// A bucket and a folder in it, as `s3://BUCKET/PREFIX`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Place {
    bucket: String,
    /// Empty, or with a slash at its end.
    folder: String,
}

impl S3Place {
    /// Parses `s3://BUCKET` or `s3://BUCKET/PREFIX`; none if it is neither.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("s3://")?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let named = bucket.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'));
        let prefix = prefix.trim_end_matches('/');
        let folder = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        (named && (3..=63).contains(&bucket.len())).then(|| Self { bucket: bucket.to_owned(), folder })
    }

    /// Name of the bucket.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// What the keys of all files begin with: nothing, or something with a slash at its end.
    pub fn folder(&self) -> &str {
        &self.folder
    }
}

impl fmt::Display for S3Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_bucket_and_a_folder() {
        for (text, shown) in [
            ("s3://logs", "s3://logs/"),
            ("s3://logs/", "s3://logs/"),
            ("s3://my.logs/edge", "s3://my.logs/edge/"),
            ("s3://logs/AWSLogs/1/CloudFront//", "s3://logs/AWSLogs/1/CloudFront/"),
        ] {
            assert_eq!(S3Place::parse(text).map(|place| place.to_string()).as_deref(), Some(shown), "{text}");
        }
        for wrong in ["", "logs", "s3:/logs", "s3://", "s3:///edge", "s3://a b/c", "s3://ab", "https://logs/edge"] {
            assert_eq!(S3Place::parse(wrong), None, "{wrong}");
        }
    }
}
