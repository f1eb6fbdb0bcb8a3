//! Between the operating system's values and those of `wasi:filesystem`.

use rustix::fs::{FileType, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT};
use wasmtime_wasi::p2::bindings::clocks::wall_clock::Datetime;

use super::os::{Identity, Moment, Stat};
use crate::bindings::wasi::filesystem::types::{
    DescriptorStat, DescriptorType, ErrorCode, MetadataHashValue, NewTimestamp,
};

pub(super) fn kind(kind: FileType) -> DescriptorType {
    match kind {
        FileType::RegularFile => DescriptorType::RegularFile,
        FileType::Directory => DescriptorType::Directory,
        FileType::Symlink => DescriptorType::SymbolicLink,
        FileType::Fifo => DescriptorType::Fifo,
        FileType::Socket => DescriptorType::Socket,
        FileType::CharacterDevice => DescriptorType::CharacterDevice,
        FileType::BlockDevice => DescriptorType::BlockDevice,
        FileType::Unknown => DescriptorType::Unknown,
    }
}

pub(super) fn stat(stat: &Stat) -> DescriptorStat {
    DescriptorStat {
        type_: kind(stat.kind()),
        link_count: stat.links(),
        size: stat.size(),
        data_access_timestamp: datetime(stat.accessed()),
        data_modification_timestamp: datetime(stat.modified()),
        status_change_timestamp: datetime(stat.changed()),
    }
}

/// WASI knows no time before 1970.
fn datetime(moment: Moment) -> Option<Datetime> {
    let seconds = u64::try_from(moment.seconds).ok()?;
    Some(Datetime {
        seconds,
        nanoseconds: moment.nanoseconds,
    })
}

pub(super) fn times(
    accessed: NewTimestamp,
    modified: NewTimestamp,
) -> Result<Timestamps, ErrorCode> {
    Ok(Timestamps {
        last_access: timespec(accessed)?,
        last_modification: timespec(modified)?,
    })
}

fn timespec(time: NewTimestamp) -> Result<Timespec, ErrorCode> {
    Ok(match time {
        NewTimestamp::NoChange => Timespec {
            tv_sec: 0,
            tv_nsec: UTIME_OMIT,
        },
        NewTimestamp::Now => Timespec {
            tv_sec: 0,
            tv_nsec: UTIME_NOW,
        },
        NewTimestamp::Timestamp(time) if time.nanoseconds >= 1_000_000_000 => {
            return Err(ErrorCode::Invalid);
        }
        NewTimestamp::Timestamp(time) => Timespec {
            tv_sec: time.seconds.try_into().map_err(|_| ErrorCode::Overflow)?,
            tv_nsec: time.nanoseconds.into(),
        },
    })
}

/// Equal for the same file, and says nothing about the machine.
pub(super) fn hash(identity: Identity) -> MetadataHashValue {
    let hash = blake3::hash(&identity.to_bytes());
    let word = |at: usize| {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&hash.as_bytes()[at..at + 8]);
        u64::from_le_bytes(bytes)
    };
    MetadataHashValue {
        lower: word(0),
        upper: word(8),
    }
}
