//! Components and whole packages against their releases, one changed value at a time.

use claw_package::{
    Manifest, NoSink, PackFile, PackSource, Package, Packed, Toolchain, pack, read,
};

use super::*;
use crate::test_notes::{ORIGIN, key, keyset};
use crate::{Facts, Release, SigningKey};

const COMPONENT: &str = r#"(component
    (core module $m (func (export "f")))
    (core instance $m (instantiate $m))
    (func $f (canon lift (core func $m "f")))
    (instance $things (export "run" (func $f)))
    (export "acme:x/things@0.1.0" (instance $things)))"#;

fn packed(version: &str, permission: &str, asset: &str) -> Packed {
    let manifest = format!(
        "[package]\nname = \"x\"\nversion = \"{version}\"\ndescription = \"Does things.\"\n\
         [package.metadata.claw]\nnamespace = \"acme\"\npermissions = [\"{permission}\"]\n\
         limits = {{ timeout_ms = 5000 }}\n"
    );
    let source = PackSource {
        manifest: Manifest::parse("Cargo.toml", &manifest).unwrap(),
        component: wat::parse_str(COMPONENT).unwrap(),
        toolchain: Toolchain {
            compiler: "wat".to_owned(),
            target: "wasm32-wasip2".to_owned(),
            builder: "a test".to_owned(),
        },
        files: vec![PackFile {
            path: "assets/a.txt".to_owned(),
            bytes: asset.into(),
            executable: false,
        }],
    };
    pack(source).unwrap()
}

fn usual() -> Packed {
    packed("1.0.0", "filesystem.read=.", "asset")
}

fn package(packed: &Packed) -> Package {
    read(&packed.tarball[..], &mut NoSink).unwrap()
}

fn released(key: &SigningKey, packed: &Packed) -> VerifiedRelease {
    let keyset = keyset(key);
    let release = Release::of(packed, ORIGIN.parse().unwrap(), keyset.reference(), None);
    VerifiedRelease::verify(&release.sign(key), &keyset).unwrap()
}

/// The field that an error names.
fn field(error: TrustError) -> &'static str {
    match error {
        TrustError::Mismatch { field, .. } => field,
        other => panic!("{other}"),
    }
}

#[test]
fn what_is_packed_and_what_is_read_say_the_same() {
    let packed = usual();
    assert_eq!(Facts::from(&packed), Facts::from(&package(&packed)));
    released(&key("acme/alice"), &packed)
        .check_package(&package(&packed))
        .unwrap();
}

#[test]
fn another_package_is_named_by_the_first_field_that_differs() {
    let release = released(&key("acme/alice"), &usual());
    for (other, expected) in [
        (packed("1.0.1", "filesystem.read=.", "asset"), "version"),
        (packed("1.0.0", "filesystem.read=.", "other"), "tarball"),
        (packed("1.0.0", "filesystem.write=.", "asset"), "tarball"),
    ] {
        let error = release.check_package(&package(&other)).unwrap_err();
        assert_eq!(field(error), expected);
    }
}

#[test]
fn every_field_of_the_bytes_is_compared() {
    let packed = usual();
    let release = released(&key("acme/alice"), &packed);
    let facts = Facts::from(&packed);
    let measured = claw_package::Measured::of(b"other");
    for (changed, expected) in [
        (
            Facts {
                package: "acme/y".parse().unwrap(),
                ..facts.clone()
            },
            "package",
        ),
        (
            Facts {
                version: "2.0.0".parse().unwrap(),
                ..facts.clone()
            },
            "version",
        ),
        (
            Facts {
                tarball: measured,
                ..facts.clone()
            },
            "tarball",
        ),
        (
            Facts {
                content: measured,
                ..facts.clone()
            },
            "content",
        ),
        (
            Facts {
                component: measured,
                ..facts.clone()
            },
            "component",
        ),
        (
            Facts {
                manifest: measured,
                ..facts.clone()
            },
            "manifest",
        ),
        (
            Facts {
                permissions: measured.digest,
                ..facts.clone()
            },
            "permissions",
        ),
    ] {
        assert_eq!(field(release.check_package(changed).unwrap_err()), expected);
    }
    release.check_package(facts).unwrap();
}

#[test]
fn an_installed_component_carries_what_its_release_vouches_for() {
    let packed = usual();
    let release = released(&key("acme/alice"), &packed);
    let Package {
        component_bytes,
        manifest_bytes,
        ..
    } = package(&packed);
    let component =
        VerifiedComponent::installed(&release, component_bytes.clone(), &manifest_bytes).unwrap();
    assert_eq!(
        (component.skill(), component.version()),
        ("acme/x", "1.0.0")
    );
    assert_eq!(component.digest(), Digest::of(&component_bytes));
    assert_eq!(component.note(), Some(release.note_digest()));
    assert_eq!(component.bytes()[..], component_bytes[..]);
    assert_eq!(component.permissions().to_string(), "filesystem.read=.\n");
    assert_eq!(component.limits().timeout_ms, Some(5000));
}

#[test]
fn one_changed_byte_of_an_installed_skill_is_refused_and_named() {
    let packed = usual();
    let release = released(&key("acme/alice"), &packed);
    let Package {
        component_bytes,
        manifest_bytes,
        ..
    } = package(&packed);
    for at in 0..component_bytes.len() {
        let mut changed = component_bytes.clone();
        changed[at] ^= 1;
        let error = VerifiedComponent::installed(&release, changed, &manifest_bytes).unwrap_err();
        assert_eq!(field(error), "component");
    }
    for at in 0..manifest_bytes.len() {
        let mut changed = manifest_bytes.clone();
        changed[at] ^= 1;
        let error =
            VerifiedComponent::installed(&release, component_bytes.clone(), &changed).unwrap_err();
        assert_eq!(field(error), "manifest");
    }
}

#[test]
fn a_signature_does_not_make_a_manifest_of_what_is_none() {
    let alice = key("acme/alice");
    let (keyset, packed) = (keyset(&alice), usual());
    let of = |facts: Facts| {
        let release = Release::of(facts, ORIGIN.parse().unwrap(), keyset.reference(), None);
        VerifiedRelease::verify(&release.sign(&alice), &keyset).unwrap()
    };
    let Package {
        component_bytes,
        manifest_bytes,
        ..
    } = package(&packed);
    let installed = |release: &VerifiedRelease, manifest: &[u8]| {
        VerifiedComponent::installed(release, component_bytes.clone(), manifest).unwrap_err()
    };

    let manifest = claw_package::Measured::of(b"{}\n");
    let release = of(Facts {
        manifest,
        ..Facts::from(&packed)
    });
    let error = installed(&release, b"{}\n");
    assert!(matches!(error, TrustError::Manifest { .. }), "{error}");

    let permissions = PermissionSet::empty().digest();
    let release = of(Facts {
        permissions,
        ..Facts::from(&packed)
    });
    assert_eq!(field(installed(&release, &manifest_bytes)), "permissions");
    let release = of(Facts {
        version: "2.0.0".parse().unwrap(),
        ..Facts::from(&packed)
    });
    assert_eq!(field(installed(&release, &manifest_bytes)), "version");
    let release = of(Facts {
        package: "acme/y".parse().unwrap(),
        ..Facts::from(&packed)
    });
    assert_eq!(field(installed(&release, &manifest_bytes)), "package");
}

#[test]
fn a_local_file_is_known_by_its_digest_alone() {
    let packed = usual();
    let Package {
        component_bytes,
        skill,
        ..
    } = package(&packed);
    let allow = PermissionSet::new(["environment=HOME".parse().unwrap()]);
    let identity = format!("local:{}", Digest::of(&component_bytes));

    let bare = VerifiedComponent::local(component_bytes.clone(), None, &allow);
    assert_eq!((bare.skill(), bare.version()), (identity.as_str(), "none"));
    assert_eq!((bare.note(), bare.permissions()), (None, &allow));
    assert!(bare.limits().is_empty());

    let with_manifest = VerifiedComponent::local(component_bytes, Some(skill), &allow);
    assert_eq!(
        (with_manifest.skill(), with_manifest.version()),
        (identity.as_str(), "1.0.0")
    );
    assert_eq!(
        with_manifest.permissions().to_string(),
        "filesystem.read=.\n"
    );
    assert_eq!(
        (with_manifest.note(), with_manifest.limits().timeout_ms),
        (None, Some(5000))
    );
}
