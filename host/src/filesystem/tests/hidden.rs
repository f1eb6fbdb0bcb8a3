//! Claw's own folder is in no guest's workspace.

use super::*;

const WRITE: &[&str] = &["filesystem.write=."];

/// A workspace with claw's own folder at `workspace/tools/state`.
fn disk() -> Disk {
    let disk = Disk::new();
    fs::create_dir_all(disk.path("workspace/tools/state/keys")).unwrap();
    fs::write(disk.path("workspace/tools/state/config.yaml"), SECRET).unwrap();
    fs::write(disk.path("workspace/tools/other"), "other").unwrap();
    disk
}

fn guest(disk: &Disk) -> Guest {
    let home = disk.path("workspace/tools/state");
    disk.guest_with(WRITE, |invocation| invocation.home = Some(home))
}

#[test]
fn it_is_neither_listed_nor_found() {
    let disk = disk();
    disk.link("tools/state", "workspace/alias");
    let mut guest = guest(&disk);
    assert_eq!(guest.list(".", "tools"), Ok(vec!["other".to_owned()]));
    for path in [
        "tools/state",
        "tools/state/",
        "tools/state/config.yaml",
        "tools/./state/keys/..",
        "tools/state/../other",
        "alias/config.yaml",
    ] {
        assert_eq!(guest.read(".", path), Err(ErrorCode::NoEntry), "{path}");
        let stat = guest.on(".", |state, fd| {
            state.stat_at(fd, PathFlags::SYMLINK_FOLLOW, path.to_owned())
        });
        assert_eq!(stat.err(), Some(ErrorCode::NoEntry), "{path}");
    }
    let hash = guest.on(".", |state, fd| {
        state.metadata_hash_at(fd, PathFlags::empty(), "tools/state".to_owned())
    });
    assert_eq!(hash.err(), Some(ErrorCode::NoEntry));
    assert_eq!(
        guest.state.denials.counts()[&PermissionKind::FilesystemRead],
        13
    );
    let denials = guest.denials();
    assert!(
        denials
            .iter()
            .all(|denial| denial.reason == DenialReason::Hidden),
        "{denials:?}"
    );
}

#[test]
fn it_is_neither_written_moved_nor_removed() {
    let disk = disk();
    let mut guest = guest(&disk);
    assert_eq!(
        guest.write(".", "tools/state/config.yaml", "x"),
        Err(DENIED)
    );
    assert_eq!(guest.write(".", "tools/state/new", "x"), Err(DENIED));
    for path in ["tools/state", "tools/state/new"] {
        let made = guest.on(".", |state, fd| {
            state.create_directory_at(fd, path.to_owned())
        });
        assert_eq!(made, Err(DENIED), "{path}");
    }
    // Moving the folder it is in would move it too.
    for (from, to) in [
        ("tools/state", "x"),
        ("tools", "x"),
        ("docs", "tools/state"),
    ] {
        let moved = guest.on(".", |state, fd| {
            let to_fd = Resource::new_borrow(fd.rep());
            state.rename_at(fd, from.to_owned(), to_fd, to.to_owned())
        });
        assert_eq!(moved, Err(DENIED), "{from} {to}");
    }
    let removed = guest.on(".", |state, fd| {
        state.remove_directory_at(fd, "tools/state".to_owned())
    });
    assert_eq!(removed, Err(DENIED));
    assert_eq!(disk.text("workspace/tools/state/config.yaml"), SECRET);
    // Its neighbours are like any other.
    assert_eq!(guest.write(".", "tools/other", "x"), Ok(()));
}

#[test]
fn a_grant_of_it_opens_nothing() {
    let disk = disk();
    let home = disk.path("workspace/tools/state");
    let mut guest = disk.guest_with(&["filesystem.read=tools/state"], |invocation| {
        invocation.home = Some(home);
    });
    assert_eq!(
        guest.read("tools/state", "config.yaml"),
        Err(ErrorCode::NoEntry)
    );
}

#[test]
fn a_workspace_inside_it_shows_nothing() {
    let disk = disk();
    for home in ["workspace", "."] {
        let home = disk.path(home);
        let mut guest = disk.guest_with(WRITE, |invocation| invocation.home = Some(home));
        assert_eq!(guest.read(".", "docs/a.txt"), Err(ErrorCode::NoEntry));
        assert_eq!(guest.write(".", "docs/a.txt", "x"), Err(DENIED));
    }
}

#[test]
fn one_that_does_not_exist_yet_hides_nothing() {
    let disk = Disk::new();
    let home = disk.path("workspace/none");
    let mut guest = disk.guest_with(WRITE, |invocation| invocation.home = Some(home));
    assert_eq!(guest.read(".", "docs/a.txt"), Ok("a".to_owned()));
}
