//! What a child may do with files, networks and other processes: Landlock.
//!
//! Rules only ever add, so nothing inside a granted folder can be taken out again here: that is for the mounts.

use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, LandlockStatus,
    PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetStatus,
    Scope,
};
use rustix::io::Errno;

use super::plan::Plan;
use super::root::DEVICES;

/// The newest version that was looked at.
const NEWEST: ABI = ABI::V6;

/// What Landlock does here, which depends on its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounded {
    /// Whether signals to processes outside are stopped: from the sixth on (Linux 6.12).
    pub(super) signals: bool,
    /// Whether files can't be cut without being opened: from the third on (Linux 6.2).
    pub(super) truncation: bool,
}

impl Bounded {
    /// All that there are.
    pub(super) const KINDS: [Self; 3] = [
        Self {
            signals: true,
            truncation: true,
        },
        Self {
            signals: false,
            truncation: true,
        },
        Self {
            signals: false,
            truncation: false,
        },
    ];
}

/// Bounds this process and everything that it becomes and starts.
pub(super) fn bound(plan: &Plan) -> Result<Bounded, Errno> {
    let rules = rules(plan).ok_or(Errno::INVAL)?;
    let status = rules.restrict_self().map_err(|_| Errno::NOSYS)?;
    let LandlockStatus::Available { effective_abi, .. } = status.landlock else {
        return Err(Errno::NOSYS);
    };
    if status.ruleset == RulesetStatus::NotEnforced {
        return Err(Errno::NOSYS);
    }
    Ok(Bounded {
        signals: effective_abi >= ABI::V6,
        truncation: effective_abi >= ABI::V3,
    })
}

fn rules(plan: &Plan) -> Option<RulesetCreated> {
    let ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(NEWEST))
        .and_then(|ruleset| ruleset.handle_access(AccessNet::from_all(NEWEST)))
        .and_then(|ruleset| ruleset.scope(Scope::from_all(NEWEST)));
    let mut rules = ruleset.and_then(Ruleset::create).ok()?;
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    for path in &plan.readable {
        rules = allow(rules, path, read)?;
    }
    for path in &plan.executable {
        rules = allow(rules, path, AccessFs::Execute | AccessFs::ReadFile)?;
    }
    let device = AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::Truncate;
    for path in DEVICES
        .map(Path::new)
        .into_iter()
        .filter(|path| path.exists())
    {
        rules = allow(rules, path, device)?;
    }
    for granted in &plan.granted {
        let access = match granted.writable {
            true => write(plan.keeps_repository),
            false => read,
        };
        rules = allow(rules, &granted.path, access)?;
    }
    allow(rules, &plan.temporary, write(true))
}

fn allow(rules: RulesetCreated, path: &Path, access: BitFlags<AccessFs>) -> Option<RulesetCreated> {
    let opened = PathFd::new(path).ok()?;
    rules.add_rule(PathBeneath::new(opened, access)).ok()
}

/// Everything but what executes, and what makes devices and sockets. Links lead other programs anywhere, so they are
/// for programs whose own matter they are.
fn write(with_links: bool) -> BitFlags<AccessFs> {
    let never = AccessFs::Execute
        | AccessFs::MakeChar
        | AccessFs::MakeBlock
        | AccessFs::MakeSock
        | AccessFs::IoctlDev;
    let access = AccessFs::from_all(NEWEST) & !never;
    match with_links {
        true => access,
        false => access & !BitFlags::from(AccessFs::MakeSym),
    }
}
