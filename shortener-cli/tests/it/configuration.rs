//! Flags, environment and profiles.

use std::fs;

use shortener_core::wire::ProblemCode;

use crate::support::{FakeApi, TestCli, link};

fn api() -> FakeApi {
    FakeApi::answering(vec![("GET /api/v1/links/launch", link(200, "launch", "t"))])
}

#[test]
fn flags_come_before_the_environment_and_that_before_profiles() {
    let (flag, variable, profile) = (api(), api(), api());
    let cli = TestCli::new();
    cli.run(&["profiles", "add", "prod", "--api", &profile.url]).exits(0);
    cli.run(&["profiles", "use", "prod"]).exits(0);
    let count = || [flag.requests().len(), variable.requests().len(), profile.requests().len()];
    cli.run(&["inspect", "launch"]).exits(0);
    assert_eq!(count(), [0, 0, 1]);
    let cli = cli.with("SHORT_API_URL", &variable.url);
    cli.run(&["inspect", "launch"]).exits(0);
    assert_eq!(count(), [0, 1, 1]);
    cli.run(&["inspect", "launch", "--api", &flag.url]).exits(0);
    assert_eq!(count(), [1, 1, 1]);
    cli.run(&["inspect", "launch", "--profile", "prod"]).exits(0);
    assert_eq!(count(), [1, 1, 2]);
}

#[test]
fn a_profile_keeps_its_key_for_itself() {
    let (own, other) = (api(), api());
    let cli = TestCli::new();
    cli.run_with_input(&["profiles", "add", "prod", "--api", &own.url], "short_id_s3cret\n").exits(0);
    cli.run(&["--profile", "prod", "inspect", "launch"]).exits(0);
    assert!(own.requests()[0].contains("x-api-key: short_id_s3cret"));
    cli.run(&["--api", &other.url, "inspect", "launch"]).exits(0);
    assert!(!other.requests()[0].contains("x-api-key"));
    assert!(!cli.run(&["profiles", "list", "--json"]).exits(0).stdout.contains("s3cret"));
}

#[test]
#[cfg(unix)]
fn a_file_with_a_key_is_private_or_refused() {
    use std::os::unix::fs::PermissionsExt;
    let api = FakeApi::failing(ProblemCode::Internal);
    let cli = TestCli::new();
    cli.run_with_input(&["profiles", "add", "prod", "--api", &api.url], "short_id_s3cret").exits(0);
    let mode = |mode| fs::set_permissions(cli.config_file(), fs::Permissions::from_mode(mode)).unwrap();
    assert_eq!(fs::metadata(cli.config_file()).unwrap().permissions().mode() & 0o777, 0o600);
    mode(0o644);
    let outcome = cli.run(&["profiles", "list"]).exits(2);
    assert_eq!(
        outcome.stderr,
        "error: [home]/.config/short/config.toml holds an API key and others can read it\n\
         hint: run: chmod 600 [home]/.config/short/config.toml\n"
    );
    mode(0o600);
    cli.run(&["profiles", "remove", "prod"]).exits(0);
    mode(0o644);
    cli.run(&["profiles", "list"]).exits(0);
}

#[test]
fn writing_a_profile_keeps_comments() {
    let cli = TestCli::new();
    fs::create_dir_all(cli.config_file().parent().unwrap()).unwrap();
    fs::write(cli.config_file(), "# mine\n[profiles.old]\nfile = \"x.db\" # here\n").unwrap();
    cli.run(&["profiles", "add", "table", "--table", "links", "--region", "eu-central-1"]).exits(0);
    cli.run(&["profiles", "use", "old"]).exits(0);
    let text = fs::read_to_string(cli.config_file()).unwrap();
    assert!(
        text.contains("# mine\n") && text.contains("\"x.db\" # here") && text.contains("[profiles.table]"),
        "{text}"
    );
    insta::assert_snapshot!(cli.transcript(&[&["profiles", "list"], &["profiles", "list", "--json"]]));
}

#[test]
fn a_dry_run_writes_no_profile() {
    let cli = TestCli::new();
    cli.run(&["profiles", "add", "a", "--file", "x.db", "--dry-run"]).exits(0);
    assert!(!cli.config_file().exists());
}

#[test]
fn what_is_wrong_with_the_configuration_is_said() {
    let cli = TestCli::new();
    let contradiction = TestCli::new().with("SHORT_FILE", "x").with("SHORT_TABLE", "y").run(&["list"]).exits(2).stderr;
    let format = TestCli::new().with("SHORT_OUTPUT", "yaml").run(&["list"]).exits(2).stderr;
    let unknown = cli.run(&["--profile", "nope", "list"]).exits(2).stderr;
    fs::create_dir_all(cli.config_file().parent().unwrap()).unwrap();
    fs::write(cli.config_file(), "[profiles.a]\napi_key = \"s3cret\nx").unwrap();
    let broken = cli.run(&["list"]).exits(2).stderr;
    fs::write(cli.config_file(), "[profiles.a]\nurl = \"x\"").unwrap();
    let field = cli.run(&["list"]).exits(2).stderr;
    insta::assert_snapshot!([contradiction, format, unknown, broken, field].join("\n"));
}
