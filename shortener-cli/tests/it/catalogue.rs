//! What is said when a table cannot be used: a message, a hint and an exit status for each cause.

use std::fs;
use std::net::TcpListener;
use std::process::Command;

use shortener_core::table::dynamo::in_process::InProcess;

use crate::support::TestCli;

#[test]
fn files_that_are_no_table_are_named() {
    let cli = TestCli::new();
    fs::write(cli.path("text.db"), "some text that is no database, long enough to have a header of one ....").unwrap();
    fs::create_dir(cli.path("folder")).unwrap();
    rusqlite::Connection::open(cli.path("other.db")).unwrap().execute("CREATE TABLE other (x)", []).unwrap();
    cli.run(&["--file", "broken.db", "create", "https://example.com"]).exits(0);
    let mut bytes = fs::read(cli.path("broken.db")).unwrap();
    bytes.truncate(4096);
    bytes[100..].fill(0xff);
    fs::write(cli.path("broken.db"), bytes).unwrap();
    insta::assert_snapshot!(cli.transcript(&[
        &["--file", "missing.db", "list"],
        &["--file", "text.db", "list"],
        &["--file", "text.db", "create", "https://example.com"],
        &["--file", "other.db", "create", "https://example.com"],
        &["--file", "folder", "create", "https://example.com"],
        &["--file", "text.db/links.db", "create", "https://example.com"],
        &["--file", "text.db/links.db", "create", "https://example.com", "--dry-run"],
        &["--file", "broken.db", "list"],
        &["--file", "text.db", "list", "--json"],
    ]));
}

#[test]
fn a_locked_file_can_be_tried_again() {
    let cli = TestCli::new();
    cli.run(&["--file", "links.db", "create", "https://example.com"]).exits(0);
    let holder = rusqlite::Connection::open(cli.path("links.db")).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    insta::assert_snapshot!(cli.transcript(&[&["--file", "links.db", "create", "https://example.com"]]));
    cli.run(&["--file", "links.db", "list"]).exits(0);
}

/// Runs a script with `$SHORT` in the home of `cli` and answers what it shows.
#[cfg(unix)]
fn script(cli: &TestCli, script: &str) -> String {
    let output = Command::new("sh")
        .args(["-c", script])
        .env("SHORT", env!("CARGO_BIN_EXE_short"))
        .env("HOME", cli.home())
        .current_dir(cli.home())
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// A limit on the size of files stands for a full disk, which needs the right to mount one; what SQLite makes of a
/// full disk is tested in core.
#[test]
#[cfg(unix)]
fn a_file_that_cannot_grow_keeps_what_was_acknowledged() {
    let cli = TestCli::new();
    let shown = script(
        &cli,
        r#"
        tail=$(head -c 1500 /dev/zero | tr '\0' x); made=0
        while (trap '' XFSZ; ulimit -f 200; exec "$SHORT" --file links.db create "https://example.com/$tail") >/dev/null 2>error
            status=$?; test $status = 0; do made=$((made + 1)); done
        echo "[$status]"; cat error
        listed=$("$SHORT" --file links.db list --all | wc -l)
        # Of the create that failed it is not known whether it was done.
        test "$made" -gt 1 && { test "$listed" -eq "$made" || test "$listed" -eq $((made + 1)); } && echo kept
        "$SHORT" --file links.db table status --check >/dev/null && echo sound"#,
    );
    insta::assert_snapshot!(shown);
}

/// The right of the superuser to write everywhere is given up first.
#[test]
#[cfg(target_os = "linux")]
fn a_read_only_file_is_read_and_not_written() {
    let cli = TestCli::new();
    cli.run(&["--file", "ro/links.db", "create", "https://example.com"]).exits(0);
    cli.run(&["--file", "sealed/links.db", "create", "https://example.com"]).exits(0);
    let shown = script(
        &cli,
        r#"
        chmod 444 ro/links.db; chmod 555 ro; chmod 000 sealed/links.db
        run() { if test "$(id -u)" = 0; then setpriv --bounding-set=-all "$SHORT" "$@"; else "$SHORT" "$@"; fi 2>&1; echo "[$?]"; }
        run --file ro/links.db create https://example.com
        run --file ro/links.db list | sed 's/20..-.*Z/[moment]/; s/^[A-Za-z0-9]\{7\}/[code]/'
        run --file ro/links.db serve --listen 127.0.0.1:0
        run --file ro/new.db create https://example.com
        run --file ro/new.db create https://example.com --dry-run
        run --file ro/new/new.db create https://example.com --dry-run
        run --file sealed/links.db list
        chmod 755 ro"#,
    );
    insta::assert_snapshot!(shown);
}

#[test]
fn what_is_wrong_with_a_dynamodb_table_is_said() {
    let engine = InProcess::start().unwrap();
    let server = engine.serve().unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nobody = format!("http://127.0.0.1:{port}");
    let cli = TestCli::new().redacting(server.url(), "[dynamodb]").redacting(&nobody, "[nobody]");
    let without_region = cli.transcript(&[&["--table", "links", "list"]]);
    let cli = cli.with("AWS_REGION", "eu-central-1").with("AWS_EC2_METADATA_DISABLED", "true");
    let without_credentials = cli.transcript(&[&["--table", "links", "--endpoint-url", server.url(), "list"]]);
    let cli = cli.with("AWS_ACCESS_KEY_ID", "test").with("AWS_SECRET_ACCESS_KEY", "test");
    let others = cli.transcript(&[
        &["--table", "links", "--endpoint-url", &nobody, "list"],
        &["--table", "links", "--endpoint-url", "nonsense", "list"],
        &["--table", "links", "--endpoint-url", server.url(), "list"],
        &["--table", "links", "--endpoint-url", server.url(), "table", "status", "--json"],
        &["--table", "links", "--endpoint-url", server.url(), "create", "https://example.com", "--json"],
        &["--table", "links", "--endpoint-url", server.url(), "table", "create", "--dry-run"],
        &["--table", "links", "--endpoint-url", server.url(), "table", "create"],
        &["--table", "links", "--endpoint-url", server.url(), "table", "create"],
        &["--table", "links", "--endpoint-url", server.url(), "table", "status"],
        &["--table", "links", "--endpoint-url", server.url(), "list", "--json"],
        &["--table", "links", "--endpoint-url", server.url(), "table", "backup", "x"],
    ]);
    insta::assert_snapshot!([without_region, without_credentials, others].join("\n"));
}
