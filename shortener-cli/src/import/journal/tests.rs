use tempfile::TempDir;

use super::*;

fn header() -> Header {
    Header::new("ab".to_owned(), 1000, "file:/links.db".to_owned(), "fail")
}

fn batches() -> Vec<(u64, Vec<Option<Outcome>>)> {
    vec![
        (500, vec![Some(Outcome::Created), Some(Outcome::Created), Some(Outcome::Skipped)]),
        (0, vec![Some(Outcome::Unchanged), Some(Outcome::Conflict), None, Some(Outcome::Updated)]),
    ]
}

/// What a journal tells of rows that are done.
fn replayed(path: &Path) -> Vec<(u64, Vec<Option<Outcome>>)> {
    let mut seen = Vec::new();
    Journal::resume(path, &header(), |first, rows| {
        seen.push((first, rows.to_vec()));
        Ok(())
    })
    .unwrap();
    seen
}

fn written(folder: &TempDir) -> PathBuf {
    let path = folder.path().join("journal");
    let mut journal = Journal::create(&path, &header()).unwrap();
    for batch in batches() {
        journal.record(&[batch]).unwrap();
    }
    path
}

#[test]
fn what_is_done_is_told_and_what_failed_is_not() {
    let folder = TempDir::new().unwrap();
    let mut expected = batches();
    expected[1].1[1] = None;
    assert_eq!(replayed(&written(&folder)), expected);
}

#[test]
fn a_journal_torn_anywhere_tells_a_beginning_and_goes_on_from_there() {
    let folder = TempDir::new().unwrap();
    let path = written(&folder);
    let whole = std::fs::read(&path).unwrap();
    let all = replayed(&path);
    for length in 0..=whole.len() {
        std::fs::write(&path, &whole[..length]).unwrap();
        let told = replayed(&path);
        assert!(all.starts_with(&told), "torn at {length}");
        assert_eq!(told.len() == all.len(), length == whole.len());
        let mut journal = Journal::resume(&path, &header(), |_, _| Ok(())).unwrap();
        journal.record(&[(900, vec![Some(Outcome::Created)])]).unwrap();
        drop(journal);
        assert_eq!(replayed(&path).last().unwrap().0, 900, "torn at {length}");
    }
}

#[test]
fn a_damaged_line_and_what_follows_count_as_not_written() {
    let folder = TempDir::new().unwrap();
    let path = written(&folder);
    let whole = std::fs::read_to_string(&path).unwrap();
    let second = whole.lines().next().unwrap().len() + 1;
    let mut damaged = whole.into_bytes();
    damaged[second + 20] ^= 1;
    std::fs::write(&path, damaged).unwrap();
    assert_eq!(replayed(&path), []);
}

#[test]
fn a_journal_of_something_else_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = written(&folder);
    let others = [
        Header::new("cd".to_owned(), 1000, "file:/links.db".to_owned(), "fail"),
        Header::new("ab".to_owned(), 1000, "file:/others.db".to_owned(), "fail"),
        Header::new("ab".to_owned(), 1000, "file:/links.db".to_owned(), "skip"),
    ];
    for other in others {
        let refusal = Journal::resume(&path, &other, |_, _| Ok(())).unwrap_err();
        assert!(matches!(refusal, JournalError::Other { .. }), "{refusal}");
    }
    let journal = Journal { file: File::options().write(true).truncate(true).open(&path).unwrap(), path: path.clone() };
    let mut journal = journal;
    journal.append(&["something else"]).unwrap();
    drop(journal);
    assert!(matches!(Journal::resume(&path, &header(), |_, _| Ok(())), Err(JournalError::Foreign(_))));
}

#[test]
fn two_imports_do_not_write_one_journal() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("journal");
    let _first = Journal::create(&path, &header()).unwrap();
    assert!(matches!(Journal::create(&path, &header()), Err(JournalError::Busy(_))));
}
