//! What every command works with.

use std::sync::Arc;

use shortener_core::operations::{Mode, Operations, WriteOptions};
use tokio::sync::OnceCell;

use crate::backend::{self, Access, Store};
use crate::cli::GlobalArgs;
use crate::config::{self, Config, Environment, Location};
use crate::confirm::Confirmation;
use crate::output::Output;

/// What every command works with. The back end is opened when it is first needed, so that help, completions and
/// profiles work whatever the configuration says.
#[derive(Debug)]
pub(crate) struct Context {
    /// Where to print.
    pub(crate) output: Output,
    /// Flags that every command takes.
    pub(crate) global: GlobalArgs,
    /// The environment.
    pub(crate) environment: Environment,
    access: Access,
    operations: OnceCell<Arc<dyn Operations>>,
}

impl Context {
    /// The context of one command.
    ///
    /// # Errors
    /// The environment names no format.
    pub(crate) fn new(
        global: GlobalArgs,
        environment: Environment,
        output: Output,
        access: Access,
    ) -> anyhow::Result<Self> {
        config::format(&global, &environment)?;
        Ok(Self { output, global, environment, access, operations: OnceCell::new() })
    }

    /// The same for a command to which `--base-url` says something else than where the default domain is reached.
    ///
    /// # Errors
    /// The environment names no format.
    pub(crate) fn without_base_url(&self) -> anyhow::Result<Self> {
        let global = GlobalArgs { base_url: None, ..self.global.clone() };
        Self::new(global, self.environment.clone(), self.output.clone(), self.access)
    }

    /// The same for a command to which `--distribution` says something else than whose copies changes purge.
    ///
    /// # Errors
    /// The environment names no format.
    pub(crate) fn without_distribution(&self) -> anyhow::Result<Self> {
        let global = GlobalArgs { distribution: None, ..self.global.clone() };
        Self::new(global, self.environment.clone(), self.output.clone(), self.access)
    }

    /// The configuration.
    ///
    /// # Errors
    /// Says which flag, variable or entry is wrong.
    pub(crate) fn config(&self) -> anyhow::Result<Config> {
        Config::read(&self.global, &self.environment)
    }

    /// The operations on the links that the configuration names.
    ///
    /// # Errors
    /// The configuration is wrong, or the table cannot be opened.
    pub(crate) async fn operations(&self) -> anyhow::Result<&dyn Operations> {
        self.opened().await.map(AsRef::as_ref)
    }

    /// The same for tasks that go on by themselves.
    ///
    /// # Errors
    /// As [`Self::operations`].
    pub(crate) async fn shared_operations(&self) -> anyhow::Result<Arc<dyn Operations>> {
        self.opened().await.cloned()
    }

    async fn opened(&self) -> anyhow::Result<&Arc<dyn Operations>> {
        let operations = self.operations.get_or_try_init(|| async {
            let config = self.config()?;
            if let Location::Api(api) = &config.location
                && api.key.is_some()
                && api.url.is_cleartext()
            {
                self.output.warn(&format!("{} is not encrypted: others can read the API key on its way", api.url));
            }
            backend::open(&config, self.access, self.mode(), &self.environment.user()).await.map(Arc::from)
        });
        operations.await
    }

    /// The table that the configuration names.
    ///
    /// # Errors
    /// The configuration is wrong or names a service, or the table cannot be opened.
    pub(crate) async fn store(&self) -> anyhow::Result<Store> {
        Store::open(&self.config()?.location, self.access, self.mode()).await
    }

    /// How changes are made: `--dry-run` and nothing else.
    pub(crate) fn write_options(&self) -> WriteOptions {
        WriteOptions { mode: self.mode(), ..WriteOptions::default() }
    }

    /// Whether changes are carried out, as the service is told.
    pub(crate) fn mode(&self) -> Mode {
        if self.global.dry_run { Mode::DryRun } else { Mode::Apply }
    }

    /// Whether changes are carried out.
    pub(crate) fn is_dry_run(&self) -> bool {
        self.global.dry_run
    }

    /// Asks before something that is hard to undo; a dry run and `--yes` need no answer.
    pub(crate) fn confirmation(&self) -> Confirmation {
        Confirmation::assuming(self.global.yes || self.global.dry_run)
    }

    /// Says what was done, or would be.
    pub(crate) fn done(&self, text: &str) {
        if self.is_dry_run() {
            self.output.note(&format!("dry run, nothing written: {text}"));
        } else {
            self.output.note(text);
        }
    }
}
