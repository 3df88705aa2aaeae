//! The side of the edge that visitors see: its functions, run before and after the cache.

use std::rc::Rc;
use std::sync::Arc;

use axum::body::Bytes;
use http::Method;
use serde_json::{Map, Value, json};
use shortener_core::clock::Clock;

use super::cache::Cache;
use super::habits::{Habits, Tiers};
use super::message::{Request, Response};
use super::origin::Origin;
use crate::functions::engine::Engine;

/// The distribution's own name.
pub(crate) const DISTRIBUTION: &str = "d111111abcdef8.cloudfront.net";

/// The distribution.
pub(crate) struct Edge {
    /// The default behaviour's caches, the visitor's first.
    tiers: Vec<Rc<Cache>>,
    /// The behaviour of `/api/*`, which keeps nothing.
    api: Rc<dyn Origin>,
    /// The host names that it answers for.
    aliases: Vec<&'static str>,
    clock: Arc<dyn Clock>,
    viewer_request: Engine,
    viewer_response: Engine,
}

impl Edge {
    pub(crate) fn before(origin: Rc<dyn Origin>, clock: &Arc<dyn Clock>, habits: Habits) -> Self {
        let mut tiers = vec![Rc::new(Cache::new(Rc::clone(&origin), Arc::clone(clock), habits))];
        if habits.tiers == Tiers::Two {
            let regional = Rc::clone(&tiers[0]);
            tiers.insert(0, Rc::new(Cache::new(regional, Arc::clone(clock), habits)));
        }
        Self {
            tiers,
            api: origin,
            aliases: vec![DISTRIBUTION, super::world::HOST, super::world::OTHER_HOST],
            clock: Arc::clone(clock),
            viewer_request: Engine::viewer_request(),
            viewer_response: Engine::viewer_response(),
        }
    }

    /// Answers a visitor.
    pub(crate) async fn answer(&self, request: &Request) -> Response {
        if !self.is_mine(&request.host) || !matches!(request.method, Method::GET | Method::HEAD) {
            return Response::of_the_edge(403);
        }
        let passed_on = self.before_cache(request);
        let origin: &dyn Origin = if request.path.starts_with("/api/") { &*self.api } else { &*self.tiers[0] };
        let response = origin.answer(&passed_on).await.unwrap_or_else(|_| Response::of_the_edge(504));
        // Functions are not run on errors of the origin.
        let mut response = if response.status < 400 { self.after_cache(request, response) } else { response };
        if request.method == Method::HEAD {
            response.body = Bytes::new();
        }
        response
    }

    /// What comes out of the cache, before the viewer-response function.
    pub(crate) async fn kept(&self, request: &Request) -> Option<Response> {
        self.tiers[0].answer(&self.before_cache(request)).await.ok()
    }

    /// A purge, in all tiers.
    pub(crate) fn invalidate(&self, path: &str) {
        self.tiers.iter().for_each(|cache| cache.invalidate(path));
    }

    /// Whether a `Host` header leads to this distribution.
    fn is_mine(&self, host: &str) -> bool {
        let name = host.split(':').next().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
        self.aliases.contains(&name.as_str())
    }

    fn before_cache(&self, request: &Request) -> Request {
        let mut event = event("viewer-request", request);
        event["request"]["headers"]["host"] = json!({"value": request.host});
        let returned = self.viewer_request.call(&event, self.now_ms());
        Request {
            path: returned["uri"].as_str().unwrap().to_owned(),
            headers: plain(&returned["headers"]).into_iter().filter(|(name, _)| name != "host").collect(),
            ..request.clone()
        }
    }

    fn after_cache(&self, request: &Request, response: Response) -> Response {
        let mut event = event("viewer-response", request);
        let headers = response.headers.iter().map(|(name, value)| (name.clone(), json!({"value": value})));
        let headers: Map<String, Value> = headers.collect();
        event["response"] = json!({"statusCode": response.status, "headers": headers, "cookies": {}});
        let returned = self.viewer_response.call(&event, self.now_ms());
        let body = returned["body"]["data"].as_str().map(|text| Bytes::copy_from_slice(text.as_bytes()));
        Response {
            status: u16::try_from(returned["statusCode"].as_u64().unwrap()).unwrap(),
            headers: plain(&returned["headers"]).into_iter().collect(),
            body: body.unwrap_or(response.body),
        }
    }

    fn now_ms(&self) -> i64 {
        self.clock.now().as_millisecond()
    }
}

/// The event of a request, as the runtime documents it.
fn event(kind: &str, request: &Request) -> Value {
    let mut headers = Map::new();
    for (name, value) in &request.headers {
        match headers.get_mut(name) {
            None => drop(headers.insert(name.clone(), json!({"value": value}))),
            Some(header) => {
                let first = json!([{"value": header["value"]}]);
                let values = header.as_object_mut().unwrap().entry("multiValue").or_insert(first);
                values.as_array_mut().unwrap().push(json!({"value": value}));
            }
        }
    }
    json!({
        "version": "1.0",
        "context": {"distributionDomainName": DISTRIBUTION, "distributionId": "EDFDVBD6EXAMPLE", "eventType": kind},
        "viewer": {"ip": "198.51.100.11"},
        "request": {
            "method": request.method.as_str(),
            "uri": request.path,
            "rawQueryString": request.query,
            "querystring": {},
            "headers": headers,
            "cookies": {},
        },
    })
}

/// Headers as they go over the wire; a line that could end another would be refused by CloudFront.
fn plain(headers: &Value) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    for (name, header) in headers.as_object().unwrap() {
        let several = header["multiValue"].as_array().cloned().unwrap_or_else(|| vec![header.clone()]);
        for value in several {
            let value = value["value"].as_str().unwrap();
            assert!(!value.contains(['\r', '\n', '\0']), "{name}: {value:?}");
            lines.push((name.clone(), value.to_owned()));
        }
    }
    lines
}
