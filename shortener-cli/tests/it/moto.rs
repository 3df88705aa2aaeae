//! Changes on a moto server: a DynamoDB table and the CloudFront in front of it, by a second implementation of both.
//!
//! Run with `cargo test -p shortener-cli --features moto`; needs `moto_server` of `moto[server,dynamodb,cloudfront]`.
//! moto takes an invalidation for completed at once, so that waiting is shown on the fake one in `purges.rs`.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::support::{TestCli, within};

/// A moto server; killed by its process id when dropped.
struct Moto {
    process: Child,
    host: String,
}

impl Moto {
    fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = Command::new("moto_server")
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("moto_server is not on PATH: pip install 'moto[server,dynamodb,cloudfront]'");
        let moto = Self { process, host: format!("127.0.0.1:{port}") };
        within(Duration::from_mins(1), || TcpStream::connect(&moto.host).ok());
        moto
    }

    /// The answer of CloudFront, which moto tells by the scope of the signature.
    fn cloudfront(&self, method: &str, path: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.host).unwrap();
        let scope = "AWS4-HMAC-SHA256 Credential=test/20261124/us-east-1/cloudfront/aws4_request";
        write!(
            stream,
            "{method} /2020-05-31/{path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\nauthorization: {scope}, \
             SignedHeaders=host, Signature=0\r\ncontent-length: {}\r\n\r\n{body}",
            self.host,
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn create_distribution(&self) -> String {
        let config = "<DistributionConfig xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\">\
             <CallerReference>test</CallerReference><Comment/><Enabled>true</Enabled>\
             <Origins><Quantity>1</Quantity><Items><Origin><Id>o</Id><DomainName>o.example</DomainName>\
             <CustomOriginConfig><HTTPPort>80</HTTPPort><HTTPSPort>443</HTTPSPort>\
             <OriginProtocolPolicy>https-only</OriginProtocolPolicy></CustomOriginConfig></Origin></Items></Origins>\
             <DefaultCacheBehavior><TargetOriginId>o</TargetOriginId>\
             <ViewerProtocolPolicy>redirect-to-https</ViewerProtocolPolicy></DefaultCacheBehavior></DistributionConfig>";
        let answer = self.cloudfront("POST", "distribution", config);
        let id = answer.split_once("<Id>").and_then(|(_, rest)| rest.split_once("</Id>"));
        id.unwrap_or_else(|| panic!("{answer}")).0.to_owned()
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn an_update_is_waited_for_on_moto() {
    let moto = Moto::start();
    let id = moto.create_distribution();
    let url = format!("http://{}", moto.host);
    let cli = TestCli::new()
        .with("SHORT_TABLE", "links")
        .with("SHORT_DISTRIBUTION_ID", &id)
        .with("AWS_ENDPOINT_URL", &url)
        .with("AWS_REGION", "eu-central-1")
        .with("AWS_ACCESS_KEY_ID", "test")
        .with("AWS_SECRET_ACCESS_KEY", "test");
    cli.run(&["table", "create"]).exits(0);
    cli.run(&["create", "https://example.com/a", "--code", "launch"]).exits(0);
    let outcome = cli.run(&["update", "launch", "--target", "https://example.com/b", "--wait"]).exits(0);
    assert!(outcome.stderr.ends_with("no edge serves an old answer of launch any more\n"), "{}", outcome.stderr);
    let made = moto.cloudfront("GET", &format!("distribution/{id}/invalidation"), "");
    let purge = made.split_once("<Items>").and_then(|(_, rest)| rest.split_once("<Id>")).unwrap().1;
    let purge = purge.split_once("</Id>").unwrap().0;
    let shown = moto.cloudfront("GET", &format!("distribution/{id}/invalidation/{purge}"), "");
    assert!(shown.contains("<Path>/launch</Path>"), "{shown}");
    let unknown = cli.run(&["disable", "launch", "--wait", "--distribution", "ENOSUCH"]).exits(7);
    assert!(unknown.stderr.contains("there is no such distribution"), "{}", unknown.stderr);
}
