//! The last steps of the process that becomes the program: each takes something away, and none gives anything.

use std::ffi::CString;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::Mode;
use rustix::io::Errno;
use rustix::process::{
    Resource, Rlimit, Signal, chdir, set_parent_process_death_signal, setrlimit, setsid, umask,
};
use rustix::thread::{
    CapabilitiesSecureBits, CapabilitySet, CapabilitySets, clear_ambient_capability_set,
    remove_capability_from_bounding_set, set_capabilities, set_capabilities_secure_bits,
    set_no_new_privs,
};

use super::filter::Filters;
use super::kernel::Stream;
use super::message::Stage;
use super::plan::Plan;
use super::{Level, files, kernel};

/// The child's own streams.
pub(super) struct Streams {
    pub(super) stdin: OwnedFd,
    pub(super) stdout: OwnedFd,
    pub(super) stderr: OwnedFd,
}

/// Confines this process and becomes the program. It returns only when something fails, or for a probe.
pub(super) fn start(
    plan: &Plan,
    program: Option<OwnedFd>,
    streams: &Streams,
    filters: &Filters,
) -> Result<(), (Stage, Errno)> {
    let at = |stage| move |error| (stage, error);
    dress(plan, streams).map_err(at(Stage::Process))?;
    if !plan.is_probe {
        chdir(&plan.folder).map_err(at(Stage::Folder))?;
    }
    let argv = strings(&plan.argv).ok_or((Stage::Plan, Errno::INVAL))?;
    let environment = strings(&plan.environment).ok_or((Stage::Plan, Errno::INVAL))?;
    let bounded = files::bound(plan).map_err(at(Stage::Files))?;
    let filter = filters.given(bounded);
    let filter = filter.ok_or((Stage::Filter, Errno::NOSYS))?;
    seccompiler::apply_filter(filter).map_err(|_| (Stage::Filter, Errno::NOSYS))?;
    match program {
        _ if plan.is_probe => Ok(()),
        None => Err((Stage::Plan, Errno::BADF)),
        Some(program) => Err((
            Stage::Execute,
            kernel::execute(program.as_fd(), &argv, &environment),
        )),
    }
}

fn strings(list: &[Vec<u8>]) -> Option<Vec<CString>> {
    let strings = list.iter().map(|bytes| CString::new(bytes.as_slice()).ok());
    strings.collect()
}

/// Session, streams, limits, privileges.
fn dress(plan: &Plan, streams: &Streams) -> Result<(), Errno> {
    // The supervisor's end is this one's, whatever ends it.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    setsid()?;
    kernel::replace(Stream::In, streams.stdin.as_fd())?;
    kernel::replace(Stream::Out, streams.stdout.as_fd())?;
    kernel::replace(Stream::Error, streams.stderr.as_fd())?;
    kernel::close_on_exec()?;
    umask(Mode::from_raw_mode(0o022));
    limit(plan)?;
    set_no_new_privs(true)?;
    drop_privileges()
}

fn limit(plan: &Plan) -> Result<(), Errno> {
    let bounds = plan.bounds;
    let set = |resource, most: u64| {
        setrlimit(
            resource,
            Rlimit {
                current: Some(most),
                maximum: Some(most),
            },
        )
    };
    set(Resource::Core, 0)?;
    set(Resource::Data, bounds.memory_bytes)?;
    set(Resource::Fsize, bounds.file_bytes)?;
    set(Resource::Cpu, bounds.cpu_seconds)?;
    set(Resource::Nofile, bounds.files)?;
    set(Resource::Memlock, 0)?;
    set(Resource::Msgqueue, 0)?;
    // Outside of a user namespace it would count everything that this user runs.
    if plan.level == Level::Full {
        set(Resource::Nproc, bounds.processes)?;
    }
    Ok(())
}

/// A capability that is dropped stays so: no program brings any back, whoever owns it.
fn drop_privileges() -> Result<(), Errno> {
    let is_missing = |error| matches!(error, Errno::PERM | Errno::INVAL);
    // Whoever has no privileges may not even drop them.
    let tolerate = |result: Result<(), Errno>| match result {
        Err(error) if !is_missing(error) => Err(error),
        _ => Ok(()),
    };
    for bit in 0..u64::BITS {
        let capability = CapabilitySet::from_bits_retain(1 << bit);
        if let Err(error) = remove_capability_from_bounding_set(capability) {
            tolerate(Err(error))?;
            break;
        }
    }
    tolerate(clear_ambient_capability_set())?;
    let locked = CapabilitiesSecureBits::NO_ROOT
        | CapabilitiesSecureBits::NO_ROOT_LOCKED
        | CapabilitiesSecureBits::NO_SETUID_FIXUP
        | CapabilitiesSecureBits::NO_SETUID_FIXUP_LOCKED
        | CapabilitiesSecureBits::KEEP_CAPS_LOCKED
        | CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE
        | CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE_LOCKED;
    tolerate(set_capabilities_secure_bits(locked))?;
    let none = CapabilitySets {
        effective: CapabilitySet::empty(),
        permitted: CapabilitySet::empty(),
        inheritable: CapabilitySet::empty(),
    };
    set_capabilities(None, none)
}
