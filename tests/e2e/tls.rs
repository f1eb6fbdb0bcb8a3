//! A registry that serves HTTPS with a certificate of its owner's own root: clients that are told of the root use it, and
//! others refuse it.

use std::path::{Path, PathBuf};

use claw_tests::environment::{ORIGIN, Person};
use claw_tests::registry::RegistryOptions;
use claw_tests::{Registry, Run};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;

/// A root, and a certificate for the loopback that it signed: the files of root, certificate and key.
fn certificates(folder: &Path, name: &str) -> [PathBuf; 3] {
    let mut root = CertificateParams::new(Vec::new()).expect("parameters");
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    let root = CertifiedIssuer::self_signed(root, key).expect("a root");
    let key = KeyPair::generate().expect("a key");
    let leaf = CertificateParams::new(["127.0.0.1".to_owned()]).expect("parameters");
    let leaf = leaf.signed_by(&key, &root).expect("a certificate");
    let texts = [root.pem(), leaf.pem(), key.serialize_pem()];
    let files =
        ["root", "certificate", "key"].map(|kind| folder.join(format!("{name}.{kind}.pem")));
    for (file, text) in files.iter().zip(texts) {
        std::fs::write(file, text).expect("written");
    }
    files
}

/// Runs a command of somebody who trusts the roots in a file, and no others.
fn trusting(root: &Path, person: &Person, program: &str, words: &[&str], input: &str) -> Run {
    let mut command = person.command(program, words);
    let file = person.folder.join("input");
    std::fs::write(&file, input).expect("written");
    command
        .env("SSL_CERT_FILE", root)
        .stdin(std::fs::File::open(file).expect("readable"));
    Run::of(command)
}

#[test]
fn clients_believe_a_registry_of_an_own_root_that_they_are_told_of_and_no_other() {
    let folder = TempDir::new().expect("a temporary folder");
    let [root, certificate, key] = certificates(folder.path(), "ours");
    let [other, ..] = certificates(folder.path(), "other");
    let registry = Registry::start_with(
        &folder.path().join("registry"),
        &RegistryOptions {
            origin: Some(ORIGIN),
            tls: Some((&certificate, &key)),
            ..RegistryOptions::default()
        },
    );
    let address = registry.address.as_str();
    assert!(address.starts_with("https://"), "{address}");
    let (author, agent) = (
        Person::new(folder.path(), "author"),
        Person::new(folder.path(), "agent"),
    );

    author.cargo_claw(&["key", "new", "acme/alice"]).ok();
    let genesis = ["key", "genesis", "acme/alice", "--registry", address];
    trusting(&other, &author, "cargo-claw", &genesis, "").exits(7);
    let genesis = trusting(&root, &author, "cargo-claw", &genesis, "").ok();
    author.write("acme.keyset", &genesis.stdout);
    let keyset = author.folder.join("acme.keyset");
    let keyset = keyset.to_str().expect("a UTF-8 path");
    registry
        .admin(&["namespace", "create", "acme", "--keyset", keyset])
        .ok();
    let token = [
        "token",
        "create",
        "--scope",
        "publish",
        "--namespace",
        "acme",
    ];
    let token = registry.admin(&token).ok().stdout;
    let login = ["login", "--registry", address];
    trusting(&other, &author, "cargo-claw", &login, &token).exits(7);
    trusting(&root, &author, "cargo-claw", &login, &token).ok();

    author
        .cargo_claw(&["new", "hello", "--namespace", "acme"])
        .ok();
    let skill = Person {
        home: author.home.clone(),
        folder: author.folder.join("hello"),
    };
    // Building may fetch what a skill is made of, from elsewhere.
    skill.cargo_claw(&["pack"]).ok();
    trusting(&other, &skill, "cargo-claw", &["publish"], "").exits(7);
    trusting(&root, &skill, "cargo-claw", &["publish"], "").ok();

    let init = ["init", "--registry", address];
    trusting(&other, &agent, "claw", &init, "").exits(7);
    trusting(&root, &agent, "claw", &init, "").ok();
    let reference = format!("1:{}", claw_package::Digest::of(genesis.stdout.as_bytes()));
    let trust = [
        "trust", "add", "acme", "--origin", ORIGIN, "--keyset", &reference,
    ];
    agent.claw(&trust).ok();
    let add = ["add", "acme/hello", "--no-grants"];
    trusting(&other, &agent, "claw", &add, "").exits(7);
    trusting(&root, &agent, "claw", &add, "").ok();
    agent.claw(&["run", "acme/hello", "greet", "name=Ada"]).ok();
}
