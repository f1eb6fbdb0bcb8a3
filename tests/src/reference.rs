//! The command reference, made from what the programs themselves say of their command lines.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::environment::Person;
use crate::programs;

/// The programs, as people call them and as they are started.
const PROGRAMS: [(&str, &str); 3] = [
    ("claw", "claw"),
    ("cargo claw", "cargo-claw"),
    ("claw-registry", "claw-registry"),
];

const HEAD: &str = "\
# Commands

Every command of the three programs, as `--help` shows it. This page is made by `cargo reference`. The same texts are
manual pages: `claw man DIR`, `cargo claw man DIR` and `claw-registry man DIR` write them.
";

/// Where the page is.
pub fn file() -> PathBuf {
    programs::repository().join("docs/commands.md")
}

/// The page, as it should be.
pub fn page() -> String {
    let folder = tempfile::TempDir::new().expect("a temporary folder can be made");
    let mut page = HEAD.to_owned();
    for (shown, program) in PROGRAMS {
        add(&mut page, folder.path(), shown, program, &mut Vec::new());
    }
    page
}

/// Adds one command and those below it.
fn add(page: &mut String, folder: &Path, shown: &str, program: &str, command: &mut Vec<String>) {
    let somebody = Person {
        home: folder.join("home"),
        folder: folder.to_path_buf(),
    };
    let mut words: Vec<&str> = command.iter().map(String::as_str).collect();
    words.push("--help");
    let help = somebody.run(program, &words).ok().stdout;
    let marks = "#".repeat(2 + command.len().min(2));
    let title = [&[shown.to_owned()], command.as_slice()].concat().join(" ");
    let lines: Vec<_> = help.trim().lines().map(str::trim_end).collect();
    let written = write!(
        page,
        "\n{marks} `{title}`\n\n```text\n{}\n```\n",
        lines.join("\n")
    );
    written.expect("text can always be written to text");
    for name in below(&help) {
        command.push(name);
        add(page, folder, shown, program, command);
        command.pop();
    }
}

/// The commands that a help text lists.
fn below(help: &str) -> Vec<String> {
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let listed = listed.take_while(|line| !line.is_empty());
    let names = listed.filter_map(|line| {
        // Further lines of a description stand further in.
        let line = line
            .strip_prefix("  ")
            .filter(|line| !line.starts_with(' '))?;
        line.split(' ').next()
    });
    names
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}
