//! Which files are programs that may be granted, and which are refused: shells, scripts, data, what lies in the workspace.

use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;

fn search() -> Vec<PathBuf> {
    ["/usr/local/bin", "/usr/bin", "/bin", "relative"]
        .map(PathBuf::from)
        .to_vec()
}

fn script(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, "#!/bin/sh\ntrue\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[test]
fn a_program_is_found_by_name_and_by_path_and_has_one_digest() {
    let by_name = pin("cat", &search(), None).unwrap();
    let path = by_name.path.to_str().unwrap();
    let by_path = pin(path, &[], None).unwrap();
    assert_eq!(
        (by_name.digest, &by_name.path),
        (by_path.digest, &by_path.path)
    );
    assert_eq!(by_name.digest, Digest::of(&fs::read(path).unwrap()));
    let program = Program::open(&by_name.path, None).unwrap();
    assert!(program.loader.is_some_and(|loader| loader.is_file()));
}

#[test]
fn shells_scripts_data_and_what_lies_in_the_workspace_are_no_programs() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().canonicalize().unwrap();
    assert!(matches!(
        pin("sh", &search(), None),
        Err(ProgramError::Shell(_))
    ));
    let path = script(&folder, "run");
    let pinned = pin(path.to_str().unwrap(), &[], None);
    assert!(matches!(pinned, Err(ProgramError::Script(_))));
    let data = folder.join("data");
    fs::write(&data, [0; 100]).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o755)).unwrap();
    let pinned = pin(data.to_str().unwrap(), &[], None);
    assert!(matches!(pinned, Err(ProgramError::Foreign(_))));
    let cat = pin("cat", &search(), None).unwrap().path;
    fs::copy(&cat, folder.join("cat")).unwrap();
    let search = [folder.clone()];
    assert!(pin("cat", &search, None).is_ok());
    let pinned = pin("cat", &search, Some(&folder));
    assert!(matches!(pinned, Err(ProgramError::InWorkspace(_))));
    assert!(matches!(
        pin("cat", &[], None),
        Err(ProgramError::NotFound(_))
    ));
}

#[test]
fn a_link_is_followed_when_it_is_granted_and_not_when_it_is_run() {
    let folder = tempfile::tempdir().unwrap();
    let cat = pin("cat", &search(), None).unwrap().path;
    let link = folder.path().join("link");
    symlink(&cat, &link).unwrap();
    assert_eq!(pin(link.to_str().unwrap(), &[], None).unwrap().path, cat);
    assert!(matches!(
        Program::open(&link, None),
        Err(ProgramError::Read { .. })
    ));
}

#[test]
fn a_program_of_any_bytes_is_read_without_harm() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    let cat = fs::read(pin("cat", &search(), None).unwrap().path).unwrap();
    for length in [0, 3, 20, 63, 64, 100, 200] {
        fs::write(&path, &cat[..length.min(cat.len())]).unwrap();
        assert!(Program::open(&path, None).is_err(), "{length}");
    }
    for place in 0..64 {
        let mut bytes = cat.clone();
        bytes[place] ^= 0xff;
        fs::write(&path, &bytes).unwrap();
        let _ = Program::open(&path, None);
    }
}

#[test]
fn what_is_granted_by_name_is_pinned_once_and_what_is_not_there_is_named() {
    let lines = [
        "process.execute=cat -n",
        "process.execute=cat x",
        "process.execute=no-such-program",
        "environment=HOME",
    ];
    let granted = PermissionSet::new(lines.map(|line| line.parse().unwrap()));
    assert_eq!(granted_words(&granted), ["cat", "no-such-program"]);
    let pinned = pin_granted(&granted, &search(), None);
    assert!(matches!(&pinned[0], ("cat", Ok(pin)) if pin.word == "cat"));
    assert!(matches!(
        &pinned[1],
        ("no-such-program", Err(ProgramError::NotFound(_)))
    ));
}
