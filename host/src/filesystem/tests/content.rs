//! What is granted works: every operation of the interface.

use wasmtime_wasi::p2::{InputStream as _, OutputStream as _, StreamError};

use super::super::stream::{Reader, Writer};
use super::*;

const WRITE: &[&str] = &["filesystem.write=."];

fn file(guest: &mut Guest, path: &str, how: (OpenFlags, DescriptorFlags)) -> Arc<OpenFile> {
    let fd = guest.open(".", path, how).unwrap();
    match guest.state.table.get(&fd).unwrap() {
        Descriptor::File(file) => Arc::clone(file),
        _ => panic!("not a file"),
    }
}

#[test]
fn files_and_folders_are_made_moved_and_removed() {
    let disk = Disk::new();
    let mut guest = disk.guest(WRITE);
    guest
        .on(".", |state, fd| {
            state.create_directory_at(fd, "new/".to_owned())
        })
        .unwrap();
    let again = guest.on(".", |state, fd| {
        state.create_directory_at(fd, "new".to_owned())
    });
    assert_eq!(again, Err(ErrorCode::Exist));
    guest.write(".", "new/x.txt", "hello").unwrap();
    let rename = |guest: &mut Guest, from: &str, to: &str| {
        guest.on(".", |state, fd| {
            let to_fd = Resource::new_borrow(fd.rep());
            state.rename_at(fd, from.to_owned(), to_fd, to.to_owned())
        })
    };
    assert_eq!(rename(&mut guest, "new/x.txt", "docs/a.txt"), Ok(()));
    assert_eq!(disk.text("workspace/docs/a.txt"), "hello");
    assert_eq!(rename(&mut guest, "gone", "x"), Err(ErrorCode::NoEntry));
    assert_eq!(rename(&mut guest, ".", "x"), Err(ErrorCode::Busy));
    let remove = |guest: &mut Guest, path: &str| {
        guest.on(".", |state, fd| {
            state.remove_directory_at(fd, path.to_owned())
        })
    };
    assert_eq!(remove(&mut guest, "docs"), Err(ErrorCode::NotEmpty));
    assert_eq!(
        remove(&mut guest, "docs/a.txt"),
        Err(ErrorCode::NotDirectory)
    );
    assert_eq!(remove(&mut guest, "new"), Ok(()));
    let unlink = |guest: &mut Guest, path: &str| {
        guest.on(".", |state, fd| state.unlink_file_at(fd, path.to_owned()))
    };
    assert_eq!(unlink(&mut guest, "docs"), Err(ErrorCode::IsDirectory));
    assert_eq!(unlink(&mut guest, "docs/a.txt"), Ok(()));
    assert_eq!(unlink(&mut guest, "docs/a.txt"), Err(ErrorCode::NoEntry));
    assert_eq!(
        guest.list(".", "."),
        Ok([".git", "docs", "src"].map(str::to_owned).into())
    );
    assert!(guest.denials().is_empty());
}

#[test]
fn opening_follows_the_flags() {
    let disk = Disk::new();
    disk.link("a.txt", "workspace/docs/link");
    let mut guest = disk.guest(WRITE);
    let create = OpenFlags::CREATE;
    let write = DescriptorFlags::WRITE;
    for (path, how, expected) in [
        ("gone", read_only(), ErrorCode::NoEntry),
        ("gone/x", creating(), ErrorCode::NoEntry),
        ("gone/", creating(), ErrorCode::IsDirectory),
        (
            "docs/a.txt",
            (create | OpenFlags::EXCLUSIVE, write),
            ErrorCode::Exist,
        ),
        (
            "docs/a.txt",
            (OpenFlags::DIRECTORY, DescriptorFlags::READ),
            ErrorCode::NotDirectory,
        ),
        ("docs/a.txt/", read_only(), ErrorCode::NotDirectory),
        ("docs/a.txt/x", read_only(), ErrorCode::NotDirectory),
        ("docs", for_writing(), ErrorCode::IsDirectory),
        (
            "docs",
            (create | OpenFlags::DIRECTORY, write),
            ErrorCode::Invalid,
        ),
        (
            "docs/a.txt",
            (create, DescriptorFlags::FILE_INTEGRITY_SYNC),
            ErrorCode::Unsupported,
        ),
    ] {
        assert_eq!(guest.open(".", path, how).err(), Some(expected), "{path}");
    }
    let unfollowed = guest.on(".", |state, fd| {
        state.open_at(
            fd,
            PathFlags::empty(),
            "docs/link".to_owned(),
            OpenFlags::empty(),
            DescriptorFlags::READ,
        )
    });
    assert_eq!(unfollowed.err(), Some(ErrorCode::Loop));
    // Opening without truncating keeps what is there.
    guest.open(".", "docs/a.txt", (create, write)).unwrap();
    assert_eq!(disk.text("workspace/docs/a.txt"), "a");
    assert!(guest.denials().is_empty());
}

#[test]
fn a_handle_does_only_what_it_was_opened_for() {
    let disk = Disk::new();
    let mut guest = disk.guest(WRITE);
    let reading = file(&mut guest, "docs/a.txt", read_only());
    assert_eq!(reading.write(b"x", 0), Err(ErrorCode::BadDescriptor.into()));
    assert_eq!(reading.set_size(0), Err(ErrorCode::BadDescriptor.into()));
    let writing = file(&mut guest, "docs/a.txt", for_writing());
    assert_eq!(writing.read(1, 0), Err(ErrorCode::BadDescriptor.into()));
    let both = file(
        &mut guest,
        "docs/a.txt",
        (
            OpenFlags::empty(),
            DescriptorFlags::READ | DescriptorFlags::WRITE,
        ),
    );
    assert_eq!(both.write(b"bc", 1), Ok(2));
    assert_eq!(both.read(10, 0), Ok(b"abc".to_vec()));
    both.set_size(1).unwrap();
    assert_eq!(both.read(10, 1), Ok(Vec::new()));
}

#[test]
fn contents_move_in_bounded_pieces() {
    let disk = Disk::new();
    fs::write(disk.path("workspace/large"), vec![7; 200_000]).unwrap();
    let mut guest = disk.guest(WRITE);
    let large = file(
        &mut guest,
        "large",
        (
            OpenFlags::empty(),
            DescriptorFlags::READ | DescriptorFlags::WRITE,
        ),
    );
    assert_eq!(
        large.read(u64::MAX, 0).unwrap().len(),
        file::TRANSFER_BYTES_MAX
    );
    assert_eq!(
        large.write(&[1; 100_000], 0),
        Ok(file::TRANSFER_BYTES_MAX as u64)
    );
    let mut reader = Reader {
        file: large,
        position: 150_000,
    };
    assert_eq!(reader.read(usize::MAX).unwrap().len(), 50_000);
    assert!(matches!(reader.read(1), Err(StreamError::Closed)));
}

#[test]
fn streams_write_and_append() {
    let disk = Disk::new();
    let mut guest = disk.guest(WRITE);
    let file = file(&mut guest, "docs/a.txt", for_writing());
    let mut writer = Writer {
        file: Arc::clone(&file),
        position: Some(0),
    };
    writer.write("xy".into()).unwrap();
    writer.write("z".into()).unwrap();
    fs::write(disk.path("workspace/docs/a.txt"), "xyz and more").unwrap();
    let mut end = Writer {
        file,
        position: None,
    };
    end.write("!".into()).unwrap();
    end.write("!".into()).unwrap();
    assert_eq!(disk.text("workspace/docs/a.txt"), "xyz and more!!");
}

#[test]
fn bytes_written_run_out() {
    let disk = Disk::new();
    let mut guest = disk.guest_with(WRITE, |invocation| {
        // A new file takes 4,096 of them.
        invocation.limits = Limits {
            written_bytes: 4106,
            ..Limits::default()
        };
    });
    let file = file(&mut guest, "new", creating());
    assert_eq!(file.write(b"123456", 0), Ok(6));
    assert_eq!(
        file.write(b"12345", 6),
        Err(ErrorCode::InsufficientSpace.into())
    );
    assert_eq!(file.set_size(11), Err(ErrorCode::InsufficientSpace.into()));
    assert_eq!(
        file.set_size(1_u64 << 62),
        Err(ErrorCode::InsufficientSpace.into())
    );
    let mut stream = Writer {
        file,
        position: Some(6),
    };
    let Err(StreamError::LastOperationFailed(error)) = stream.write("12345".into()) else {
        panic!()
    };
    let error = guest.state.table.push(error).unwrap();
    let code = guest.state.filesystem_error_code(error).unwrap();
    assert_eq!(code, Some(ErrorCode::InsufficientSpace));
    stream.write("1234".into()).unwrap();
    assert_eq!(disk.text("workspace/new"), "1234561234");
}

#[test]
fn a_hole_is_charged_like_what_is_written() {
    let disk = Disk::new();
    let mut guest = disk.guest_with(WRITE, |invocation| {
        invocation.limits = Limits {
            written_bytes: 4096 + 100,
            ..Limits::default()
        };
    });
    let file = file(&mut guest, "new", creating());
    let full = Err(ErrorCode::InsufficientSpace.into());
    assert_eq!(file.write(b"x", 100), full);
    assert_eq!(file.write(b"x", u64::MAX), full);
    let mut far = Writer {
        file: Arc::clone(&file),
        position: Some(1 << 40),
    };
    assert!(far.write("x".into()).is_err());
    assert_eq!(file.write(b"x", 49), Ok(1));
    assert_eq!(file.write(&[7; 50], 0), Ok(50));
    assert_eq!(file.write(b"x", 0), full);
    assert_eq!(disk.text("workspace/new").len(), 50);
}

#[test]
fn names_run_out() {
    let disk = Disk::new();
    let mut guest = disk.guest_with(WRITE, |invocation| {
        invocation.limits = Limits {
            written_bytes: 3 * 4096,
            ..Limits::default()
        };
    });
    let create = |guest: &mut Guest, path: &str| {
        guest.on(".", |state, fd| {
            state.create_directory_at(fd, path.to_owned())
        })
    };
    for path in ["1", "2"] {
        assert_eq!(create(&mut guest, path), Ok(()));
    }
    assert_eq!(guest.write(".", "3", ""), Ok(()));
    assert_eq!(create(&mut guest, "4"), Err(ErrorCode::InsufficientSpace));
    assert_eq!(guest.write(".", "4", ""), Err(ErrorCode::InsufficientSpace));
}

#[test]
fn a_missing_folder_that_may_be_written_is_made() {
    let disk = Disk::new();
    let mut guest = disk.guest(&["filesystem.write=out/deep", "filesystem.read=none"]);
    guest.write("out/deep", "x", "x").unwrap();
    assert_eq!(disk.text("workspace/out/deep/x"), "x");
    assert_eq!(guest.read("none", "x"), Err(ErrorCode::NoEntry));
    assert!(!disk.path("workspace/none").exists());
    assert!(guest.denials().is_empty());
    disk.guest(&["filesystem.write=.claw/x"]);
    assert!(!disk.path("workspace/.claw").exists());
}

#[test]
fn times_are_set_and_read_back() {
    let disk = Disk::new();
    let mut guest = disk.guest(WRITE);
    let at = |seconds| {
        NewTimestamp::Timestamp(wasmtime_wasi::p2::bindings::clocks::wall_clock::Datetime {
            seconds,
            nanoseconds: 5,
        })
    };
    guest
        .on(".", |state, fd| {
            state.set_times_at(
                fd,
                PathFlags::empty(),
                "docs/a.txt".to_owned(),
                at(1_000),
                at(2_000),
            )
        })
        .unwrap();
    let stat = |guest: &mut Guest| {
        guest
            .on(".", |state, fd| {
                state.stat_at(fd, PathFlags::empty(), "docs/a.txt".to_owned())
            })
            .unwrap()
    };
    let seen = stat(&mut guest);
    assert_eq!(seen.data_access_timestamp.unwrap().seconds, 1_000);
    assert_eq!(seen.data_modification_timestamp.unwrap().seconds, 2_000);
    assert_eq!((seen.size, seen.link_count), (1, 1));
    let fd = guest.open(".", "docs/a.txt", read_only()).unwrap();
    let set = guest.state.set_times(fd, NewTimestamp::NoChange, at(3_000));
    guest.code(set).unwrap();
    let seen = stat(&mut guest);
    assert_eq!(seen.data_access_timestamp.unwrap().seconds, 1_000);
    assert_eq!(seen.data_modification_timestamp.unwrap().seconds, 3_000);
    guest
        .on(".", |state, fd| state.set_times(fd, at(1), at(2)))
        .unwrap();
    let late = guest.on(".", |state, fd| {
        state.set_times(fd, at(u64::MAX), NewTimestamp::Now)
    });
    assert_eq!(late, Err(ErrorCode::Overflow));
}

#[test]
fn the_same_file_is_known_under_each_name() {
    let disk = Disk::new();
    disk.link("a.txt", "workspace/docs/link");
    let mut guest = disk.guest(WRITE);
    let one = guest.open(".", "docs/a.txt", read_only()).unwrap();
    let two = guest.open("/workspace", "docs/link", read_only()).unwrap();
    let other = guest.open(".", "src/main.rs", read_only()).unwrap();
    let again = |fd: &Resource<Descriptor>| Resource::new_borrow(fd.rep());
    assert!(
        guest
            .state
            .is_same_object(again(&one), again(&two))
            .unwrap()
    );
    assert!(
        !guest
            .state
            .is_same_object(again(&one), again(&other))
            .unwrap()
    );
    let hash = |guest: &mut Guest, fd: &Resource<Descriptor>| {
        let hash = guest.state.metadata_hash(again(fd));
        let hash = guest.code(hash).unwrap();
        (hash.lower, hash.upper)
    };
    assert_eq!(hash(&mut guest, &one), hash(&mut guest, &two));
    assert_ne!(hash(&mut guest, &one), hash(&mut guest, &other));
}

#[tokio::test]
async fn syncing_waits_for_the_disk_and_changes_nothing() {
    let disk = Disk::new();
    let mut guest = disk.guest(WRITE);
    let file = guest.open(".", "docs/a.txt", for_writing()).unwrap();
    let folder = guest.at(".");
    assert!(
        guest
            .state
            .sync(Resource::new_borrow(file.rep()))
            .await
            .is_ok()
    );
    assert!(guest.state.sync_data(file).await.is_ok());
    assert!(guest.state.sync(folder).await.is_ok());
}
