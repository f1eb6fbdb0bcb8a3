//! What the packer makes: the same bytes everywhere, read back whole.

use proptest::prelude::*;

use super::*;
use crate::digest::{Digest, Measured};

#[test]
fn what_is_packed_is_read_back() {
    let packed = packed();
    assert_eq!(packed.file_name(), "tidy-1.2.3.tar.gz");
    let mut sink = Collected::default();
    let package = read(packed.tarball.as_slice(), &mut sink).unwrap();
    assert_eq!(package.tarball, Measured::of(&packed.tarball));
    assert_eq!(package.tarball, packed.tarball_digest);
    assert_eq!(package.content, Measured::of(&gunzip(&packed.tarball)));
    assert_eq!(
        (package.content, package.skill),
        (packed.content, packed.skill)
    );
    assert_eq!(package.component_bytes, component());
    assert_eq!(package.component, Measured::of(&component()));
    assert_eq!(package.manifest.digest, Digest::of(&package.manifest_bytes));
    assert_eq!(sink.folders, ["assets", "assets/bin", "references"]);
    let listed: Vec<_> = package
        .entries
        .iter()
        .map(|e| (e.path.as_str(), e.size, e.executable))
        .collect();
    let taken: Vec<_> = sink
        .files
        .iter()
        .map(|(p, b, e)| (p.as_str(), b.len() as u64, *e))
        .collect();
    assert_eq!(listed, taken);
    let paths: Vec<_> = listed.iter().map(|(path, ..)| *path).collect();
    assert_eq!(
        paths,
        [
            "LICENSE",
            "SKILL.md",
            "assets/bin/run",
            "assets/data",
            "references/more.md",
            "skill.json",
            "skill.wasm"
        ]
    );
    assert_eq!(sink.files[2].1, b"#!/bin/sh\n");
    assert!(
        sink.files
            .iter()
            .all(|(path, _, executable)| *executable == (path == "assets/bin/run"))
    );
}

#[test]
fn order_and_modes_of_the_input_change_nothing() {
    let mut source = source(vec![
        file("assets/b", b"b"),
        file("README.md", b"r"),
        file("assets/a", b"a"),
    ]);
    let first = pack(source.clone()).unwrap();
    source.files.reverse();
    source.files[1].executable = true;
    let second = pack(source).unwrap();
    assert_eq!(first.tarball, second.tarball);
    assert_eq!(first.content, second.content);
}

#[test]
fn the_bytes_are_what_other_tools_expect() {
    let packed = packed();
    let mut decoder = flate2::read::GzDecoder::new(packed.tarball.as_slice());
    decoder.read_exact(&mut [0; 1]).unwrap();
    let header = decoder.header().unwrap();
    assert_eq!(
        (
            header.mtime(),
            header.filename(),
            header.comment(),
            header.extra()
        ),
        (0, None, None, None)
    );

    let tar_bytes = gunzip(&packed.tarball);
    let mut archive = tar::Archive::new(tar_bytes.as_slice());
    let mut paths = Vec::new();
    for entry in archive.entries().unwrap() {
        let entry = entry.unwrap();
        let header = entry.header();
        assert!(header.as_ustar().is_some() && header.entry_type().is_file());
        assert_eq!(
            (
                header.uid().unwrap(),
                header.gid().unwrap(),
                header.mtime().unwrap()
            ),
            (0, 0, 0)
        );
        assert!(matches!(header.mode().unwrap(), 0o644 | 0o755));
        paths.push(entry.path().unwrap().display().to_string());
    }
    assert!(paths.is_sorted() && paths.iter().all(|path| path.starts_with("tidy-1.2.3/")));
}

#[test]
fn another_compressor_gives_the_same_content() {
    let packed = packed();
    let again = read(gzip(&gunzip(&packed.tarball)).as_slice(), &mut NoSink).unwrap();
    assert_eq!(again.content, packed.content);
    assert_ne!(again.tarball, packed.tarball_digest);
}

#[test]
fn a_page_is_written_where_the_author_has_none() {
    let mut sink = Collected::default();
    read(packed().tarball.as_slice(), &mut sink).unwrap();
    let page = sink
        .files
        .into_iter()
        .find(|(path, ..)| path == "SKILL.md")
        .unwrap()
        .1;
    insta::assert_snapshot!(String::from_utf8(page).unwrap(), @r#"
    ---
    name: tidy
    description: "Keeps: \"things\" # tidy"
    license: "MIT"
    metadata:
      package: "acme/tidy"
      version: "1.2.3"
    ---

    # tidy

    Keeps: "things" # tidy

    ## Actions

    The code is a WebAssembly component. Call an action as a tool of `claw mcp`, or with
    `claw run acme/tidy ACTION KEY=VALUE…`.

    ### run

    ```wit
    run: func()
    ```
    "#);
    let own = b"---\nname: tidy\ndescription: Mine\n---\n";
    let packed = pack(source(vec![file("SKILL.md", own)])).unwrap();
    let mut sink = Collected::default();
    read(packed.tarball.as_slice(), &mut sink).unwrap();
    assert_eq!(sink.files[0], ("SKILL.md".into(), own.to_vec(), false));
}

#[test]
fn what_cannot_be_packed_is_named() {
    let refused = |change: &dyn Fn(&mut PackSource)| {
        let mut source = source(Vec::new());
        change(&mut source);
        pack(source).unwrap_err().to_string()
    };
    let with = |path: &str| refused(&|source| source.files.push(file(path, b"")));
    insta::assert_snapshot!(with("skill.json"), @"`skill.json` is written when packing; leave it out");
    insta::assert_snapshot!(with("src/lib.rs"), @"`src/lib.rs` cannot be packed: a package has `skill.json`, `skill.wasm`, `SKILL.md`, `README.md`, `LICENSE*`, `references/` and `assets/`, and nothing else");
    insta::assert_snapshot!(with("assets/../x"), @"`assets/../x` cannot be packed: the path has a `.` or `..`");
    insta::assert_snapshot!(with("assets"), @"`assets` cannot be packed: a package has `skill.json`, `skill.wasm`, `SKILL.md`, `README.md`, `LICENSE*`, `references/` and `assets/`, and nothing else");
    insta::assert_snapshot!(refused(&|source| source.files.extend([file("LICENSE", b"a"), file("LICENSE", b"b")])), @"`LICENSE` is given twice");
    insta::assert_snapshot!(refused(&|source| source.component = wat::parse_str("(component)").unwrap()), @"the component exports no function: there is no action to call");
    insta::assert_snapshot!(refused(&|source| source.component = wat::parse_str("(module)").unwrap()), @"the component cannot be packed");
    insta::assert_snapshot!(refused(&|source| source.files.extend([file("assets/A", b""), file("assets/a", b"")])), @"the package would not be accepted");
    insta::assert_snapshot!(refused(&|source| source.manifest.description.clear()), @"the package would not be accepted");
    assert!(matches!(
        pack(source(vec![file("SKILL.md", b"# Tidy\n")])),
        Err(PackError::Refused(ReadError::SkillMd(_)))
    ));
    let deep_name = format!("assets/{}", "n".repeat(101));
    assert!(matches!(
        pack(source(vec![file(&deep_name, b"")])),
        Err(PackError::File { .. })
    ));
}

#[test]
fn long_names_fit_into_prefix_and_name() {
    let (one, other) = ("d".repeat(90), "f".repeat(100));
    let path = format!("assets/{one}/{other}");
    let packed = pack(source(vec![file(&path, b"x")])).unwrap();
    let package = read(packed.tarball.as_slice(), &mut NoSink).unwrap();
    assert!(package.entries.iter().any(|entry| entry.path == path));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_packed_is_read_back(
        tree in proptest::collection::btree_map(
            "(assets|references)(/[d-f]{1,2}){0,2}/[x-z]{1,3}|README[.]md|LICENSE(-[A-Z]{1,3})?",
            (proptest::collection::vec(any::<u8>(), 0..1500), any::<bool>()),
            0..12,
        )
    ) {
        let files = tree.iter().map(|(path, (bytes, executable))| {
            let (path, bytes, executable) = (path.clone(), bytes.clone(), *executable);
            PackFile { path, bytes, executable }
        });
        let packed = pack(source(files.collect())).unwrap();
        let mut sink = Collected::default();
        let package = read(packed.tarball.as_slice(), &mut sink).unwrap();
        prop_assert_eq!(package.tarball, packed.tarball_digest);
        prop_assert_eq!(&package.skill, &packed.skill);
        let ours = ["SKILL.md", "skill.json", "skill.wasm"];
        let read_back: Vec<_> = sink.files.iter().filter(|(path, ..)| !ours.contains(&path.as_str())).cloned().collect();
        let given: Vec<_> = tree
            .iter()
            .map(|(path, (bytes, executable))| (path.clone(), bytes.clone(), *executable && path.starts_with("assets/")))
            .collect();
        prop_assert_eq!(&read_back, &given);

        // And what was read packs into the same tar.
        let files = sink.files.into_iter().filter(|(path, ..)| path == "SKILL.md" || !ours.contains(&path.as_str()));
        let files = files.map(|(path, bytes, executable)| PackFile { path, bytes, executable });
        prop_assert_eq!(pack(source(files.collect())).unwrap().content, packed.content);
    }
}
