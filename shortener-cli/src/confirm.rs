//! The only module that asks.

use std::io::{self, IsTerminal};

use dialoguer::{Confirm, Password};

use crate::exit::Stopped;

/// Whether a dangerous command may go ahead.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Confirmation {
    assumed: bool,
}

impl Confirmation {
    /// Assumes the answer yes, as `--yes` and `--dry-run` do, or asks.
    pub(crate) fn assuming(assumed: bool) -> Self {
        Self { assumed }
    }

    /// Asks; answers only if the answer is yes.
    ///
    /// # Errors
    /// Declined, or nobody is there to be asked.
    pub(crate) async fn ask(self, question: String) -> anyhow::Result<()> {
        if self.assumed {
            return Ok(());
        }
        if !is_interactive() {
            let detail = "refusing to go ahead without confirmation: there is no terminal to ask on";
            return Err(Stopped::usage(detail, "pass --yes").into());
        }
        let answer = blocking(move || Confirm::new().with_prompt(question).default(false).interact()).await?;
        if answer { Ok(()) } else { Err(Stopped::Declined.into()) }
    }
}

/// Asks for a secret without showing it; none if nothing was typed.
///
/// # Errors
/// The prompt was interrupted.
pub(crate) async fn secret(prompt: String) -> anyhow::Result<Option<String>> {
    let text = blocking(move || Password::new().with_prompt(prompt).allow_empty_password(true).interact()).await?;
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// Shows the cursor again, which a prompt that was interrupted has hidden.
pub(crate) fn restore_terminal() {
    if is_interactive() {
        // A terminal that went away needs no cursor.
        let _ = dialoguer::console::Term::stderr().show_cursor();
    }
}

/// Whether someone can be asked.
pub(crate) fn is_interactive() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

async fn blocking<T: Send + 'static>(
    ask: impl FnOnce() -> Result<T, dialoguer::Error> + Send + 'static,
) -> anyhow::Result<T> {
    match tokio::task::spawn_blocking(ask).await? {
        Ok(answer) => Ok(answer),
        Err(dialoguer::Error::IO(error)) if error.kind() == io::ErrorKind::Interrupted => {
            Err(Stopped::Interrupted.into())
        }
        Err(error) => Err(error.into()),
    }
}
