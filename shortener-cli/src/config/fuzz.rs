//! Any text as the file of profiles.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::{Profile, ProfileFile};

/// Stands for a secret: it is in no message, whatever is wrong with the file that holds it.
const SECRET: &str = "short_admin_SECRET";

#[test]
fn a_profile_that_is_put_is_read_again_and_no_message_shows_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    shortener_core::fuzz_target!("profiles", |input: &[u8]| {
        let text: Vec<u8> = String::from_utf8_lossy(input).replace('$', &format!("\"{SECRET}\"")).into_bytes();
        fs::write(&path, &text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        match ProfileFile::read(folder.path()) {
            Ok(file) => put(&file, folder.path()),
            // The name of a field is no secret.
            Err(error) => {
                assert!(!format!("{error:#}").replace(&format!("`{SECRET}`"), "").contains(SECRET), "{error:#}");
            }
        }
    });
}

fn put(file: &ProfileFile, folder: &std::path::Path) {
    let added = Profile { api: Some("https://s.example".to_owned()), ..Profile::default() };
    let mut expected = file.profiles().clone();
    for name in ["new", file.in_use().map_or("a.b \"c\"", String::as_str)] {
        expected.insert(name.to_owned(), added.clone());
        ProfileFile::read(folder).unwrap().put(name, &added).unwrap();
        assert_eq!(ProfileFile::read(folder).unwrap().profiles(), &expected);
    }
}
