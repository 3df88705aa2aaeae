//! The environment variables that the command reads itself; the AWS SDK reads its own.

use super::Profile;
use crate::exit::Stopped;

/// What the environment says. An empty variable counts as not set.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    /// `SHORT_FILE`: path of an embedded table.
    file: Option<String>,
    /// `SHORT_TABLE`: name of a DynamoDB table.
    table: Option<String>,
    /// `SHORT_API_URL`: URL of a service.
    api: Option<String>,
    /// `SHORT_API_KEY`: key for the API.
    pub(super) api_key: Option<String>,
    /// `SHORT_DISTRIBUTION_ID`: distribution of CloudFront that changes made directly on a table purge.
    pub(super) distribution: Option<String>,
    /// `SHORT_PROFILE`: name of a profile.
    pub(super) profile: Option<String>,
    /// `SHORT_BASE_URL`: base URL of the default domain.
    pub(super) base_url: Option<String>,
    /// `SHORT_OUTPUT`: format of the data.
    pub(super) output: Option<String>,
    /// `USER` or `LOGNAME`: whose name changes made directly on a table are recorded under.
    user: Option<String>,
    /// `SHORT_LOG`: which events `serve` logs, such as `info` or `shortener_core=debug`.
    pub(crate) log: Option<String>,
    /// `LC_ALL`, `LC_CTYPE` or `LANG`, the first that is set: the characters that the terminal knows.
    locale: Option<String>,
    /// `SHORT_LISTEN`: where `serve` listens.
    pub(crate) listen: Option<String>,
    /// `SHORT_COUNTING`: whether `serve` counts clicks.
    pub(crate) counting: Option<String>,
    /// `SHORT_TRUSTED_PROXIES`: how many proxies stand in front of `serve`.
    pub(crate) trusted_proxies: Option<String>,
    /// `SHORT_MAX_CONNECTIONS`: how many connections `serve` holds open.
    pub(crate) max_connections: Option<String>,
    /// `SHORT_SECURITY_CONTACT`: whom the `security.txt` of `serve` names.
    pub(crate) security_contact: Option<String>,
}

/// Each variable with what it sets, for the help.
pub(crate) const VARIABLES: [(&str, &str); 21] = [
    ("SHORT_FILE", "embedded table to use, as --file"),
    ("SHORT_TABLE", "DynamoDB table to use, as --table"),
    ("SHORT_DISTRIBUTION_ID", "CloudFront distribution that changes on a DynamoDB table purge, as --distribution"),
    ("SHORT_API_URL", "service to use, as --api"),
    ("SHORT_API_KEY", "key for the API; there is no flag, because others can read command lines"),
    ("SHORT_PROFILE", "profile to use, as --profile"),
    ("SHORT_BASE_URL", "where links of the default domain are reached, as --base-url"),
    ("SHORT_OUTPUT", "format of the data, as --output"),
    ("SHORT_LISTEN", "where 'serve' listens, as --listen"),
    ("SHORT_COUNTING", "off: 'serve' counts no clicks, as --no-counting; on by default"),
    (
        "SHORT_TRUSTED_PROXIES",
        "how many proxies of yours stand in front of 'serve', as --trusted-proxies; 0 by default",
    ),
    ("SHORT_MAX_CONNECTIONS", "how many connections 'serve' holds open, as --max-connections; 10000 by default"),
    ("SHORT_SECURITY_CONTACT", "mail address or URL that the security.txt of 'serve' names; none without it"),
    ("SHORT_LOG", "which events 'serve' logs: error, warn, info (the default), debug, or a filter"),
    ("AWS_REGION, AWS_PROFILE, AWS_ACCESS_KEY_ID, ...", "read by the AWS SDK for --table"),
    ("AWS_ENDPOINT_URL_DYNAMODB", "DynamoDB-compatible engine, as --endpoint-url"),
    ("AWS_ENDPOINT_URL_CLOUDFRONT", "where purges are sent instead of to CloudFront"),
    ("XDG_DATA_HOME", "the embedded table is short/links.db in it; ~/.local/share by default"),
    ("XDG_CONFIG_HOME", "the configuration file is short/config.toml in it; ~/.config by default"),
    ("LC_ALL, LC_CTYPE, LANG", "charts are drawn in ASCII, as with --ascii, unless these name UTF-8"),
    ("NO_COLOR, CLICOLOR_FORCE", "never or always use colour"),
];

impl Environment {
    /// Reads the process's environment.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
    pub(crate) fn read() -> Self {
        let get = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        Self {
            file: get("SHORT_FILE"),
            table: get("SHORT_TABLE"),
            api: get("SHORT_API_URL"),
            api_key: get("SHORT_API_KEY"),
            distribution: get("SHORT_DISTRIBUTION_ID"),
            profile: get("SHORT_PROFILE"),
            base_url: get("SHORT_BASE_URL"),
            output: get("SHORT_OUTPUT"),
            log: get("SHORT_LOG"),
            listen: get("SHORT_LISTEN"),
            counting: get("SHORT_COUNTING"),
            trusted_proxies: get("SHORT_TRUSTED_PROXIES"),
            max_connections: get("SHORT_MAX_CONNECTIONS"),
            security_contact: get("SHORT_SECURITY_CONTACT"),
            locale: ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(get),
            user: get("USER").or_else(|| get("LOGNAME")),
        }
    }

    /// The name of the user, or their number.
    pub(crate) fn user(&self) -> String {
        self.user.clone().or_else(user_number).unwrap_or_else(|| "unknown".to_owned())
    }

    /// Whether the terminal knows all of Unicode.
    pub(crate) fn speaks_unicode(&self) -> bool {
        let locale = self.locale.as_deref().map(str::to_ascii_lowercase);
        locale.map_or(cfg!(windows), |locale| locale.contains("utf-8") || locale.contains("utf8"))
    }

    /// Whether it says where the links are.
    pub(super) fn names_a_location(&self) -> bool {
        self.file.is_some() || self.table.is_some() || self.api.is_some()
    }

    /// Where it says that the links are.
    ///
    /// # Errors
    /// It names several places.
    pub(super) fn location(&self) -> Result<Profile, Stopped> {
        let named = [("SHORT_FILE", &self.file), ("SHORT_TABLE", &self.table), ("SHORT_API_URL", &self.api)];
        let names: Vec<&str> = named.iter().filter(|(_, value)| value.is_some()).map(|(name, _)| *name).collect();
        if names.len() > 1 {
            let detail = format!("{} are both set", names.join(" and "));
            return Err(Stopped::usage(detail, "unset one, or choose by --file, --table or --api"));
        }
        let file = self.file.as_ref().map(Into::into);
        Ok(Profile { file, table: self.table.clone(), api: self.api.clone(), ..Profile::default() })
    }
}

/// The number of the user whom this process runs as, where the system shows it.
#[cfg(unix)]
fn user_number() -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").ok().map(|process| process.uid().to_string())
}

#[cfg(not(unix))]
fn user_number() -> Option<String> {
    None
}
