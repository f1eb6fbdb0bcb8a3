//! What is found of one package: words with the weight of where they stand, permissions and imports, and
//! what is shown of it.

use std::collections::HashMap;
use std::sync::Arc;

use claw_package::{PackageName, PermissionKind, PermissionSet, Version};
use claw_registry_api::Timestamp;

use super::words::words;
use crate::db::summaries;

/// Words of one package, the weightiest first: a thousand actions find their package by the first of
/// them.
pub(super) const TERMS_MAX: usize = 512;

/// How much a word says about a package, by where it stands.
const NAME: u8 = 8;
const KEYWORD: u8 = 5;
const ACTION: u8 = 4;
const NAMESPACE: u8 = 3;
const DESCRIPTION: u8 = 2;

/// The newest release of a package, as a search sees it.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    /// The entry of the release.
    pub(super) entry: u64,
    /// What is shown of it.
    pub(super) shown: Arc<Shown>,
    /// Each word once, with its greatest weight.
    pub(super) terms: HashMap<String, u8>,
    pub(super) kinds: Kinds,
    pub(super) imports: Vec<String>,
}

/// What an answer says of a release that was found. It is kept beside the words: to read a page of a
/// hundred releases from the database took longer than to find them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    /// The package.
    pub(crate) package: PackageName,
    /// Its version.
    pub(crate) version: Version,
    /// What it is for.
    pub(crate) description: String,
    /// What it asks for.
    pub(crate) permissions: PermissionSet,
    /// When it was accepted.
    pub(crate) published: Timestamp,
}

/// The kinds of permissions that a package asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Kinds(u16);

impl Kinds {
    pub(super) fn has(self, kind: PermissionKind) -> bool {
        self.0 & bit(kind) != 0
    }
}

impl FromIterator<PermissionKind> for Kinds {
    fn from_iter<I: IntoIterator<Item = PermissionKind>>(kinds: I) -> Self {
        Self(kinds.into_iter().fold(0, |bits, kind| bits | bit(kind)))
    }
}

fn bit(kind: PermissionKind) -> u16 {
    let place = PermissionKind::ALL.iter().position(|other| *other == kind);
    1 << place.expect("every kind is among all kinds")
}

impl Document {
    /// What is found of a release.
    pub(crate) fn of(row: &summaries::Row) -> Self {
        let summary = &row.summary;
        let mut terms = HashMap::new();
        let mut add = |words: Vec<String>, weight: u8| {
            for word in words {
                if terms.len() < TERMS_MAX || terms.contains_key(&word) {
                    let stands = terms.entry(word).or_insert(0);
                    *stands = weight.max(*stands);
                }
            }
        };
        let name = words(row.package.name());
        // Who types `pdfextract` means `pdf-extract`.
        add(vec![name.concat()], NAME);
        add(name, NAME);
        add(words(row.package.namespace().as_str()), NAMESPACE);
        for keyword in &summary.keywords {
            add(words(keyword), KEYWORD);
        }
        add(words(&summary.description), DESCRIPTION);
        for action in &summary.actions {
            add(words(action), ACTION);
        }
        Self {
            entry: row.entry,
            shown: Arc::new(Shown {
                package: row.package.clone(),
                version: row.version.clone(),
                description: summary.description.clone(),
                permissions: row.permissions.clone(),
                published: row.published,
            }),
            terms,
            kinds: row.permissions.iter().map(|p| p.kind()).collect(),
            imports: summary.imports.clone(),
        }
    }

    /// How well the typed words are the package's very name: as a whole, or as its beginning.
    pub(super) fn name_bonus(package: &PackageName, typed: &str) -> u32 {
        let (namespace, name) = (package.namespace().as_str(), package.name());
        let rest = match typed
            .strip_prefix(namespace)
            .and_then(|rest| rest.strip_prefix('-'))
        {
            Some(rest) => rest,
            None => typed,
        };
        match name.strip_prefix(rest).or_else(|| name.strip_prefix(typed)) {
            Some("") => 1000,
            Some(_) => 100,
            None => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_typed_whole_is_worth_more_than_its_beginning() {
        let bonus = |typed| Document::name_bonus(&"acme/pdf-extract".parse().unwrap(), typed);
        assert_eq!(bonus("pdf-extract"), 1000);
        assert_eq!(bonus("acme-pdf-extract"), 1000);
        assert_eq!(bonus("pdf"), 100);
        assert_eq!(bonus("acme-pdf"), 100);
        assert_eq!(bonus("extract"), 0);
        assert_eq!(bonus("acme-extract"), 0);
    }

    #[test]
    fn every_kind_has_a_bit_of_its_own() {
        for kind in PermissionKind::ALL {
            let kinds = Kinds::from_iter([kind]);
            let had = PermissionKind::ALL
                .into_iter()
                .filter(|other| kinds.has(*other));
            assert_eq!(had.collect::<Vec<_>>(), [kind]);
        }
    }
}
