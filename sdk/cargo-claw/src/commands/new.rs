//! `cargo claw new`: a skill that builds, passes its tests, runs and packs as it is.
//!
//! It only ever writes into a folder that is not there yet.

use std::fs;
use std::path::{Path, PathBuf};

use claw_package::{Namespace, PackageName};

use crate::failure::{Failure, Kind, OrFail, Outcome};
use crate::home::Home;
use crate::{keys, output, vendored};

/// Make a skill in a new folder
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What it is called, which is its folder too: `weather`, or `acme/weather`; asked for on a terminal
    name: Option<String>,
    /// Whose it is [default: the namespace that there are keys for; else asked for on a terminal, or `example`]
    #[arg(long, value_name = "NAMESPACE")]
    namespace: Option<Namespace>,
}

/// The namespace of those who have none yet.
const NAMESPACE_DEFAULT: &str = "example";

/// Names that mean something else to Rust.
const NOT_CRATES: [&str; 8] = [
    "alloc",
    "claw-sdk",
    "core",
    "proc-macro",
    "std",
    "test",
    "wit-bindgen",
    "bitflags",
];

/// The keywords of Rust that a name in WIT can be.
const RUST_KEYWORDS: [&str; 40] = [
    "abstract", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn",
    "else", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop",
    "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self",
    "struct", "super", "trait", "true", "try", "typeof", "unsafe",
];

/// What every new skill is made of: where it goes, and its text.
const TEMPLATES: [(&str, &str); 6] = [
    ("Cargo.toml", include_str!("../../templates/Cargo.toml")),
    ("README.md", include_str!("../../templates/README.md")),
    (".gitignore", include_str!("../../templates/gitignore")),
    ("src/lib.rs", include_str!("../../templates/lib.rs")),
    ("wit/world.wit", include_str!("../../templates/world.wit")),
    (
        "tests/greet.toml",
        include_str!("../../templates/greet.toml"),
    ),
];

/// Makes the skill.
pub(crate) fn run(args: Args, json: bool) -> Outcome {
    let may_ask = !json && output::somebody_is_there();
    let name = name(args, may_ask)?;
    let folder = PathBuf::from(name.name());
    write(&folder, &name)?;
    if json {
        return output::json(&serde_json::json!({"name": name, "folder": folder}));
    }
    output::say(format_args!("made `{name}` in `{}`", folder.display()));
    output::say(format_args!(
        "hint: cd {} && cargo claw run greet name=Ada",
        folder.display()
    ));
    Ok(())
}

/// The whole name of the new skill, asking for what was not said.
fn name(args: Args, may_ask: bool) -> Outcome<PackageName> {
    let typed = match args.name {
        Some(name) => name,
        None if may_ask => output::ask("name of the skill", None)?,
        None => {
            let failure = Failure::usage("the new skill needs a name");
            return Err(failure.hint("cargo claw new NAME [--namespace NAMESPACE]"));
        }
    };
    let name: PackageName = match (args.namespace, typed.contains(['/', ':'])) {
        (None, true) => typed.parse(),
        (None, false) => PackageName::new(usual_namespace(may_ask)?, &typed),
        (Some(namespace), false) => PackageName::new(namespace, &typed),
        (Some(_), true) => {
            return Err(Failure::usage(format!(
                "`{typed}` has a namespace, and `--namespace` names one"
            )));
        }
    }
    .or_fail(
        Kind::Usage,
        format!("`{typed}` can't be the name of a skill"),
    )?;
    if NOT_CRATES.contains(&name.name()) || is_keyword(name.name()) {
        return Err(Failure::usage(format!(
            "`{}` can't be the name of a skill in Rust",
            name.name()
        )));
    }
    Ok(name)
}

/// The namespace that there are keys for, when there is one only.
fn usual_namespace(may_ask: bool) -> Outcome<Namespace> {
    let namespaces = keys::namespaces(&Home::from_environment()?)?;
    if let [namespace] = namespaces.as_slice() {
        return Ok(namespace.clone());
    }
    if may_ask {
        let first = namespaces.first().map(ToString::to_string);
        let default = first.as_deref().unwrap_or(NAMESPACE_DEFAULT);
        let typed = output::ask("namespace, whose it is", Some(default))?;
        let act = format!("`{typed}` can't be a namespace");
        return typed.parse().or_fail(Kind::Usage, act);
    }
    output::say(format_args!(
        "the namespace is `{NAMESPACE_DEFAULT}`: --namespace names another"
    ));
    NAMESPACE_DEFAULT
        .parse()
        .or_fail(Kind::Bug, "could not name the skill")
}

/// Writes the whole skill into `folder`, which is not there yet.
fn write(folder: &Path, name: &PackageName) -> Outcome {
    let act = || format!("could not make `{}`", folder.display());
    fs::create_dir(folder).or_fail(Kind::Usage, act())?;
    let file = |path: PathBuf, text: &str| {
        let path = folder.join(path);
        let made = path.parent().map_or(Ok(()), fs::create_dir_all);
        made.and_then(|()| fs::write(&path, text))
            .or_fail(Kind::Io, format!("could not write `{}`", path.display()))
    };
    for (path, text) in TEMPLATES {
        file(path.into(), &filled_in(text, name))?;
    }
    vendored::write_new(folder)
}

/// A template with the names of the skill.
fn filled_in(template: &str, name: &PackageName) -> String {
    template
        .replace("{{name}}", name.name())
        .replace("{{namespace}}", name.namespace().as_str())
        .replace("{{module}}", &module(name.name()))
        .replace("{{namespace_module}}", &module(name.namespace().as_str()))
        .replace("{{type}}", &type_name(name.name()))
}

/// The Rust module that bindings have for a name in WIT.
fn module(name: &str) -> String {
    if is_keyword(name) {
        format!("{name}_")
    } else {
        name.replace('-', "_")
    }
}

/// The Rust type for a name in WIT: `git-helper` is `GitHelper`.
fn type_name(name: &str) -> String {
    let capital = |word: &str| word[..1].to_ascii_uppercase() + &word[1..];
    name.split('-').map(capital).collect()
}

fn is_keyword(name: &str) -> bool {
    RUST_KEYWORDS.contains(&name)
        || ["unsized", "virtual", "where", "while", "yield"].contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_skill_has_its_names_everywhere() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("git-helper");
        write(&path, &"acme/git-helper".parse().unwrap()).unwrap();
        let text = |path_in: &str| fs::read_to_string(path.join(path_in)).unwrap();
        assert!(
            text("src/lib.rs")
                .contains("impl exports::acme::git_helper::git_helper::Guest for GitHelper {")
        );
        assert!(text("wit/world.wit").starts_with("package acme:git-helper@0.1.0;"));
        for (path, _) in TEMPLATES {
            assert!(!text(path).contains("{{"), "{path}");
        }
        assert!(
            write(&path, &"acme/git-helper".parse().unwrap()).is_err(),
            "what is there stays as it is"
        );
    }
}
