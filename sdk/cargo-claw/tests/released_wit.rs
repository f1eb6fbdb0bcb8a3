//! Holds the promise of `wit/`: what was released stays as it is. Within a major version `claw:skill` grows by
//! functions, resources and interfaces, and by nothing else; comments are free.
//!
//! Each release is kept in `wit/released/<version>/`, never edited afterwards.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use wit_parser::{Function, InterfaceId, PackageId, Resolve, Type, TypeDefKind, TypeId, TypeOwner};

/// A package, item by item: what it is called, and what it is.
type Items = BTreeMap<String, String>;

/// The folder of the whole project.
fn house() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("cargo-claw is two folders below the project")
}

fn read_folder(path: &Path) -> Items {
    let mut resolve = Resolve::default();
    let (package, _) = resolve
        .push_dir(path)
        .unwrap_or_else(|error| panic!("{}: {error:#}", path.display()));
    items(&resolve, package)
}

fn read_text(text: &str) -> Items {
    let mut resolve = Resolve::default();
    let package = resolve
        .push_str("test.wit", text)
        .unwrap_or_else(|error| panic!("{error:#}"));
    items(&resolve, package)
}

fn items(resolve: &Resolve, package: PackageId) -> Items {
    let package = &resolve.packages[package];
    let mut items = Items::new();
    items.insert(
        "package".to_owned(),
        format!("{}:{}", package.name.namespace, package.name.name),
    );
    for (name, id) in &package.interfaces {
        items.insert(format!("interface {name}"), "an interface".to_owned());
        of_interface(resolve, *id, name, &mut items);
    }
    for (name, world) in &package.worlds {
        // Which world a skill has is its author's affair; a world of ours could not grow.
        items.insert(
            format!("world {name}"),
            format!("{:?}", resolve.worlds[*world].imports),
        );
    }
    items
}

fn of_interface(resolve: &Resolve, id: InterfaceId, interface: &str, items: &mut Items) {
    for (name, ty) in &resolve.interfaces[id].types {
        items.insert(format!("type {interface}.{name}"), definition(resolve, *ty));
    }
    for (name, function) in &resolve.interfaces[id].functions {
        items.insert(
            format!("function {interface}.{name}"),
            signature(resolve, function),
        );
    }
}

fn signature(resolve: &Resolve, function: &Function) -> String {
    let parameters = function
        .params
        .iter()
        .map(|parameter| format!("{}: {}", parameter.name, named(resolve, &parameter.ty)));
    let parameters = parameters.collect::<Vec<_>>().join(", ");
    let result = function
        .result
        .as_ref()
        .map_or_else(|| "nothing".to_owned(), |ty| named(resolve, ty));
    format!(
        "({parameters}) -> {result}{}",
        if function.kind.is_async() {
            ", async"
        } else {
            ""
        }
    )
}

/// A type where it is used: by its name and owner when it has them.
fn named(resolve: &Resolve, ty: &Type) -> String {
    let Type::Id(id) = ty else {
        return format!("{ty:?}");
    };
    let definition_ = &resolve.types[*id];
    match (&definition_.name, definition_.owner) {
        (Some(name), TypeOwner::Interface(owner)) => {
            format!(
                "{}.{name}",
                resolve.interfaces[owner]
                    .name
                    .as_deref()
                    .unwrap_or_default()
            )
        }
        _ => definition(resolve, *id),
    }
}

/// What a type is made of, in order: the order of fields and cases is part of it.
fn definition(resolve: &Resolve, id: TypeId) -> String {
    let of = |ty: &Type| named(resolve, ty);
    let maybe = |ty: &Option<Type>| ty.as_ref().map_or_else(|| "_".to_owned(), of);
    let joined = |parts: Vec<String>| parts.join(", ");
    match &resolve.types[id].kind {
        TypeDefKind::Record(record) => {
            format!(
                "record {{{}}}",
                joined(
                    record
                        .fields
                        .iter()
                        .map(|field| format!("{}: {}", field.name, of(&field.ty)))
                        .collect()
                )
            )
        }
        TypeDefKind::Variant(variant) => {
            format!(
                "variant {{{}}}",
                joined(
                    variant
                        .cases
                        .iter()
                        .map(|case| format!("{}({})", case.name, maybe(&case.ty)))
                        .collect()
                )
            )
        }
        TypeDefKind::Enum(of_names) => format!(
            "enum {{{}}}",
            joined(
                of_names
                    .cases
                    .iter()
                    .map(|case| case.name.clone())
                    .collect()
            )
        ),
        TypeDefKind::Flags(flags) => format!(
            "flags {{{}}}",
            joined(flags.flags.iter().map(|flag| flag.name.clone()).collect())
        ),
        TypeDefKind::Tuple(tuple) => {
            format!("tuple<{}>", joined(tuple.types.iter().map(of).collect()))
        }
        TypeDefKind::Result(result) => {
            format!("result<{}, {}>", maybe(&result.ok), maybe(&result.err))
        }
        TypeDefKind::Option(ty) => format!("option<{}>", of(ty)),
        TypeDefKind::List(ty) => format!("list<{}>", of(ty)),
        TypeDefKind::Type(ty) => format!("= {}", of(ty)),
        TypeDefKind::Resource => RESOURCE.to_owned(),
        other => format!("{other:?}"),
    }
}

const RESOURCE: &str = "resource";

/// Everything in `new` that breaks what `old` promised.
fn broken(old: &Items, new: &Items) -> Vec<String> {
    let changed = old.iter().filter_map(|(name, was)| match new.get(name) {
        Some(is) if is == was => None,
        Some(is) => Some(format!("{name} was `{was}` and is `{is}`")),
        None => Some(format!("{name} is gone")),
    });
    let grown = new.iter().filter(|(name, _)| !old.contains_key(*name));
    // A type in an interface that was released is none of the three; one in a new interface comes with it.
    let in_released = |name: &str| {
        name.split_once(' ')
            .and_then(|(_, path)| path.split_once('.'))
            .is_none_or(|(interface, _)| old.contains_key(&format!("interface {interface}")))
    };
    let grown = grown.filter_map(|(name, is)| match name.split(' ').next() {
        Some("function" | "interface") => None,
        Some("type") if is == RESOURCE || !in_released(name) => None,
        _ => Some(format!(
            "{name} is new, and is neither function, resource nor interface"
        )),
    });
    changed.chain(grown).collect()
}

fn folders(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_dir())
        .collect()
}

#[test]
fn what_was_released_stays_as_it_is() {
    let new = read_folder(&house().join("wit"));
    let released = folders(&house().join("wit/released"));
    assert!(!released.is_empty());
    for folder in released {
        let broken = broken(&read_folder(&folder), &new);
        assert!(
            broken.is_empty(),
            "wit/ breaks {}: {broken:#?}",
            folder.display()
        );
    }
}

#[test]
fn the_skills_here_have_the_interfaces_of_today() {
    let skills = folders(&house().join("skills"));
    let copies: Vec<PathBuf> = skills
        .iter()
        .map(|skill| skill.join("wit/deps/claw-skill"))
        .filter(|copy| copy.is_dir())
        .collect();
    assert!(!copies.is_empty());
    for copy in copies {
        for entry in fs::read_dir(&copy)
            .expect("a folder")
            .map(|entry| entry.expect("an entry"))
        {
            let of_today = fs::read(house().join("wit").join(entry.file_name()))
                .expect("wit/ has such a file");
            assert!(
                fs::read(entry.path()).expect("a file") == of_today,
                "{} is out of date",
                entry.path().display()
            );
        }
    }
}

#[test]
fn growth_is_told_from_change() {
    let old = "package a:b@0.1.0; interface i { record r { x: u8, y: string } enum e { one, two } f: func(a: r) -> result<e, string>; }";
    let check = |new: &str| broken(&read_text(old), &read_text(new));
    let with = |from: &str, to: &str| {
        assert!(old.contains(from), "{from}");
        check(&old.replace(from, to))
    };

    assert_eq!(check(old), [""; 0]);
    assert_eq!(
        with("interface i {", "interface i { /// Words.\n g: func();"),
        [""; 0]
    );
    assert_eq!(
        with("interface i {", "interface i { resource s { m: func(); }"),
        [""; 0]
    );
    assert_eq!(
        with(
            "interface i {",
            "interface j { record n { z: u8 } } interface i {"
        ),
        [""; 0]
    );
    assert_eq!(with("0.1.0", "0.1.1"), [""; 0]);

    for (from, to) in [
        ("x: u8, y: string", "x: u8, y: string, z: u8"),
        ("x: u8, y: string", "y: string, x: u8"),
        ("x: u8", "x: u16"),
        ("one, two", "one, two, three"),
        ("f: func(a: r)", "f: func(b: r)"),
        ("f: func(a: r)", "f: func(a: r, b: u8)"),
        ("result<e, string>", "result<e>"),
        ("f: func(a: r)", "g: func(a: r)"),
        ("interface i {", "interface i { record n { z: u8 }"),
        ("interface i {", "interface k {"),
        ("interface i {", "world w {} interface i {"),
        ("a:b", "a:c"),
    ] {
        assert_ne!(with(from, to), [""; 0], "{from} -> {to}");
    }
}
