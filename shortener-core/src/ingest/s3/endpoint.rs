//! How a bucket is addressed: by host at AWS, by path at any other endpoint, where hosts of buckets have no name.

use aws_sdk_s3::config::endpoint::{DefaultResolver, EndpointFuture, Params, ResolveEndpoint};
use aws_sdk_s3::error::BuildError;

/// The SDK's own rules, with paths where an endpoint is configured, wherever that was.
#[derive(Debug, Default)]
pub(super) struct PathStyleAtEndpoints(DefaultResolver);

impl ResolveEndpoint for PathStyleAtEndpoints {
    fn resolve_endpoint<'a>(&'a self, params: &'a Params) -> EndpointFuture<'a> {
        if params.endpoint().is_none() {
            return self.0.resolve_endpoint(params);
        }
        EndpointFuture::new(async move { self.0.resolve_endpoint(&by_path(params)?).await })
    }
}

/// The same parameters, with paths. Access points and the like have no place in a bucket's name and are left out.
fn by_path(params: &Params) -> Result<Params, BuildError> {
    let text = |value: Option<&str>| value.map(str::to_owned);
    let built = Params::builder()
        .set_bucket(text(params.bucket()))
        .set_key(text(params.key()))
        .set_prefix(text(params.prefix()))
        .set_region(text(params.region()))
        .set_endpoint(text(params.endpoint()))
        .set_use_fips(params.use_fips())
        .set_use_dual_stack(params.use_dual_stack())
        .force_path_style(true)
        .build();
    built.map_err(BuildError::other)
}
