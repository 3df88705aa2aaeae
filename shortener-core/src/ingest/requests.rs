//! How many requests CloudFront says that it got.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::config::Region;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Datapoint, Dimension, Statistic};

use super::meter::RequestMeter;
use super::service_error::service_error;
use super::source::SourceError;
use crate::stats::Hour;
use crate::table::dynamo::{CredentialSource, Limits, loader};

/// CloudFront's metrics are there alone.
const REGION: &str = "us-east-1";

const HOUR_SECONDS: i32 = 3600;

/// Most hours of one answer: 1,440 data points are the service's limit.
const HOURS_AT_ONCE: i64 = 1440;

const LIMITS: Limits = Limits {
    operation: Duration::from_secs(10),
    attempt: Duration::from_secs(4),
    connect: Duration::from_secs(2),
    attempts: 3,
    hedge: None,
};

/// The metric `Requests` of CloudFront in CloudWatch.
///
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/programming-cloudwatch-metrics.html>
#[derive(Debug, Clone)]
pub struct CloudWatch {
    client: Client,
}

impl CloudWatch {
    /// CloudWatch as reached with these credentials, and with a profile where one is given.
    pub async fn connect(credentials: CredentialSource, profile: Option<&str>) -> Self {
        let loader = loader(credentials, profile, LIMITS).region(Region::from_static(REGION));
        Self::from_client(Client::new(&loader.load().await))
    }

    /// CloudWatch reached through a given client, for tests.
    pub fn from_client(client: Client) -> Self {
        Self { client }
    }

    async fn statistics(&self, distribution: &str, first: Hour, last: Hour) -> Result<Vec<Datapoint>, SourceError> {
        let dimension = |name: &str, value: &str| Dimension::builder().name(name).value(value).build();
        let request = self.client.get_metric_statistics().namespace("AWS/CloudFront").metric_name("Requests");
        let answer = request
            .dimensions(dimension("DistributionId", distribution))
            .dimensions(dimension("Region", "Global"))
            .start_time(DateTime::from_secs(first.start().as_second()))
            .end_time(DateTime::from_secs(last.end().as_second()))
            .period(HOUR_SECONDS)
            .statistics(Statistic::Sum)
            .send()
            .await;
        let answer = answer.map_err(|error| service_error("the metric Requests of CloudFront".to_owned(), &error))?;
        Ok(answer.datapoints.unwrap_or_default())
    }
}

#[async_trait]
impl RequestMeter for CloudWatch {
    async fn requests(
        &self,
        distribution: &str,
        hours: RangeInclusive<Hour>,
    ) -> Result<BTreeMap<Hour, u64>, SourceError> {
        let mut requests = BTreeMap::new();
        let mut first = *hours.start();
        while first <= *hours.end() {
            let last = first.plus(HOURS_AT_ONCE - 1).min(*hours.end());
            let points = self.statistics(distribution, first, last).await?;
            requests.extend(points.iter().filter_map(count).filter(|(hour, _)| hours.contains(hour)));
            first = last.plus(1);
        }
        Ok(requests)
    }
}

/// Hour and sum of a data point.
fn count(point: &Datapoint) -> Option<(Hour, u64)> {
    let sum = point.sum().filter(|sum| sum.is_finite() && *sum >= 0.0)?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count, far below 2^53")]
    let sum = sum.round() as u64;
    Some((Hour::of_second(point.timestamp()?.secs()), sum))
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudwatch::primitives::DateTime;

    use super::*;

    #[test]
    fn a_sum_that_is_no_count_is_left_out() {
        let point = |sum| Datapoint::builder().timestamp(DateTime::from_secs(7_200)).sum(sum).build();
        for wrong in [-1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(count(&point(wrong)), None, "{wrong}");
        }
        assert_eq!(count(&point(2.6)), Some((Hour::of_second(7_200), 3)));
        assert_eq!(count(&Datapoint::builder().sum(1.0).build()), None);
    }
}
