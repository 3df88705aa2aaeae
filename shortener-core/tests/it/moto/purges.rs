//! Purges on moto's CloudFront. It takes an invalidation for completed at once, and makes another one for a reference
//! that it has seen, so that neither waiting nor repetition can be shown on it: `tests/it/purges.rs` does.

use std::sync::Arc;

use aws_sdk_cloudfront::Client;
use aws_sdk_cloudfront::types::{
    CustomOriginConfig, DefaultCacheBehavior, DistributionConfig, Origin, OriginProtocolPolicy, Origins,
    ViewerProtocolPolicy,
};
use shortener_core::edge::cloudfront::CloudFront;
use shortener_core::edge::{DistributionId, EdgeCaches, PurgeId};
use shortener_core::operations::{Operations, WriteOptions};
use shortener_core::service::{Caller, Session};
use shortener_core::table::dynamo::{DeletionProtection, DynamoTable, Limits};
use shortener_core::wire::{ProblemCode, PurgeStatus, UpdateLink};

use super::Moto;
use crate::cloudfront;
use crate::dynamo;
use crate::fixture::{coded, keyed, link, service_on};

async fn create_distribution(client: &Client) -> DistributionId {
    let behaviour = DefaultCacheBehavior::builder()
        .target_origin_id("redirect")
        .viewer_protocol_policy(ViewerProtocolPolicy::RedirectToHttps)
        .cache_policy_id("658327ea-f89d-4fab-a63d-7e88639e58f6")
        .build()
        .unwrap();
    let custom = CustomOriginConfig::builder()
        .http_port(80)
        .https_port(443)
        .origin_protocol_policy(OriginProtocolPolicy::HttpsOnly)
        .build()
        .unwrap();
    let origin =
        Origin::builder().id("redirect").domain_name("redirect.example").custom_origin_config(custom).build().unwrap();
    let config = DistributionConfig::builder()
        .caller_reference("test")
        .comment("")
        .enabled(true)
        .origins(Origins::builder().quantity(1).items(origin).build().unwrap())
        .default_cache_behavior(behaviour)
        .build()
        .unwrap();
    let created = client.create_distribution().distribution_config(config).send().await.unwrap();
    DistributionId::parse(&created.distribution.unwrap().id).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_invalidates_its_path_on_moto() {
    let moto = Moto::start();
    let client = cloudfront::client(&moto.url);
    let id = create_distribution(&client).await;
    let table = DynamoTable::from_client(&dynamo::client(&moto.url, Limits::INTERACTIVE), "short");
    table.create(DeletionProtection::Off).await.unwrap();
    let (service, _clock) = service_on(Arc::new(table));
    let session = Session::new(service, Caller::direct("ana"));
    session.create(&coded("launch", "https://example.com/a"), &WriteOptions::default()).await.unwrap();
    let purging = |id| session.clone().with_edge_cache(Some(CloudFront::from_client(client.clone()).of(id)));
    let disable = UpdateLink { disabled: Some(true), ..UpdateLink::default() };

    let changed = purging(id.clone()).update(&link("launch"), &disable, &keyed("k")).await.unwrap();
    let purge = changed.purge.unwrap();
    assert_eq!(purge.status, PurgeStatus::Completed, "{purge:?}");
    let purge_id = purge.id.unwrap();
    assert_eq!(purging(id.clone()).purge_status(&purge_id).await.unwrap().status, PurgeStatus::Completed);
    let stored = client.get_invalidation().distribution_id(id.as_str()).id(purge_id.as_str()).send().await.unwrap();
    let batch = stored.invalidation.unwrap().invalidation_batch.unwrap();
    assert_eq!(batch.paths.unwrap().items.unwrap(), ["/launch"]);
    assert!(batch.caller_reference.starts_with("short-"));

    // CloudFront would answer with the same one.
    let again = purging(id.clone()).update(&link("launch"), &disable, &keyed("k")).await.unwrap();
    assert_ne!(again.purge.unwrap().id, Some(purge_id));

    let unknown = purging(id).purge_status(&PurgeId::parse("INOSUCH").unwrap()).await.unwrap_err();
    assert_eq!(unknown.code, ProblemCode::NotFound);
    let nowhere = purging(DistributionId::parse("ENOSUCH").unwrap());
    let changed = nowhere.delete(&link("launch"), &WriteOptions::default()).await.unwrap();
    let purge = changed.purge.unwrap();
    assert_eq!((purge.status, purge.detail.as_deref()), (PurgeStatus::Failed, Some("there is no such distribution")));
}
