//! The steps of a publish at which the process may end without losing or half-showing anything.
//!
//! A test hook: a registry started with a step's name in `CLAW_REGISTRY_CRASH_AT` (read once by the
//! program, never by this library) ends itself there, without unwinding, as `kill -9` would. Nothing
//! else depends on it, and without that name passing a step costs one comparison.

use std::fmt;
use std::str::FromStr;

/// A step of a publish, in the order in which they are passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// The tarball is in a temporary file with the right digest; nothing is synced.
    UploadReceived,
    /// The temporary file is synced.
    UploadSynced,
    /// The file has its name in staging, and the folder is synced; the upload is not answered.
    UploadStaged,
    /// The note and the package have been verified; nothing is written.
    ReleaseVerified,
    /// The transaction has the release, its entry and the new index; it is not committed.
    ReleaseWritten,
    /// The tarball also has its name among the blobs; that folder is not synced.
    BlobLinked,
    /// The folder of the blob is synced; the transaction is not committed.
    BlobSynced,
    /// The transaction is committed; the tarball is still in staging, and nothing is answered.
    ReleaseCommitted,
    /// The tarball has left staging; the release is not answered.
    StagingCleared,
    /// The yank or unyank is written and not committed.
    EventWritten,
    /// The yank or unyank is committed and not answered.
    EventCommitted,
}

impl Step {
    /// Every step, in order.
    pub const ALL: [Step; 11] = [
        Step::UploadReceived,
        Step::UploadSynced,
        Step::UploadStaged,
        Step::ReleaseVerified,
        Step::ReleaseWritten,
        Step::BlobLinked,
        Step::BlobSynced,
        Step::ReleaseCommitted,
        Step::StagingCleared,
        Step::EventWritten,
        Step::EventCommitted,
    ];

    /// The name that `CLAW_REGISTRY_CRASH_AT` knows it by.
    pub fn name(self) -> &'static str {
        match self {
            Step::UploadReceived => "upload-received",
            Step::UploadSynced => "upload-synced",
            Step::UploadStaged => "upload-staged",
            Step::ReleaseVerified => "release-verified",
            Step::ReleaseWritten => "release-written",
            Step::BlobLinked => "blob-linked",
            Step::BlobSynced => "blob-synced",
            Step::ReleaseCommitted => "release-committed",
            Step::StagingCleared => "staging-cleared",
            Step::EventWritten => "event-written",
            Step::EventCommitted => "event-committed",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no step.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no step of a publish; `claw-registry crash-points` lists them")]
pub struct UnknownStep(String);

impl FromStr for Step {
    type Err = UnknownStep;

    fn from_str(text: &str) -> Result<Self, UnknownStep> {
        Step::ALL
            .into_iter()
            .find(|step| step.name() == text)
            .ok_or_else(|| UnknownStep(text.to_owned()))
    }
}

/// Where this process ends itself, if anywhere.
#[derive(Debug, Clone, Copy, Default)]
pub struct CrashPoint(Option<Step>);

impl CrashPoint {
    /// Ends the process at `step`.
    pub fn at(step: Step) -> Self {
        Self(Some(step))
    }

    /// Passes `step`, or does not come back.
    pub fn pass(self, step: Step) {
        if self.0 == Some(step) {
            std::process::abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back_and_no_other_does() {
        for step in Step::ALL {
            assert_eq!(step.name().parse::<Step>().unwrap(), step);
        }
        assert!("release".parse::<Step>().is_err());
    }
}
