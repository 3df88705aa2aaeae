//! How far a long command is: a bar on a terminal, else a line from time to time. On standard error.

use std::io::{self, IsTerminal};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{Output, talk};

/// Time between two lines where there is no terminal.
const BETWEEN_LINES: Duration = Duration::from_secs(10);

/// How far a part of a command is. Cloning shares it.
#[derive(Debug, Clone)]
pub(crate) struct Progress(Arc<Shown>);

#[derive(Debug)]
enum Shown {
    /// Nothing is shown.
    Nothing,
    /// A bar on a terminal.
    Bar(ProgressBar),
    /// Lines.
    Lines { label: String, total: Option<u64>, state: Mutex<Lines> },
}

#[derive(Debug)]
struct Lines {
    done: u64,
    last: Instant,
    began: Instant,
}

impl Output {
    /// Begins to show how far something is, of so many rows if that is known.
    pub(crate) fn progress(&self, label: &str, total: Option<u64>) -> Progress {
        let shown = if self.quiet {
            Shown::Nothing
        } else if io::stderr().is_terminal() {
            Shown::Bar(bar(label, total))
        } else {
            let (began, label) = (Instant::now(), label.to_owned());
            Shown::Lines { label, total, state: Mutex::new(Lines { done: 0, last: began, began }) }
        };
        Progress(Arc::new(shown))
    }
}

impl Progress {
    /// So many rows more are done.
    pub(crate) fn advance(&self, rows: u64) {
        match &*self.0 {
            Shown::Nothing => {}
            Shown::Bar(bar) => bar.inc(rows),
            Shown::Lines { label, total, state } => {
                let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
                state.done += rows;
                if state.last.elapsed() >= BETWEEN_LINES {
                    state.last = Instant::now();
                    talk(&state.line(label, *total));
                }
            }
        }
    }

    /// Shows it no more.
    pub(crate) fn finish(&self) {
        if let Shown::Bar(bar) = &*self.0 {
            bar.finish_and_clear();
        }
    }
}

impl Lines {
    fn line(&self, label: &str, total: Option<u64>) -> String {
        let rate = self.done.checked_div(self.began.elapsed().as_secs()).unwrap_or(self.done);
        let left = total.and_then(|total| total.saturating_sub(self.done).checked_div(rate));
        let of = total.map(|total| format!(" of {total}")).unwrap_or_default();
        let left =
            left.map(|seconds| format!(", {} left", crate::report::span(seconds.cast_signed()))).unwrap_or_default();
        format!("{label}: {}{of} rows, {rate}/s{left}", self.done)
    }
}

fn bar(label: &str, total: Option<u64>) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr()).with_message(label.to_owned());
    let form = match total {
        Some(_) => "{msg}  {wide_bar}  {human_pos}/{human_len}  {per_sec:.0}/s  eta {eta}",
        None => "{msg}  {spinner}  {human_pos} rows  {per_sec:.0}/s",
    };
    // A form that means nothing leaves the default one.
    let style = ProgressStyle::with_template(form).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style);
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_far_it_is_and_what_is_left() {
        let began = Instant::now().checked_sub(Duration::from_secs(10)).unwrap();
        let lines = Lines { done: 1000, last: began, began };
        assert_eq!(lines.line("reading", None), "reading: 1000 rows, 100/s");
        assert_eq!(lines.line("importing", Some(7000)), "importing: 1000 of 7000 rows, 100/s, 1 minute left");
    }
}
