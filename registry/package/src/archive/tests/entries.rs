//! Hostile entries, family by family: paths, kinds, extensions, doubles.

use super::super::path::PathFault;
use super::*;
use crate::limits::*;

#[test]
fn paths_that_leave_or_deceive_are_refused() {
    let at = |path: &[u8]| fault(read_raw(&[Raw::new("tidy-1.2.3/a", b"").named(path)]));
    for (path, expected) in [
        (&b"../x"[..], PathFault::Dots),
        (b"tidy-1.2.3/../x", PathFault::Dots),
        (b"tidy-1.2.3/assets/./x", PathFault::Dots),
        (b"tidy-1.2.3/assets/..", PathFault::Dots),
        (b"/etc/passwd", PathFault::Absolute),
        (b"tidy-1.2.3//assets/x", PathFault::Empty),
        (b"tidy-1.2.3\\assets\\x", PathFault::Backslash),
        (b"C:/tidy/x", PathFault::WindowsCharacter),
        (b"tidy-1.2.3/assets/x:y", PathFault::WindowsCharacter),
        (b"tidy-1.2.3/assets/nul.txt", PathFault::WindowsDevice),
        (b"tidy-1.2.3/assets/x.", PathFault::Edge),
        (b"tidy-1.2.3/assets/x ", PathFault::Edge),
        (b"tidy-1.2.3/assets/\xff", PathFault::NotUtf8),
        (b"tidy-1.2.3/assets/\xc0\xae\xc0\xae/x", PathFault::NotUtf8),
        (b"tidy-1.2.3/assets/a\nb", PathFault::Invisible),
        (b"tidy-1.2.3/assets/\x1b[2J", PathFault::Invisible),
        (b"tidy-1.2.3/assets/e\xcc\x81", PathFault::NotComposed),
        (b"", PathFault::Empty),
    ] {
        assert_eq!(
            at(path),
            EntryFault::Path(expected),
            "{}",
            path.escape_ascii()
        );
    }
    assert_eq!(at(b"tidy-1.2.3/assets/a\0b"), EntryFault::Nul);
    assert_eq!(at(b"tidy-1.2.3/assets/a/"), EntryFault::TrailingSlash);
    assert_eq!(at(b"tidy-1.2.3"), EntryFault::Place);
    let deep = format!("tidy-1.2.3/assets/{}", vec!["d"; PATH_DEPTH_MAX].join("/"));
    assert_eq!(at(deep.as_bytes()), EntryFault::Path(PathFault::TooDeep));
    // A name over 100 bytes only fits into the prefix.
    let long = Raw::new("tidy-1.2.3/assets/x", b"").with(345, "p".repeat(120).as_bytes());
    assert_eq!(
        fault(read_raw(&[long])),
        EntryFault::Path(PathFault::ComponentTooLong)
    );
}

#[test]
fn another_packages_prefix_is_refused() {
    let other = fault(read_with([Raw::new("tidy-1.2.4/assets/x", b"")]));
    assert_eq!(other, EntryFault::Root("tidy-1.2.3".into()));
    let renamed: Vec<Raw> = entries()
        .into_iter()
        .map(|entry| {
            Raw::new(
                &entry.path().replace("tidy-1.2.3", "tidy-1.2.4"),
                &entry.body,
            )
        })
        .collect();
    let error = read_raw(&renamed).unwrap_err();
    insta::assert_snapshot!(error, @"the root folder is `tidy-1.2.4`, but the manifest says `tidy-1.2.3`");
}

#[test]
fn only_files_and_folders_are_entries() {
    let target = Raw::new("tidy-1.2.3/assets/x", b"").with(157, b"/etc/passwd");
    for (kind, expected) in [
        (b'1', EntryFault::Link("hard")),
        (b'2', EntryFault::Link("symbolic")),
        (b'3', EntryFault::Type("a character device".into())),
        (b'4', EntryFault::Type("a block device".into())),
        (b'6', EntryFault::Type("a FIFO".into())),
        (b'7', EntryFault::Type("a contiguous file".into())),
        (b'Z', EntryFault::Type("of the unknown type `Z`".into())),
        (0, EntryFault::Type("of the unknown type `\\x00`".into())),
        (b'S', EntryFault::Extension("GNU")),
        (b'L', EntryFault::Extension("GNU")),
        (b'K', EntryFault::Extension("GNU")),
        (b'x', EntryFault::Extension("PAX")),
        (b'g', EntryFault::Extension("PAX")),
    ] {
        assert_eq!(
            fault(read_with([target.clone().with(156, &[kind])])),
            expected,
            "{}",
            kind.escape_ascii()
        );
    }
    assert_eq!(
        fault(read_with([target])),
        EntryFault::Form,
        "a link name on a plain file"
    );
}

#[test]
fn no_extension_can_change_a_size_or_a_name() {
    let victim = Raw::new("tidy-1.2.3/assets/x", b"safe");
    let pax = |records: &[u8]| Raw::new("tidy-1.2.3/assets/PaxHeaders", records).with(156, b"x");
    for records in [
        &b"12 size=1024\n"[..],
        b"10 size=0\n",
        b"10 size=\xff\n",
        b"999999999 size=1\n",
        b"22 path=../../etc/x\n",
        b"",
    ] {
        let mut all = entries();
        let at = all
            .iter()
            .position(|entry| entry.path().contains("/skill.json"))
            .unwrap();
        all.splice(at..at, [pax(records), victim.clone()]);
        assert_eq!(fault(read_raw(&all)), EntryFault::Extension("PAX"));
        all.splice(
            at..at,
            [
                pax(b"12 size=1024\n"),
                Raw::new("tidy-1.2.3/assets/l", b"x").with(156, b"L"),
            ],
        );
        assert_eq!(fault(read_raw(&all)), EntryFault::Extension("PAX"));
    }
    // Sizes that are not plain octal digits.
    for size in [
        &b"\x80\0\0\0\0\0\0\0\0\0\0\x04"[..],
        b"-0000000004\0",
        b"          4\0",
        b"00000000009\0",
        b"0x000000004\0",
        b"\0\0\0\0\0\0\0\0\0\0\0\0",
    ] {
        assert_eq!(
            fault(read_with([victim.clone().with(124, size)])),
            EntryFault::Form
        );
    }
}

#[test]
fn headers_have_one_form() {
    let plain = Raw::new("tidy-1.2.3/assets/x", b"x");
    for (at, bytes, expected) in [
        (100, &b"0000600\0"[..], EntryFault::Mode),
        (100, b"0004755\0", EntryFault::Mode),
        (100, b"0100644\0", EntryFault::Mode),
        (100, b"000644 \0", EntryFault::Form),
        (108, b"0001750\0", EntryFault::Owner),
        (116, b"0001750\0", EntryFault::Owner),
        (136, b"15000000000\0", EntryFault::Time),
        (257, b"ustar  \0", EntryFault::NotUstar),
        (257, b"\0\0\0\0\0\0\0\0", EntryFault::NotUstar),
        (265, b"root", EntryFault::Owner),
        (297, b"wheel", EntryFault::Owner),
        (329, b"0000001\0", EntryFault::Form),
        (500, b"hidden", EntryFault::Form),
    ] {
        assert_eq!(
            fault(read_with([plain.clone().with(at, bytes)])),
            expected,
            "byte {at}"
        );
    }
    let mut unchecked = plain.clone();
    unchecked.block[500] = 1;
    assert_eq!(fault(read_with([unchecked])), EntryFault::Checksum);
    // The same path, split where nobody would.
    let split = Raw::new("tidy-1.2.3/assets/x", b"")
        .named(b"assets/x")
        .with(345, b"tidy-1.2.3");
    assert_eq!(fault(read_with([split])), EntryFault::Form);
    let folder = Raw::folder("tidy-1.2.3/assets/f");
    assert_eq!(
        fault(read_with([folder.clone().with(100, b"0000644\0")])),
        EntryFault::Mode
    );
    assert_eq!(
        fault(read_with([folder.clone().with(124, b"00000001000\0")])),
        EntryFault::Form
    );
    assert_eq!(
        fault(read_with([folder.named(b"tidy-1.2.3/assets/f")])),
        EntryFault::TrailingSlash
    );
}

#[test]
fn padding_hides_nothing() {
    let mut bytes = tar(&entries());
    let licence = BLOCK + b"MIT\n".len();
    bytes[licence] = 1;
    assert_eq!(
        fault(read(gzip(&bytes).as_slice(), &mut NoSink)),
        EntryFault::Padding
    );
}

#[test]
fn nothing_is_there_twice() {
    let one = Raw::new("tidy-1.2.3/assets/x", b"one");
    assert_eq!(
        fault(read_with([one.clone(), one.clone()])),
        EntryFault::Duplicate
    );
    let collisions: [[Raw; 2]; 6] = [
        [Raw::new("tidy-1.2.3/assets/X", b""), one.clone()],
        [
            Raw::new("tidy-1.2.3/assets/ß", b""),
            Raw::new("tidy-1.2.3/assets/SS", b""),
        ],
        [
            Raw::new("tidy-1.2.3/assets/D/x", b""),
            Raw::new("tidy-1.2.3/assets/d/y", b""),
        ],
        [one.clone(), Raw::folder("tidy-1.2.3/assets/x")],
        [one.clone(), Raw::new("tidy-1.2.3/assets/x/y", b"")],
        [
            Raw::new("tidy-1.2.3/LICENSE-MIT", b""),
            Raw::new("tidy-1.2.3/LICENSE-mit", b""),
        ],
    ];
    for pair in collisions {
        let paths = pair.clone().map(|entry| entry.path());
        assert!(
            matches!(fault(read_with(pair)), EntryFault::Collision(_)),
            "{paths:?}"
        );
    }
    // A second manifest, in any spelling, has no place at all.
    for path in [
        "Skill.json",
        "SKILL.JSON",
        "skill.toml",
        "Skill.md",
        "skill.json.bak",
        "Cargo.toml",
    ] {
        assert_eq!(
            fault(read_with([Raw::new(&format!("tidy-1.2.3/{path}"), b"")])),
            EntryFault::Place,
            "{path}"
        );
    }
    let second = entries()
        .into_iter()
        .find(|entry| entry.path().ends_with("skill.json"))
        .unwrap();
    assert_eq!(fault(read_with([second])), EntryFault::Duplicate);
}

#[test]
fn entries_are_sorted() {
    let mut all = entries();
    all.swap(0, 1);
    assert_eq!(fault(read_raw(&all)), EntryFault::Order);
}

#[test]
fn folders_may_be_named_and_files_have_known_places() {
    let folders = ["assets", "assets/bin", "assets/empty", "references"];
    let package = read_with(folders.map(|path| Raw::folder(&format!("tidy-1.2.3/{path}"))));
    assert_eq!(package.unwrap().entries.len(), 7);
    let mut sink = Collected::default();
    let mut all = entries();
    all.push(Raw::folder("tidy-1.2.3/assets/empty"));
    all.sort_by_key(Raw::path);
    read(gzip(&tar(&all)).as_slice(), &mut sink).unwrap();
    assert_eq!(
        sink.folders,
        ["assets", "assets/bin", "assets/empty", "references"]
    );
    for path in [
        "run.sh",
        "scripts/x",
        "src/lib.rs",
        ".git/config",
        "skill.wasm/x",
        "LICENSES/x",
    ] {
        let fault = fault(read_raw(&[Raw::new(&format!("tidy-1.2.3/{path}"), b"")]));
        assert_eq!(fault, EntryFault::Place, "{path}");
    }
    assert_eq!(
        fault(read_raw(&[Raw::folder("tidy-1.2.3/src")])),
        EntryFault::Place
    );
    assert_eq!(
        fault(read_raw(&[Raw::folder("tidy-1.2.3")])),
        EntryFault::Place
    );
}

#[test]
fn the_entry_is_named_without_its_tricks() {
    let error =
        read_raw(&[Raw::new("tidy-1.2.3/a", b"").named(b"tidy-1.2.3/assets/\x1b[2J\xe2\x80\xae")])
            .unwrap_err();
    insta::assert_snapshot!(error, @r"entry `tidy-1.2.3/assets/\u{1b}[2J\u{202e}`: the path has characters that do not show");
}
