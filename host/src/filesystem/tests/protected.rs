//! Names that no skill may write, and files that have another name.

use super::*;

const WRITE: &[&str] = &["filesystem.write=."];

fn all_protected(guest: Guest, count: usize) {
    let denials = guest.denials();
    assert_eq!(denials.len(), count, "{denials:?}");
    assert!(
        denials
            .iter()
            .all(|denial| denial.reason == DenialReason::Protected),
        "{denials:?}"
    );
    assert!(denials.iter().all(|denial| denial.permission.is_none()));
}

#[test]
fn protected_files_can_be_read() {
    let disk = Disk::new();
    let mut guest = disk.guest(WRITE);
    assert_eq!(guest.read(".", ".git/config"), Ok("[core]".to_owned()));
    assert_eq!(guest.list(".", ".git"), Ok(vec!["config".to_owned()]));
    assert!(guest.denials().is_empty());
}

#[test]
fn protected_files_are_not_written_created_or_removed() {
    let disk = Disk::new();
    fs::write(disk.path("workspace/claw.toml"), "wish").unwrap();
    let mut guest = disk.guest(WRITE);
    for path in [
        ".git/config",
        ".git/hooks",
        ".GIT",
        "docs/.git",
        ".claw",
        "docs/.Claw",
        "claw.toml",
        "CLAW.TOML",
        "docs/claw.lock",
    ] {
        assert_eq!(guest.write(".", path, "x"), Err(DENIED), "{path}");
    }
    for path in [".git/hooks", "docs/.git", ".claw"] {
        let made = guest.on(".", |state, fd| {
            state.create_directory_at(fd, path.to_owned())
        });
        assert_eq!(made, Err(DENIED), "{path}");
    }
    for path in [".git/config", "claw.toml"] {
        let removed = guest.on(".", |state, fd| state.unlink_file_at(fd, path.to_owned()));
        assert_eq!(removed, Err(DENIED), "{path}");
    }
    let removed = guest.on(".", |state, fd| {
        state.remove_directory_at(fd, ".git".to_owned())
    });
    assert_eq!(removed, Err(DENIED));
    assert_eq!(disk.text("workspace/.git/config"), "[core]");
    assert_eq!(disk.text("workspace/claw.toml"), "wish");
    all_protected(guest, 15);
}

#[test]
fn protected_names_are_not_reached_by_renaming_or_linking() {
    let disk = Disk::new();
    let mut guest = disk.guest(WRITE);
    let pairs = [
        (".git", "git"),
        (".git/config", "config"),
        ("docs", ".git"),
        ("docs/a.txt", ".git/config"),
        ("docs/a.txt", "docs/.GIT"),
        ("docs/a.txt", "claw.toml"),
        ("docs", "src/.claw"),
    ];
    for (from, to) in pairs {
        let moved = guest.on(".", |state, fd| {
            let to_fd = Resource::new_borrow(fd.rep());
            state.rename_at(fd, from.to_owned(), to_fd, to.to_owned())
        });
        assert_eq!(moved, Err(DENIED), "{from} {to}");
    }
    for (from, to) in [
        (".git/config", "config"),
        ("docs/a.txt", ".git/a"),
        ("docs/a.txt", "claw.lock"),
    ] {
        let linked = guest.on(".", |state, fd| {
            let to_fd = Resource::new_borrow(fd.rep());
            state.link_at(
                fd,
                PathFlags::empty(),
                from.to_owned(),
                to_fd,
                to.to_owned(),
            )
        });
        assert_eq!(linked, Err(DENIED), "{from} {to}");
    }
    assert_eq!(disk.text("workspace/.git/config"), "[core]");
    all_protected(guest, pairs.len() + 3);
}

#[test]
fn an_alias_protects_what_it_leads_to_and_is_no_way_around() {
    let disk = Disk::new();
    disk.link(".git", "workspace/g");
    disk.link("../docs", "workspace/src/.git");
    disk.link("docs/a.txt", "workspace/claw.toml");
    let mut guest = disk.guest(WRITE);
    assert_eq!(guest.write(".", "g/config", "x"), Err(DENIED));
    assert_eq!(guest.write(".", "src/.git/a.txt", "x"), Err(DENIED));
    assert_eq!(guest.write(".", "claw.toml", "x"), Err(DENIED));
    assert_eq!(guest.read(".", "g/config"), Ok("[core]".to_owned()));
    assert_eq!(disk.text("workspace/docs/a.txt"), "a");
    all_protected(guest, 3);
}

#[test]
fn protected_files_keep_their_times() {
    let disk = Disk::new();
    let before = fs::metadata(disk.path("workspace/.git/config"))
        .unwrap()
        .modified()
        .unwrap();
    let mut guest = disk.guest(WRITE);
    for path in [".git/config", ".git"] {
        let set = guest.on(".", |state, fd| {
            let (flags, path) = (PathFlags::SYMLINK_FOLLOW, path.to_owned());
            state.set_times_at(fd, flags, path, NewTimestamp::Now, NewTimestamp::Now)
        });
        assert_eq!(set, Err(DENIED));
    }
    let fd = guest.open(".", ".git/config", read_only()).unwrap();
    let set = guest
        .state
        .set_times(fd, NewTimestamp::Now, NewTimestamp::Now);
    assert_eq!(guest.code(set), Err(DENIED));
    assert_eq!(
        fs::metadata(disk.path("workspace/.git/config"))
            .unwrap()
            .modified()
            .unwrap(),
        before
    );
    all_protected(guest, 2);
}

#[test]
fn a_folder_opened_inside_a_protected_one_is_protected_too() {
    let disk = Disk::new();
    let mut guest = disk.guest(WRITE);
    let git = guest
        .open(".", ".git", (OpenFlags::DIRECTORY, DescriptorFlags::READ))
        .unwrap();
    let (open, wanted) = creating();
    let made = guest
        .state
        .open_at(git, PathFlags::empty(), "new".to_owned(), open, wanted);
    assert_eq!(guest.code(made).err(), Some(DENIED));
    // Granting the folder itself makes no difference.
    let mut guest = disk.guest(&["filesystem.write=.git"]);
    assert_eq!(guest.write(".git", "new", "x"), Err(DENIED));
    assert!(!disk.path("workspace/.git/new").exists());
}

#[test]
fn a_file_with_another_name_is_not_opened_for_writing() {
    let disk = Disk::new();
    fs::hard_link(
        disk.path("outside/secret.txt"),
        disk.path("workspace/docs/linked"),
    )
    .unwrap();
    let mut guest = disk.guest(WRITE);
    // Truncating comes last, after every check.
    assert_eq!(guest.write(".", "docs/linked", "x"), Err(DENIED));
    assert_eq!(
        guest.open(".", "docs/linked", for_writing()).err(),
        Some(DENIED)
    );
    let set = guest.on(".", |state, fd| {
        let path = "docs/linked".to_owned();
        state.set_times_at(
            fd,
            PathFlags::empty(),
            path,
            NewTimestamp::Now,
            NewTimestamp::Now,
        )
    });
    assert_eq!(set, Err(DENIED));
    assert_eq!(guest.read(".", "docs/linked"), Ok(SECRET.to_owned()));
    let fd = guest.open(".", "docs/linked", read_only()).unwrap();
    let set = guest
        .state
        .set_times(fd, NewTimestamp::Now, NewTimestamp::Now);
    assert_eq!(guest.code(set), Err(DENIED));
    assert_eq!(disk.text("outside/secret.txt"), SECRET);
    let denials = guest.denials();
    assert!(
        denials
            .iter()
            .all(|denial| denial.reason == DenialReason::HardLink),
        "{denials:?}"
    );
    // Removing the name leaves the file alone.
    let mut guest = disk.guest(WRITE);
    let removed = guest.on(".", |state, fd| {
        state.unlink_file_at(fd, "docs/linked".to_owned())
    });
    assert_eq!(removed, Ok(()));
    assert_eq!(disk.text("outside/secret.txt"), SECRET);
}

#[test]
fn a_link_that_a_guest_makes_gives_it_nothing() {
    let disk = Disk::new();
    let mut guest = disk.guest(&["filesystem.read=.", "filesystem.write=docs"]);
    let mut link = |from: &str, to: &str| {
        guest.on(".", |state, fd| {
            let to_fd = Resource::new_borrow(fd.rep());
            state.link_at(
                fd,
                PathFlags::empty(),
                from.to_owned(),
                to_fd,
                to.to_owned(),
            )
        })
    };
    assert_eq!(link("src/main.rs", "docs/main.rs"), Err(DENIED));
    assert_eq!(link("docs/a.txt", "src/a.txt"), Err(DENIED));
    assert_eq!(link("docs/a.txt", "docs/c.txt"), Ok(()));
    assert_eq!(link("docs/sub", "docs/c"), Err(ErrorCode::NotPermitted));
}
