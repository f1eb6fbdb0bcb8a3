//! Sets of permissions in normal form: no line implied by another, sorted by their bytes.
//!
//! Two lists that mean the same lines are the same set, with the same digest. Every operation here
//! only ever narrows, but for `union`, which is the operator adding one yes to another.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Permission, PermissionKind};
use crate::digest::{Digest, Hasher};

/// Permissions in normal form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PermissionSet(Vec<Permission>);

impl PermissionSet {
    /// Brings permissions into normal form.
    pub fn new(permissions: impl IntoIterator<Item = Permission>) -> Self {
        let mut all: Vec<Permission> = permissions.into_iter().collect();
        all.sort_by_cached_key(Permission::to_string);
        all.dedup();
        let implied = |index: usize| {
            all.iter()
                .enumerate()
                .any(|(other, wider)| other != index && wider.covers(&all[index]))
        };
        let kept: Vec<bool> = (0..all.len()).map(|index| !implied(index)).collect();
        let mut kept = kept.into_iter();
        all.retain(|_| kept.next().unwrap_or(true));
        Self(all)
    }

    /// No power at all.
    pub fn empty() -> Self {
        Self::default()
    }

    /// The permissions, sorted by their bytes.
    pub fn iter(&self) -> std::slice::Iter<'_, Permission> {
        self.0.iter()
    }

    /// How many lines there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no power at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this very line is in it, implied ones not counted.
    pub fn contains_exactly(&self, permission: &Permission) -> bool {
        self.0.contains(permission)
    }

    /// Whether some line allows all that this permission allows.
    pub fn covers(&self, permission: &Permission) -> bool {
        self.0.iter().any(|own| own.covers(permission))
    }

    /// Whether some line is of this kind.
    pub fn has_kind(&self, kind: PermissionKind) -> bool {
        self.0.iter().any(|own| own.kind() == kind)
    }

    /// What both allow: the meets of all pairs.
    pub fn meet(&self, other: &Self) -> Self {
        let pairs = self
            .0
            .iter()
            .flat_map(|a| other.0.iter().map(move |b| a.meet(b)));
        Self::new(pairs.flatten())
    }

    /// What either allows.
    pub fn union(&self, other: &Self) -> Self {
        Self::new(self.0.iter().chain(&other.0).cloned())
    }

    /// What is left when lines are revoked.
    ///
    /// A line cannot say "all but", so this fails closed: a grant that shares anything with a
    /// revoked line goes away whole. One exception keeps reading where only writing was revoked: a
    /// `filesystem.write` grant that overlaps no revoked `filesystem.read` becomes
    /// `filesystem.read` of the same folder, and a `filesystem.read` grant stays.
    pub fn without(&self, revoked: &Self) -> Self {
        use Permission as P;
        let left = self.0.iter().filter_map(|grant| {
            let mut left = grant.clone();
            for line in revoked.0.iter().filter(|line| line.meet(grant).is_some()) {
                left = match (left, line) {
                    (
                        P::FilesystemWrite(folder) | P::FilesystemRead(folder),
                        P::FilesystemWrite(_),
                    ) => P::FilesystemRead(folder),
                    _ => return None,
                };
            }
            Some(left)
        });
        Self::new(left)
    }

    /// The lines of a newer set that this one does not cover: what an update asks for in addition.
    pub fn difference_added(&self, newer: &Self) -> Vec<Permission> {
        newer
            .0
            .iter()
            .filter(|line| !self.covers(line))
            .cloned()
            .collect()
    }

    /// SHA-256 over the sorted lines, each with its line feed.
    pub fn digest(&self) -> Digest {
        let mut hasher = Hasher::new();
        for line in &self.0 {
            hasher.update(format!("{line}\n").as_bytes());
        }
        hasher.finish()
    }
}

impl fmt::Display for PermissionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl FromIterator<Permission> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self::new(permissions)
    }
}

impl<'a> IntoIterator for &'a PermissionSet {
    type Item = &'a Permission;
    type IntoIter = std::slice::Iter<'a, Permission>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Serialize for PermissionSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.0)
    }
}

impl<'de> Deserialize<'de> for PermissionSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<Permission>::deserialize(deserializer).map(Self::new)
    }
}
