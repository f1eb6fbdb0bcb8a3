//! The packages and their words, and which of them answer a question best.
//!
//! A package is found when no other one has more of the words that were typed. Among those, the one
//! whose words are nearer and stand in weightier places comes first, a name above all; then the one
//! that is downloaded more; then the alphabet.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use claw_package::{PackageName, PermissionKind};

use super::document::{Document, Kinds, Shown};
use super::terms::{Posting, Term, Terms};
use super::words::words;

/// What is looked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Question {
    words: Vec<String>,
    is_everything: bool,
    permission: Option<PermissionKind>,
    import: Option<String>,
    offset: usize,
    limit: usize,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// How many packages, before offset and limit.
    pub(crate) total: u64,
    /// Those between offset and limit, the best first.
    pub(crate) hits: Vec<Hit>,
}

/// A package that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hit {
    /// The entry of its newest release.
    pub(crate) entry: u64,
    /// What that release says of itself.
    pub(crate) shown: Arc<Shown>,
    /// How often it was downloaded, all releases together.
    pub(crate) downloads: u64,
}

impl Question {
    /// A question for what matches the words of `text`; for everything where it is blank.
    pub(crate) fn new(text: &str) -> Self {
        let mut typed = words(text);
        let mut seen = std::collections::HashSet::new();
        typed.retain(|word| seen.insert(word.clone()));
        Self {
            words: typed,
            is_everything: text.trim().is_empty(),
            ..Self::default()
        }
    }

    /// The different words that are looked for.
    pub(crate) fn words(&self) -> usize {
        self.words.len()
    }

    /// Only packages with a permission of that kind, and with that import.
    pub(crate) fn filtered(
        self,
        permission: Option<PermissionKind>,
        import: Option<String>,
    ) -> Self {
        Self {
            permission,
            import,
            ..self
        }
    }

    /// Leaves out the first `offset`, and answers no more than `limit`.
    pub(crate) fn page(self, offset: usize, limit: usize) -> Self {
        Self {
            offset,
            limit,
            ..self
        }
    }
}

/// Everything that can be found.
#[derive(Debug, Default)]
pub(super) struct Index {
    slots: Vec<Slot>,
    by_name: HashMap<PackageName, u32>,
    terms: Terms,
    /// The packages that have an import, in the order of their slots.
    imports: BTreeMap<Arc<str>, Vec<u32>>,
}

/// A package. It keeps its place for ever, whether or not a release of it can be found.
#[derive(Debug)]
struct Slot {
    name: PackageName,
    /// How many entries the database had when this was the package's state.
    entries: u64,
    downloads: u64,
    newest: Option<Newest>,
}

#[derive(Debug)]
struct Newest {
    entry: u64,
    shown: Arc<Shown>,
    kinds: Kinds,
    terms: Box<[Term]>,
    imports: Box<[Arc<str>]>,
}

impl Index {
    pub(super) fn put(&mut self, package: &PackageName, entries: u64, newest: Option<Document>) {
        let number = self.slot(package);
        let slot = &mut self.slots[number as usize];
        if slot.entries > entries {
            return;
        }
        slot.entries = entries;
        if let Some(old) = slot.newest.take() {
            self.remove(number, &old);
        }
        let newest = newest.map(|document| self.add(number, document));
        self.slots[number as usize].newest = newest;
    }

    pub(super) fn count(&mut self, package: &PackageName, downloads: u64) {
        let number = self.slot(package);
        let slot = &mut self.slots[number as usize];
        slot.downloads = slot.downloads.saturating_add(downloads);
    }

    fn slot(&mut self, package: &PackageName) -> u32 {
        if let Some(slot) = self.by_name.get(package) {
            return *slot;
        }
        let number = u32::try_from(self.slots.len()).expect("memory ends before 2^32 packages");
        self.by_name.insert(package.clone(), number);
        self.slots.push(Slot {
            name: package.clone(),
            entries: 0,
            downloads: 0,
            newest: None,
        });
        number
    }

    fn add(&mut self, slot: u32, document: Document) -> Newest {
        let Document {
            entry,
            shown,
            terms,
            kinds,
            imports,
        } = document;
        let terms = terms.iter().map(|(text, weight)| {
            let posting = Posting {
                slot,
                weight: *weight,
            };
            self.terms.add(text, posting)
        });
        let terms = terms.collect();
        let imports = imports.iter().map(|import| {
            let shared = match self.imports.get_key_value(import.as_str()) {
                Some((shared, _)) => Arc::clone(shared),
                None => Arc::from(import.as_str()),
            };
            let slots = self.imports.entry(Arc::clone(&shared)).or_default();
            if let Err(at) = slots.binary_search(&slot) {
                slots.insert(at, slot);
            }
            shared
        });
        Newest {
            entry,
            shown,
            kinds,
            terms,
            imports: imports.collect(),
        }
    }

    fn remove(&mut self, slot: u32, newest: &Newest) {
        for term in &newest.terms {
            self.terms.remove(*term, slot);
        }
        for import in &newest.imports {
            let Some(slots) = self.imports.get_mut(import) else {
                continue;
            };
            slots.retain(|other| *other != slot);
            if slots.is_empty() {
                self.imports.remove(import);
            }
        }
    }

    pub(super) fn find(&self, question: &Question) -> Found {
        let passing = self.passing(question);
        let mut best = if question.is_everything {
            let all = self.slots.iter().zip(&passing);
            let all = all
                .filter(|(_, passes)| **passes)
                .map(|(slot, _)| (0, slot));
            all.collect()
        } else {
            self.matching(question, &passing)
        };
        let total = best.len() as u64;
        let order = |a: &(u32, &Slot), b: &(u32, &Slot)| rank(a).cmp(&rank(b));
        let end = question.offset.saturating_add(question.limit);
        if end < best.len() {
            best.select_nth_unstable_by(end, order);
            best.truncate(end);
        }
        best.sort_unstable_by(order);
        let hits = best.iter().skip(question.offset).filter_map(|(_, slot)| {
            let newest = slot.newest.as_ref()?;
            Some(Hit {
                entry: newest.entry,
                shown: Arc::clone(&newest.shown),
                downloads: slot.downloads,
            })
        });
        Found {
            total,
            hits: hits.collect(),
        }
    }

    /// For each package, whether it has a release that can be found and what the filters ask for.
    fn passing(&self, question: &Question) -> Vec<bool> {
        let has_kind = |newest: &Newest| {
            let asked = question.permission;
            asked.is_none_or(|kind| newest.kinds.has(kind))
        };
        let slots = self.slots.iter();
        let mut passing: Vec<bool> = slots
            .map(|slot| slot.newest.as_ref().is_some_and(has_kind))
            .collect();
        if let Some(import) = &question.import {
            let mut importing = vec![false; passing.len()];
            let from = (Bound::Included(import.as_str()), Bound::Unbounded);
            let named = self.imports.range::<str, _>(from);
            let named = named.take_while(|(name, _)| name.starts_with(import.as_str()));
            for (_, slots) in named.filter(|(name, _)| is_within(import, name)) {
                slots
                    .iter()
                    .for_each(|slot| importing[*slot as usize] = true);
            }
            let both = passing.iter_mut().zip(importing);
            both.for_each(|(passes, imports)| *passes &= imports);
        }
        passing
    }

    /// The packages that have the most of the words, with how well they have them.
    fn matching(&self, question: &Question, passing: &[bool]) -> Vec<(u32, &Slot)> {
        let mut matched = vec![(0_u32, 0_u32); self.slots.len()];
        let mut nearest = vec![0_u32; self.slots.len()];
        let mut touched = Vec::new();
        for word in &question.words {
            for (term, nearness) in self.terms.near(word) {
                for Posting { slot, weight } in self.terms.postings(term) {
                    let place = &mut nearest[*slot as usize];
                    if *place == 0 {
                        touched.push(*slot);
                    }
                    *place = (*place).max(nearness as u32 * u32::from(*weight));
                }
            }
            for slot in touched.drain(..) {
                let score = std::mem::take(&mut nearest[slot as usize]);
                let (count, sum) = &mut matched[slot as usize];
                (*count, *sum) = (*count + 1, *sum + score);
            }
        }
        let passing_counts = matched.iter().zip(passing);
        let passing_counts = passing_counts.filter(|(_, passes)| **passes);
        let most = passing_counts.map(|((count, _), _)| *count).max();
        let Some(most) = most.filter(|most| *most > 0) else {
            return Vec::new();
        };
        let typed = question.words.join("-");
        let all = self.slots.iter().zip(&matched).zip(passing);
        let best = all.filter(|((_, (count, _)), passes)| **passes && *count == most);
        let scored = best
            .map(|((slot, (_, sum)), _)| (sum + Document::name_bonus(&slot.name, &typed), slot));
        scored.collect()
    }
}

/// What comes first: the better match, the more downloads, the name.
fn rank<'a>((score, slot): &(u32, &'a Slot)) -> (Reverse<u32>, Reverse<u64>, &'a str, &'a str) {
    let (namespace, name) = (slot.name.namespace().as_str(), slot.name.name());
    (Reverse(*score), Reverse(slot.downloads), namespace, name)
}

/// Whether an import is what was asked for: the interface itself, or one of that package, of any
/// version where none was named.
fn is_within(asked: &str, import: &str) -> bool {
    let rest = import.strip_prefix(asked);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '@']))
}

#[cfg(test)]
mod tests;
