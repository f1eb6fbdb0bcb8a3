//! What the helper tells the host about a child: how it ended, or why it never started.

/// The end of a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Message {
    /// It ended by itself, with this code.
    Exited(i32),
    /// A signal ended it.
    Signalled(i32),
    /// It was not started: what failed, and the kernel's number for why.
    Failed(Stage, i32),
}

/// A step on the way to the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Reading the plan.
    Plan,
    /// New namespaces of users, processes, networks, IPC and names.
    Namespaces,
    /// A group of processes that is bounded together.
    Group,
    /// A second process.
    Fork,
    /// Mounts: only what may be used.
    Root,
    /// Read-only mounts over protected names.
    Protect,
    /// Session, limits, capabilities.
    Process,
    /// Landlock.
    Files,
    /// seccomp.
    Filter,
    /// The working folder.
    Folder,
    /// The program itself.
    Execute,
}

impl Stage {
    const ALL: [Self; 11] = [
        Self::Plan,
        Self::Namespaces,
        Self::Group,
        Self::Fork,
        Self::Root,
        Self::Protect,
        Self::Process,
        Self::Files,
        Self::Filter,
        Self::Folder,
        Self::Execute,
    ];

    /// What could not be done, for people.
    pub(crate) fn act(self) -> &'static str {
        match self {
            Self::Plan => "read what to run",
            Self::Namespaces => "make namespaces",
            Self::Group => "bound its processes together by a control group",
            Self::Fork => "start a process",
            Self::Root => "mount what it may use",
            Self::Protect => "protect what no skill may write",
            Self::Process => "take its privileges away",
            Self::Files => "bound its files by Landlock",
            Self::Filter => "bound its system calls by seccomp",
            Self::Folder => "enter its working folder",
            Self::Execute => "execute it",
        }
    }
}

/// As long as each message is.
pub(crate) const MESSAGE_BYTES: usize = 6;

/// The code that a probe exits with where a child's processes are bounded together.
pub(crate) const PROBED_TOGETHER: u8 = 1;

/// Descriptors of a request: the child's socket, its plan, its input and both outputs, its program.
pub(crate) const REQUEST_DESCRIPTORS_MAX: usize = 6;

impl Message {
    pub(crate) fn to_bytes(self) -> [u8; MESSAGE_BYTES] {
        let (kind, stage, number) = match self {
            Self::Exited(code) => (0, 0, code),
            Self::Signalled(signal) => (1, 0, signal),
            Self::Failed(stage, errno) => (2, stage as u8, errno),
        };
        let [a, b, c, d] = number.to_le_bytes();
        [kind, stage, a, b, c, d]
    }

    pub(crate) fn parse(bytes: &[u8; MESSAGE_BYTES]) -> Option<Self> {
        let &[kind, stage, a, b, c, d] = bytes;
        let number = i32::from_le_bytes([a, b, c, d]);
        Some(match kind {
            0 => Self::Exited(number),
            1 => Self::Signalled(number),
            2 => Self::Failed(*Stage::ALL.get(usize::from(stage))?, number),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_is_read_as_it_was_written() {
        let failed = Stage::ALL.map(|stage| Message::Failed(stage, 13));
        let all = [Message::Exited(3), Message::Signalled(9)];
        for message in all.into_iter().chain(failed) {
            assert_eq!(Message::parse(&message.to_bytes()), Some(message));
        }
        assert_eq!(Message::parse(&[2, 11, 0, 0, 0, 0]), None);
        assert_eq!(Message::parse(&[3, 0, 0, 0, 0, 0]), None);
    }
}
