//! A bucket on a loopback port: as much of S3 as the function asks for.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::net::TcpListener;

type Objects = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

/// The bucket `logs`.
#[derive(Debug)]
pub(crate) struct FakeS3 {
    pub(crate) url: String,
    objects: Objects,
}

impl FakeS3 {
    pub(crate) async fn start() -> Self {
        let objects = Objects::default();
        let router = Router::new()
            .route("/logs", get(list))
            .route("/logs/", get(list))
            .route("/logs/{*key}", get(object))
            .with_state(objects.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, objects }
    }

    pub(crate) fn put(&self, key: &str, bytes: Vec<u8>) {
        self.objects.lock().unwrap().insert(key.to_owned(), bytes);
    }
}

/// `ListObjectsV2`, all in one page.
async fn list(State(objects): State<Objects>, Query(asked): Query<HashMap<String, String>>) -> impl IntoResponse {
    let prefix = asked.get("prefix").cloned().unwrap_or_default();
    let delimiter = asked.get("delimiter").filter(|delimiter| !delimiter.is_empty());
    let mut found = String::new();
    for (key, bytes) in objects.lock().unwrap().iter() {
        let Some(rest) = key.strip_prefix(&prefix) else { continue };
        // What is in folders is left out where folders are told apart; nobody here looks at their names.
        if delimiter.is_some_and(|delimiter| rest.contains(delimiter)) {
            continue;
        }
        let size = bytes.len();
        write!(found, "<Contents><Key>{key}</Key><Size>{size}</Size><ETag>&quot;{size}&quot;</ETag></Contents>")
            .unwrap();
    }
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
         <Name>logs</Name><IsTruncated>false</IsTruncated>{found}</ListBucketResult>"
    );
    ([("content-type", "application/xml")], body)
}

/// `GetObject`.
async fn object(State(objects): State<Objects>, Path(key): Path<String>) -> impl IntoResponse {
    match objects.lock().unwrap().get(&key) {
        Some(bytes) => (StatusCode::OK, bytes.clone()),
        None => (StatusCode::NOT_FOUND, b"<Error><Code>NoSuchKey</Code></Error>".to_vec()),
    }
}
