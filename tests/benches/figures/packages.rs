//! Packing, signing and verifying, against nothing but SHA-256 over the same bytes; and what one load of an
//! installed skill reads and checks.

use std::fs;
use std::path::{Path, PathBuf};

use claw_package::{
    Digest, Manifest, NoSink, PackFile, PackSource, Packed, PermissionSet, Toolchain, pack, read,
};
use claw_trust::{Keyset, Release, SigningKey, VerifiedComponent, VerifiedRelease};
use sha2::{Digest as _, Sha256};

use crate::measure::{interleaved, seconds};
use crate::table::{Table, Target, bytes, time};
use crate::world::World;

const ROUNDS: usize = 7;
const ASSETS_BYTES: usize = 4 * 1024 * 1024;
const LOAD_ROUNDS: usize = 40;
const LOADS_A_ROUND: u32 = 50;

pub(crate) fn measure(world: &World, table: &mut Table) {
    let key = world.env.key();
    let keyset_note = world.env.get("/keysets/acme/1.note");
    let keyset = Keyset::verify(keyset_note.as_bytes()).expect("the registry's keyset");
    packing(world, &key, &keyset, table);
    installing(world, &keyset, table);
    loading(world, table);
}

fn packing(world: &World, key: &SigningKey, keyset: &Keyset, table: &mut Table) {
    let assets = prose(ASSETS_BYTES);
    let mebibytes = (assets.len() + world.hello.len()) as f64 / (1024.0 * 1024.0);
    let packed = packed(&world.hello, &assets);
    let note = signed(&packed, key, keyset);
    let hash = || {
        let hashed = seconds(1, || {
            (Sha256::digest(&assets), Sha256::digest(&world.hello))
        });
        hashed / mebibytes
    };
    let packs = interleaved(
        ROUNDS,
        || {
            seconds(1, || {
                signed(&self::packed(&world.hello, &assets), key, keyset)
            }) / mebibytes
        },
        hash,
    );
    table.compared(
        "pack + sign, per MiB, against SHA-256",
        packs,
        time,
        Target::None,
    );
    let verifies = interleaved(
        ROUNDS,
        || seconds(1, || verified(&packed.tarball, &note, keyset)) / mebibytes,
        hash,
    );
    table.compared(
        "verify + unpack, per MiB, against SHA-256",
        verifies,
        time,
        Target::None,
    );
}

/// What `claw add` does with the bytes of `hello` once they are there.
fn installing(world: &World, keyset: &Keyset, table: &mut Table) {
    let note = newest(&store(world), "release.note").expect("hello is installed");
    let note = fs::read(note).expect("a note");
    let compared = interleaved(
        LOAD_ROUNDS,
        || seconds(LOADS_A_ROUND, || verified(&world.tarball, &note, keyset)),
        || seconds(LOADS_A_ROUND, || Sha256::digest(&world.tarball)),
    );
    let what = format!(
        "verification per install of `hello` ({} packed), against SHA-256 of that",
        bytes((world.tarball.len() + note.len()) as f64)
    );
    table.compared(&what, compared, time, Target::None);
}

/// What every `claw run` and every start of `claw mcp` checks: notes, digests, each file.
fn loading(world: &World, table: &mut Table) {
    let folder = newest(&store(world), "release.note").expect("hello is installed");
    let folder = folder.parent().expect("a file is in a folder").to_owned();
    let package = folder.join("package");
    let mut files = Vec::new();
    list(&package, &mut files);
    let total: u64 = files
        .iter()
        .map(|file| fs::metadata(file).expect("a file").len())
        .sum();
    let load = || {
        let keyset = fs::read(folder.join("keyset.note")).expect("a keyset");
        let keyset = Keyset::verify(&keyset).expect("a keyset that holds");
        let note = fs::read(folder.join("release.note")).expect("a note");
        let release = VerifiedRelease::verify(&note, &keyset).expect("a note that holds");
        let component = fs::read(package.join("skill.wasm")).expect("a component");
        let manifest = fs::read(package.join("skill.json")).expect("a manifest");
        for file in &files {
            if !file.ends_with("skill.wasm") && !file.ends_with("skill.json") {
                Digest::of(&fs::read(file).expect("a file"));
            }
        }
        VerifiedComponent::installed(&release, component, &manifest).expect("it is as signed")
    };
    let hash = || {
        files
            .iter()
            .map(|file| Sha256::digest(fs::read(file).expect("a file")))
            .collect::<Vec<_>>()
    };
    let compared = interleaved(
        LOAD_ROUNDS,
        || seconds(LOADS_A_ROUND, load),
        || seconds(LOADS_A_ROUND, hash),
    );
    let what = format!(
        "verification per load of `hello` ({} read and hashed), against reading and SHA-256",
        bytes(total as f64)
    );
    table.compared(&what, compared, time, Target::None);
}

fn store(world: &World) -> PathBuf {
    world.env.agent.home.join("store/acme/hello")
}

/// The first file of that name below `folder`.
fn newest(folder: &Path, name: &str) -> Option<PathBuf> {
    let mut files = Vec::new();
    list(folder, &mut files);
    files.into_iter().find(|file| file.ends_with(name))
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        if entry.path().is_dir() {
            list(&entry.path(), files);
        } else {
            files.push(entry.path());
        }
    }
}

fn packed(component: &[u8], assets: &[u8]) -> Packed {
    let manifest = Manifest {
        name: "acme/hello".parse().expect("a name"),
        version: "0.2.0".parse().expect("a version"),
        description: "Greets somebody, with many assets".to_owned(),
        license: None,
        repository: None,
        categories: Vec::new(),
        keywords: Vec::new(),
        permissions: PermissionSet::empty(),
        triggers: Vec::new(),
        limits: Default::default(),
        host: None,
    };
    let toolchain = Toolchain {
        compiler: "rustc".to_owned(),
        target: "wasm32-wasip2".to_owned(),
        builder: "claw-tests".to_owned(),
    };
    let asset = PackFile {
        path: "assets/prose.txt".to_owned(),
        bytes: assets.to_vec(),
        executable: false,
    };
    pack(PackSource {
        manifest,
        component: component.to_vec(),
        toolchain,
        files: vec![asset],
    })
    .expect("it packs")
}

fn signed(packed: &Packed, key: &SigningKey, keyset: &Keyset) -> Vec<u8> {
    let origin = claw_tests::environment::ORIGIN.parse().expect("an origin");
    Release::of(packed, origin, keyset.reference(), None).sign(key)
}

fn verified(tarball: &[u8], note: &[u8], keyset: &Keyset) -> VerifiedRelease {
    let release = VerifiedRelease::verify(note, keyset).expect("a note that holds");
    let package = read(tarball, &mut NoSink).expect("a package");
    release.check_package(&package).expect("it is as signed");
    release
}

/// Text that compresses about as well as people's does.
fn prose(length: usize) -> Vec<u8> {
    let words = [
        "skill ", "the ", "grant ", "of ", "folder ", "and ", "release ", "a ", "digest ", "which ",
    ];
    let mut state: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut text = Vec::with_capacity(length + 16);
    while text.len() < length {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let random = state >> 33;
        text.extend_from_slice(words[random as usize % words.len()].as_bytes());
        if random.is_multiple_of(5) {
            text.extend_from_slice(format!("{random:x} ").as_bytes());
        }
    }
    text.truncate(length);
    text
}
