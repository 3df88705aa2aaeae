//! What is counted of one link, or one domain, in one hour.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::{SharedNames, lock};
use crate::stats::agent::UNKNOWN;
use crate::stats::names::Name;
use crate::stats::visitors::Crowd;
use crate::stats::{Class, Dimension, Split, Tally};

/// Names that need no memory of their own: most links have no more within a second.
const INLINE: usize = 4;

/// Most names of all dimensions together; whoever makes up more finds them in one sum of each dimension.
const MOST_NAMES: usize = 2_000;

/// Clicks by people, and by machines.
type Clicks = (u32, u32);

/// What is counted of one link, or one domain, in one hour.
#[derive(Debug, Default)]
pub(super) struct LinkCount {
    clicks: [u32; 5],
    gone: u32,
    orphans: u32,
    names: [Option<(Name, Clicks)>; INLINE],
    #[expect(clippy::box_collection, reason = "most links have no more names, and a count is to be small")]
    more_names: Option<Box<HashMap<Name, Clicks, RandomState>>>,
    people: Crowd,
}

/// What can be added to a count.
pub(super) trait Counts {
    /// Adds it.
    fn add_to(&self, count: &mut LinkCount);

    /// How many requests it is of.
    fn requests(&self) -> u64;
}

/// What is counted of one request.
#[derive(Debug)]
pub(super) enum Request {
    /// A click.
    Click {
        /// Who clicked.
        class: Class,
        /// What it is broken down by.
        names: [Option<Name>; 5],
        /// A keyed hash of the visitor, where people are told apart.
        person: Option<u64>,
    },
    /// An answer of 410.
    Gone,
    /// A request for a code that no link has.
    Orphan,
}

impl Counts for Request {
    fn add_to(&self, count: &mut LinkCount) {
        match self {
            Self::Click { class, names, person } => {
                count.clicks[*class as usize] += 1;
                let clicks = if *class == Class::Human { (1, 0) } else { (0, 1) };
                names.iter().flatten().for_each(|name| count.name(*name, clicks));
                if let Some(hash) = person {
                    count.people.add(*hash);
                }
            }
            Self::Gone => count.gone += 1,
            Self::Orphan => count.orphans += 1,
        }
    }

    fn requests(&self) -> u64 {
        1
    }
}

impl Counts for LinkCount {
    fn add_to(&self, count: &mut LinkCount) {
        for (count, more) in count.clicks.iter_mut().zip(self.clicks) {
            *count += more;
        }
        count.gone += self.gone;
        count.orphans += self.orphans;
        self.all_names().for_each(|(name, clicks)| count.name(name, clicks));
        count.people.merge(&self.people);
    }

    fn requests(&self) -> u64 {
        self.clicks.iter().map(|clicks| u64::from(*clicks)).sum::<u64>()
            + u64::from(self.gone)
            + u64::from(self.orphans)
    }
}

impl LinkCount {
    /// Counts clicks under a name.
    fn name(&mut self, name: Name, (people, automated): Clicks) {
        let clicks = self.clicks_of(name);
        clicks.0 += people;
        clicks.1 += automated;
    }

    fn clicks_of(&mut self, name: Name) -> &mut Clicks {
        let place = self.names.iter().position(|held| held.is_none_or(|(other, _)| other == name));
        if let Some(place) = place {
            return &mut self.names[place].get_or_insert((name, (0, 0))).1;
        }
        let more = self.more_names.get_or_insert_default();
        let name = if more.len() < MOST_NAMES || more.contains_key(&name) { name } else { name.other() };
        more.entry(name).or_default()
    }

    /// The same as a tally. Where visitors come from is not known.
    pub(super) fn tally(&self, names: &SharedNames) -> Tally {
        let mut tally = Tally { gone: self.gone.into(), orphans: self.orphans.into(), ..Tally::default() };
        let mut all = Split::default();
        for class in Class::ALL {
            let clicks = self.clicks[class as usize].into();
            *tally.clicks.of_mut(class) = clicks;
            all.add(Split::of(class, clicks));
        }
        tally.breakdown_mut(Dimension::Country).add(UNKNOWN, all);
        tally.visitors = self.people.visitors();
        let names = lock(names);
        for (name, (people, automated)) in self.all_names() {
            names.spell(&mut tally, name, Split(people.into(), automated.into()));
        }
        tally
    }

    fn all_names(&self) -> impl Iterator<Item = (Name, Clicks)> {
        let more = self.more_names.iter().flat_map(|more| more.iter().map(|(name, clicks)| (*name, *clicks)));
        self.names.iter().copied().flatten().chain(more)
    }
}

#[cfg(test)]
mod tests {
    use super::super::new_names;
    use super::*;
    use crate::stats::Visitors;

    fn click(class: Class, name: Name, person: Option<u64>) -> Request {
        Request::Click { class, names: [Some(name), None, None, None, None], person }
    }

    #[test]
    fn counts_of_threads_add_up_to_the_count_of_one() {
        let names = new_names();
        let referrer = |at| lock(&names).of(Dimension::Referrer, &format!("{at}.example"));
        let referrers: Vec<Name> = (0..10).map(referrer).collect();
        let (mut whole, mut parts) = (LinkCount::default(), [LinkCount::default(), LinkCount::default()]);
        for visit in 0..100_usize {
            for count in [&mut whole, &mut parts[visit % 2]] {
                let person = u64::try_from(visit % 50).unwrap().wrapping_mul(0x9E37_79B9_7F4A_7C15);
                click(Class::Human, referrers[visit % 10], Some(person)).add_to(count);
            }
        }
        Request::Orphan.add_to(&mut parts[1]);
        let mut sum = LinkCount::default();
        for part in &parts {
            part.add_to(&mut sum);
        }
        Request::Orphan.add_to(&mut whole);
        let (sum, whole) = (sum.tally(&names), whole.tally(&names));
        for visitors in [sum.visitors.estimate(), whole.visitors.estimate()] {
            assert!((49.0..51.0).contains(&visitors), "{visitors}");
        }
        // Sketches that were made in another order differ in their bytes.
        let visitors = Visitors::default();
        assert_eq!(Tally { visitors: visitors.clone(), ..sum }, Tally { visitors, ..whole });
    }

    #[test]
    fn names_of_one_link_are_bounded_and_none_of_their_clicks_is_lost() {
        let names = new_names();
        let mut count = LinkCount::default();
        for at in 0..5_000 {
            let name = lock(&names).of(Dimension::UtmCampaign, &at.to_string());
            click(Class::Bot, name, None).add_to(&mut count);
        }
        let held = count.all_names().count();
        assert!(held <= MOST_NAMES + INLINE + 1, "{held}");
        let breakdown = &count.tally(&names).breakdowns[&Dimension::UtmCampaign];
        assert_eq!(breakdown.names.len() as u64 + breakdown.other.1, 5_000);
    }
}
