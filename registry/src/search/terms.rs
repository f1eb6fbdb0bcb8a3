//! Every word that any package has, with the packages that have it; found exactly, by its beginning,
//! and in spite of a slip or two.
//!
//! A word with a slip is found by the pairs of neighbouring characters that are left: one slip
//! changes three of them at most, so only words that share the others are compared.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;

/// What a word's beginning is looked up by: shorter ones begin everything.
const PREFIX_CHARACTERS_MIN: usize = 2;
/// Pairs that one slip (a character wrong, missing, too many, or two exchanged) can change.
const PAIRS_PER_SLIP: usize = 3;

/// A word's place in the table.
pub(super) type Term = u32;

/// One package that has a word, and how much the word says about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Posting {
    pub(super) slot: u32,
    pub(super) weight: u8,
}

/// How near a word is to the one that was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Nearness {
    TwoSlips = 1,
    OneSlip = 3,
    Beginning = 6,
    Same = 12,
}

/// The words.
#[derive(Debug, Default)]
pub(super) struct Terms {
    entries: Vec<Entry>,
    /// Places whose word no package has any more.
    free: Vec<Term>,
    by_text: BTreeMap<Box<str>, Term>,
    by_pair: HashMap<(char, char), Vec<Term>>,
}

#[derive(Debug, Default)]
struct Entry {
    text: Box<str>,
    characters: usize,
    /// In the order of their slots.
    postings: Vec<Posting>,
}

impl Terms {
    /// Adds a package to a word, and answers the word's place.
    pub(super) fn add(&mut self, text: &str, posting: Posting) -> Term {
        let term = match self.by_text.get(text) {
            Some(term) => *term,
            None => self.new_term(text),
        };
        let postings = &mut self.entry(term).postings;
        match postings.binary_search_by_key(&posting.slot, |posting| posting.slot) {
            Ok(at) => postings[at] = posting,
            Err(at) => postings.insert(at, posting),
        }
        term
    }

    /// Takes a package from a word.
    pub(super) fn remove(&mut self, term: Term, slot: u32) {
        let postings = &mut self.entry(term).postings;
        if let Ok(at) = postings.binary_search_by_key(&slot, |posting| posting.slot) {
            postings.remove(at);
        }
        if postings.is_empty() {
            self.forget(term);
        }
    }

    /// The packages that have a word, in the order of their slots.
    pub(super) fn postings(&self, term: Term) -> &[Posting] {
        &self.entries[term as usize].postings
    }

    /// The words near the one that was typed, each once.
    pub(super) fn near(&self, word: &str) -> Vec<(Term, Nearness)> {
        let mut near: Vec<(Term, Nearness)> = Vec::new();
        near.extend(self.by_text.get(word).map(|term| (*term, Nearness::Same)));
        let characters = word.chars().count();
        if characters >= PREFIX_CHARACTERS_MIN {
            let after = (Bound::Excluded(word), Bound::Unbounded);
            let longer = self.by_text.range::<str, _>(after);
            let longer = longer.take_while(|(text, _)| text.starts_with(word));
            near.extend(longer.map(|(_, term)| (*term, Nearness::Beginning)));
        }
        self.add_slips(word, characters, &mut near);
        near
    }

    fn add_slips(&self, word: &str, characters: usize, near: &mut Vec<(Term, Nearness)>) {
        let slips_max = match characters {
            0..4 => return,
            4..8 => 1,
            _ => 2,
        };
        let pairs = pairs(word);
        let shared_min = pairs
            .len()
            .saturating_sub(PAIRS_PER_SLIP * slips_max)
            .max(1);
        let mut shared = vec![0_u8; self.entries.len()];
        for pair in &pairs {
            for term in self.by_pair.get(pair).into_iter().flatten() {
                shared[*term as usize] += 1;
            }
        }
        for (term, count) in shared.into_iter().enumerate() {
            let entry = &self.entries[term];
            if usize::from(count) < shared_min
                || entry.characters.abs_diff(characters) > slips_max
                || entry.text.starts_with(word)
            {
                continue;
            }
            let nearness = match strsim::osa_distance(word, &entry.text) {
                1 => Nearness::OneSlip,
                2 if slips_max == 2 => Nearness::TwoSlips,
                _ => continue,
            };
            near.push((
                Term::try_from(term).expect("places are given out as u32"),
                nearness,
            ));
        }
    }

    fn new_term(&mut self, text: &str) -> Term {
        let entry = Entry {
            text: text.into(),
            characters: text.chars().count(),
            postings: Vec::new(),
        };
        let term = match self.free.pop() {
            Some(term) => {
                self.entries[term as usize] = entry;
                term
            }
            None => {
                self.entries.push(entry);
                Term::try_from(self.entries.len() - 1).expect("memory ends before 2^32 words")
            }
        };
        self.by_text.insert(text.into(), term);
        for pair in pairs(text) {
            self.by_pair.entry(pair).or_default().push(term);
        }
        term
    }

    /// Makes the place of a word free that no package has.
    fn forget(&mut self, term: Term) {
        let entry = std::mem::take(self.entry(term));
        self.by_text.remove(&entry.text);
        for pair in pairs(&entry.text) {
            let terms = self.by_pair.entry(pair).or_default();
            terms.retain(|other| *other != term);
            if terms.is_empty() {
                self.by_pair.remove(&pair);
            }
        }
        self.free.push(term);
    }

    fn entry(&mut self, term: Term) -> &mut Entry {
        &mut self.entries[term as usize]
    }
}

/// The different pairs of neighbours in a word, its ends included. At most as many as the longest
/// word has characters, which a byte counts.
fn pairs(word: &str) -> Vec<(char, char)> {
    let framed = std::iter::once('^').chain(word.chars()).chain(['$']);
    let mut pairs: Vec<_> = framed.clone().zip(framed.skip(1)).collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(texts: &[&str]) -> Terms {
        let mut terms = Terms::default();
        for (slot, text) in (0..).zip(texts) {
            terms.add(text, Posting { slot, weight: 1 });
        }
        terms
    }

    fn near<'a>(terms: &'a Terms, word: &str) -> Vec<(&'a str, Nearness)> {
        let mut near: Vec<_> = terms.near(word).into_iter().collect();
        near.sort_by_key(|(term, nearness)| (std::cmp::Reverse(*nearness), *term));
        let text = |term: Term| &*terms.entries[term as usize].text;
        near.into_iter()
            .map(|(term, nearness)| (text(term), nearness))
            .collect()
    }

    #[test]
    fn a_word_is_found_whole_by_its_beginning_and_with_slips() {
        let terms = terms(&[
            "weather",
            "weathers",
            "extract",
            "extraction",
            "file",
            "pdf",
        ]);
        assert_eq!(
            near(&terms, "weather"),
            [
                ("weather", Nearness::Same),
                ("weathers", Nearness::Beginning)
            ]
        );
        for typed in ["wether", "weahter", "weatber", "eather"] {
            assert_eq!(
                near(&terms, typed),
                [("weather", Nearness::OneSlip)],
                "{typed}"
            );
        }
        assert_eq!(
            near(&terms, "ext"),
            [
                ("extract", Nearness::Beginning),
                ("extraction", Nearness::Beginning)
            ]
        );
        assert_eq!(
            near(&terms, "etxractoin"),
            [("extraction", Nearness::TwoSlips)]
        );
        // Three letters with a slip are another word.
        assert_eq!(near(&terms, "pdg"), []);
        assert_eq!(near(&terms, "p"), []);
    }

    /// The pairs only leave out what the distance would: every word within the slips is found.
    #[test]
    fn no_slip_is_too_much_for_the_pairs() {
        let words = ["abab", "aaaa", "extraction", "mississippi", "aabbaabb"];
        let terms = terms(&words);
        for word in words {
            let letters: Vec<char> = word.chars().collect();
            for at in 0..letters.len() {
                let mut missing = letters.clone();
                missing.remove(at);
                let mut wrong = letters.clone();
                wrong[at] = 'z';
                let mut extra = letters.clone();
                extra.insert(at, 'z');
                let mut exchanged = letters.clone();
                exchanged.swap(at, (at + 1) % letters.len());
                for typed in [missing, wrong, extra] {
                    let typed: String = typed.into_iter().collect();
                    let is_found = near(&terms, &typed).iter().any(|(text, _)| *text == word);
                    let is_meant = typed.len() >= 4 || word.starts_with(&typed);
                    assert_eq!(is_found, is_meant, "{typed} for {word}");
                }
                if at + 1 < letters.len() {
                    let typed: String = exchanged.into_iter().collect();
                    assert!(
                        near(&terms, &typed).iter().any(|(text, _)| *text == word),
                        "{typed} for {word}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_word_that_no_package_has_is_gone_and_its_place_is_used_again() {
        let mut terms = terms(&["weather", "extract"]);
        terms.remove(0, 0);
        assert_eq!(near(&terms, "weather"), []);
        assert_eq!(near(&terms, "wether"), []);
        let term = terms.add("translate", Posting { slot: 7, weight: 2 });
        assert_eq!(term, 0);
        assert_eq!(terms.postings(term), [Posting { slot: 7, weight: 2 }]);
        assert_eq!(terms.entries.len(), 2);
    }
}
