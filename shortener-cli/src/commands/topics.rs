//! `short help exit-codes`, `short help environment`, `short help formatting`

use std::fmt::Write;

use clap::Subcommand;

use crate::config::VARIABLES;
use crate::context::Context;
use crate::exit::ExitStatus;

/// Topics of the help, which read as commands to the parser.
#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum Topic {
    /// What the exit status says
    #[command(hide = true, long_about = exit_codes(), help_template = "{about-with-newline}", disable_help_flag = true)]
    ExitCodes,
    /// Environment variables and the configuration file
    #[command(hide = true, long_about = environment(), help_template = "{about-with-newline}", disable_help_flag = true)]
    Environment,
    /// Formats of the data and of errors
    #[command(hide = true, long_about = FORMATTING, help_template = "{about-with-newline}", disable_help_flag = true)]
    Formatting,
}

const FORMATTING: &str = "Formats of the data on standard output (--output, --json, SHORT_OUTPUT):

  table   aligned on a terminal; in a pipe tab-separated without a header, with
          exact times and whole URLs
  json    one document, the same that the API answers
  ndjson  one object per line
  csv     every field, with a header; tags are joined by ';', and an apostrophe
          stands before what a spreadsheet would take for a formula
  tsv     the same, tab-separated; tab, newline and backslash within a field are
          written \\t, \\n, \\\\

Everything that is no data goes to standard error. Errors are 'error: ...' and
'hint: ...', or, where the data is json or ndjson, one line with an RFC 9457
problem; standard output is then empty.

A moment (WHEN) is RFC 3339 (2027-01-31T12:00:00Z), a date, 'now', 'never', or a
span from now such as 90m, 30d, 1y.

In 'short stats' a span ends now. It is rounded up to whole hours, or by day to
whole days, the one under way among them: --since 90m is two hours, --since 7d
seven days, today the last one.

Examples:
  short list --json | jq -r '.links[].code'
  short list --all -o csv > links.csv";

/// Columns of the terminal that the topics fit.
const COLUMNS: usize = 80;

/// A sentence in lines that begin at a column, without the space before the first one.
fn hanging(sentence: &str, column: usize) -> String {
    let (mut text, mut end) = (String::new(), column);
    for word in sentence.split(' ') {
        let width = word.chars().count();
        if text.is_empty() {
            end += width;
        } else if end + 1 + width <= COLUMNS {
            text.push(' ');
            end += 1 + width;
        } else {
            text.push('\n');
            text.extend(std::iter::repeat_n(' ', column));
            end = column + width;
        }
        text.push_str(word);
    }
    text
}

fn exit_codes() -> String {
    let mut text = "The exit status says what happened:\n\n".to_owned();
    for (status, meaning) in ExitStatus::ALL {
        let _ = writeln!(text, "  {:>3}  {}", status as u8, hanging(meaning, 7));
    }
    text + "\nExamples:
  short inspect launch --json; test $? = 3 && echo 'no such link'
  while short create https://example.com --idempotency-key job-7; test $? = 7
      do sleep 5; done"
}

fn environment() -> String {
    let mut text = "Flags come before the environment, the environment before a profile:\n\n".to_owned();
    for (name, meaning) in VARIABLES {
        let _ = writeln!(text, "  {name}\n      {}", hanging(meaning, 6));
    }
    text + "
The configuration file holds profiles; 'short profiles add' writes it:

  default_profile = \"prod\"

  [profiles.prod]
  api = \"https://go.example.com\"
  api_key = \"short_...\"

  [profiles.table]
  table = \"short-links\"
  region = \"eu-central-1\"
  distribution = \"EDFDVBD632BHDS5\"
  base_url = \"https://go.example.com\""
}

/// Prints the topic.
pub(crate) fn run(topic: Topic, context: &Context) -> anyhow::Result<ExitStatus> {
    let text = match topic {
        Topic::ExitCodes => exit_codes(),
        Topic::Environment => environment(),
        Topic::Formatting => FORMATTING.to_owned(),
    };
    context.output.text(&(text + "\n"))?;
    Ok(ExitStatus::Ok)
}
