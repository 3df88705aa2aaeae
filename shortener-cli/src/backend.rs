//! The two ways to links: directly on a table, or through the API of a service.

use shortener_core::client::ApiClient;
use shortener_core::operations::Operations;
use shortener_core::wire::{Problem, ProblemCode};

use crate::config::{Config, Location};

/// An opened way to links.
#[derive(Debug)]
pub(crate) struct Backend {
    operations: Box<dyn Operations>,
}

impl Backend {
    /// Opens what the configuration names; `user` is whose name changes made directly are recorded under.
    ///
    /// # Errors
    /// The table cannot be opened.
    pub(crate) async fn open(config: &Config, _user: Option<&str>) -> anyhow::Result<Self> {
        let operations: Box<dyn Operations> = match &config.location {
            Location::Api(settings) => Box::new(ApiClient::new(settings.clone())?),
            Location::File(_) | Location::Table(_) => {
                return Err(Problem::new(ProblemCode::Internal, "tables are not supported yet").into());
            }
        };
        Ok(Self { operations })
    }

    /// What can be done.
    pub(crate) fn operations(&self) -> &dyn Operations {
        self.operations.as_ref()
    }
}
