//! `short profiles`

use std::io::{self, IsTerminal, Read};

use clap::Subcommand;
use serde::Serialize;
use shortener_core::client::{ApiKey, ApiUrl};

use crate::config::{self, Profile, ProfileFile};
use crate::confirm;
use crate::context::Context;
use crate::exit::{ExitStatus, Stopped};
use crate::report::{Column, Report, Shape};

/// Work with the profiles of the configuration file
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  short profiles add prod --api https://go.example.com < key.txt
  short profiles use prod
  short profiles list")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the profiles; keys are not shown
    #[command(after_long_help = "Examples:
  short profiles list
  short profiles list --json")]
    List,
    /// Add or replace a profile: one of --api, --table and --file
    ///
    /// With --api, the key is asked for on a terminal, or else read from standard input.
    #[command(after_long_help = "Examples:
  short profiles add prod --api https://go.example.com < key.txt
  short profiles add table --table short-links --region eu-central-1 \\
      --base-url https://go.example.com
  short profiles add edge --table short-links --distribution EDFDVBD632BHDS5
  short profiles add local --file ./links.db")]
    Add {
        /// Name of the profile
        name: String,
    },
    /// Use a profile where none is named
    #[command(after_long_help = "Examples:
  short profiles use prod
  short profiles use local")]
    Use {
        /// Name of the profile
        name: String,
    },
    /// Remove a profile, with its key
    #[command(after_long_help = "Examples:
  short profiles remove prod
  short profiles remove prod --dry-run")]
    Remove {
        /// Name of the profile
        name: String,
    },
}

#[derive(Debug, Serialize)]
struct ProfileList {
    profiles: Vec<ProfileView>,
}

#[derive(Debug, Serialize)]
struct ProfileView {
    name: String,
    in_use: bool,
    has_key: bool,
    #[serde(flatten)]
    profile: Profile,
}

impl Report for ProfileList {
    type Line = ProfileView;
    const FIELDS: &'static [&'static str] =
        &["name", "in_use", "has_key", "api", "table", "region", "endpoint_url", "distribution", "file", "base_url"];
    const SHAPE: Shape = Shape::List;
    const NOTHING: &'static str = "no profiles";

    fn lines(&self) -> &[ProfileView] {
        &self.profiles
    }

    fn columns() -> Vec<Column<ProfileView>> {
        vec![
            Column { name: "NAME", cell: |view, _| view.name.clone() },
            Column { name: "IN USE", cell: |view, _| (if view.in_use { "yes" } else { "" }).to_owned() },
            Column { name: "LINKS", cell: |view, _| place(&view.profile) },
            Column { name: "KEY", cell: |view, _| (if view.has_key { "stored" } else { "" }).to_owned() },
        ]
    }
}

fn place(profile: &Profile) -> String {
    let file = profile.file.as_ref().map(|path| path.display().to_string());
    profile.api.clone().or(profile.table.clone()).or(file).unwrap_or_default()
}

/// Runs the command.
pub(crate) async fn run(args: Args, context: &Context) -> anyhow::Result<ExitStatus> {
    let file = ProfileFile::read(&config::config_folder()?)?;
    match args.command {
        Command::List => list(&file, context)?,
        Command::Add { name } => add(&file, &name, context).await?,
        Command::Use { name } => {
            demand(&file, &name)?;
            if !context.is_dry_run() {
                file.choose(&name)?;
            }
            context.done(&format!("using {name}"));
        }
        Command::Remove { name } => {
            demand(&file, &name)?;
            if !context.is_dry_run() {
                file.remove(&name)?;
            }
            context.done(&format!("removed {name}"));
        }
    }
    Ok(ExitStatus::Ok)
}

fn demand(file: &ProfileFile, name: &str) -> Result<(), Stopped> {
    if file.get(name).is_some() { Ok(()) } else { Err(file.unknown(name)) }
}

fn list(file: &ProfileFile, context: &Context) -> io::Result<()> {
    let view = |(name, profile): (&String, &Profile)| ProfileView {
        name: name.clone(),
        in_use: file.in_use() == Some(name),
        has_key: profile.api_key.is_some(),
        profile: profile.clone(),
    };
    context.output.report(&ProfileList { profiles: file.profiles().iter().map(view).collect() })
}

async fn add(file: &ProfileFile, name: &str, context: &Context) -> anyhow::Result<()> {
    let valid = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || !name.chars().all(valid) {
        return Err(Stopped::usage("a profile's name has letters, digits, '-' and '_'", "choose another name").into());
    }
    let flags = &context.global;
    let mut profile = Profile {
        api: flags.api.clone(),
        api_key: None,
        table: flags.table.clone(),
        region: flags.region.clone(),
        endpoint_url: flags.endpoint_url.clone(),
        distribution: flags.distribution.clone(),
        file: flags.file.as_ref().map(std::path::absolute).transpose()?,
        base_url: flags.base_url.clone(),
    };
    if !profile.names_a_location() {
        return Err(Stopped::usage("a profile says where the links are", "give --api, --table or --file").into());
    }
    config::distribution(profile.distribution.as_deref())?;
    if let Some(url) = &profile.api {
        ApiUrl::parse(url).map_err(|error| config::invalid(&error))?;
        profile.api_key = read_key(name).await?;
    }
    if !context.is_dry_run() {
        file.put(name, &profile)?;
    }
    let key = if profile.api.is_some() && profile.api_key.is_none() { ", without a key" } else { "" };
    context.done(&format!("added {name}{key}"));
    Ok(())
}

/// The key, asked for on a terminal or else read from standard input; none if that is empty.
async fn read_key(name: &str) -> anyhow::Result<Option<String>> {
    let text = if confirm::is_interactive() {
        confirm::secret(format!("API key for {name} (empty for none)")).await?
    } else if io::stdin().is_terminal() {
        None
    } else {
        // A key has under 100 characters; more is no key.
        let input = tokio::task::spawn_blocking(|| io::read_to_string(io::stdin().take(4096)));
        Some(input.await??)
    };
    let text = text.filter(|text| !text.trim().is_empty());
    let key = text.map(|text| ApiKey::parse(&text)).transpose().map_err(|error| config::invalid(&error))?;
    Ok(key.map(|key| key.expose().to_owned()))
}
