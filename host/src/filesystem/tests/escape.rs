//! Out of what was granted there is no way.

use super::*;

#[test]
fn granted_folders_are_shown_under_two_names() {
    let disk = Disk::new();
    let mut guest = disk.guest(&["filesystem.read=docs"]);
    assert_eq!(
        guest.names(),
        ["/workspace/docs", "docs", "/workspace", "."]
    );
    assert_eq!(guest.read("docs", "a.txt"), Ok("a".to_owned()));
    assert_eq!(
        guest.read("/workspace/docs", "./sub/../a.txt"),
        Ok("a".to_owned())
    );
    assert!(guest.denials().is_empty());
}

#[test]
fn what_is_not_granted_denies_everything_and_says_what_would_help() {
    let disk = Disk::new();
    for (act, what, permission) in [
        (
            (|guest| guest.read(".", "src/main.rs").map(drop)) as fn(&mut Guest) -> Answer<()>,
            "open `src/main.rs`",
            "filesystem.read=src",
        ),
        (
            |guest| guest.read("/workspace", "x").map(drop),
            "open `x`",
            "filesystem.read=.",
        ),
        (
            |guest| guest.list(".", "src").map(drop),
            "open `src`",
            "filesystem.read=src",
        ),
        (
            |guest| {
                guest
                    .on(".", |state, fd| state.read_directory(fd))
                    .map(drop)
            },
            "list `.`",
            "filesystem.read=.",
        ),
        (
            |guest| guest.write(".", "out/x", ""),
            "write `out/x`",
            "filesystem.write=out",
        ),
        (
            |guest| {
                guest.on(".", |state, fd| {
                    state.create_directory_at(fd, "out".to_owned())
                })
            },
            "create folder `out`",
            "filesystem.write=.",
        ),
        (
            |guest| {
                guest.on(".", |state, fd| {
                    state.unlink_file_at(fd, "src/main.rs".to_owned())
                })
            },
            "remove `src/main.rs`",
            "filesystem.write=src",
        ),
    ] {
        let mut guest = disk.guest(&["filesystem.read=docs"]);
        assert_eq!(act(&mut guest), Err(DENIED), "{what}");
        let denial = guest.denial();
        assert_eq!(denial.what, what);
        assert_eq!(denial.permission.unwrap().to_string(), permission);
    }
}

#[test]
fn without_any_grant_only_denying_folders_are_shown() {
    let disk = Disk::new();
    let mut guest = disk.guest(&[]);
    assert_eq!(guest.names(), ["/workspace", "."]);
    assert_eq!(guest.read(".", "docs/a.txt"), Err(DENIED));
    let mut guest = disk.guest_with(&["filesystem.write=."], |invocation| {
        invocation.workspace = None
    });
    assert_eq!(guest.read(".", "docs/a.txt"), Err(DENIED));
}

#[test]
fn upward_and_absolute_paths_are_denied_and_counted() {
    let disk = Disk::new();
    let secret = disk.path("outside/secret.txt");
    for grants in [&["filesystem.write=."], &["filesystem.write=docs"]] {
        let base = if grants[0].ends_with('.') {
            "."
        } else {
            "docs"
        };
        for path in [
            "..",
            "../outside/secret.txt",
            "../../outside/secret.txt",
            "sub/../../../outside/secret.txt",
            "/etc/passwd",
            secret.to_str().unwrap(),
        ] {
            let mut guest = disk.guest(grants);
            let _ = guest.on(base, |state, fd| {
                state.create_directory_at(fd, "sub".to_owned())
            });
            assert_eq!(guest.read(base, path), Err(DENIED), "{path}");
            assert_eq!(guest.write(base, path, "x"), Err(DENIED), "{path}");
            let stat = guest.on(base, |state, fd| {
                state.stat_at(fd, PathFlags::empty(), path.to_owned())
            });
            assert_eq!(stat.err(), Some(DENIED), "{path}");
            let denials = guest.denials();
            assert_eq!(denials.len(), 3, "{denials:?}");
            assert!(
                denials
                    .iter()
                    .all(|denial| denial.reason == DenialReason::Escape)
            );
            assert!(denials.iter().all(|denial| denial.permission.is_none()));
        }
    }
    assert_eq!(disk.text("outside/secret.txt"), SECRET);
}

#[test]
fn links_out_are_not_followed_and_links_inside_are() {
    let disk = Disk::new();
    disk.link("../../outside", "workspace/docs/relative");
    disk.link(disk.path("outside"), "workspace/docs/absolute");
    disk.link("../../outside/new.txt", "workspace/docs/dangling");
    disk.link("relative", "workspace/docs/twice");
    disk.link("sub/b.txt", "workspace/docs/inside");
    let mut guest = disk.guest(&["filesystem.write=docs"]);
    for path in [
        "relative/secret.txt",
        "absolute/secret.txt",
        "twice/secret.txt",
    ] {
        assert_eq!(guest.read("docs", path), Err(DENIED), "{path}");
        assert_eq!(guest.write("docs", path, "x"), Err(DENIED), "{path}");
    }
    assert_eq!(guest.write("docs", "dangling", "x"), Err(DENIED));
    assert_eq!(guest.list("docs", "relative"), Err(DENIED));
    assert_eq!(guest.read("docs", "inside"), Ok("b".to_owned()));
    assert_eq!(guest.write("docs", "inside", "c"), Ok(()));
    assert_eq!(disk.text("workspace/docs/sub/b.txt"), "c");
    assert_eq!(disk.text("outside/secret.txt"), SECRET);
    assert!(!disk.path("outside/new.txt").exists());
    let read = guest.on("docs", |state, fd| {
        state.readlink_at(fd, "absolute".to_owned())
    });
    assert_eq!(read, Err(DENIED));
    let read = guest.on("docs", |state, fd| {
        state.readlink_at(fd, "inside".to_owned())
    });
    assert_eq!(read, Ok("sub/b.txt".to_owned()));
}

#[test]
fn a_link_from_one_granted_folder_does_not_lead_into_another_place() {
    let disk = Disk::new();
    disk.link("../src", "workspace/docs/src");
    disk.link("src", "workspace/alias");
    let mut guest = disk.guest(&["filesystem.read=docs", "filesystem.write=alias"]);
    assert_eq!(guest.read("docs", "src/main.rs"), Err(DENIED));
    // The name was granted, the place was not.
    assert_eq!(guest.read("alias", "main.rs"), Err(DENIED));
    // Granted as a whole, the link is only another name.
    assert_eq!(
        disk.guest(&["filesystem.read=."])
            .read(".", "alias/main.rs")
            .unwrap(),
        "fn main() {}"
    );
}

#[test]
fn the_real_place_decides_about_writing() {
    let disk = Disk::new();
    disk.link("../src", "workspace/docs/src");
    let mut guest = disk.guest(&["filesystem.read=.", "filesystem.write=docs"]);
    assert_eq!(guest.write(".", "docs/src/main.rs", "x"), Err(DENIED));
    assert_eq!(guest.write(".", "docs/a.txt", "x"), Ok(()));
    assert_eq!(guest.write("docs", "a.txt", "y"), Ok(()));
    let denial = guest.denial();
    assert_eq!(
        (denial.kind, denial.reason),
        (PermissionKind::FilesystemWrite, DenialReason::NotGranted)
    );
    assert_eq!(disk.text("workspace/src/main.rs"), "fn main() {}");
    assert_eq!(disk.text("workspace/docs/a.txt"), "y");
}

#[test]
fn skills_make_no_symbolic_links() {
    let disk = Disk::new();
    let mut guest = disk.guest(&["filesystem.write=."]);
    for target in ["/etc/passwd", "../outside", "docs/a.txt"] {
        let made = guest.on(".", |state, fd| {
            state.symlink_at(fd, target.to_owned(), "x".to_owned())
        });
        assert_eq!(made, Err(DENIED));
    }
    for denial in guest.denials() {
        assert_eq!(denial.reason, DenialReason::SymbolicLink);
        assert!(denial.what.starts_with("create link `x` to `"), "{denial}");
    }
    assert!(fs::symlink_metadata(disk.path("workspace/x")).is_err());
}

#[test]
fn skills_move_no_symbolic_links() {
    let disk = Disk::new();
    disk.link("../a.txt", "workspace/docs/sub/link");
    let mut guest = disk.guest(&["filesystem.write=."]);
    let moved = guest.on(".", |state, fd| {
        let to = Resource::new_borrow(fd.rep());
        state.rename_at(fd, "docs/sub/link".to_owned(), to, "link".to_owned())
    });
    assert_eq!(moved, Err(DENIED));
    assert_eq!(guest.denial().reason, DenialReason::SymbolicLink);
    assert!(fs::symlink_metadata(disk.path("workspace/link")).is_err());
}

#[test]
fn links_that_never_end_and_paths_that_are_too_long_are_refused() {
    let disk = Disk::new();
    disk.link("b", "workspace/a");
    disk.link("a", "workspace/b");
    let mut guest = disk.guest(&["filesystem.read=."]);
    assert_eq!(guest.read(".", "a"), Err(ErrorCode::Loop));
    assert_eq!(
        guest.read(".", &"x/".repeat(3000)),
        Err(ErrorCode::NameTooLong)
    );
    assert_eq!(
        guest.read(".", &"./".repeat(2047)),
        Err(ErrorCode::IsDirectory)
    );
    assert_eq!(
        guest.read(".", &"x".repeat(300)),
        Err(ErrorCode::NameTooLong)
    );
    assert_eq!(guest.read(".", "a\0b"), Err(ErrorCode::Invalid));
    assert_eq!(guest.read(".", ""), Err(ErrorCode::NoEntry));
    assert!(guest.denials().is_empty());
}

#[test]
fn special_files_are_never_opened() {
    let disk = Disk::new();
    let pipe = disk.path("workspace/pipe");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(disk.path("workspace/socket")).unwrap();
    let mut guest = disk.guest(&["filesystem.write=."]);
    for path in ["pipe", "socket"] {
        assert_eq!(guest.read(".", path), Err(DENIED));
        assert_eq!(guest.write(".", path, "x"), Err(DENIED));
    }
    let denials = guest.denials();
    assert_eq!(denials.len(), 4);
    assert!(
        denials
            .iter()
            .all(|denial| denial.reason == DenialReason::Special)
    );
}

#[test]
fn assets_are_read_only() {
    let disk = Disk::new();
    let assets = disk.path("outside");
    let mut guest = disk.guest_with(&["filesystem.write=."], |invocation| {
        invocation.assets = Some(assets)
    });
    assert_eq!(guest.read("/assets", "secret.txt"), Ok(SECRET.to_owned()));
    assert_eq!(
        guest.read("/assets", "../workspace/docs/a.txt"),
        Err(DENIED)
    );
    assert_eq!(guest.write("/assets", "secret.txt", "x"), Err(DENIED));
    let moved = guest.on(".", |state, fd| {
        let workspace = Resource::new_borrow(fd.rep());
        let assets = state.get_directories().unwrap().pop().unwrap().0;
        state.rename_at(
            workspace,
            "docs/a.txt".to_owned(),
            assets,
            "a.txt".to_owned(),
        )
    });
    assert_eq!(moved, Err(DENIED));
    let denials = guest.denials();
    assert_eq!(denials[1].reason, DenialReason::ReadOnly);
    assert_eq!(denials[1].what, "write `/assets/secret.txt`");
    assert_eq!(disk.text("outside/secret.txt"), SECRET);
}

#[cfg(target_os = "linux")]
#[test]
fn what_the_kernel_shows_of_itself_is_never_opened() {
    let disk = Disk::new();
    let denied = |workspace: &str, grant: &str, base: &str, path: &str| {
        let mut guest = disk.guest_with(&[grant], |invocation| {
            invocation.workspace = Some(workspace.into());
        });
        assert_eq!(guest.read(base, path), Err(DENIED), "{workspace} {path}");
        assert_eq!(guest.denial().reason, DenialReason::Special);
    };
    denied("/", "filesystem.read=.", ".", "proc/self/environ");
    denied("/", "filesystem.read=.", ".", "proc/version");
    denied("/", "filesystem.read=proc", "proc", "self/environ");
    denied("/proc/self", "filesystem.read=.", ".", "environ");
    let mut guest = disk.guest_with(&["filesystem.write=."], |invocation| {
        invocation.workspace = Some("/".into());
    });
    let opened = guest.open(".", "proc/self/mem", for_writing());
    assert_eq!(opened.err(), Some(DENIED));
}

#[test]
fn a_granted_folder_is_not_made_where_a_link_leads() {
    let disk = Disk::new();
    disk.link("src/made", "workspace/out");
    let mut guest = disk.guest(&["filesystem.write=out/deep"]);
    assert!(guest.write("out/deep", "x", "x").is_err());
    assert!(!disk.path("workspace/src/made").exists());
}
