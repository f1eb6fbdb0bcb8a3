//! The one table of bounds on what a guest may use, each with its reason.
//!
//! An operator may set every field. A skill's manifest may only ask: [`Limits::for_skill`] never
//! gives more than the operator does. The bounds further down are not settable, because nobody has
//! a reason to.

use std::time::Duration;

use claw_package::LimitRequests;

mod resources;
mod together;

pub(crate) use resources::Resources;
pub(crate) use together::Together;

/// What one invocation may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Wall clock from the call to its answer, host calls included. Long enough for a build or a
    /// slow server, short enough that an agent notices a skill that hangs.
    pub timeout: Duration,
    /// All linear memories together. Most skills use under 4 MiB; 64 leaves room for a parser of
    /// large documents and lets hundreds run at once on a small machine.
    pub memory_bytes: u64,
    /// The arguments, as JSON text. Like the result: files are for more.
    pub input_bytes: u64,
    /// The result, as JSON text. What is larger does not fit a model's context anyway.
    pub result_bytes: u64,
    /// Log messages, stdout and stderr together.
    pub log_bytes: u64,
    /// Log records, lines of stdout and lines of stderr in one second. More are slowed down, which
    /// counts towards the time.
    pub log_records_per_second: u32,
    /// Calls from the guest into the host: at 50 ns each, half a second of nothing else.
    pub host_calls: u64,
    /// Bytes that files may be written or grown by. A full disk stops everything else on the
    /// machine; beyond this the guest is told that there is no space.
    pub written_bytes: u64,
    /// Programs started. An action that needs more should be given one program that does it all.
    pub processes: u32,
    /// What `run` keeps of each output of a program; the rest is read and thrown away.
    pub process_output_bytes: u64,
    /// What all programs write to the guest and read from it, together, kept or not. A program that never ends its
    /// output would be read for as long as the call may take.
    pub process_traffic_bytes: u64,
    /// Data of each process of a program. Compilers and version control get by with a quarter.
    pub process_memory_bytes: u64,
    /// Files, folders and names that may be made, removed ones included. A disk has a number of
    /// files, too, that it can hold, and a project with ten thousand new ones is no help to anybody.
    pub created_files: u32,
    /// Files and folders open at once, each as long as a descriptor, a stream or a listing of it is
    /// held. The whole process often has no more than 1,024 file handles, for all that runs in it; a
    /// C library gives a guest about as many as these.
    pub open_files: u32,
    /// Names that may be read from folders. Each costs a call and perhaps a look at the disk: at
    /// 1 µs, a second of nothing else.
    pub listed_names: u32,
    /// Descriptors, streams, timers and other resources held at once: what the host keeps for each
    /// is small, and a guest that holds more has lost track of them. Crossing it is a trap, since
    /// not every function that makes one can fail.
    pub handles: u32,
    /// HTTP requests and TCP sockets. A page with all it refers to is a hundred; more is a crawler,
    /// or a guest that probes.
    pub requests: u32,
    /// From a request to the last byte of its answer. What a guest sets itself is never longer.
    pub request_time: Duration,
    /// One request's body.
    pub request_body_bytes: u64,
    /// One response's body, as it is sent: nothing is decompressed here. Enough for long documents.
    pub response_bytes: u64,
    /// HTTP connections open at once; more requests wait for one. Browsers have six to a host.
    pub connections: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            memory_bytes: 64 * MIB,
            input_bytes: MIB,
            result_bytes: MIB,
            log_bytes: MIB,
            log_records_per_second: 1_000,
            host_calls: 10_000_000,
            written_bytes: 1024 * MIB,
            processes: 64,
            process_output_bytes: MIB,
            process_traffic_bytes: 256 * MIB,
            process_memory_bytes: 1024 * MIB,
            created_files: 10_000,
            open_files: 100,
            listed_names: 1_000_000,
            handles: 256,
            requests: 256,
            request_time: Duration::from_secs(10),
            request_body_bytes: 8 * MIB,
            response_bytes: 8 * MIB,
            connections: 16,
        }
    }
}

impl Limits {
    /// These limits, lowered where the skill's manifest asks for less. It never gets more.
    #[must_use]
    pub fn for_skill(mut self, requests: &LimitRequests) -> Self {
        fn lower(limit: &mut u64, request: Option<u64>) {
            *limit = request.map_or(*limit, |request| request.min(*limit));
        }
        if let Some(timeout_ms) = requests.timeout_ms {
            self.timeout = self.timeout.min(Duration::from_millis(timeout_ms));
        }
        lower(&mut self.memory_bytes, requests.memory_bytes);
        lower(&mut self.result_bytes, requests.result_bytes);
        lower(&mut self.log_bytes, requests.log_bytes);
        lower(&mut self.host_calls, requests.host_calls);
        self
    }

    /// How many bytes Wasmtime may copy out of the guest for one call or one result.
    ///
    /// A result is held as Wasmtime's own values before it becomes JSON. Each of them ends up as at
    /// least one byte of JSON text, so whatever needs more than this cannot fit the limit, and is
    /// refused while it is still in the guest's memory.
    pub(crate) fn copied_bytes(&self) -> usize {
        const VALUE_BYTES: u64 = size_of::<wasmtime::component::Val>() as u64;
        let bytes = self
            .result_bytes
            .saturating_mul(VALUE_BYTES)
            .max(COPIED_BYTES_MIN);
        usize::try_from(bytes).unwrap_or(usize::MAX)
    }
}

const MIB: u64 = 1024 * 1024;

/// Never less than this is copied in one call, so that a small result limit does not make file
/// writes fail.
const COPIED_BYTES_MIN: u64 = 8 * MIB;

/// A timeout beyond this is this: the clock's arithmetic stays exact.
pub(crate) const TIMEOUT_MAX: Duration = Duration::from_secs(366 * 24 * 3600);

/// Names that are read from one folder. People keep tens of thousands of files in one, and a guest
/// that goes through more needs another way than listing.
pub(crate) const FOLDER_NAMES_MAX: u64 = 100_000;

/// Random bytes in one call. A key is 32.
pub(crate) const RANDOM_BYTES_MAX: u64 = MIB;

/// Elements in all tables together. The largest language runtimes have some 20,000 functions in
/// theirs.
pub(crate) const TABLE_ELEMENTS_MAX: usize = 200_000;

/// Elements in one table.
pub(crate) const TABLE_ELEMENTS_EACH_MAX: usize = 65_536;

/// Core module instances in one component: a Rust skill has 4, a composed one a dozen.
pub(crate) const CORE_INSTANCES_MAX: u32 = 64;

/// Linear memories in one component.
pub(crate) const MEMORIES_MAX: u32 = 8;

/// Tables in one component.
pub(crate) const TABLES_MAX: u32 = 32;

/// Stack of wasm code. Deep recursion ends here, with its own error.
pub(crate) const WASM_STACK_BYTES: usize = 512 * 1024;

/// Stack of one invocation: wasm code plus the host function it may be in.
pub(crate) const STACK_BYTES: usize = 2 * 1024 * 1024;

/// Path and query of a request. Servers themselves end at 8 KiB, most of them.
pub(crate) const REQUEST_URL_BYTES_MAX: usize = 8 * 1024;

/// Headers of a request, secrets included.
pub(crate) const REQUEST_HEADER_BYTES_MAX: usize = 32 * 1024;

/// One `fields` resource in memory: what Wasmtime counts is about twice what is sent.
pub(crate) const FIELD_BYTES_MAX: usize = 128 * 1024;

/// What a guest writes of a body at once, so that 256 bodies stay small.
pub(crate) const REQUEST_CHUNK_BYTES_MAX: usize = 64 * 1024;

/// Headers of a response. Servers send 1 to 2 KiB; cookies make it ten.
pub(crate) const RESPONSE_HEADER_BYTES_MAX: usize = 64 * 1024;

/// Lines of a response's headers.
pub(crate) const RESPONSE_HEADERS_MAX: usize = 256;

/// What a proxy says before its tunnel begins.
pub(crate) const PROXY_ANSWER_BYTES_MAX: usize = 16 * 1024;

/// Looking up one name. Resolvers try each of their servers for 5 s, and a name that takes longer is
/// not there.
pub(crate) const LOOKUP_TIME_MAX: Duration = Duration::from_secs(5);

/// Look-ups at once in the whole process: each holds a thread that nobody can stop.
pub(crate) const LOOKUPS_MAX: usize = 32;

/// Addresses of one name, all of which are judged. Large sites have 8.
pub(crate) const ADDRESSES_MAX: usize = 64;

/// Addresses that are tried, one after the other.
pub(crate) const ADDRESSES_TRIED_MAX: usize = 4;

/// Connecting, TLS included.
pub(crate) const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);

/// A shorter secret could not be told from ordinary text where it has to be masked.
pub(crate) const SECRET_BYTES_MIN: usize = 8;

/// A longer secret fits no header of most servers.
pub(crate) const SECRET_BYTES_MAX: usize = 8 * 1024;

/// Denials kept with what they were about. Beyond it they are only counted.
pub(crate) const DENIALS_KEPT_MAX: usize = 100;

/// Characters of any text that a guest can put into an error, a denial or a trap.
pub(crate) const MESSAGE_CHARACTERS_MAX: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skill_gets_less_when_it_asks_for_less_and_never_more() {
        let operator = Limits::default();
        let requests = LimitRequests {
            timeout_ms: Some(5_000),
            memory_bytes: Some(u64::MAX),
            result_bytes: Some(10),
            ..LimitRequests::default()
        };
        let limits = operator.for_skill(&requests);
        assert_eq!(limits.timeout, Duration::from_secs(5));
        assert_eq!(limits.memory_bytes, operator.memory_bytes);
        assert_eq!(limits.result_bytes, 10);
        assert_eq!(limits.log_bytes, operator.log_bytes);
    }
}
