//! The same manifest from three files, and what is refused in each.

use super::*;
use crate::limits::*;

const CARGO: &str = r#"
    [package]
    name = "git-helper"
    version = "0.1.2"
    description = "Everyday git\nchores"
    license = "Apache-2.0 OR MIT"
    repository = "https://git.example.com/acme/git-helper"
    keywords = ["git", "vcs"]
    edition = "2024"

    [package.metadata.claw]
    namespace = "acme"
    type = "action"
    categories = ["developer-tools"]
    permissions = ["filesystem:read", "process.execute=git **"]
    host = "^0.1"
    limits = { timeout_ms = 5000 }
    triggers = [
      { type = "command", command = "^/commit( .*)?$", description = "Commits" },
      { type = "cron", schedule = "0 9 * * 1", action = "report", input = { days = 7 } },
    ]
"#;

const NPM: &str = r#"{
    "name": "@acme/git-helper",
    "version": "0.1.2",
    "description": "Everyday git chores",
    "license": "Apache-2.0 OR MIT",
    "repository": {"type": "git", "url": "git+https://git.example.com/acme/git-helper"},
    "keywords": ["git", "vcs"],
    "scripts": {"build": "jco"},
    "claw": {
        "categories": ["developer-tools"],
        "permissions": ["process.execute=git  **", "filesystem.read=."],
        "host": "0.1",
        "limits": {"timeout_ms": 5000},
        "triggers": [
            {"type": "command", "command": "^/commit( .*)?$", "description": "Commits"},
            {"type": "cron", "schedule": "0 9 * * 1", "action": "report", "input": {"days": 7}}
        ]
    }
}"#;

const SKILL: &str = r#"
    name = "acme/git-helper"
    version = "0.1.2"
    description = "Everyday git chores"
    license = "Apache-2.0 OR MIT"
    repository = "https://git.example.com/acme/git-helper"
    keywords = ["git", "vcs"]
    categories = ["developer-tools"]
    permissions = ["process.execute=git **", "filesystem.read=."]
    host = "^0.1"

    [limits]
    timeout_ms = 5000

    [[triggers]]
    type = "command"
    command = "^/commit( .*)?$"
    description = "Commits"

    [[triggers]]
    type = "cron"
    schedule = "0 9 * * 1"
    action = "report"
    input = { days = 7 }
"#;

#[test]
fn three_files_say_the_same() {
    let cargo = Manifest::parse("Cargo.toml", CARGO).unwrap();
    assert_eq!(Manifest::parse("package.json", NPM).unwrap(), cargo);
    assert_eq!(Manifest::parse("skill.toml", SKILL).unwrap(), cargo);
    let json = serde_json::to_value(&cargo).unwrap();
    assert_eq!(
        serde_json::from_value::<Manifest>(json.clone()).unwrap(),
        cargo
    );
    insta::assert_snapshot!(serde_json::to_string_pretty(&json).unwrap(), @r#"
    {
      "categories": [
        "developer-tools"
      ],
      "description": "Everyday git chores",
      "host": "^0.1",
      "keywords": [
        "git",
        "vcs"
      ],
      "license": "Apache-2.0 OR MIT",
      "limits": {
        "timeout_ms": 5000
      },
      "name": "acme/git-helper",
      "permissions": [
        "filesystem.read=.",
        "process.execute=git **"
      ],
      "repository": "https://git.example.com/acme/git-helper",
      "triggers": [
        {
          "command": "^/commit( .*)?$",
          "description": "Commits",
          "type": "command"
        },
        {
          "action": "report",
          "input": {
            "days": 7
          },
          "schedule": "0 9 * * 1",
          "type": "cron"
        }
      ],
      "type": "action",
      "version": "0.1.2"
    }
    "#);
}

#[test]
fn a_small_manifest_needs_four_things() {
    let least = "name = \"acme/x\"\nversion = \"1.0.0\"\ndescription = \"X\"\n";
    let manifest = Manifest::from_skill_toml(least).unwrap();
    assert!(manifest.permissions.is_empty() && manifest.limits.is_empty());
    for missing in ["name", "version", "description"] {
        let text: String = least
            .lines()
            .filter(|line| !line.starts_with(missing))
            .fold(String::new(), |t, l| t + l + "\n");
        assert_eq!(
            Manifest::from_skill_toml(&text),
            Err(ManifestError::Missing(missing.into()))
        );
    }
    let no_namespace = CARGO.replace("namespace = \"acme\"", "");
    assert_eq!(
        Manifest::from_cargo_toml(&no_namespace),
        Err(ManifestError::Missing("namespace".into()))
    );
}

#[test]
fn fields_are_inherited_from_a_workspace_that_is_given() {
    let member = CARGO
        .replace("version = \"0.1.2\"", "version.workspace = true")
        .replace(
            "license = \"Apache-2.0 OR MIT\"",
            "license = { workspace = true }",
        );
    let workspace = "[workspace.package]\nversion = \"0.1.2\"\nlicense = \"Apache-2.0 OR MIT\"\n";
    let alone = Manifest::from_cargo_toml(&member);
    assert_eq!(
        alone,
        Err(ManifestError::Inherited("package.version".into()))
    );
    let inherited = Manifest::from_cargo_toml_in_workspace(&member, Some(workspace)).unwrap();
    assert_eq!(inherited, Manifest::from_cargo_toml(CARGO).unwrap());
    let empty = Manifest::from_cargo_toml_in_workspace(&member, Some("[workspace]"));
    assert_eq!(
        empty,
        Err(ManifestError::Inherited("package.version".into()))
    );
}

/// The error and its cause, for a `skill.toml` in which one text is replaced.
fn refused(from: &str, to: &str) -> String {
    assert!(SKILL.contains(from), "{from}");
    let error = Manifest::from_skill_toml(&SKILL.replacen(from, to, 1)).expect_err(to);
    let cause =
        std::error::Error::source(&error).map_or(String::new(), |cause| format!(": {cause}"));
    format!("{error}{cause}")
}

#[test]
fn unknown_fields_name_the_nearest() {
    insta::assert_snapshot!(refused("permissions", "permisions"), @"`permisions` is not a field of `skill.toml` (did you mean `permissions`?)");
    insta::assert_snapshot!(refused("timeout_ms", "timeout"), @"`timeout` is not a field of `limits` (did you mean `timeout_ms`?)");
    insta::assert_snapshot!(refused("schedule", "shedule"), @"`shedule` is not a field of a trigger (did you mean `schedule`?)");
    let cargo = Manifest::from_cargo_toml(&CARGO.replace("host =", "hots =")).unwrap_err();
    insta::assert_snapshot!(cargo, @"`hots` is not a field of `[package.metadata.claw]` (did you mean `host`?)");
    let npm = Manifest::from_package_json(&NPM.replace("\"host\"", "\"colour\"")).unwrap_err();
    insta::assert_snapshot!(npm, @r#"`colour` is not a field of `"claw"`"#);
}

#[test]
fn values_that_break_a_rule_are_named() {
    insta::assert_snapshot!(refused("acme/git-helper", "acme/Git"), @"`name` is wrong: `Git` is not a name: expected words of a-z and 0-9 that begin with a letter, joined by single `-`");
    insta::assert_snapshot!(refused("0.1.2", "1.0"), @"`version` is wrong: `1.0` is not a version such as `1.2.3`");
    insta::assert_snapshot!(refused("process.execute=git **", "network.tcp"), @"`permissions` is wrong: `network.tcp` needs a scope: write `network.tcp=10.0.0.5:5432`");
    insta::assert_snapshot!(refused("process.execute=git **", "secret=TOKEN https://a.b x"), @"`permissions` is wrong: `secret=TOKEN https://a.b x` needs a `network` permission for the same hosts");
    for (from, to) in [
        ("Everyday git chores", "\\n"),
        ("https://git.example.com", "http://git.example.com"),
        ("https://git.example.com", "javascript:alert(1)//"),
        ("https://git.example.com", "https://user@git.example.com"),
        ("https://git.example.com/acme", "https://"),
        ("Apache-2.0 OR MIT", "MIT\\nclaw"),
        ("[\"git\", \"vcs\"]", "[\"git\", \"git\"]"),
        ("[\"git\", \"vcs\"]", "[\"Git\"]"),
        ("[\"git\", \"vcs\"]", "[\"\"]"),
        ("[\"git\", \"vcs\"]", "\"git\""),
        ("[\"git\", \"vcs\"]", "[1]"),
        ("timeout_ms = 5000", "timeout_ms = 0"),
        ("timeout_ms = 5000", "timeout_ms = -1"),
        ("timeout_ms = 5000", "timeout_ms = \"5s\""),
        ("^0.1", "latest"),
        ("^/commit( .*)?$", "("),
        ("^/commit( .*)?$", "(a{500}){500}"),
        ("^/commit( .*)?$", ""),
        ("0 9 * * 1", "@daily"),
        ("{ days = 7 }", "7"),
        ("\"cron\"", "\"webhook\""),
        ("name = ", "type = \"prompt\"\nname = "),
        ("name = ", "name = \"acme/y\"\nname = "),
    ] {
        refused(from, to);
    }
}

#[test]
fn every_list_and_text_has_a_limit() {
    let labels = |count: usize| {
        format!(
            "{:?}",
            (0..count).map(|n| format!("k{n}")).collect::<Vec<_>>()
        )
    };
    let with = |from: &str, to: &str| Manifest::from_skill_toml(&SKILL.replacen(from, to, 1));
    for field in ["[\"git\", \"vcs\"]", "[\"developer-tools\"]"] {
        assert!(with(field, &labels(LABELS_MAX)).is_ok());
        assert!(with(field, &labels(LABELS_MAX + 1)).is_err());
    }
    for (from, most) in [
        ("vcs", LABEL_BYTES_MAX),
        ("MIT", FIELD_BYTES_MAX - "Apache-2.0 OR ".len()),
        ("^/commit( .*)?$", FIELD_BYTES_MAX),
    ] {
        assert!(with(from, &"a".repeat(most)).is_ok(), "{from}");
        assert!(with(from, &"a".repeat(most + 1)).is_err(), "{from}");
    }
    assert!(
        with(
            "https://git.example.com",
            &format!("https://{}", "a".repeat(FIELD_BYTES_MAX))
        )
        .is_err()
    );
    assert!(with("report", &"a".repeat(FIELD_BYTES_MAX + 1)).is_err());
    assert!(
        with(
            "days = 7",
            &format!("days = \"{}\"", "a".repeat(TRIGGER_INPUT_BYTES_MAX))
        )
        .is_err()
    );
    let trigger = "[[triggers]]\ntype = \"command\"\ncommand = \"x\"\n";
    assert!(
        Manifest::from_skill_toml(&(SKILL.to_owned() + &trigger.repeat(TRIGGERS_MAX - 2))).is_ok()
    );
    assert!(
        Manifest::from_skill_toml(&(SKILL.to_owned() + &trigger.repeat(TRIGGERS_MAX - 1))).is_err()
    );
    let description = with(
        "Everyday git chores",
        &"é".repeat(DESCRIPTION_CHARACTERS_MAX + 1),
    )
    .unwrap()
    .description;
    assert_eq!(description.chars().count(), DESCRIPTION_CHARACTERS_MAX);
    let long = format!("# {}\n{SKILL}", " ".repeat(MANIFEST_BYTES_MAX));
    assert_eq!(
        Manifest::from_skill_toml(&long),
        Err(ManifestError::TooLarge)
    );
    let deep = NPM.replace(
        "\"jco\"",
        &("[".repeat(JSON_DEPTH_MAX) + &"]".repeat(JSON_DEPTH_MAX)),
    );
    assert!(matches!(
        Manifest::from_package_json(&deep),
        Err(ManifestError::Syntax { .. })
    ));
}

#[test]
fn files_that_hold_no_manifest_say_so() {
    assert!(matches!(
        Manifest::parse("pyproject.toml", ""),
        Err(ManifestError::FileName(_))
    ));
    let error = Manifest::from_cargo_toml("[package]\nname = \"x\"\n").unwrap_err();
    insta::assert_snapshot!(error, @"`Cargo.toml` has no `[package.metadata.claw]`");
    insta::assert_snapshot!(Manifest::from_cargo_toml("[workspace]").unwrap_err(), @"`Cargo.toml` has no `[package]`");
    insta::assert_snapshot!(Manifest::from_package_json("{}").unwrap_err(), @r#"`package.json` has no `"claw"` object"#);
    assert!(
        matches!(Manifest::from_skill_toml("a = [\n\n}"), Err(ManifestError::Syntax { message, .. }) if message.starts_with("line 3"))
    );
    let twice = NPM.replace("\"claw\": {", "\"claw\": {\"namespace\": \"other\",");
    assert!(matches!(
        Manifest::from_package_json(&twice),
        Err(ManifestError::Field { .. })
    ));
}
