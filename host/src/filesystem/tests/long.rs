//! Paths that are far too long are refused before anything is made of them.

use super::*;

type Act = fn(&mut State, Resource<Descriptor>, String) -> Result<(), FsError>;

/// Every function that takes a path; those that take two, with the long one in either place.
const ACTS: &[(&str, Act)] = &[
    ("open", |state, fd, path| {
        let (open, wanted) = read_only();
        state
            .open_at(fd, PathFlags::empty(), path, open, wanted)
            .map(drop)
    }),
    ("stat", |state, fd, path| {
        state.stat_at(fd, PathFlags::empty(), path).map(drop)
    }),
    ("hash", |state, fd, path| {
        state
            .metadata_hash_at(fd, PathFlags::empty(), path)
            .map(drop)
    }),
    ("times", |state, fd, path| {
        let now = NewTimestamp::Now;
        state.set_times_at(fd, PathFlags::empty(), path, now, now)
    }),
    ("folder", |state, fd, path| {
        state.create_directory_at(fd, path)
    }),
    ("read link", |state, fd, path| {
        state.readlink_at(fd, path).map(drop)
    }),
    ("remove folder", |state, fd, path| {
        state.remove_directory_at(fd, path)
    }),
    ("remove file", |state, fd, path| {
        state.unlink_file_at(fd, path)
    }),
    ("link", |state, fd, path| {
        state.symlink_at(fd, "x".to_owned(), path)
    }),
    ("link to", |state, fd, path| {
        state.symlink_at(fd, path, "x".to_owned())
    }),
    ("rename", |state, fd, path| {
        let to = Resource::new_borrow(fd.rep());
        state.rename_at(fd, path, to, "x".to_owned())
    }),
    ("rename to", |state, fd, path| {
        let to = Resource::new_borrow(fd.rep());
        state.rename_at(fd, "x".to_owned(), to, path)
    }),
    ("name", |state, fd, path| {
        let to = Resource::new_borrow(fd.rep());
        state.link_at(fd, PathFlags::empty(), path, to, "x".to_owned())
    }),
    ("name to", |state, fd, path| {
        let to = Resource::new_borrow(fd.rep());
        state.link_at(fd, PathFlags::empty(), "x".to_owned(), to, path)
    }),
];

#[test]
fn a_path_of_forty_mebibytes_is_nothing_but_too_long() {
    let disk = Disk::new();
    let path = "a/".repeat(20 << 20);
    for grants in [&[][..], &["filesystem.write=."]] {
        let mut guest = disk.guest(grants);
        for (name, act) in ACTS {
            let answer = guest.on(".", |state, fd| act(state, fd, path.clone()));
            assert_eq!(answer, Err(ErrorCode::NameTooLong), "{name} {grants:?}");
        }
        // Nothing was worth a denial, whose text would be made of the path.
        assert!(guest.denials().is_empty());
    }
}
