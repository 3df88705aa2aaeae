//! The command on each of its back ends.

use shortener_core::table::dynamo::in_process::{InProcess, Server};

use super::{Served, TestCli};

/// A place for links, empty at first, and the command in a home of its own that is set up to use it.
pub(crate) struct BackEnd {
    pub(crate) name: &'static str,
    pub(crate) cli: TestCli,
    /// The engine behind a table.
    pub(crate) engine: Option<InProcess>,
    _server: Option<Server>,
    served: Option<(TestCli, Served)>,
}

impl BackEnd {
    /// An embedded table that is still to be made, in the file `links.db` of the home.
    pub(crate) fn file() -> Self {
        let cli = base().with("SHORT_FILE", "links.db");
        Self { name: "file", cli, engine: None, _server: None, served: None }
    }

    /// A table of a DynamoDB engine.
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
        engine.stop_recording();
        Self { name: "table", cli, engine: Some(engine), _server: Some(server), served: None }
    }

    /// A service on an embedded table of its own.
    pub(crate) fn api() -> Self {
        let home = base().with("SHORT_FILE", "links.db");
        let served = Served::start(&home, &[]);
        let cli = base().with("SHORT_API_URL", &served.url).with("SHORT_API_KEY", served.key.as_deref().unwrap());
        Self { name: "api", cli, engine: None, _server: None, served: Some((home, served)) }
    }

    /// One of each, with its table.
    pub(crate) fn all() -> [Self; 3] {
        let file = Self::file();
        file.cli.run(&["table", "create"]).exits(0);
        [file, Self::table(), Self::api()]
    }

    /// The service, where there is one.
    pub(crate) fn served(&self) -> Option<&Served> {
        self.served.as_ref().map(|(_, served)| served)
    }

    /// Every link, one line of JSON each, by code.
    pub(crate) fn links(&self) -> Vec<serde_json::Value> {
        let list = self.cli.run_for(&["list", "--all", "--state", "any", "-o", "ndjson"], 120).exits(0).stdout;
        let mut links: Vec<serde_json::Value> = list.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        links.sort_by_key(|link| link["code"].to_string());
        links
    }
}

fn base() -> TestCli {
    TestCli::new().with("SHORT_BASE_URL", "https://s.example")
}
