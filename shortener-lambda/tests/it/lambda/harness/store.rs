//! A table with a key and links, on a DynamoDB engine that listens on loopback.

use std::sync::Arc;

use serde_json::json;
use shortener_core::link::BaseUrl;
use shortener_core::operations::{Operations, WriteOptions};
use shortener_core::service::{Caller, Service, Session, Settings};
use shortener_core::table::dynamo::in_process::{InProcess, Server};
use shortener_core::wire::{CreateLink, Link};

use shortener_lambda::testing::HOST;

/// The name of the table.
pub(crate) const TABLE: &str = "short";

/// The engine, its server, and what the tests put into it.
#[derive(Debug)]
pub(crate) struct Store {
    /// For faults, and to see what was asked.
    pub(crate) engine: InProcess,
    server: Server,
    service: Arc<Service>,
    /// The admin's API key.
    pub(crate) key: String,
}

impl Store {
    pub(crate) async fn start() -> Self {
        let (engine, table) = InProcess::with_table(TABLE).await.unwrap();
        let base_url = BaseUrl::parse(&format!("https://{HOST}")).unwrap();
        let service = Arc::new(Service::new(Arc::new(table), Settings::new(base_url)));
        let key = service.ensure_admin_key().await.unwrap().unwrap().key;
        let server = engine.serve().unwrap();
        Self { engine, server, service, key }
    }

    /// The endpoint's URL.
    pub(crate) fn url(&self) -> &str {
        self.server.url()
    }

    /// Creates a link past the function, as another instance would.
    pub(crate) async fn create(&self, link: CreateLink) -> Link {
        self.session().create(&link, &WriteOptions::default()).await.unwrap().0
    }

    /// Creates `code`, which leads to `https://www.example.com/<code>`.
    pub(crate) async fn create_code(&self, code: &str) -> Link {
        let link = json!({"target": format!("https://www.example.com/{code}"), "code": code});
        self.create(serde_json::from_value(link).unwrap()).await
    }

    /// What an operator can do directly on the table.
    pub(crate) fn session(&self) -> Session {
        Session::new(Arc::clone(&self.service), Caller::direct("test"))
    }
}
