//! The only module that prints: data on standard output, everything else on standard error.

use std::ffi::OsString;
use std::io::{self, ErrorKind, IsTerminal, Write};

use anstream::ColorChoice;
use anstyle::{AnsiColor, Style};
use clap::error::ErrorKind as Usage;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use shortener_core::clock::{Clock, SystemClock};
use shortener_core::wire::{Problem, ProblemCode};
use shortener_lambda::log::WITHOUT_ANSWERS;

use crate::cli::{Color, Format, GlobalArgs};
use crate::config::{self, Environment};
use crate::exit::{ExitStatus, Stopped};
use crate::formats::{FileError, neutralise};
use crate::hints;
use crate::report::{Moments, Report, Shape};

mod progress;
mod sink;
mod text;

pub(crate) use progress::Progress;
pub(crate) use sink::Sink;
pub(crate) use text::printable;

/// How the command prints.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    /// Format of the data.
    pub(crate) format: Format,
    quiet: bool,
    terminal: bool,
}

/// Whether a table with named columns names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Header {
    /// First come the names.
    Shown,
    /// The names were shown with an earlier page.
    Omitted,
}

/// How a line of a plan is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// `+`, green.
    Added,
    /// `~`, yellow.
    Changed,
    /// `-`, red.
    Removed,
    /// `!`, red.
    Refused,
    /// `?`, yellow.
    Unknown,
    /// Nothing.
    None,
}

impl Mark {
    fn shown(self) -> String {
        match self {
            Self::Added => label("+", AnsiColor::Green),
            Self::Changed => label("~", AnsiColor::Yellow),
            Self::Removed => label("-", AnsiColor::Red),
            Self::Refused => label("!", AnsiColor::Red),
            Self::Unknown => label("?", AnsiColor::Yellow),
            Self::None => " ".to_owned(),
        }
    }
}

impl Output {
    /// Reads from flags and environment how to print. A wrong format is reported by [`config::format`].
    pub(crate) fn new(args: &GlobalArgs, environment: &Environment) -> Self {
        ColorChoice::write_global(match args.color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        });
        let format = config::format(args, environment).unwrap_or_default();
        Self { format, quiet: args.quiet, terminal: io::stdout().is_terminal() }
    }

    /// Whether standard output is a terminal and the data is for people.
    pub(crate) fn is_for_people(&self) -> bool {
        self.terminal && self.format == Format::Table
    }

    /// Whether the data is for people, or for scripts that read what people do.
    pub(crate) fn is_table(&self) -> bool {
        self.format == Format::Table
    }

    /// Whether standard output is a terminal.
    pub(crate) fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Standard output for what is written as it comes, such as a file of links. On a terminal it shows whole lines, with
    /// what could deceive a reader escaped as `format` does it.
    pub(crate) fn sink(&self, format: Format) -> Sink {
        Sink::new(self.terminal.then_some(format))
    }

    /// Prints a report in the format asked for.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub(crate) fn report<R: Report>(&self, report: &R) -> io::Result<()> {
        self.page(report, Header::Shown)
    }

    /// Prints a page of a report.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub(crate) fn page<R: Report>(&self, report: &R, header: Header) -> io::Result<()> {
        if self.is_for_people() && R::SHAPE == Shape::List && report.lines().is_empty() {
            self.note(R::NOTHING);
        }
        let mut buffer = Vec::new();
        match self.format {
            Format::Json => self.json(&mut buffer, report)?,
            Format::Ndjson => {
                for line in report.lines() {
                    serde_json::to_writer(&mut buffer, line)?;
                    buffer.push(b'\n');
                }
            }
            Format::Csv => csv(&mut buffer, report, header)?,
            Format::Tsv => {
                let names = R::FIELDS.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
                let names = (header == Header::Shown).then_some(names);
                let rows = report.lines().iter().map(|line| fields::<R>(line));
                buffer.extend(names.into_iter().chain(rows).flat_map(|row| text::tsv(&row).into_bytes()));
            }
            Format::Table => buffer.extend(self.table(report).into_bytes()),
        }
        if self.terminal && self.format != Format::Table {
            buffer = text::harmless(&buffer, self.format).into_bytes();
        }
        write_out(&buffer)
    }

    /// Prints text as it is: a short URL, a new key, a completion script.
    ///
    /// # Errors
    /// Standard output cannot be written.
    #[expect(clippy::unused_self, reason = "printing is what an Output does")]
    pub(crate) fn text(&self, text: &str) -> io::Result<()> {
        write_out(text.as_bytes())
    }

    /// Shows a page from the upper left corner of the terminal on, in place of what was there, as far as it has lines.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub(crate) fn screen(&self, page: &str) -> io::Result<()> {
        let lines = self.height().unwrap_or(usize::MAX);
        // Each line clears what was behind it, and the last one what was below: clearing all first would flicker.
        let shown: Vec<&str> = page.lines().take(lines).collect();
        write_out(format!("\x1b[H{}\x1b[K\n\x1b[J", shown.join("\x1b[K\n")).as_bytes())
    }

    /// Ends what [`Self::screen`] began: the page stays, and what comes next stands below it at the left, in place of
    /// the `^C` that terminals show.
    ///
    /// # Errors
    /// Standard output cannot be written.
    #[expect(clippy::unused_self, reason = "printing is what an Output does")]
    pub(crate) fn end_screen(&self) -> io::Result<()> {
        write_out(b"\r\x1b[K")
    }

    /// Lines of a page that the terminal shows whole; the last one is for the cursor.
    #[expect(clippy::unused_self, reason = "where it prints is what an Output knows")]
    pub(crate) fn height(&self) -> Option<usize> {
        size().map(|(_, lines)| lines.saturating_sub(1))
    }

    /// Columns of the terminal, where there is none those of an old one.
    #[expect(clippy::unused_self, reason = "where it prints is what an Output knows")]
    pub(crate) fn width(&self) -> usize {
        size().map_or(80, |(columns, _)| columns)
    }

    /// Prints lines, each behind its mark.
    ///
    /// # Errors
    /// Standard output cannot be written.
    #[expect(clippy::unused_self, reason = "printing is what an Output does")]
    pub(crate) fn marked(&self, lines: &[(Mark, String)]) -> io::Result<()> {
        let mut text = Vec::new();
        for (mark, line) in lines {
            writeln!(text, "{} {}", mark.shown(), printable(line))?;
        }
        let mut stdout = anstream::stdout().lock();
        stdout.write_all(&text)?;
        stdout.flush()
    }

    /// Says something that is no data, unless it is to be quiet.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            talk(&printable(text));
        }
    }

    /// Says something that is never said again, so that not even `--quiet` hides it.
    #[expect(clippy::unused_self, reason = "printing is what an Output does")]
    pub(crate) fn tell(&self, text: &str) {
        talk(&printable(text));
    }

    /// Says something that no one may miss but errors need not hear of.
    pub(crate) fn warn(&self, text: &str) {
        if !self.quiet {
            talk(&format!("{}: {}", label("warning", AnsiColor::Yellow), printable(text)));
        }
    }

    /// Reports why the command failed and answers with which status to exit.
    pub(crate) fn failure(&self, error: &anyhow::Error) -> ExitStatus {
        if is_broken_pipe(error) {
            // Whoever read the output has read enough, as 'head' does.
            return ExitStatus::Ok;
        }
        let (problem, status) = explain(error);
        self.problem(&problem);
        status
    }

    /// Reports a problem: for people, or as one line of JSON where the data is JSON.
    pub(crate) fn problem(&self, problem: &Problem) {
        if self.format.is_json() {
            problem_line(&hints::for_the_command_line(problem));
        } else {
            self.problem_about(None, problem);
        }
    }

    /// Reports the problem of one of several things, for people.
    pub(crate) fn problem_about(&self, subject: Option<&str>, problem: &Problem) {
        let subject = subject.map(|subject| format!("{}: ", printable(subject))).unwrap_or_default();
        talk(&format!("{}: {subject}{}", label("error", AnsiColor::Red), printable(&problem.detail)));
        if problem.errors.len() > 1 {
            for error in &problem.errors {
                talk(&printable(&format!("  {}: {}", error.pointer.trim_start_matches('/'), error.detail)));
            }
        }
        if let Some(hint) = &hints::for_the_command_line(problem).hint {
            talk(&format!("{}: {}", label("hint", AnsiColor::Cyan), printable(hint)));
        }
        if let Some(instance) = &problem.instance {
            self.note(&format!("request: {}", instance.trim_start_matches("urn:uuid:")));
        }
    }

    fn json<T: Serialize>(&self, buffer: &mut Vec<u8>, value: &T) -> io::Result<()> {
        // Only white space depends on where it goes.
        if self.terminal {
            serde_json::to_writer_pretty(&mut *buffer, value)?;
        } else {
            serde_json::to_writer(&mut *buffer, value)?;
        }
        buffer.push(b'\n');
        Ok(())
    }

    fn table<R: Report>(&self, report: &R) -> String {
        if !self.terminal {
            let rows = report.lines().iter().map(|line| match R::SHAPE {
                Shape::Single => fields::<R>(line),
                Shape::List => R::columns().iter().map(|column| (column.cell)(line, Moments::Exact)).collect(),
            });
            // A pipe often ends on a terminal.
            return rows.map(|row| text::harmless(text::tsv(&row).as_bytes(), Format::Table)).collect();
        }
        let now = now();
        match R::SHAPE {
            Shape::Single => {
                let record = |line| text::record(R::FIELDS, &values::<R>(line), &R::beyond(line), now);
                report.lines().iter().map(record).collect()
            }
            Shape::List => {
                let columns = R::columns();
                let row = |line| columns.iter().map(|column| (column.cell)(line, Moments::RelativeTo(now))).collect();
                let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
                text::aligned(&names, &report.lines().iter().map(row).collect::<Vec<_>>())
            }
        }
    }
}

/// Shows what is sent and how long it takes on standard error, if wanted.
pub(crate) fn log_requests(wanted: bool) {
    if wanted {
        let filter = tracing_subscriber::EnvFilter::new("shortener_core=debug,shortener_cli=debug");
        let format = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_target(false);
        // A second call finds the first one's subscriber, which is as good.
        let _ = format.with_ansi(false).compact().try_init();
    }
}

/// How a server logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Human,
    /// One JSON object per line.
    Json,
}

/// Logs events on standard error; `filter` says which, `info` and above by default.
///
/// # Errors
/// The filter means nothing.
pub(crate) fn log_events(format: LogFormat, filter: Option<&str>) -> anyhow::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_new(filter.unwrap_or("info")).map_err(|_| {
        Stopped::usage("SHORT_LOG is no filter", "use error, warn, info or debug, or such as shortener_core=debug")
    })?;
    let filter = filter.add_directive(WITHOUT_ANSWERS.parse()?);
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    // A second call finds the first one's subscriber, which is as good.
    let _ = match format {
        LogFormat::Human => subscriber.with_ansi(false).try_init(),
        LogFormat::Json => subscriber.json().flatten_event(true).try_init(),
    };
    Ok(())
}

/// Reports a command line that does not parse, or prints the help that it asks for.
pub(crate) fn usage_failure(error: &clap::Error, args: &[OsString]) -> ExitStatus {
    if matches!(error.kind(), Usage::DisplayHelp | Usage::DisplayVersion) {
        // A reader that went away has read enough.
        let _ = error.print();
        return ExitStatus::Ok;
    }
    // Without clap's own colours, which could not be told from those of an argument that it quotes.
    let rendered = text::harmless(error.render().to_string().as_bytes(), Format::Table);
    if wants_json(args) {
        let words = rendered.lines().map_while(|line| Some(line.trim()).filter(|line| !line.is_empty()));
        let detail = words.collect::<Vec<_>>().join(" ").trim_start_matches("error: ").to_owned();
        problem_line(&Stopped::usage(detail, "run the command with --help").problem());
    } else {
        let rest = rendered.trim_end().trim_start_matches("error: ");
        talk(&format!("{}: {rest}", label("error", AnsiColor::Red)));
    }
    ExitStatus::Usage
}

/// Whether a command line that does not parse asks for errors as JSON.
fn wants_json(args: &[OsString]) -> bool {
    let args: Vec<_> = args.iter().map(|arg| arg.to_string_lossy()).collect();
    let flag = args
        .iter()
        .any(|arg| matches!(arg.as_ref(), "--json" | "-ojson" | "-ondjson" | "--output=json" | "--output=ndjson"));
    let pair = args
        .windows(2)
        .any(|pair| matches!(pair[0].as_ref(), "-o" | "--output") && matches!(pair[1].as_ref(), "json" | "ndjson"));
    flag || pair || config::format(&GlobalArgs::default(), &Environment::read()).is_ok_and(Format::is_json)
}

/// Columns and lines of the terminal on standard output.
fn size() -> Option<(usize, usize)> {
    let (width, height) = terminal_size::terminal_size_of(io::stdout())?;
    Some((usize::from(width.0), usize::from(height.0))).filter(|(columns, _)| *columns > 0)
}

/// The moment it is, for times shown relative to it.
pub(crate) fn now() -> Timestamp {
    SystemClock.now()
}

/// The failure as a problem, and its exit status.
fn explain(error: &anyhow::Error) -> (Problem, ExitStatus) {
    if let Some(problem) = error.downcast_ref::<Problem>() {
        return (problem.clone(), ExitStatus::of(problem));
    }
    if let Some(stopped) = error.downcast_ref::<Stopped>() {
        return (stopped.problem(), stopped.status());
    }
    if let Some(error) = error.downcast_ref::<FileError>() {
        return (error.problem(), error.status);
    }
    if let Some(error) = error.downcast_ref::<io::Error>() {
        let problem = Problem::new(ProblemCode::Internal, format!("input or output failed: {}", error.kind()));
        return (problem, ExitStatus::Failure);
    }
    (Problem::new(ProblemCode::Internal, format!("{error:#}")), ExitStatus::Failure)
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

/// Every field of a line as text, in the order of `FIELDS`.
fn fields<R: Report>(line: &R::Line) -> Vec<String> {
    values::<R>(line).iter().map(text::plain).collect()
}

/// Every field of a line, in the order of `FIELDS`.
fn values<R: Report>(line: &R::Line) -> Vec<Value> {
    let object = serde_json::to_value(line).unwrap_or_default();
    R::FIELDS.iter().map(|name| object.get(*name).cloned().unwrap_or_default()).collect()
}

/// A cell that a spreadsheet does not run. A hyphen alone, such as the default domain's name, is no formula.
fn harmless_cell(cell: &str) -> String {
    if cell == "-" { cell.to_owned() } else { neutralise(cell).into_owned() }
}

fn csv<R: Report>(buffer: &mut Vec<u8>, report: &R, header: Header) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(buffer);
    if header == Header::Shown {
        writer.write_record(R::FIELDS)?;
    }
    for line in report.lines() {
        writer.write_record(fields::<R>(line).iter().map(|cell| harmless_cell(cell)))?;
    }
    writer.flush()
}

fn write_out(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()
}

fn label(text: &str, color: AnsiColor) -> String {
    let style = Style::new().bold().fg_color(Some(color.into()));
    format!("{style}{text}{style:#}")
}

fn problem_line(problem: &Problem) {
    let line = serde_json::to_string(problem).unwrap_or_else(|_| problem.detail.clone());
    talk(&text::harmless(line.as_bytes(), Format::Json));
}

/// Prints on standard error; there is nowhere to report that this failed.
fn talk(text: &str) {
    let _ = writeln!(anstream::stderr(), "{text}");
}
