//! Files that were probably packed by mistake, by their names and first bytes.
//!
//! A warning and never more: somebody may well want to show an example of each. What is a secret for certain is
//! refused by [`crate::leaks`].

use claw_package::PackFile;

/// Names, and what a file of that name usually is. `*` stands for anything at one end.
#[rustfmt::skip]
const NAMES: &[(&str, &[&str])] = &[
    ("settings with secrets", &[".env", ".env.*", ".netrc", ".npmrc", ".pypirc", ".pgpass", ".git-credentials", "credentials.toml"]),
    ("a key", &["*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx", "*.ppk", "id_rsa", "id_ecdsa", "id_ed25519"]),
    ("something that a system leaves behind", &[".DS_Store", "Thumbs.db", "desktop.ini", "._*"]),
    ("something that an editor leaves behind", &["*~", "*.swp", "*.swo", "*.bak", "*.orig", "*.rej", "*.tmp", ".#*"]),
    ("something that a tool makes again", &["*.pyc", "*.class", "*.o", "*.log", "core.*"]),
];

/// Folders, and what is in them.
const FOLDERS: &[(&str, &[&str])] = &[
    ("a repository", &[".git", ".hg", ".svn"]),
    ("settings of an editor", &[".idea", ".vscode"]),
    (
        "something that a tool makes again",
        &["node_modules", "__pycache__", "target"],
    ),
];

/// Names like those above that are made to be shown.
const EXAMPLES: &[&str] = &[".env.example", ".env.sample", ".env.template"];

/// First bytes of programs.
const PROGRAMS: &[&[u8]] = &[
    b"\x7fELF",
    b"MZ\x90\0",
    b"\xcf\xfa\xed\xfe",
    b"\xce\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
];

/// What looks like a mistake, one line for each file.
pub(crate) fn warnings(files: &[PackFile]) -> Vec<String> {
    let told = |file: &PackFile| {
        let what = stray(file)?;
        Some(format!(
            "`{}` would be published: it looks like {what}",
            file.path
        ))
    };
    files.iter().filter_map(told).collect()
}

fn stray(file: &PackFile) -> Option<&'static str> {
    let mut parts = file.path.rsplit('/');
    let name = parts.next().unwrap_or_default();
    for part in parts {
        if let Some((what, _)) = FOLDERS.iter().find(|(_, names)| names.contains(&part)) {
            return Some(what);
        }
    }
    if EXAMPLES.contains(&name) {
        return None;
    }
    let named = NAMES
        .iter()
        .find(|(_, patterns)| patterns.iter().any(|pattern| fits(pattern, name)));
    if let Some((what, _)) = named {
        return Some(what);
    }
    let is_program = PROGRAMS.iter().any(|first| file.bytes.starts_with(first));
    if is_program || file.executable {
        return Some("a program, which no skill can run");
    }
    None
}

fn fits(pattern: &str, name: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(end), _) => name.len() > end.len() && name.ends_with(end),
        (_, Some(start)) => name.len() > start.len() && name.starts_with(start),
        (None, None) => name == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_mistake_is_named_and_nothing_else_is() {
        let file = |path: &str| PackFile {
            path: path.to_owned(),
            bytes: b"text".to_vec(),
            executable: false,
        };
        let mut files: Vec<PackFile> = [
            "assets/.env",
            "assets/.env.production",
            "assets/server.key",
            "assets/id_ed25519",
            "assets/.DS_Store",
            "assets/notes.txt~",
            "references/.git/config",
            "assets/node_modules/x/index.js",
        ]
        .map(file)
        .into();
        let strays = files.len();
        files.extend(
            [
                "README.md",
                "assets/.env.example",
                "assets/keys.md",
                "assets/target.txt",
                "assets/~",
            ]
            .map(file),
        );
        let mut program = file("assets/tool");
        program.bytes = b"\x7fELF\x02".to_vec();
        let mut script = file("assets/run.sh");
        script.executable = true;
        files.extend([program, script]);
        let warnings = warnings(&files);
        assert_eq!(warnings.len(), strays + 2, "{warnings:?}");
        assert!(warnings[0].contains("`assets/.env`") && warnings[0].contains("secrets"));
        assert!(warnings[strays].contains("`assets/tool`") && warnings[strays].contains("program"));
    }
}
