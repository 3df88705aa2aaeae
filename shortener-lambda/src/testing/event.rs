//! Events of a Function URL, payload format 2.0.

use data_encoding::BASE64;
use serde_json::{Value, json};

/// The Function URL's own host, which no visitor sees.
const ORIGIN: &str = "abcdefghij.lambda-url.eu-central-1.on.aws";

/// The public host in front of it.
pub const HOST: &str = "s.example";

/// An event in the making.
#[derive(Debug, Clone)]
pub struct Event(Value);

impl Event {
    /// A visitor's request that came through the edge: `x-forwarded-host` names the public host.
    pub fn new(method: &str, path: &str) -> Self {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        Self(json!({
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "rawQueryString": query,
            "headers": {
                "host": ORIGIN,
                "x-forwarded-host": HOST,
                "x-forwarded-proto": "https",
                "x-forwarded-for": "203.0.113.9",
                "user-agent": "test",
            },
            "requestContext": {
                "accountId": "anonymous",
                "apiId": "abcdefghij",
                "domainName": ORIGIN,
                "domainPrefix": "abcdefghij",
                "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.9", "userAgent": "test"},
                "requestId": "5f1d0c1e-8c5a-4b43-9b39-3f4f3b6a0e11",
                "routeKey": "$default",
                "stage": "$default",
                "time": "25/Nov/2026:12:00:00 +0000",
                "timeEpoch": 1_795_608_000_000_i64,
            },
            "isBase64Encoded": false,
        }))
    }

    pub fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    /// What `EventBridge` sends to keep instances warm.
    pub fn warm_up() -> Self {
        let mut event = Self::get("/api/v1/health");
        event.0["requestContext"]["domainName"] = json!("warm.invalid");
        event
    }

    /// Repeated names are joined by commas, as Lambda joins them.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let header = &mut self.0["headers"][name];
        *header = match header.as_str() {
            Some(before) => json!(format!("{before},{value}")),
            None => json!(value),
        };
        self
    }

    pub fn without_header(mut self, name: &str) -> Self {
        self.0["headers"].as_object_mut().unwrap().remove(name);
        self
    }

    /// The public host that the visitor asked for.
    pub fn forwarded_host(self, host: &str) -> Self {
        self.without_header("x-forwarded-host").header("x-forwarded-host", host)
    }

    pub fn api_key(self, key: &str) -> Self {
        self.header("x-api-key", key)
    }

    pub fn cookies(mut self, cookies: &[&str]) -> Self {
        self.0["cookies"] = json!(cookies);
        self
    }

    pub fn json(self, body: &Value) -> Self {
        self.text("application/json", &body.to_string())
    }

    pub fn text(mut self, kind: &str, body: &str) -> Self {
        self.0["body"] = json!(body);
        self.header("content-type", kind)
    }

    /// As Lambda hands over a body whose type is not text.
    pub fn base64(mut self, kind: &str, body: &[u8]) -> Self {
        self.0["body"] = json!(BASE64.encode(body));
        self.0["isBase64Encoded"] = json!(true);
        self.header("content-type", kind)
    }

    /// The id that names the visitor's request, not the invocation.
    pub fn request_id(mut self, id: &str) -> Self {
        self.0["requestContext"]["requestId"] = json!(id);
        self
    }

    /// The event with one value replaced or added, by JSON pointer to an object's member.
    pub fn with(mut self, pointer: &str, value: Value) -> Self {
        let (parent, member) = pointer.rsplit_once('/').unwrap();
        self.0.pointer_mut(parent).unwrap()[member] = value;
        self
    }

    pub fn payload(&self) -> Vec<u8> {
        serde_json::to_vec(&self.0).unwrap()
    }
}

impl From<Event> for Value {
    fn from(event: Event) -> Self {
        event.0
    }
}
