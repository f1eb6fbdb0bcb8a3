//! Which prefix the tools of a locked skill get: one that was ever given stays with whom it was given to.

use claw_package::PackageName;
use claw_trust::VerifiedRelease;

use super::Session;
use crate::lock::Locked;
use crate::prefix;
use crate::registry::Source;

impl Session<'_> {
    /// Locks a release, under the prefix that it has or may have.
    pub(super) fn lock_release(
        &mut self,
        name: &PackageName,
        release: &VerifiedRelease,
        source: &Source,
    ) {
        let said = release.release();
        let kept = self
            .lock
            .skills
            .get(name)
            .map(|locked| locked.prefix.clone());
        let prefix = kept
            .filter(|prefix| self.prefix_is_free(prefix, name))
            .unwrap_or_else(|| prefix::choose(name, |prefix| self.owner_of(prefix)));
        self.records.prefixes.insert(prefix.clone(), name.clone());
        let locked = Locked {
            name: name.clone(),
            version: said.version.clone(),
            origin: source.registry.origin.clone(),
            note: release.note_digest(),
            keyset: said.keyset,
            permissions: said.permissions,
            prefix,
        };
        self.lock.insert(locked);
    }

    fn prefix_is_free(&self, prefix: &str, name: &PackageName) -> bool {
        self.owner_of(prefix).is_none_or(|owner| owner == *name)
    }

    /// Whose a prefix is, or was once.
    fn owner_of(&self, prefix: &str) -> Option<PackageName> {
        let recorded = self.records.prefixes.get(prefix);
        let locked = || {
            self.lock
                .skills
                .values()
                .find(|locked| locked.prefix == prefix)
                .map(|locked| &locked.name)
        };
        recorded.or_else(locked).cloned()
    }

    /// Whether the lock gives a prefix to somebody else than it was given to here.
    pub(crate) fn prefix_conflict(&self, locked: &Locked) -> Option<PackageName> {
        self.records
            .prefixes
            .get(&locked.prefix)
            .filter(|owner| **owner != locked.name)
            .cloned()
    }
}
