//! `short export`

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use shortener_core::wire::{LinkFilter, StateFilter};

use crate::cli::Format;
use crate::context::Context;
use crate::exit::{ExitStatus, Stopped};
use crate::export::{CompleteFile, copy, is_there};
use crate::filter::FilterArgs;
use crate::formats::{Compression, OwnForm, OwnWriter};

/// Write links to a file that 'short import' gives back the same
///
/// Writes every link that is not deleted, or those of a filter, in the order of their creation, in memory that does not
/// grow with their number. Links that are changed meanwhile come once; links that are made meanwhile may come.
/// A file is complete or not there. In CSV, cells that a spreadsheet would take for a formula begin with an apostrophe,
/// which the import takes away.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  short export > links.csv
  short export -O links.ndjson.zst
  short export --tag q2 --format ndjson | wc -l
  short export --api https://go.example.com --yes -O nightly.csv.gz")]
pub(crate) struct Args {
    /// File to write [default: standard output]
    #[arg(short = 'O', long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// Format [default: what the name of the file says, else csv]
    #[arg(long, value_name = "FORMAT")]
    format: Option<OwnForm>,
    /// Compression [default: what the name of the file says, else none]
    #[arg(long, value_name = "METHOD")]
    compress: Option<Compression>,
    #[command(flatten)]
    filter: FilterArgs,
}

/// Whether people see how far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ShowProgress {
    Yes,
    /// It would be drawn over the links on the same terminal.
    No,
}

/// How the file is written.
#[derive(Debug, Clone, Copy)]
struct Shape {
    form: OwnForm,
    compression: Compression,
}

/// Runs the command.
pub(crate) async fn run(args: Args, context: &Context) -> anyhow::Result<ExitStatus> {
    let filter = args.filter.filter();
    if matches!(filter.state, Some(StateFilter::Deleted | StateFilter::Any)) {
        let detail = "deleted links are not exported: an import would bring them back to life";
        return Err(Stopped::usage(detail, "look at them with 'short list --state deleted'").into());
    }
    let shape = args.shape();
    let written = match &args.to {
        Some(path) => to_file(context, filter, shape, path).await?,
        None => to_output(context, filter, shape).await?,
    };
    context.output.note(&format!("exported {written} link{}", if written == 1 { "" } else { "s" }));
    Ok(ExitStatus::Ok)
}

async fn to_output(context: &Context, filter: LinkFilter, shape: Shape) -> anyhow::Result<u64> {
    if shape.compression != Compression::None && context.output.is_terminal() {
        let hint = "name a file by --to, or leave --compress out";
        return Err(Stopped::usage("a terminal cannot show compressed data", hint).into());
    }
    let show = if context.output.is_terminal() { ShowProgress::No } else { ShowProgress::Yes };
    let format = if shape.form == OwnForm::Ndjson { Format::Ndjson } else { Format::Csv };
    let begin = || OwnWriter::new(context.output.sink(format), shape.form, shape.compression);
    let (writer, written) = write(context, filter, show, begin).await?;
    writer.finish()?.flush()?;
    Ok(written)
}

async fn write<W: Write>(
    context: &Context,
    filter: LinkFilter,
    show: ShowProgress,
    begin: impl FnOnce() -> io::Result<OwnWriter<W>>,
) -> anyhow::Result<(OwnWriter<W>, u64)> {
    let operations = context.operations().await?;
    if show == ShowProgress::No {
        return copy(operations, filter, begin, |_| {}).await;
    }
    let progress = context.output.progress("exporting", None);
    let written = copy(operations, filter, begin, |links| progress.advance(links)).await;
    progress.finish();
    written
}

async fn to_file(context: &Context, filter: LinkFilter, shape: Shape, path: &Path) -> anyhow::Result<u64> {
    if is_there(path) {
        context.confirmation().ask(format!("Replace {}?", path.display())).await?;
    }
    let file = CompleteFile::begin(path)?;
    let begin = || OwnWriter::new(file.writer()?, shape.form, shape.compression);
    let (writer, written) = write(context, filter, ShowProgress::Yes, begin).await?;
    writer.finish()?;
    file.finish()?;
    Ok(written)
}

impl Args {
    /// What the flags say, else the name of the file.
    fn shape(&self) -> Shape {
        let name = self.to.as_deref().and_then(Path::to_str).unwrap_or_default().to_ascii_lowercase();
        let (name, compression) = match name.rsplit_once('.') {
            Some((name, "gz")) => (name, Compression::Gzip),
            Some((name, "zst")) => (name, Compression::Zstd),
            _ => (name.as_str(), Compression::None),
        };
        let is_json = [".ndjson", ".jsonl"].iter().any(|end| name.ends_with(end));
        Shape {
            form: self.format.unwrap_or(if is_json { OwnForm::Ndjson } else { OwnForm::Csv }),
            compression: self.compress.unwrap_or(compression),
        }
    }
}
