//! `short completions`

use clap_complete::Shell;

use crate::context::Context;
use crate::exit::ExitStatus;

/// Print the completion script of a shell
#[derive(Debug, Clone, Copy, clap::Args)]
#[command(after_long_help = "Examples:
  short completions bash > ~/.local/share/bash-completion/completions/short
  short completions fish > ~/.config/fish/completions/short.fish")]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

/// Runs the command.
pub(crate) fn run(args: Args, context: &Context) -> anyhow::Result<ExitStatus> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut crate::command(), "short", &mut script);
    context.output.text(&String::from_utf8_lossy(&script))?;
    Ok(ExitStatus::Ok)
}
