//! Somebody swaps files and links while a guest walks through them.

use super::*;

/// Even, so that everything is in its place again at the end.
const SWAPS: usize = 4_000;

/// Lets a guest try while two names are swapped, and once more afterwards.
fn while_swapping(disk: &Disk, one: &str, other: &str, mut attempt: impl FnMut()) {
    let (one, other) = (disk.path(one), disk.path(other));
    let swap = || {
        let (cwd, flags) = (rustix::fs::CWD, rustix::fs::RenameFlags::EXCHANGE);
        rustix::fs::renameat_with(cwd, &one, cwd, &other, flags).unwrap();
    };
    std::thread::scope(|scope| {
        let swapping = scope.spawn(|| (0..SWAPS).for_each(|_| swap()));
        while !swapping.is_finished() {
            attempt();
        }
    });
    attempt();
}

#[test]
fn a_folder_that_turns_into_a_link_never_leads_out() {
    let disk = Disk::new();
    fs::write(disk.path("workspace/docs/sub/secret.txt"), "harmless").unwrap();
    disk.link("../../outside", "workspace/docs/link");
    let mut guest = disk.guest(&["filesystem.read=docs"]);
    let mut last = None;
    while_swapping(
        &disk,
        "workspace/docs/sub",
        "workspace/docs/link",
        || match guest.read("docs", "sub/secret.txt") {
            Ok(text) => {
                assert_eq!(text, "harmless");
                last = Some(text);
            }
            Err(DENIED | ErrorCode::Loop | ErrorCode::NotDirectory | ErrorCode::Invalid) => {
                last = None;
            }
            Err(other) => panic!("{other:?}"),
        },
    );
    assert!(last.is_some());
}

#[test]
fn a_file_that_turns_into_a_link_is_never_written_through() {
    let disk = Disk::new();
    fs::write(disk.path("workspace/docs/x"), "x").unwrap();
    disk.link("../../outside/secret.txt", "workspace/docs/link");
    let mut guest = disk.guest(&["filesystem.write=docs"]);
    while_swapping(
        &disk,
        "workspace/docs/x",
        "workspace/docs/link",
        || match guest.open("docs", "x", creating()) {
            Ok(fd) => {
                let fd_again = Resource::new_borrow(fd.rep());
                let written = guest.state.write(fd_again, b"guest".to_vec(), 0);
                assert_eq!(guest.code(written), Ok(5));
                HostDescriptor::drop(&mut guest.state, fd).unwrap();
            }
            Err(DENIED | ErrorCode::Busy | ErrorCode::Invalid) => {}
            Err(other) => panic!("{other:?}"),
        },
    );
    assert_eq!(disk.text("workspace/docs/x"), "guest");
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
    let mut opened = false;
    while_swapping(&disk, "workspace/docs/x", "workspace/docs/pipe", || {
        for how in [read_only(), for_writing()] {
            match guest.open("docs", "x", how) {
                Ok(fd) => {
                    let ty = guest.state.stat(Resource::new_borrow(fd.rep()));
                    assert_eq!(guest.code(ty).unwrap().type_, DescriptorType::RegularFile);
                    HostDescriptor::drop(&mut guest.state, fd).unwrap();
                    opened = true;
                }
                // The last is ENXIO, of a pipe that nobody reads.
                Err(DENIED | ErrorCode::Busy | ErrorCode::Io) => opened = false,
                Err(other) => panic!("{other:?}"),
            }
        }
    });
    assert!(opened);
}
