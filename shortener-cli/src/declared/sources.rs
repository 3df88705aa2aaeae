//! The files that `-f` names, read.

use std::fs;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum;

use super::document::Reader;
use super::fault::{Fault, Position, UNREADABLE};
use super::tree::Parse;
use super::{Declarations, records, toml, yaml};
use crate::formats::Kind;

/// Largest document that is read into memory, in bytes.
const MAX_DOCUMENT: u64 = 64 * 1024 * 1024;

/// How deep folders may be nested, so that a link to its own folder ends.
const MAX_DEPTH: usize = 16;

/// Formats of files that declare links.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DeclaredFormat {
    /// TOML.
    Toml,
    /// YAML.
    Yaml,
    /// CSV as 'short export' writes it.
    Csv,
    /// One JSON object a line, as 'short export' writes it.
    Ndjson,
}

/// How a format is read.
enum Way {
    /// As one tree.
    Document(Parse),
    /// Record by record.
    Records(Kind),
}

impl DeclaredFormat {
    /// The format that a file's name says; records may be compressed.
    fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.to_ascii_lowercase();
        let packed = [".gz", ".zst"].iter().find_map(|end| name.strip_suffix(end));
        match packed.unwrap_or(&name).rsplit_once('.')?.1 {
            "toml" if packed.is_none() => Some(Self::Toml),
            "yaml" | "yml" if packed.is_none() => Some(Self::Yaml),
            "csv" => Some(Self::Csv),
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            _ => None,
        }
    }

    fn way(self) -> Way {
        match self {
            Self::Toml => Way::Document(toml::read),
            Self::Yaml => Way::Document(yaml::read),
            Self::Csv => Way::Records(Kind::Csv),
            Self::Ndjson => Way::Records(Kind::Ndjson),
        }
    }
}

/// Adds what a file, the files of a folder, or standard input (`-`) declare.
pub(super) fn read(name: &Path, format: Option<DeclaredFormat>, declared: &mut Declarations, faults: &mut Vec<Fault>) {
    if name == Path::new("-") {
        let Some(format) = format else {
            faults.push(unreadable("standard input", "its format is not known", "name it by --format"));
            return;
        };
        match format.way() {
            Way::Document(parse) => {
                take("standard input", parse, text_of(io::stdin().lock(), "standard input"), declared, faults);
            }
            Way::Records(kind) => {
                let links = records::read_stdin(kind, faults);
                declared.add(None, links, faults);
            }
        }
        return;
    }
    let files = if name.is_dir() { within(name, MAX_DEPTH) } else { Ok(vec![name.to_owned()]) };
    let files = match files {
        Ok(files) if files.is_empty() => Err(unreadable(&shown(name), "the folder has no files", "name another one")),
        other => other,
    };
    match files {
        Ok(files) => files.iter().for_each(|file| read_file(file, format, declared, faults)),
        Err(fault) => faults.push(fault),
    }
}

fn read_file(path: &Path, format: Option<DeclaredFormat>, declared: &mut Declarations, faults: &mut Vec<Fault>) {
    let name = shown(path);
    let Some(format) = DeclaredFormat::of(path).or(format) else {
        let hint = "name it .toml, .yaml, .csv or .ndjson, or say what it is by --format";
        faults.push(unreadable(&name, "its name does not say what format it has", hint));
        return;
    };
    match format.way() {
        Way::Document(parse) => {
            let text = fs::File::open(path).map_err(|error| not_read(&name, &error));
            take(&name, parse, text.and_then(|file| text_of(file, &name)), declared, faults);
        }
        Way::Records(kind) => {
            let links = records::read(path, kind, faults);
            declared.add(None, links, faults);
        }
    }
}

/// Adds what a document declares.
fn take(name: &str, parse: Parse, text: Result<String, Fault>, declared: &mut Declarations, faults: &mut Vec<Fault>) {
    let of_syntax = |(at, detail)| Fault { file: name.to_owned(), at, code: "syntax", detail, hint: None };
    match text.and_then(|text| parse(&text).map_err(of_syntax)) {
        Ok(document) => {
            let mut reader = Reader::new(&Arc::from(name));
            let (owner, links) = reader.document(document);
            reader.faults.sort_by_key(|fault| fault.at);
            faults.append(&mut reader.faults);
            declared.add(owner, links, faults);
        }
        Err(fault) => faults.push(fault),
    }
}

fn text_of(source: impl Read, name: &str) -> Result<String, Fault> {
    let mut bytes = Vec::new();
    source.take(MAX_DOCUMENT + 1).read_to_end(&mut bytes).map_err(|error| not_read(name, &error))?;
    if bytes.len() as u64 > MAX_DOCUMENT {
        let hint = "declare so many links in CSV or NDJSON, or in several files";
        return Err(unreadable(name, "a document has at most 64 MB", hint));
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]);
        let at = Some(Position::of_line(good.matches('\n').count() as u64 + 1));
        Fault { at, code: "utf8", ..unreadable(name, "it is not in UTF-8", "save it as UTF-8") }
    })
}

/// Every file of a folder and the folders in it, by name; none that is hidden.
fn within(folder: &Path, depth: usize) -> Result<Vec<PathBuf>, Fault> {
    if depth == 0 {
        return Err(unreadable(&shown(folder), "folders are nested too deep", "look for a link to a folder above it"));
    }
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let entries = entries.map_err(|error| not_read(&shown(folder), &error))?;
    let is_hidden = |entry: &fs::DirEntry| entry.file_name().as_encoded_bytes().starts_with(b".");
    let mut paths: Vec<PathBuf> = entries.iter().filter(|entry| !is_hidden(entry)).map(fs::DirEntry::path).collect();
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(within(&path, depth - 1)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn not_read(name: &str, error: &io::Error) -> Fault {
    let why = match error.kind() {
        ErrorKind::NotFound => "there is no such file".to_owned(),
        ErrorKind::PermissionDenied => "it may not be read: permission denied".to_owned(),
        other => format!("it cannot be read: {other}"),
    };
    unreadable(name, &why, "check the path and who may read it")
}

fn unreadable(name: &str, detail: &str, hint: &str) -> Fault {
    Fault { file: name.to_owned(), at: None, code: UNREADABLE, detail: detail.to_owned(), hint: Some(hint.to_owned()) }
}
