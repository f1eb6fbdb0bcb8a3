//! What a client may ask of a registry at once, and for how long: one table, each with its reason.
//!
//! The sizes of packages and notes are not here: they are part of what a package and a note are.

use std::time::Duration;

use ipnet::IpNet;

/// The bounds of one server.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections at once; those beyond wait in the queue of the operating system.
    pub connections: usize,
    /// Requests worked on at once, until the last byte of their answer; those beyond are sent away, to
    /// come back in a second. Each may hold a note or a page of a tarball in memory.
    pub requests: usize,
    /// How long the head of a request may take to arrive, the wait for a next one included; as long has
    /// a TLS handshake.
    pub head_time: Duration,
    /// The longest head of a request: a token and what proxies add take a tenth of it.
    pub head_bytes: usize,
    /// How long a client may leave an answer unread.
    pub unread_time: Duration,
    /// How long a note or a JSON body may take to arrive: the longest at 20 kbit/s.
    pub body_time: Duration,
    /// Requests at once on one HTTP/2 connection; each may hold a page of a tarball in memory.
    pub streams: u32,
    /// How much of its bodies an HTTP/2 connection may send before we have read it.
    pub window_bytes: u32,
    /// How often the files of certificate and key are looked at.
    pub certificate_time: Duration,
    /// How long an upload may be silent.
    pub upload_silence: Duration,
    /// How long an upload may take: the largest package at 150 kbit/s.
    pub upload_time: Duration,
    /// How much of a body is still read after it was refused: a whole package and more, so that
    /// clients that send everything before they listen are told why.
    pub discarded_bytes: usize,
    /// How long that may take.
    pub discard_time: Duration,
    /// Uploads received at once; those beyond wait. Each takes one buffer in memory.
    pub uploads: usize,
    /// Tarballs that wait for their release at once: with the largest package, what one careless
    /// publisher can fill.
    pub staged_files: usize,
    /// Packages checked at once; those beyond wait. Each may take twice the largest component in
    /// memory.
    pub checks: usize,
    /// Searches computed at once; those beyond wait. Each takes a processor for up to milliseconds.
    pub searches: usize,
    /// Different tarballs whose downloads wait to be written down; those of others are not counted.
    /// A hundred bytes each, and a transaction of half a second.
    pub counted_tarballs: usize,
    /// Requests that only look, per minute and client address, and per token: several projects with
    /// hundreds of skills at once. None of the three bounds when it is 0, and none counts this machine.
    pub reads_per_minute: u32,
    /// Requests that change something, per minute and client address, and per token: 200 releases.
    pub writes_per_minute: u32,
    /// Tokens that are none, per minute and client address: a mistake that repeats itself every second.
    pub failures_per_minute: u32,
    /// Clients and tokens whose requests are counted at once: a few MiB.
    pub rate_buckets: usize,
    /// Proxies whose word on a client's address is taken.
    pub proxies: Vec<IpNet>,
    /// How long requests under way may take to end once the server stops: container hosts give 30
    /// seconds before they kill.
    pub farewell_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1024,
            requests: 1024,
            head_time: Duration::from_secs(30),
            head_bytes: 32 * 1024,
            unread_time: Duration::from_secs(30),
            body_time: Duration::from_secs(30),
            streams: 64,
            window_bytes: 256 * 1024,
            certificate_time: Duration::from_secs(10),
            upload_silence: Duration::from_secs(30),
            upload_time: Duration::from_secs(30 * 60),
            discarded_bytes: 64 * 1024 * 1024,
            discard_time: Duration::from_secs(5),
            uploads: 64,
            staged_files: 256,
            checks: 4,
            searches: 4,
            counted_tarballs: 16 * 1024,
            reads_per_minute: 6000,
            writes_per_minute: 600,
            failures_per_minute: 60,
            rate_buckets: 65_536,
            proxies: Vec::new(),
            farewell_time: Duration::from_secs(25),
        }
    }
}
