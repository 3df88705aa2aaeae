//! List prices of us-east-1 in US dollars, without free tiers and discounts, in November 2026; those of DynamoDB are as since
//! November 2024. `docs/OPERATIONS.md` reckons with the same.

/// A price and the page that names it.
#[derive(Debug)]
pub(super) struct Price {
    pub(super) what: &'static str,
    pub(super) dollars: f64,
    /// For so many of these.
    pub(super) of: f64,
    unit: &'static str,
    pub(super) page: &'static str,
}

const CLOUDFRONT: &str = "https://aws.amazon.com/cloudfront/pricing/";
const LAMBDA: &str = "https://aws.amazon.com/lambda/pricing/";
const DYNAMODB: &str = "https://aws.amazon.com/dynamodb/pricing/on-demand/";
const S3: &str = "https://aws.amazon.com/s3/pricing/";

impl Price {
    pub(super) const EDGE_REQUEST: Self =
        Self::new("CloudFront, requests by HTTPS", 0.0100, 10_000.0, "requests", CLOUDFRONT);
    pub(super) const EDGE_BYTES: Self =
        Self::new("CloudFront, bytes to visitors, first 10 TB", 0.085, 1e9, "bytes", CLOUDFRONT);
    pub(super) const ORIGIN_BYTES: Self = Self::new("CloudFront, bytes to the origin", 0.020, 1e9, "bytes", CLOUDFRONT);
    pub(super) const EDGE_FUNCTION: Self = Self::new("CloudFront Functions", 0.10, 1e6, "invocations", CLOUDFRONT);
    pub(super) const INVOCATION: Self = Self::new("Lambda, requests", 0.20, 1e6, "requests", LAMBDA);
    pub(super) const ARM_SECOND: Self = Self::new("Lambda, time, arm64", 0.000_013_333_4, 1.0, "GB-seconds", LAMBDA);
    pub(super) const X86_SECOND: Self = Self::new("Lambda, time, x86_64", 0.000_016_666_7, 1.0, "GB-seconds", LAMBDA);
    pub(super) const READ: Self = Self::new("DynamoDB, on-demand reads", 0.125, 1e6, "RRU", DYNAMODB);
    pub(super) const WRITE: Self = Self::new("DynamoDB, on-demand writes", 0.625, 1e6, "WRU", DYNAMODB);
    pub(super) const FILE_WRITE: Self = Self::new("S3, PUT and LIST", 0.005, 1_000.0, "requests", S3);
    pub(super) const FILE_READ: Self = Self::new("S3, GET", 0.0004, 1_000.0, "requests", S3);
    pub(super) const FILE_BYTES: Self = Self::new("S3, storage", 0.023, 1e9, "bytes for a month", S3);

    pub(super) const ALL: [&Self; 12] = [
        &Self::EDGE_REQUEST,
        &Self::EDGE_BYTES,
        &Self::ORIGIN_BYTES,
        &Self::EDGE_FUNCTION,
        &Self::INVOCATION,
        &Self::ARM_SECOND,
        &Self::X86_SECOND,
        &Self::READ,
        &Self::WRITE,
        &Self::FILE_WRITE,
        &Self::FILE_READ,
        &Self::FILE_BYTES,
    ];

    const fn new(what: &'static str, dollars: f64, of: f64, unit: &'static str, page: &'static str) -> Self {
        Self { what, dollars, of, unit, page }
    }

    /// Dollars for so many.
    pub(super) fn times(&self, count: f64) -> f64 {
        self.dollars * count / self.of
    }

    /// What the price is for.
    pub(super) fn unit(&self) -> String {
        let unit = if self.of > 1.0 { self.unit } else { self.unit.trim_end_matches('s') };
        format!("{} {unit}", crate::report::number(self.of, 0))
    }
}
