use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

/// What a map in memory finds.
fn model(rows: &[(bool, u8, u8)]) -> Vec<Annotation> {
    let mut first: HashMap<(bool, u8), (u64, u8, u32)> = HashMap::new();
    let mut found = Vec::new();
    for (row, (named, place, content)) in (0..).zip(rows) {
        let key = if *named { (true, *place) } else { (false, *content) };
        let Some((line, earlier, count)) = first.get_mut(&key) else {
            first.insert(key, (row + 2, *content, 1));
            continue;
        };
        *count += 1;
        let kind = match named {
            false => Kind::Occurrence(*count),
            true if earlier == content => Kind::SameAs(*line),
            true => Kind::CodeOf(*line),
        };
        found.push(Annotation { row, kind });
    }
    found
}

fn found(rows: &[(bool, u8, u8)], in_memory: usize) -> Vec<Annotation> {
    let mut finder = Finder::holding(in_memory);
    for (row, (named, place, content)) in (0..).zip(rows) {
        let content = hash(&format!("content {content}"));
        let identity =
            if *named { Identity::Place(hash(&format!("place {place}"))) } else { Identity::Content(content) };
        finder.add(Sighting { row, line: row + 2, identity, content }).unwrap();
    }
    finder.finish().unwrap().read().unwrap().collect::<io::Result<_>>().unwrap()
}

proptest! {
    #[test]
    fn what_is_found_on_disk_is_what_a_map_finds(
        rows in prop::collection::vec((any::<bool>(), 0_u8..60, 0_u8..60), 0..400),
        in_memory in 1_usize..4,
    ) {
        prop_assert_eq!(found(&rows, in_memory), model(&rows));
    }
}

#[test]
fn equal_rows_are_never_split() {
    let rows = vec![(false, 0, 7); 5_000];
    assert_eq!(found(&rows, 1), model(&rows));
}

#[test]
fn many_different_rows_are_split_again_and_again() {
    let rows: Vec<_> = (0..=255).chain(0..=255).map(|n| (n % 2 == 0, n, n / 3)).collect();
    assert_eq!(found(&rows, 1), model(&rows));
}
