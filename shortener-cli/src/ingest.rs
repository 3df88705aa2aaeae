//! What `short ingest` needs beside the counting itself.

use std::io::Read;
use std::ops::RangeInclusive;
use std::sync::Arc;

use async_trait::async_trait;
use shortener_core::ingest::{
    Folder, IngestError, IngestReport, LeftAlone, LogFile, LogSource, S3Logs, S3Place, S3Settings, SourceError, Watch,
};
use shortener_core::stats::Hour;
use shortener_core::table::TableError;
use shortener_core::wire::{Problem, ProblemCode};

use crate::exit::Stopped;
use crate::output::Progress;
use crate::report::{Report, Shape};

/// Logs in several places.
#[derive(Debug)]
struct Several(Vec<Arc<dyn LogSource>>);

/// What stands between the number of a place and the location in it.
const SEPARATOR: char = '\0';

#[async_trait]
impl LogSource for Several {
    async fn list(&self, hours: Option<RangeInclusive<Hour>>) -> Result<Vec<LogFile>, SourceError> {
        let mut files = Vec::new();
        for (place, source) in self.0.iter().enumerate() {
            let listed = source.list(hours.clone()).await?.into_iter();
            files.extend(listed.map(|file| {
                let location = format!("{place}{SEPARATOR}{}", file.location);
                LogFile { location, ..file }
            }));
        }
        Ok(files)
    }

    fn left_alone(&self) -> LeftAlone {
        let mut all = LeftAlone::default();
        self.0.iter().for_each(|source| all.extend(source.left_alone()));
        all
    }

    async fn open(&self, file: &LogFile) -> Result<Box<dyn Read + Send>, SourceError> {
        let found = file.location.split_once(SEPARATOR).and_then(|(place, location)| {
            let source = self.0.get(place.parse::<usize>().ok()?)?;
            Some((source, LogFile { location: location.to_owned(), ..file.clone() }))
        });
        let unknown =
            || SourceError::Refused { place: file.name.clone(), reason: "it is none of the files listed".to_owned() };
        let (source, file) = found.ok_or_else(unknown)?;
        source.open(&file).await
    }
}

/// The logs at the places of a command line.
///
/// # Errors
/// A place is none.
pub(crate) async fn sources(places: &[String], region: Option<&str>) -> anyhow::Result<Arc<dyn LogSource>> {
    let (buckets, paths): (Vec<_>, Vec<_>) =
        places.iter().partition(|place| place.starts_with("s3:") || place.contains("://"));
    let mut sources: Vec<Arc<dyn LogSource>> = Vec::new();
    if !paths.is_empty() {
        sources.push(Arc::new(Folder::new(paths)));
    }
    for place in buckets {
        let parsed = S3Place::parse(place).ok_or_else(|| {
            let detail = format!("'{}' is no place in S3", place.escape_debug());
            Stopped::usage(detail, "write it as s3://BUCKET/PREFIX, or give a file or folder")
        })?;
        let settings = S3Settings { region: region.map(str::to_owned), ..S3Settings::default() };
        sources.push(Arc::new(S3Logs::connect(&settings, parsed).await));
    }
    Ok(Arc::new(Several(sources)))
}

/// Shows how far a count is.
#[derive(Debug)]
pub(crate) struct Shown(pub(crate) Progress);

impl Watch for Shown {
    fn hour(&self, hour: Hour, left: usize) {
        tracing::debug!(%hour, left, "counting");
    }

    fn read(&self, lines: u64) {
        self.0.advance(lines);
    }
}

/// Why nothing was counted, as a failure of the command.
pub(crate) fn explain(error: IngestError) -> anyhow::Error {
    let detail = with_causes(&error);
    match error {
        IngestError::Table(error) => Problem::from(error).into(),
        IngestError::Domains(error) => Problem::from(error).into(),
        IngestError::Source(error) => of_source(&error, detail),
        IngestError::Read { .. } | IngestError::Busy { .. } => Problem::new(ProblemCode::Unavailable, detail).into(),
    }
}

fn of_source(error: &SourceError, detail: String) -> anyhow::Error {
    let problem = |code, hint| Problem::new(code, &*detail).with_hint(hint).into();
    match error {
        SourceError::Refused { place, .. } if place.starts_with("s3://") => {
            Stopped::usage(detail, "check the names of the bucket and the folder, and the region").into()
        }
        SourceError::Refused { .. } => Stopped::usage(detail, "check the path and its permissions").into(),
        SourceError::NoLog { .. } => Stopped::usage(
            detail,
            "give it the name that CloudFront gave it, or name its folder: what is no log there is left alone",
        )
        .into(),
        SourceError::NoCredentials { .. } => problem(ProblemCode::Unauthenticated, TableError::ABOUT_CREDENTIALS),
        SourceError::Denied { .. } => problem(
            ProblemCode::Forbidden,
            "check the permissions of the user or role: it must be allowed to list the bucket and to read its files",
        ),
        SourceError::Unavailable { .. } => {
            problem(ProblemCode::Unavailable, "check that it can be reached, then try again")
        }
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// What a count came to, for people.
pub(crate) fn words(report: &IngestReport, is_dry_run: bool) -> String {
    let what = if is_dry_run { "would count" } else { "counted" };
    let (hours, files) = (of(report.hours, "hour"), of(report.new_files, "new file"));
    let copies = if report.duplicates == 1 { "copy" } else { "copies" };
    let mut lines = vec![
        format!("{what} {hours} anew, for {files} of {} listed", report.files),
        format!(
            "{}, {} {copies} left out, {} for codes that no link has",
            of(report.lines, "request"),
            report.duplicates,
            report.orphans
        ),
    ];
    if !report.rejected_lines.is_empty() {
        let reason = |(reason, lines): (&String, &u64)| format!("{lines} {}", reason.replace('_', " "));
        let reasons: Vec<_> = report.rejected_lines.iter().map(reason).collect();
        lines.push(format!("rejected lines: {}", reasons.join(", ")));
    }
    lines.push(if is_dry_run {
        "nothing was written".to_owned()
    } else {
        format!("{} written, {} stored already", of(report.written, "item"), of(report.unchanged, "count"))
    });
    if report.hours_left > 0 {
        lines.push(format!("{} left", of(report.hours_left, "hour")));
    }
    lines.extend(report.as_of.map(|moment| format!("what was delivered until {moment} is counted")));
    lines.extend(report.complete_until.map(|moment| format!("hours before {moment} are final")));
    lines.join("\n") + "\n"
}

fn of(number: u64, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{plural}")
}

impl Report for IngestReport {
    type Line = Self;
    const FIELDS: &'static [&'static str] = &[
        "files",
        "new_files",
        "hours",
        "hours_left",
        "lines",
        "duplicates",
        "rejected_lines",
        "orphans",
        "written",
        "unchanged",
        "as_of",
        "complete_until",
        "problems",
    ];
    const SHAPE: Shape = Shape::Single;

    fn lines(&self) -> &[Self] {
        std::slice::from_ref(self)
    }
}
