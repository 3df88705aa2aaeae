//! The three back ends, each with no link.

use shortener_core::table::dynamo::in_process::{InProcess, Server};

use super::{Served, TestCli};

/// A back end and the command that is set up for it.
pub(crate) struct BackEnd {
    pub(crate) name: &'static str,
    pub(crate) cli: TestCli,
    /// The engine of a DynamoDB table.
    pub(crate) engine: Option<InProcess>,
    /// What runs as long as the back end is used, and the home that it runs in.
    _running: (Option<Server>, Option<(Served, TestCli)>),
}

fn base() -> TestCli {
    TestCli::new().with("SHORT_BASE_URL", "https://s.example")
}

impl BackEnd {
    /// An embedded file.
    pub(crate) fn file() -> Self {
        let cli = base().with("SHORT_FILE", "links.db");
        Self { name: "file", cli, engine: None, _running: (None, None) }
    }

    /// A DynamoDB table.
    pub(crate) fn table() -> Self {
        let engine = InProcess::start().unwrap();
        let server = engine.serve().unwrap();
        let cli = base()
            .with("SHORT_TABLE", "links")
            .with("AWS_ENDPOINT_URL_DYNAMODB", server.url())
            .with("AWS_REGION", "eu-central-1")
            .with("AWS_ACCESS_KEY_ID", "test")
            .with("AWS_SECRET_ACCESS_KEY", "test");
        cli.run(&["table", "create"]).exits(0);
        Self { name: "table", cli, engine: Some(engine), _running: (Some(server), None) }
    }

    /// The API of a service on an embedded file.
    pub(crate) fn api() -> Self {
        let home = base().with("SHORT_FILE", "links.db");
        let served = Served::start(&home, &[]);
        let key = served.key.clone().unwrap();
        let cli = base().with("SHORT_API_URL", &served.url).with("SHORT_API_KEY", &key);
        Self { name: "api", cli, engine: None, _running: (None, Some((served, home))) }
    }

    /// All three.
    pub(crate) fn all() -> [Self; 3] {
        [Self::file(), Self::table(), Self::api()]
    }

    /// The service, where there is one.
    pub(crate) fn served(&self) -> Option<&Served> {
        self._running.1.as_ref().map(|(served, _)| served)
    }
}
