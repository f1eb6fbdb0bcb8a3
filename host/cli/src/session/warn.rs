//! What an operator is warned of before a yes: permissions that are dangerous together.

use std::collections::{BTreeMap, BTreeSet};

use claw_package::{PackageName, PermissionSet};

use super::{Arrival, Considered, Session};
use crate::consent::Flags;
use crate::danger::Warning;

impl Session<'_> {
    /// Warns of what would come together with a yes to these releases. What was answered before is
    /// not said again.
    pub(crate) fn warn_of(&mut self, arrivals: &[(&Arrival, &Considered)]) {
        let is_asked = |(arrival, considered): &&(&Arrival, &Considered)| {
            let is_said = considered.is_new || matches!(arrival.flags, Flags::Allow(_));
            is_said || considered.open.is_some()
        };
        let mut coming = BTreeMap::new();
        for (arrival, considered) in arrivals.iter().filter(is_asked) {
            let component = &arrival.stored.component;
            let name = arrival.stored.release.release().package.clone();
            let effective =
                self.effective_with(&name, component.permissions(), &considered.granted);
            if let Some(warning) = Warning::within(&name.to_string(), &effective) {
                warning.say(self.as_json);
            }
            coming.insert(name, effective);
        }
        if coming.is_empty() {
            return;
        }
        let others: Vec<_> = self.lock.skills.keys().cloned().collect();
        let mut holders = Vec::new();
        for name in others {
            if !coming.contains_key(&name)
                && let Some(manifest) = self.manifest_of(&name)
            {
                let effective = self.effective(&name, &manifest);
                holders.push((name, effective));
            }
        }
        let names: BTreeSet<_> = coming.keys().cloned().collect();
        holders.extend(coming);
        if let Some(warning) = Warning::across_with(&holders, |name| names.contains(name)) {
            warning.say(self.as_json);
        }
    }

    /// What an accepted release declares, read once.
    fn manifest_of(&mut self, name: &PackageName) -> Option<PermissionSet> {
        if let Some(known) = self.manifests.get(name) {
            return Some(known.clone());
        }
        let manifest = self.accepted_release(name)?.component.permissions().clone();
        self.manifests.insert(name.clone(), manifest.clone());
        Some(manifest)
    }
}
