//! Somebody swaps files and links while a guest walks through them.

use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

const ROUNDS: usize = 2_000;

/// Swaps two names until the guest is done.
fn while_swapping(disk: &Disk, one: &str, other: &str, guest: impl FnOnce()) {
    /// Also when an assertion fails.
    struct Done<'a>(&'a AtomicBool);
    impl Drop for Done<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let _done = Done(&done);
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let (one, other) = (disk.path(one), disk.path(other));
                let flags = rustix::fs::RenameFlags::EXCHANGE;
                let cwd = rustix::fs::CWD;
                rustix::fs::renameat_with(cwd, &one, cwd, &other, flags).unwrap();
            }
        });
        guest();
    });
}

#[test]
fn a_folder_that_turns_into_a_link_never_leads_out() {
    let disk = Disk::new();
    fs::write(disk.path("workspace/docs/sub/secret.txt"), "harmless").unwrap();
    disk.link("../../outside", "workspace/docs/link");
    let mut guest = disk.guest(&["filesystem.read=docs"]);
    let mut reads = 0;
    while_swapping(&disk, "workspace/docs/sub", "workspace/docs/link", || {
        for _ in 0..ROUNDS {
            match guest.read("docs", "sub/secret.txt") {
                Ok(text) => {
                    assert_eq!(text, "harmless");
                    reads += 1;
                }
                Err(DENIED | ErrorCode::Loop | ErrorCode::NotDirectory | ErrorCode::Invalid) => {}
                Err(other) => panic!("{other:?}"),
            }
        }
    });
    assert!(reads > 0);
}

#[test]
fn a_file_that_turns_into_a_link_is_never_written_through() {
    let disk = Disk::new();
    fs::write(disk.path("workspace/docs/x"), "x").unwrap();
    disk.link("../../outside/secret.txt", "workspace/docs/link");
    let mut guest = disk.guest(&["filesystem.write=docs"]);
    let mut writes = 0;
    while_swapping(&disk, "workspace/docs/x", "workspace/docs/link", || {
        for _ in 0..ROUNDS {
            match guest.open("docs", "x", creating()) {
                Ok(fd) => {
                    let written =
                        guest
                            .state
                            .write(Resource::new_borrow(fd.rep()), b"guest".to_vec(), 0);
                    assert_eq!(guest.code(written), Ok(5));
                    HostDescriptor::drop(&mut guest.state, fd).unwrap();
                    writes += 1;
                }
                Err(DENIED | ErrorCode::Busy | ErrorCode::Invalid) => {}
                Err(other) => panic!("{other:?}"),
            }
        }
    });
    assert!(writes > 0);
    assert_eq!(disk.text("outside/secret.txt"), SECRET);
}

#[test]
fn a_file_that_turns_into_a_pipe_never_holds_anything_up() {
    let disk = Disk::new();
    fs::write(disk.path("workspace/docs/x"), "x").unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        disk.path("workspace/docs/pipe"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    let mut guest = disk.guest(&["filesystem.write=docs"]);
    while_swapping(&disk, "workspace/docs/x", "workspace/docs/pipe", || {
        for _ in 0..ROUNDS {
            for how in [read_only(), for_writing()] {
                match guest.open("docs", "x", how) {
                    Ok(fd) => HostDescriptor::drop(&mut guest.state, fd).unwrap(),
                    // ENXIO, of a pipe without a reader.
                    Err(DENIED | ErrorCode::Busy | ErrorCode::Io) => {}
                    Err(other) => panic!("{other:?}"),
                }
            }
        }
    });
}
