//! Files that contradict each other, and sinks that fail.

use super::*;
use crate::component::ComponentError;
use crate::skill_json::SkillJsonError;

/// The good package with one file's contents replaced.
fn read_replaced(path: &str, body: &[u8]) -> ReadError {
    let mut all = entries();
    let entry = all
        .iter_mut()
        .find(|entry| entry.path() == format!("tidy-1.2.3/{path}"))
        .unwrap();
    *entry = Raw::new(&entry.path(), body);
    read_raw(&all).expect_err("it was read")
}

fn skill_json() -> String {
    String::from_utf8(packed().skill.to_bytes()).unwrap()
}

#[test]
fn every_package_has_its_three_files() {
    for missing in ["skill.json", "skill.wasm", "SKILL.md"] {
        let mut all = entries();
        all.retain(|entry| entry.path() != format!("tidy-1.2.3/{missing}"));
        assert!(matches!(read_raw(&all), Err(ReadError::Missing(name)) if name == missing));
    }
}

#[test]
fn the_component_must_be_one_and_the_one_that_is_described() {
    let module = read_replaced("skill.wasm", &wat::parse_str("(module)").unwrap());
    assert!(matches!(
        module,
        ReadError::Component(ComponentError::CoreModule)
    ));
    let garbage = read_replaced("skill.wasm", b"\x7fELF");
    assert!(matches!(
        garbage,
        ReadError::Component(ComponentError::Invalid(_))
    ));
    let renamed = COMPONENT.replace("\"run\"", "\"ruin\"");
    let other = read_replaced("skill.wasm", &wat::parse_str(renamed).unwrap());
    assert!(matches!(
        other,
        ReadError::SkillJson(SkillJsonError::Differs("actions"))
    ));
    let importing = COMPONENT.replace(
        "(component\n",
        "(component (import \"wasi:http/types@0.2.6\" (instance))\n",
    );
    let importing = read_replaced("skill.wasm", &wat::parse_str(importing).unwrap());
    assert!(matches!(
        importing,
        ReadError::SkillJson(SkillJsonError::Differs("imports"))
    ));
}

#[test]
fn imports_are_held_against_the_permissions() {
    for (import, permission, accepted) in [
        (
            "wasi:http/types@0.2.6",
            "network.external=https://a.b",
            true,
        ),
        ("wasi:http/types@0.2.6", "filesystem.write=.", false),
        ("acme:own/thing@0.1.0", "process.execute=**", false),
    ] {
        let component = COMPONENT.replace(
            "(component\n",
            &format!("(component (import \"{import}\" (instance))\n"),
        );
        let mut source = source(Vec::new());
        source.component = wat::parse_str(component).unwrap();
        source.manifest.permissions = std::iter::once(permission.parse().unwrap()).collect();
        let packed = pack(source.clone());
        assert_eq!(packed.is_ok(), accepted, "{import} {permission}");
        if accepted {
            // The same package, with the permission taken out of skill.json alone.
            let text = String::from_utf8(packed.unwrap().skill.to_bytes()).unwrap();
            let text = text.replace("\"network.external=https://a.b:443\"", "");
            let all: Vec<Raw> = entries()
                .into_iter()
                .map(|entry| match entry.path().as_str() {
                    "tidy-1.2.3/skill.json" => Raw::new("tidy-1.2.3/skill.json", text.as_bytes()),
                    "tidy-1.2.3/skill.wasm" => Raw::new("tidy-1.2.3/skill.wasm", &source.component),
                    _ => entry,
                })
                .collect();
            let refused = read_raw(&all);
            assert!(matches!(
                refused,
                Err(ReadError::Component(
                    ComponentError::ImportNotPermitted { .. }
                ))
            ));
        }
    }
}

#[test]
fn skill_json_is_canonical_and_names_the_root() {
    let spaced = read_replaced("skill.json", skill_json().replace(":", ": ").as_bytes());
    assert!(matches!(
        spaced,
        ReadError::SkillJson(SkillJsonError::NotCanonical | SkillJsonError::Syntax(_))
    ));
    let later = read_replaced(
        "skill.json",
        skill_json().replace("1.2.3", "1.2.4").as_bytes(),
    );
    assert!(matches!(later, ReadError::Root { .. }));
    let renamed = read_replaced(
        "skill.json",
        skill_json().replace("acme/tidy", "acme/other").as_bytes(),
    );
    assert!(matches!(renamed, ReadError::Root { .. }));
    let moved = read_replaced(
        "skill.json",
        skill_json().replace("acme/tidy", "evil/tidy").as_bytes(),
    );
    assert!(matches!(
        moved,
        ReadError::SkillJson(SkillJsonError::Differs("world"))
    ));
    let other_page = read_replaced("SKILL.md", b"---\nname: other\ndescription: x\n---\n");
    assert!(matches!(
        other_page,
        ReadError::SkillMd(SkillMdError::Name { .. })
    ));
}

/// Fails at one path, and reads only the beginning of everything else.
struct Picky(&'static str);

impl Sink for Picky {
    fn folder(&mut self, path: &str) -> io::Result<()> {
        if path == self.0 {
            Err(io::ErrorKind::StorageFull.into())
        } else {
            Ok(())
        }
    }

    fn file(&mut self, path: &str, _: u64, _: bool, body: &mut dyn Read) -> io::Result<()> {
        if path == self.0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        body.read(&mut [0; 3]).map(drop)
    }
}

#[test]
fn a_sink_may_fail_and_may_stop_reading() {
    let tarball = packed().tarball;
    for path in ["assets", "assets/data", "skill.wasm"] {
        match read(tarball.as_slice(), &mut Picky(path)) {
            Err(ReadError::Sink {
                path: named,
                source,
            }) => {
                assert_eq!(
                    (named.as_str(), source.kind()),
                    (path, io::ErrorKind::StorageFull)
                );
            }
            other => panic!("{other:?}"),
        }
    }
    let package = read(tarball.as_slice(), &mut Picky("")).unwrap();
    assert_eq!(package.content, packed().content);
}

#[test]
fn a_fault_of_the_archive_is_not_blamed_on_the_sink() {
    let mut tarball = packed().tarball;
    let claimed = Raw::new("tidy-1.2.3/assets/x", b"").with(124, b"00000040000\0");
    let cut = gzip(&claimed.block);
    assert!(matches!(
        read(cut.as_slice(), &mut Collected::default()),
        Err(ReadError::End)
    ));
    tarball.truncate(tarball.len() / 2);
    assert!(matches!(
        read(tarball.as_slice(), &mut Collected::default()),
        Err(ReadError::Truncated)
    ));
}
