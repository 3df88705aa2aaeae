//! The order of fields where a log does not say it, and what stands between them.

/// The fields that our Terraform configures (`access_log_usual_fields` in `infra/modules/shortener/logs.tf`), in its order.
/// Where visitors are counted `c-ip` follows, as the header of such a log says.
pub const CONFIGURED_FIELDS: [&str; 18] = [
    "date",
    "time",
    "x-edge-request-id",
    "x-host-header",
    "cs-method",
    "cs-uri-stem",
    "cs-uri-query",
    "cs-protocol",
    "sc-status",
    "sc-bytes",
    "time-taken",
    "x-edge-location",
    "x-edge-result-type",
    "x-edge-response-result-type",
    "x-edge-detailed-result-type",
    "cs(Referer)",
    "cs(User-Agent)",
    "c-country",
];

/// What a log that does not describe itself is read as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFormat {
    /// The fields of a `plain` log, which has no header, in their order.
    pub fields: Vec<String>,
    /// What stands between fields; none finds it out by the lines: tab, space, `|`, `,` or `;`.
    pub delimiter: Option<u8>,
}

impl Default for LogFormat {
    /// As our Terraform configures it.
    fn default() -> Self {
        Self { fields: CONFIGURED_FIELDS.map(str::to_owned).to_vec(), delimiter: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_are_those_of_the_terraform() {
        let terraform = include_str!("../../../infra/modules/shortener/logs.tf");
        let (_, list) = terraform.split_once("access_log_usual_fields = [").unwrap();
        let (list, _) = list.split_once("\n  ]").unwrap();
        let fields: Vec<_> = list.lines().filter_map(|line| line.trim().strip_suffix(',')).collect();
        let expected = CONFIGURED_FIELDS.map(|field| format!("\"{field}\""));
        assert_eq!(fields, expected);
    }
}
