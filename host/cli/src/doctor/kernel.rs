//! What the kernel offers for confining programs, layer by layer and as a whole.

use super::Finding;

const KERNEL: &str = "kernel";

/// One finding for each layer. Nothing of this process is changed by asking.
#[cfg(target_os = "linux")]
pub(super) fn layers() -> Vec<Finding> {
    linux::layers()
}

/// Elsewhere there is nothing to ask.
#[cfg(not(target_os = "linux"))]
pub(super) fn layers() -> Vec<Finding> {
    let what = "skills are confined by WebAssembly and by claw's own file system; only Linux has what \
                confines programs, so none is run here";
    vec![Finding::notice(KERNEL, what)]
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs;

    use landlock::{ABI, Access, AccessFs, CompatLevel, Compatible, Ruleset, RulesetAttr};
    use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};

    use super::{Finding, KERNEL};
    use crate::processes;

    /// What the layers are for.
    const LATER: &str = "for the programs that skills run";

    pub(super) fn layers() -> Vec<Finding> {
        let used = "skills are confined by WebAssembly and by claw's own file system, which need no \
                    layer of the kernel";
        vec![
            Finding::good(KERNEL, used),
            layer("openat2", has_openat2().then(String::new)),
            layer("landlock", landlock()),
            layer("seccomp", has_seccomp().then(String::new)),
            layer("user namespaces", user_namespaces().then(String::new)),
        ]
        .into_iter()
        .chain(programs())
        .collect()
    }

    /// What a program gets, found out by confining one.
    fn programs() -> Vec<Finding> {
        let found = processes::confinement();
        let together = found.as_ref().ok().map(|found| found.together);
        let level = match processes::caveat(found) {
            None => Finding::good(
                KERNEL,
                "programs are confined at the level `full`: namespaces, Landlock and seccomp",
            ),
            Some(caveat) => Finding::notice(KERNEL, caveat),
        };
        let bounds = together.map(|together| match together {
            true => Finding::good(
                KERNEL,
                "memory and processor time of a program and all that it starts are bounded together, by a \
                 control group",
            ),
            false => Finding::notice(
                KERNEL,
                "memory and processor time are bounded for each process of a program by itself: no control \
                 group (cgroup v2) is delegated to you",
            ),
        });
        [level].into_iter().chain(bounds).collect()
    }

    fn layer(name: &str, available: Option<String>) -> Finding {
        match available {
            Some(detail) => Finding::good(KERNEL, format!("{name}{detail}: available ({LATER})")),
            None => Finding::notice(KERNEL, format!("{name}: not available ({LATER})")),
        }
    }

    fn has_openat2() -> bool {
        let flags = OFlags::PATH | OFlags::CLOEXEC;
        openat2(CWD, ".", flags, Mode::empty(), ResolveFlags::BENEATH).is_ok()
    }

    /// Asks for rules that are then dropped: only enforcing them would confine anybody.
    fn landlock() -> Option<String> {
        let versions = [ABI::V1, ABI::V2, ABI::V3, ABI::V4, ABI::V5, ABI::V6];
        let accepted = |version: &ABI| {
            let rules = Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
            let rules = rules.handle_access(AccessFs::from_all(*version));
            rules.and_then(Ruleset::create).is_ok()
        };
        let count = versions
            .iter()
            .take_while(|version| accepted(version))
            .count();
        (count > 0).then(String::new)
    }

    fn has_seccomp() -> bool {
        let actions = fs::read_to_string("/proc/sys/kernel/seccomp/actions_avail");
        actions.is_ok_and(|actions| actions.split_whitespace().any(|action| action == "errno"))
    }

    /// The most there may be, and the two switches by which distributions forbid them to users.
    fn user_namespaces() -> bool {
        let number = |path: &str| fs::read_to_string(path).ok()?.trim().parse::<u64>().ok();
        let most = number("/proc/sys/user/max_user_namespaces").unwrap_or_default();
        let debian = number("/proc/sys/kernel/unprivileged_userns_clone").unwrap_or(1);
        let ubuntu = number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns").unwrap_or(0);
        most > 0 && debian == 1 && ubuntu == 0
    }
}
