//! Each budget of an invocation, crossed: the guest gets an error that it can handle, and goes on.

use super::*;

fn limited(disk: &Disk, change: impl FnOnce(&mut Limits)) -> Guest {
    disk.guest_with(&["filesystem.write=."], |invocation| {
        change(&mut invocation.limits)
    })
}

#[test]
fn what_is_made_is_counted_whatever_becomes_of_it() {
    let disk = Disk::new();
    let mut guest = limited(&disk, |limits| limits.created_files = 4);
    guest.write(".", "one", "1").unwrap();
    // What is there already is not made.
    guest.write(".", "one", "another 1").unwrap();
    guest
        .on(".", |state, fd| state.unlink_file_at(fd, "one".to_owned()))
        .unwrap();
    guest
        .on(".", |state, fd| {
            state.create_directory_at(fd, "two".to_owned())
        })
        .unwrap();
    guest.write(".", "two/three", "3").unwrap();
    let link = |guest: &mut Guest, new: &str| {
        let (fd, to, new) = (guest.at("."), guest.at("."), new.to_owned());
        let linked = guest
            .state
            .link_at(fd, PathFlags::empty(), "two/three".to_owned(), to, new);
        guest.code(linked)
    };
    link(&mut guest, "four").unwrap();
    assert_eq!(link(&mut guest, "five"), Err(ErrorCode::Quota));
    assert_eq!(guest.write(".", "five", "5"), Err(ErrorCode::Quota));
    let made = guest.on(".", |state, fd| {
        state.create_directory_at(fd, "five".to_owned())
    });
    assert_eq!(made, Err(ErrorCode::Quota));
    assert!(!disk.path("workspace/five").exists());
    // Nothing was denied, and everything else still works.
    assert_eq!(guest.read(".", "docs/a.txt").unwrap(), "a");
    assert!(guest.denials().is_empty());
}

#[test]
fn files_folders_streams_and_listings_share_the_open_handles() {
    let disk = Disk::new();
    let mut guest = limited(&disk, |limits| limits.open_files = 3);
    let full = Err(ErrorCode::InsufficientMemory);
    let is_full = |guest: &mut Guest| guest.read(".", "docs/a.txt").map(drop) == full;
    let again = |fd: &Resource<Descriptor>| Resource::new_borrow(fd.rep());

    let folder = guest
        .open(".", "docs", (OpenFlags::DIRECTORY, DescriptorFlags::READ))
        .unwrap();
    let listing = guest.state.read_directory(again(&folder));
    let listing = guest.code(listing).unwrap();
    let file = guest.open(".", "docs/a.txt", read_only()).unwrap();
    assert!(is_full(&mut guest));
    assert_eq!(guest.write(".", "new", "x"), full);
    assert!(!disk.path("workspace/new").exists());
    let second = guest.state.read_directory(again(&folder));
    assert_eq!(guest.code(second).map(drop), full);

    // A stream keeps the file open, and a listing its folder, after the guest lets go of them.
    let stream = guest.state.read_via_stream(again(&file), 0);
    let stream = guest.code(stream).unwrap();
    HostDescriptor::drop(&mut guest.state, file).unwrap();
    HostDescriptor::drop(&mut guest.state, folder).unwrap();
    assert!(is_full(&mut guest));
    guest.state.table.delete(stream).unwrap();
    assert!(!is_full(&mut guest));
    HostDirectoryEntryStream::drop(&mut guest.state, listing).unwrap();

    let open: Vec<_> = (0..3)
        .map(|_| guest.open(".", "docs/a.txt", read_only()).unwrap())
        .collect();
    assert!(is_full(&mut guest));
    drop(open);
    assert!(guest.denials().is_empty());
}

#[test]
fn names_are_counted_over_all_listings() {
    let disk = Disk::new();
    let mut guest = limited(&disk, |limits| limits.listed_names = 5);
    assert_eq!(guest.list(".", "docs").unwrap(), ["a.txt", "sub"]);
    assert_eq!(guest.list(".", "docs").unwrap(), ["a.txt", "sub"]);
    assert_eq!(guest.list(".", "docs"), Err(ErrorCode::Quota));
    assert_eq!(guest.list(".", "src"), Err(ErrorCode::Quota));
    assert_eq!(guest.read(".", "docs/a.txt").unwrap(), "a");
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_left_out_is_counted() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let disk = Disk::new();
    fs::write(
        disk.path("workspace/src").join(OsStr::from_bytes(b"\xff")),
        "",
    )
    .unwrap();
    let mut guest = limited(&disk, |limits| limits.listed_names = 2);
    assert_eq!(guest.list(".", "src").unwrap(), ["main.rs"]);
    assert_eq!(guest.list(".", "src"), Err(ErrorCode::Quota));
}
