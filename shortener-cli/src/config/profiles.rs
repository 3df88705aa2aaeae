//! The configuration file: `$XDG_CONFIG_HOME/short/config.toml`.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use toml_edit::{DocumentMut, Item, Table, value};

use crate::exit::Stopped;

/// One way to reach links: exactly one of `file`, `table` and `api` is set.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Profile {
    /// URL of a service.
    pub(crate) api: Option<String>,
    /// Key for the API. A file that holds one must not be readable by others.
    #[serde(skip_serializing)]
    pub(crate) api_key: Option<String>,
    /// Name of a DynamoDB table.
    pub(crate) table: Option<String>,
    /// Region of the table.
    pub(crate) region: Option<String>,
    /// DynamoDB-compatible engine of the table.
    pub(crate) endpoint_url: Option<String>,
    /// Distribution of CloudFront that changes made on the table purge.
    pub(crate) distribution: Option<String>,
    /// Path of an embedded table.
    pub(crate) file: Option<PathBuf>,
    /// Base URL of the default domain.
    pub(crate) base_url: Option<String>,
}

impl Profile {
    /// Whether it says where the links are.
    pub(crate) fn names_a_location(&self) -> bool {
        self.file.is_some() || self.table.is_some() || self.api.is_some()
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Content {
    default_profile: Option<String>,
    profiles: BTreeMap<String, Profile>,
}

/// The configuration file as it is.
#[derive(Debug)]
pub(crate) struct ProfileFile {
    path: PathBuf,
    text: String,
    content: Content,
}

impl ProfileFile {
    /// Reads the file in a folder; a missing one is empty.
    ///
    /// # Errors
    /// It cannot be read, is no such file, or holds a key and others can read it.
    pub(crate) fn read(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join("config.toml");
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            Err(error) => return Err(unusable(&path, &error.kind().to_string()).into()),
        };
        // The parser's own message shows the line, which may hold a key.
        let content: Content = toml::from_str(&text).map_err(|error| {
            let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].lines().count().max(1));
            unusable(&path, &format!("line {line}: {}", without_values(error.message())))
        })?;
        let file = Self { path, text, content };
        file.check_secrecy()?;
        Ok(file)
    }

    /// The profile used where none is named.
    pub(crate) fn in_use(&self) -> Option<&String> {
        self.content.default_profile.as_ref()
    }

    /// A profile.
    pub(crate) fn get(&self, name: &str) -> Option<&Profile> {
        self.content.profiles.get(name)
    }

    /// Every profile, by name.
    pub(crate) fn profiles(&self) -> &BTreeMap<String, Profile> {
        &self.content.profiles
    }

    /// The failure of a name that no profile has.
    pub(crate) fn unknown(&self, name: &str) -> Stopped {
        let names: Vec<&str> = self.content.profiles.keys().map(String::as_str).collect();
        let hint = if names.is_empty() {
            "make one with 'short profiles add'".to_owned()
        } else {
            format!("there are: {}", names.join(", "))
        };
        Stopped::usage(format!("there is no profile '{}'", name.escape_debug()), hint)
    }

    /// Adds a profile or replaces it, keeping everything else in the file as it is, comments included.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn put(&self, name: &str, profile: &Profile) -> anyhow::Result<()> {
        let mut document = self.document()?;
        let mut table = Table::new();
        let file = profile.file.as_ref().map(|path| path.display().to_string());
        let fields = [
            ("api", &profile.api),
            ("api_key", &profile.api_key),
            ("table", &profile.table),
            ("region", &profile.region),
            ("endpoint_url", &profile.endpoint_url),
            ("distribution", &profile.distribution),
            ("file", &file),
            ("base_url", &profile.base_url),
        ];
        for (field, text) in fields {
            if let Some(text) = text {
                table.insert(field, value(text));
            }
        }
        let profiles = document.entry("profiles").or_insert_with(|| {
            let mut profiles = Table::new();
            profiles.set_implicit(true);
            Item::Table(profiles)
        });
        profiles[name] = Item::Table(table);
        self.write(&document)
    }

    /// Removes a profile.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn remove(&self, name: &str) -> anyhow::Result<()> {
        let mut document = self.document()?;
        if let Some(profiles) = document.get_mut("profiles").and_then(Item::as_table_like_mut) {
            profiles.remove(name);
        }
        if self.in_use().is_some_and(|in_use| in_use == name) {
            document.remove("default_profile");
        }
        self.write(&document)
    }

    /// Makes a profile the one used where none is named.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn choose(&self, name: &str) -> anyhow::Result<()> {
        let mut document = self.document()?;
        document["default_profile"] = value(name);
        self.write(&document)
    }

    fn document(&self) -> anyhow::Result<DocumentMut> {
        self.text.parse().map_err(|_| unusable(&self.path, "it is no TOML").into())
    }

    /// Replaces the file in one step, readable by its owner alone.
    fn write(&self, document: &DocumentMut) -> anyhow::Result<()> {
        // A link to a file kept elsewhere stays a link.
        let target = self.path.canonicalize().unwrap_or_else(|_| self.path.clone());
        replace(&target, document.to_string().as_bytes()).map_err(|error| {
            let detail = format!("cannot write {}: {}", self.path.display(), error.kind());
            anyhow::Error::from(Stopped::usage(detail, "make the file and its folder writable"))
        })
    }

    #[cfg(unix)]
    fn check_secrecy(&self) -> Result<(), Stopped> {
        use std::os::unix::fs::PermissionsExt;
        let holds_key = self.content.profiles.values().any(|profile| profile.api_key.is_some());
        let mode = fs::metadata(&self.path).map_or(0, |metadata| metadata.permissions().mode());
        if holds_key && mode & 0o077 != 0 {
            let detail = format!("{} holds an API key and others can read it", self.path.display());
            return Err(Stopped::usage(detail, format!("run: chmod 600 {}", self.path.display())));
        }
        Ok(())
    }

    #[cfg(not(unix))]
    fn check_secrecy(&self) -> Result<(), Stopped> {
        Ok(())
    }
}

fn unusable(path: &Path, why: &str) -> Stopped {
    Stopped::usage(format!("cannot use {}: {why}", path.display()), "correct the file, or move it away")
}

/// What the parser says is wrong, without the text that it cites, which may be a key in a wrong place.
fn without_values(message: &str) -> String {
    match (message.find('"'), message.rfind('"')) {
        (Some(first), Some(last)) if first < last => format!("{}\"…\"{}", &message[..first], &message[last + 1..]),
        _ => message.to_owned(),
    }
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    private_folder(folder)?;
    let temporary = folder.join(format!(".config.toml.{}", std::process::id()));
    let written = write_private(&temporary, bytes).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // The original is untouched; a leftover would only confuse.
        let _ = fs::remove_file(&temporary);
    }
    written
}

fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes a folder that only its owner can enter, if it is missing.
fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
